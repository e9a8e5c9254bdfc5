;; An honest policy that does nothing, function by function. A hostile guest brings the functions it is hostile in;
;; the others are taken from here (`guests.rs`). Answers are records in memory; zeros mean "ok" and "empty" everywhere,
;; so page one stays zero and is what most functions point at.

;; part: cabi_realloc
;; Hands out memory from page four on and never takes it back.
(global $free (mut i32) (i32.const 262144))
(func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
  (local $at i32)
  (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
  (global.set $free (i32.add (local.get $at) (local.get 3)))
  (block $enough
    (loop $more
      (br_if $enough (i32.le_u (global.get $free) (i32.mul (memory.size) (i32.const 65536))))
      (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then (unreachable)))
      (br $more)))
  (local.get $at))

;; part: weir:policy/about@0.1.0#describe
(func (export "weir:policy/about@0.1.0#describe") (result i32) (i32.const 1024))

;; part: weir:policy/scaling@0.1.0#check-settings
(func (export "weir:policy/scaling@0.1.0#check-settings") (param i32 i32) (result i32) (i32.const 1024))

;; part: weir:policy/scaling@0.1.0#propose
(func (export "weir:policy/scaling@0.1.0#propose") (param i32) (result i32) (i32.const 1024))

;; part: weir:policy/placement@0.1.0#check-settings
(func (export "weir:policy/placement@0.1.0#check-settings") (param i32 i32) (result i32) (i32.const 1024))

;; part: weir:policy/placement@0.1.0#prepare
(func (export "weir:policy/placement@0.1.0#prepare") (param i32) (result i32) (i32.const 1024))

;; part: weir:policy/placement@0.1.0#select
;; Refuses: case 1 of the result, case 0 of the refusal is "full".
(func (export "weir:policy/placement@0.1.0#select")
  (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
  (i32.store8 (i32.const 2048) (i32.const 1))
  (i32.const 2048))
