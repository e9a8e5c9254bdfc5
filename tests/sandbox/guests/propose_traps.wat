;; Divides by zero.
(func (export "weir:policy/scaling@0.1.0#propose") (param $input i32) (result i32)
  (if (i32.eq (i32.load offset=8 (local.get $input)) (i32.const 666))
    (then (drop (i32.div_u (i32.const 1) (i32.const 0)))))
  (i32.const 1024))
