;; Answers stream 666 with 100,000 ids: more than this server's memory for an answer.
(func (export "weir:policy/placement@0.1.0#select") (param $stream i32) (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)
  (result i32)
  (if (i32.eq (local.get $stream) (i32.const 666))
    (then
      (drop (memory.grow (i32.const 16)))
      (i32.store (i32.const 3076) (i32.const 65536))
      (i32.store (i32.const 3080) (i32.const 100000))
      (return (i32.const 3072))))
  (i32.store8 (i32.const 2048) (i32.const 1))
  (i32.const 2048))
