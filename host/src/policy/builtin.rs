//! The policies inside this program: ordinary components, built from `policies/` by `weir-policy-build`.

/// Name and bytes of each.
pub const BUILTINS: [(&str, &[u8]); 3] = [
    (
        "threshold",
        include_bytes!("../../../policies/dist/threshold.wasm"),
    ),
    (
        "weighted",
        include_bytes!("../../../policies/dist/weighted.wasm"),
    ),
    (
        "round-robin",
        include_bytes!("../../../policies/dist/round-robin.wasm"),
    ),
];
