;; Its list of reasons lies outside its memory.
(func (export "weir:policy/scaling@0.1.0#propose") (param $input i32) (result i32)
  (if (i32.eq (i32.load offset=8 (local.get $input)) (i32.const 666))
    (then
      (i32.store (i32.const 3124) (i32.const -65536))
      (i32.store (i32.const 3128) (i32.const 8000))))
  (i32.const 3072))
