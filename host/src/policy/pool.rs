//! temporary
use super::{Outcome, PolicyFault, Prepared, SharedPolicy};
use std::sync::Arc;
use weir_core::placement::{Refusal, SelectRequest};
use weir_core::snapshot::View;
pub struct PreparedPool {
    one: parking_lot::Mutex<Box<dyn Prepared>>,
}
impl PreparedPool {
    pub fn build(
        policy: SharedPolicy,
        view: Arc<View>,
        settings: String,
        _slots: usize,
    ) -> Result<Self, PolicyFault> {
        Ok(Self {
            one: parking_lot::Mutex::new(policy.prepare(&view, &settings).answer?),
        })
    }
    pub fn select(&self, request: &SelectRequest) -> Outcome<Result<Vec<u32>, Refusal>> {
        self.one.lock().select(request)
    }
}
