;; Neither chooses nor refuses for stream 666.
(func (export "weir:policy/placement@0.1.0#select") (param $request i32) (result i32)
  (if (i32.eq (i32.load offset=4 (local.get $request)) (i32.const 666))
    (then (return (i32.const 3072))))
  (i32.store8 (i32.const 2048) (i32.const 1))
  (i32.const 2048))
