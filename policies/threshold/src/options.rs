//! The settings. All optional: waits come from the limits of each role, these replace them for every role.

use weir_policy_kit::settings::Settings;

use crate::types::Limits;

/// What the settings may hold.
pub const SCHEMA: &str = r#"{"type":"object","additionalProperties":false,"properties":{"scaleInFactor":{"type":"number","minimum":0,"maximum":1,"default":0.9,"description":"A node is removed only if the rest stays at or under this part of the threshold without it."},"scaleOutWaitMs":{"type":"integer","minimum":0,"maximum":86400000,"description":"How long the load must be over the threshold before a launch."},"scaleInWaitMs":{"type":"integer","minimum":0,"maximum":86400000,"description":"How long a node must be idle before it is removed."},"warmUpMs":{"type":"integer","minimum":0,"maximum":86400000,"description":"A launch holds back further launches of its role until it is in service, this long at most."},"coolDownMs":{"type":"integer","minimum":0,"maximum":86400000,"description":"Time between two removals in a role."},"drain":{"type":"boolean","default":false,"description":"Also empty the emptiest node when the rest stays under drainFactor of the threshold."},"drainFactor":{"type":"number","minimum":0,"maximum":1,"default":0.5}}}"#;

/// A day: longer waits are misspelt units.
const LONGEST_MS: u32 = 86_400_000;

/// The settings as numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Part of the threshold the rest may reach when an idle node goes, permille.
    pub scale_in_permille: u32,
    /// Part of the threshold under which the emptiest node is drained, permille; none: never.
    pub drain_permille: Option<u32>,
    scale_out_wait_ms: Option<u32>,
    scale_in_wait_ms: Option<u32>,
    warm_up_ms: Option<u32>,
    cool_down_ms: Option<u32>,
}

impl Options {
    /// Reads the document.
    ///
    /// # Errors
    /// The texts for people.
    pub fn read(text: &str) -> Result<Self, Vec<String>> {
        let mut document = Settings::parse(text);
        let mut permille = |name: &str, otherwise: f64| {
            let part = document.number(name, 0.0, 1.0).unwrap_or(otherwise);
            (part * 1_000.0 + 0.5) as u32
        };
        let scale_in_permille = permille("scaleInFactor", 0.9);
        let drain_permille = permille("drainFactor", 0.5);
        let drain = document.boolean("drain").unwrap_or(false);
        let options = Self {
            scale_in_permille,
            drain_permille: drain.then_some(drain_permille),
            scale_out_wait_ms: document.millis("scaleOutWaitMs", LONGEST_MS),
            scale_in_wait_ms: document.millis("scaleInWaitMs", LONGEST_MS),
            warm_up_ms: document.millis("warmUpMs", LONGEST_MS),
            cool_down_ms: document.millis("coolDownMs", LONGEST_MS),
        };
        document.finish().map(|()| options)
    }

    /// The limits with the waits of the settings.
    pub fn apply(&self, limits: &Limits) -> Limits {
        Limits {
            scale_out_wait_ms: self.scale_out_wait_ms.unwrap_or(limits.scale_out_wait_ms),
            scale_in_wait_ms: self.scale_in_wait_ms.unwrap_or(limits.scale_in_wait_ms),
            warm_up_ms: self.warm_up_ms.unwrap_or(limits.warm_up_ms),
            cool_down_ms: self.cool_down_ms.unwrap_or(limits.cool_down_ms),
            ..*limits
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Options;

    #[test]
    fn the_defaults_are_those_of_the_documentation() {
        let options = Options::read("{}").expect("fine");
        assert_eq!(options.scale_in_permille, 900);
        assert_eq!(options.drain_permille, None);
    }

    #[test]
    fn draining_is_off_unless_asked_for() {
        let options = Options::read(r#"{"drain":true}"#).expect("fine");
        assert_eq!(options.drain_permille, Some(500));
    }

    #[test]
    fn wrong_members_are_named() {
        let problems = Options::read(r#"{"scaleInFactor":9,"cooldown":1}"#).expect_err("wrong");
        assert_eq!(
            problems,
            vec![
                "settings.scaleInFactor is 9: use 0 to 1",
                "settings.cooldown is no setting of this policy"
            ]
        );
    }
}
