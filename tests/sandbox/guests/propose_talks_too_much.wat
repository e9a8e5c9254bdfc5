;; One reason of 300,000 bytes. Reasons stand at offset 52: pointer, length; a reason is pointer, length.
(func (export "weir:policy/scaling@0.1.0#propose") (param $input i32) (result i32)
  (if (i32.eq (i32.load offset=8 (local.get $input)) (i32.const 666))
    (then
      (drop (memory.grow (i32.const 16)))
      (i32.store (i32.const 4096) (i32.const 327680))
      (i32.store (i32.const 4100) (i32.const 300000))
      (i32.store (i32.const 3124) (i32.const 4096))
      (i32.store (i32.const 3128) (i32.const 1))))
  (i32.const 3072))
