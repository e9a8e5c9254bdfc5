//! temporary
use super::SharedPolicy;
#[derive(Default)]
pub struct PolicyRegistry {
    pub all: Vec<SharedPolicy>,
}
impl PolicyRegistry {
    pub fn get(&self, name: &str) -> Option<SharedPolicy> {
        self.all.iter().find(|p| p.name() == name).cloned()
    }
}
