//! temporary
use weir_core::units::UtcMs;
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rung {
    Bound,
    Builtin,
    Hold,
}
pub struct Ladder;
impl Ladder {
    pub fn new() -> Self {
        Self
    }
    pub fn rung(&mut self, _now: UtcMs) -> Rung {
        Rung::Bound
    }
}
