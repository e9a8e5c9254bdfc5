//! What a rule found, said so that it can be mended.

/// Places that break one rule.
#[derive(Default)]
pub struct Findings(Vec<String>);

impl Findings {
    /// A place that breaks the rule; lines count from 1.
    pub fn add(&mut self, path: &str, line: usize, what: impl std::fmt::Display) {
        self.0.push(format!("{path}:{line}: {what}"));
    }

    /// Fails the test when there is any.
    pub fn none(self, mend: &str) {
        let Self(places) = self;
        assert!(
            places.is_empty(),
            "{} place(s):\n  {}\nMend: {mend}",
            places.len(),
            places.join("\n  ")
        );
    }
}
