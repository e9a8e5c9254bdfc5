;; Never comes back from its first decision.
(func (export "weir:policy/scaling@0.1.0#propose") (param i32) (result i32)
  (loop $forever (br $forever))
  (unreachable))
