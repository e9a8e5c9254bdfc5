//! The five weights: the shipped ones, then the view's facts, then the settings.

use weir_policy_kit::settings::Settings;

use crate::types::Fact;

/// What the settings may hold.
pub const SCHEMA: &str = r#"{"type":"object","additionalProperties":false,"properties":{"weights":{"type":"object","additionalProperties":false,"description":"Weight of each metric in the score; what is absent is taken from the server's settings.","properties":{"connections":{"type":"number","minimum":0,"maximum":1000000},"streams":{"type":"number","minimum":0,"maximum":1000000},"subscribers":{"type":"number","minimum":0,"maximum":1000000},"memory":{"type":"number","minimum":0,"maximum":1000000},"restreamer":{"type":"number","minimum":0,"maximum":1000000}}}}}"#;

/// Larger weights say nothing that smaller ones cannot.
const MOST: f64 = 1_000_000.0;

/// How much each metric counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    /// Free connection slots, all nodes.
    pub connections: f64,
    /// Few streams, origins and transcoders.
    pub streams: f64,
    /// Few subscribers on the edges behind it, origins.
    pub subscribers: f64,
    /// Free memory, all nodes.
    pub memory: f64,
    /// Few restreamers, relays.
    pub restreamer: f64,
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            connections: 15.0,
            streams: 30.0,
            subscribers: 60.0,
            memory: 20.0,
            restreamer: 35.0,
        }
    }
}

impl Weights {
    /// Facts named `weight.streams` ... replace the shipped weights, members of `settings.weights` both.
    ///
    /// # Errors
    /// The texts for people when the settings are wrong.
    pub fn read(settings: &str, facts: &[Fact]) -> Result<Self, Vec<String>> {
        let mut weights = Self::default();
        for fact in facts {
            if let Some(weight) = fact
                .name
                .strip_prefix("weight.")
                .and_then(|name| weights.slot(name))
            {
                *weight = fact.value.clamp(0.0, MOST);
            }
        }
        let mut document = Settings::parse(settings);
        if let Some(mut stated) = document.object("weights") {
            for name in [
                "connections",
                "streams",
                "subscribers",
                "memory",
                "restreamer",
            ] {
                if let (Some(value), Some(weight)) =
                    (stated.number(name, 0.0, MOST), weights.slot(name))
                {
                    *weight = value;
                }
            }
            document.merge(stated);
        }
        document.finish().map(|()| weights)
    }

    fn slot(&mut self, name: &str) -> Option<&mut f64> {
        match name {
            "connections" => Some(&mut self.connections),
            "streams" => Some(&mut self.streams),
            "subscribers" => Some(&mut self.subscribers),
            "memory" => Some(&mut self.memory),
            "restreamer" => Some(&mut self.restreamer),
            _ => None,
        }
    }

    /// The largest score there can be, for scaling scores to whole numbers.
    pub fn sum(&self) -> f64 {
        self.connections + self.streams + self.subscribers + self.memory + self.restreamer
    }
}

#[cfg(test)]
mod tests {
    use super::Weights;
    use crate::types::Fact;

    #[test]
    fn settings_win_over_facts_and_facts_over_the_shipped_weights() {
        let facts = [
            Fact {
                name: "weight.memory".to_owned(),
                value: 1.0,
            },
            Fact {
                name: "weight.streams".to_owned(),
                value: 2.0,
            },
        ];
        let weights = Weights::read(r#"{"weights":{"streams":3}}"#, &facts).expect("fine");
        assert_eq!(
            weights,
            Weights {
                memory: 1.0,
                streams: 3.0,
                ..Weights::default()
            }
        );
    }

    #[test]
    fn a_misspelt_weight_is_named() {
        let problems = Weights::read(r#"{"weights":{"stream":3}}"#, &[]).expect_err("misspelt");
        assert_eq!(
            problems,
            vec!["settings.weights.stream is no setting of this policy"]
        );
    }
}
