;; Retires 1,001 nodes: one more than an answer may hold.
(func (export "weir:policy/scaling@0.1.0#propose") (param $input i32) (result i32)
  (if (i32.eq (i32.load offset=8 (local.get $input)) (i32.const 666))
    (then
      (i32.store (i32.const 3084) (i32.const 65536))
      (i32.store (i32.const 3088) (i32.const 1001))))
  (i32.const 3072))
