;; Gives up on stream 666.
(func (export "weir:policy/placement@0.1.0#select") (param $request i32) (result i32)
  (if (i32.eq (i32.load offset=4 (local.get $request)) (i32.const 666))
    (then (unreachable)))
  (i32.store8 (i32.const 2048) (i32.const 1))
  (i32.const 2048))
