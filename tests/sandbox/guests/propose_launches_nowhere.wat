;; Wants a node in region 99. Launches stand at offset 4; a launch is role, region, zone?, instance-type?, count.
(func (export "weir:policy/scaling@0.1.0#propose") (param $input i32) (result i32)
  (if (i32.eq (i32.load offset=8 (local.get $input)) (i32.const 666))
    (then
      (i32.store (i32.const 4100) (i32.const 99))
      (i32.store (i32.const 3076) (i32.const 4096))
      (i32.store (i32.const 3080) (i32.const 1))))
  (i32.const 3072))
