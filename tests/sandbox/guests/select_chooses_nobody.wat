;; Neither chooses nor refuses for stream 666.
(func (export "weir:policy/placement@0.1.0#select") (param $stream i32) (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)
  (result i32)
  (if (i32.eq (local.get $stream) (i32.const 666))
    (then (return (i32.const 3072))))
  (i32.store8 (i32.const 2048) (i32.const 1))
  (i32.const 2048))
