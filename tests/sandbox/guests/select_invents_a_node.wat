;; Sends stream 666 to node 4242, which nobody offered. A choice at offset 4: pointer, length.
(data (i32.const 4096) "\92\10\00\00")
(func (export "weir:policy/placement@0.1.0#select") (param $stream i32) (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)
  (result i32)
  (if (i32.eq (local.get $stream) (i32.const 666))
    (then
      (i32.store (i32.const 3076) (i32.const 4096))
      (i32.store (i32.const 3080) (i32.const 1))
      (return (i32.const 3072))))
  (i32.store8 (i32.const 2048) (i32.const 1))
  (i32.const 2048))
