//! The time that passes between an instance's states, which moto does not know.
//!
//! ```text
//! launched ─▶ (not seen) ─▶ pending ─▶ running ─▶ (terminate) ─▶ shutting-down ─▶ terminated ─▶ (forgotten)
//!                              ├────▶ pending for ever
//!                              └────▶ terminated: Server.InsufficientInstanceCapacity
//! ```

use std::collections::BTreeMap;

use parking_lot::Mutex;
use weir_core::units::{DurationMs, UtcMs};

use crate::xml::Element;

/// Times between states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lags {
    /// From the launch until anybody sees the instance.
    pub visible: DurationMs,
    /// From the launch until its tags are seen.
    pub tagged: DurationMs,
    /// From the launch until it runs and has addresses.
    pub running: DurationMs,
    /// From the order to terminate until it is terminated.
    pub shutting_down: DurationMs,
    /// From its end until nobody sees it any more.
    pub remembered: DurationMs,
}

impl Lags {
    /// As moto does it.
    pub const NONE: Self = Self {
        visible: DurationMs(0),
        tagged: DurationMs(0),
        running: DurationMs(0),
        shutting_down: DurationMs(0),
        remembered: DurationMs(u64::MAX),
    };

    /// As a real cloud does it, roughly.
    pub const REAL: Self = Self {
        visible: DurationMs(1_000),
        tagged: DurationMs(1_500),
        running: DurationMs(5_000),
        shutting_down: DurationMs(3_000),
        remembered: DurationMs(3_600_000),
    };
}

/// What becomes of a launch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Runs,
    StaysPending,
    NeverRuns,
}

/// Where an instance stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Pending,
    Running,
    ShuttingDown,
    Terminated,
    /// Terminated by the cloud itself, for want of capacity.
    Failed,
}

/// What a caller sees of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    /// It was not launched through here: as the endpoint says.
    Foreign,
    /// Not launched yet, or not seen yet.
    NotYet,
    /// Too long gone.
    Forgotten,
    /// There it is; its tags are seen or not.
    Seen { standing: Standing, tagged: bool },
}

struct Life {
    launched_at: UtcMs,
    fate: Fate,
    ended_at: Option<UtcMs>,
}

/// The lives of all instances launched through the proxy.
pub(super) struct Lag {
    lags: Mutex<Lags>,
    lives: Mutex<BTreeMap<String, Life>>,
}

impl Lag {
    pub(super) fn new() -> Self {
        Self {
            lags: Mutex::new(Lags::NONE),
            lives: Mutex::default(),
        }
    }

    pub(super) fn set(&self, lags: Lags) {
        *self.lags.lock() = lags;
    }

    pub(super) fn launched(&self, id: &str, launched_at: UtcMs, fate: Fate) {
        let life = Life {
            launched_at,
            fate,
            ended_at: None,
        };
        self.lives.lock().insert(id.to_owned(), life);
    }

    pub(super) fn ended(&self, id: &str, now: UtcMs) {
        if let Some(life) = self.lives.lock().get_mut(id) {
            life.ended_at.get_or_insert(now);
        }
    }

    /// What a caller sees at this time.
    pub(super) fn sight(&self, id: &str, at: UtcMs) -> Sight {
        let lags = *self.lags.lock();
        let lives = self.lives.lock();
        let Some(life) = lives.get(id) else {
            return Sight::Foreign;
        };
        if at < life.launched_at || at.since(life.launched_at) < lags.visible {
            return Sight::NotYet;
        }
        if life
            .gone_at(&lags)
            .is_some_and(|gone| at.since(gone) > lags.remembered)
        {
            return Sight::Forgotten;
        }
        Sight::Seen {
            standing: life.standing(at, &lags),
            tagged: at.since(life.launched_at) >= lags.tagged,
        }
    }

    /// Where it really stands; `None`: it was not launched through here.
    pub(super) fn standing(&self, id: &str, at: UtcMs) -> Option<Standing> {
        let lags = *self.lags.lock();
        Some(self.lives.lock().get(id)?.standing(at, &lags))
    }
}

impl Life {
    fn gone_at(&self, lags: &Lags) -> Option<UtcMs> {
        match (self.ended_at, self.fate) {
            (Some(ended), _) => Some(ended + lags.shutting_down),
            (None, Fate::NeverRuns) => Some(self.launched_at + lags.running),
            (None, Fate::Runs | Fate::StaysPending) => None,
        }
    }

    fn standing(&self, at: UtcMs, lags: &Lags) -> Standing {
        if let Some(ended) = self.ended_at.filter(|ended| at >= *ended) {
            return if at.since(ended) < lags.shutting_down {
                Standing::ShuttingDown
            } else {
                Standing::Terminated
            };
        }
        let pending = at.since(self.launched_at) < lags.running;
        match self.fate {
            Fate::StaysPending => Standing::Pending,
            Fate::Runs | Fate::NeverRuns if pending => Standing::Pending,
            Fate::Runs => Standing::Running,
            Fate::NeverRuns => Standing::Failed,
        }
    }
}

impl Standing {
    pub(super) fn word(self) -> &'static str {
        match self {
            Standing::Pending => "pending",
            Standing::Running => "running",
            Standing::ShuttingDown => "shutting-down",
            Standing::Terminated | Standing::Failed => "terminated",
        }
    }

    fn code(self) -> &'static str {
        match self {
            Standing::Pending => "0",
            Standing::Running => "16",
            Standing::ShuttingDown => "32",
            Standing::Terminated | Standing::Failed => "48",
        }
    }

    /// The element of this state.
    pub(super) fn element(self, name: &str) -> Element {
        let inside = [
            Element::of_text("code", self.code()),
            Element::of_text("name", self.word()),
        ];
        Element::of(name, inside)
    }

    /// Makes an instance's element say so: a state, and addresses only while it has some.
    pub(super) fn write(self, instance: &mut Element) {
        instance.set(self.element("instanceState"));
        let gone: &[&str] = match self {
            Standing::Running | Standing::ShuttingDown => &[],
            Standing::Pending | Standing::Terminated | Standing::Failed => &[
                "ipAddress",
                "dnsName",
                "privateIpAddress",
                "privateDnsName",
                "networkInterfaceSet",
            ],
        };
        gone.iter().for_each(|name| instance.remove(name));
        if self == Standing::Failed {
            let code = "Server.InsufficientInstanceCapacity";
            let reason = [
                Element::of_text("code", code),
                Element::of_text("message", &format!("{code}: no capacity")),
            ];
            instance.set(Element::of("stateReason", reason));
            instance.set(Element::of_text("reason", code));
        }
    }
}
