//! Which policy decides what for a group: stated by a document, bound to the group itself, or by default.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::placement::Action;

/// Earlier bindings that are remembered of each decision of a group.
pub const BINDINGS_KEPT: usize = 10;

/// What a policy decides for a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decides {
    /// How many nodes there are.
    Scaling,
    /// Which node a publisher is sent to.
    Broadcast,
    /// Which node a subscriber is sent to.
    Subscribe,
}

impl Decides {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Scaling, Self::Broadcast, Self::Subscribe];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scaling => "scaling",
            Self::Broadcast => "broadcast",
            Self::Subscribe => "subscribe",
        }
    }
}

impl fmt::Display for Decides {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<Action> for Decides {
    fn from(action: Action) -> Self {
        match action {
            Action::Broadcast => Self::Broadcast,
            Action::Subscribe => Self::Subscribe,
        }
    }
}

/// The policy that decides one thing for a group, and its settings (JSON).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// Policy, by name; of an uploaded one `name@number`.
    pub policy: String,
    /// Settings document, JSON text.
    pub settings: String,
}

/// Bindings that a limits document states; what is absent falls back to the configured defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatedBindings {
    /// Decides how many nodes there are.
    pub scaling: Option<Binding>,
    /// Chooses nodes for publishers.
    pub broadcast: Option<Binding>,
    /// Chooses nodes for subscribers.
    pub subscribe: Option<Binding>,
}

impl StatedBindings {
    /// What is stated for a decision.
    pub fn of(&self, decides: Decides) -> Option<&Binding> {
        match decides {
            Decides::Scaling => self.scaling.as_ref(),
            Decides::Broadcast => self.broadcast.as_ref(),
            Decides::Subscribe => self.subscribe.as_ref(),
        }
    }
}

/// One policy per decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bindings {
    /// Decides how many nodes there are.
    pub scaling: Binding,
    /// Chooses nodes for publishers.
    pub broadcast: Binding,
    /// Chooses nodes for subscribers.
    pub subscribe: Binding,
}

impl Bindings {
    /// The one of a decision.
    pub fn of(&self, decides: Decides) -> &Binding {
        match decides {
            Decides::Scaling => &self.scaling,
            Decides::Broadcast => &self.broadcast,
            Decides::Subscribe => &self.subscribe,
        }
    }
}

/// What operators bound to one decision of a group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnBinding {
    /// What decides; `None`: what the documents or the settings state.
    pub current: Option<Binding>,
    /// What decided before, newest last, at most [`BINDINGS_KEPT`]. `None` as above.
    pub earlier: Vec<Option<Binding>>,
}

/// What operators bound to a group, over its documents and the settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OwnBindings(BTreeMap<Decides, OwnBinding>);

impl OwnBindings {
    /// Nothing was ever bound.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The group's own binding of a decision.
    pub fn current(&self, decides: Decides) -> Option<&Binding> {
        self.0.get(&decides)?.current.as_ref()
    }

    /// What a roll-back would bring back: `None` when nothing was bound before, `Some(None)` for what the documents or
    /// the settings state.
    pub fn previous(&self, decides: Decides) -> Option<Option<&Binding>> {
        let earlier = &self.0.get(&decides)?.earlier;
        earlier.last().map(Option::as_ref)
    }

    /// Every binding that decides now or may be brought back.
    pub fn all(&self) -> impl Iterator<Item = (Decides, &Binding)> {
        self.0.iter().flat_map(|(decides, own)| {
            let known = own.current.iter().chain(own.earlier.iter().flatten());
            known.map(move |binding| (*decides, binding))
        })
    }

    /// Binds; what decided so far is remembered. Binding what decides already changes nothing.
    pub fn bind(&mut self, decides: Decides, binding: Option<Binding>) {
        if self.current(decides) == binding.as_ref() {
            return;
        }
        let own = self.0.entry(decides).or_default();
        let before = std::mem::replace(&mut own.current, binding);
        own.earlier.push(before);
        let surplus = own.earlier.len().saturating_sub(BINDINGS_KEPT);
        own.earlier.drain(..surplus);
    }

    /// Brings back what decided before the last binding; `false` when nothing is remembered. A second call goes one
    /// further back.
    pub fn roll_back(&mut self, decides: Decides) -> bool {
        let Some(own) = self.0.get_mut(&decides) else {
            return false;
        };
        let Some(before) = own.earlier.pop() else {
            return false;
        };
        own.current = before;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(policy: &str) -> Option<Binding> {
        Some(Binding {
            policy: policy.to_owned(),
            settings: "{}".to_owned(),
        })
    }

    fn policy(own: &OwnBindings) -> Option<&str> {
        let current = own.current(Decides::Scaling);
        current.map(|binding| binding.policy.as_str())
    }

    #[test]
    fn rolling_back_walks_through_what_was_bound() {
        let mut own = OwnBindings::default();
        assert!(!own.roll_back(Decides::Scaling), "nothing was bound yet");
        for name in ["a@1", "a@2", "a@2"] {
            own.bind(Decides::Scaling, bound(name));
        }
        assert_eq!(policy(&own), Some("a@2"));
        assert!(own.current(Decides::Subscribe).is_none());
        assert!(own.roll_back(Decides::Scaling));
        assert_eq!(policy(&own), Some("a@1"));
        assert!(own.roll_back(Decides::Scaling));
        assert_eq!(policy(&own), None, "back to what the documents state");
        assert!(!own.roll_back(Decides::Scaling));
    }

    #[test]
    fn taking_a_binding_away_can_be_rolled_back_too() {
        let mut own = OwnBindings::default();
        own.bind(Decides::Scaling, bound("a@1"));
        own.bind(Decides::Scaling, None);
        assert_eq!(
            own.previous(Decides::Scaling).flatten(),
            bound("a@1").as_ref()
        );
        assert!(own.roll_back(Decides::Scaling));
        assert_eq!(policy(&own), Some("a@1"));
    }

    #[test]
    fn only_the_newest_are_remembered() {
        let mut own = OwnBindings::default();
        for number in 0..=BINDINGS_KEPT + 5 {
            own.bind(Decides::Scaling, bound(&format!("a@{number}")));
        }
        assert_eq!(own.all().count(), BINDINGS_KEPT + 1);
        for _ in 0..BINDINGS_KEPT {
            assert!(own.roll_back(Decides::Scaling));
        }
        assert_eq!(policy(&own), Some("a@5"));
        assert!(!own.roll_back(Decides::Scaling));
    }
}
