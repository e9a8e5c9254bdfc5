;; Answers one signal without a name whose value is not a number. Signals stand at offset 60: pointer, length.
(func (export "weir:policy/scaling@0.1.0#propose") (param $input i32) (result i32)
  (if (i32.eq (i32.load offset=8 (local.get $input)) (i32.const 666))
    (then
      (f64.store (i32.const 4104) (f64.const nan))
      (i32.store (i32.const 3132) (i32.const 4096))
      (i32.store (i32.const 3136) (i32.const 1))))
  (i32.const 3072))
