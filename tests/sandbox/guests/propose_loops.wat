;; Behaves when it is tried, and never comes back when the random word is 666.
(func (export "weir:policy/scaling@0.1.0#propose") (param $input i32) (result i32)
  (if (i32.eq (i32.load offset=8 (local.get $input)) (i32.const 666))
    (then (loop $forever (br $forever))))
  (i32.const 1024))
