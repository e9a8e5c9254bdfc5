;; Fills memory again and again: few instructions, much work. Bytes cost fuel too.
(func (export "weir:policy/scaling@0.1.0#propose") (param $input i32) (result i32)
  (if (i32.eq (i32.load offset=8 (local.get $input)) (i32.const 666))
    (then
      (drop (memory.grow (i32.const 512)))
      (loop $forever
        (memory.fill (i32.const 1048576) (i32.const 1) (i32.const 31457280))
        (br $forever))))
  (i32.const 1024))
