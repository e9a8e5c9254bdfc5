;; Its name is no text: a byte that never occurs in UTF-8.
(data (i32.const 4096) "\ff\ff\ff\ff")
(func (export "weir:policy/about@0.1.0#describe") (result i32)
  (i32.store (i32.const 3072) (i32.const 4096))
  (i32.store (i32.const 3076) (i32.const 4))
  (i32.const 3072))
