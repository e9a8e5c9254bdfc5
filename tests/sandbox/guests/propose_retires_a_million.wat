;; Retires a million nodes. Retirements stand at offset 12; the list is whatever lies in memory.
(func (export "weir:policy/scaling@0.1.0#propose") (param $input i32) (result i32)
  (if (i32.eq (i32.load offset=8 (local.get $input)) (i32.const 666))
    (then
      (drop (memory.grow (i32.const 64)))
      (i32.store (i32.const 3084) (i32.const 65536))
      (i32.store (i32.const 3088) (i32.const 1000000))))
  (i32.const 3072))
