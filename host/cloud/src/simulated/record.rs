//! What the cloud knows of one instance. Its state is no field: it follows from the times and from now.
//!
//! ```text
//! launched ─▶ pending ─▶ running ─▶ (terminate) ─▶ ending ─▶ ended
//! ```

use serde::{Deserialize, Serialize};
use weir_core::ids::{InstanceType, NodeId, PlatformId, RegionName, ZoneName};
use weir_core::node::Role;
use weir_core::units::{DurationMs, UtcMs};

use super::boot_time::Boot;
use crate::{Instance, InstanceState, LaunchRequest};

/// An instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) asked: Asked,
    /// Makes the platform id and the addresses; never used twice.
    pub(crate) number: u32,
    pub(crate) launched_at: UtcMs,
    pub(crate) running_at: UtcMs,
    /// When the streaming service is up.
    pub(crate) service_at: UtcMs,
    pub(crate) ending: Option<Ending>,
    /// What another cloud gave it, when that one made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) given: Option<Given>,
}

/// Names that another cloud gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Given {
    pub(crate) platform_id: PlatformId,
    pub(crate) address: String,
    pub(crate) private_address: String,
    pub(crate) hostname: String,
}

/// The way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ending {
    pub(crate) since: UtcMs,
    pub(crate) gone_at: UtcMs,
}

/// The launch request as it was: the same id with anything else is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Asked {
    pub(crate) id: NodeId,
    pub(crate) role: Role,
    pub(crate) region: RegionName,
    pub(crate) zone: ZoneName,
    pub(crate) instance_type: InstanceType,
    pub(crate) image: String,
    pub(crate) capacity: u32,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) properties: Vec<(String, String)>,
}

impl From<&LaunchRequest> for Asked {
    fn from(request: &LaunchRequest) -> Self {
        Self {
            id: request.id.clone(),
            role: request.role,
            region: request.region.clone(),
            zone: request.zone.clone(),
            instance_type: request.instance_type.clone(),
            image: request.image.clone(),
            capacity: request.capacity,
            tags: request.tags.clone(),
            properties: request.properties.clone(),
        }
    }
}

impl Record {
    pub(crate) fn launched(asked: Asked, number: u32, now: UtcMs, boot: Boot) -> Self {
        Self {
            asked,
            number,
            launched_at: now,
            running_at: now + boot.until_running,
            service_at: now + boot.until_service,
            ending: None,
            given: None,
        }
    }

    /// Starts the way out; nothing changes when it is on it.
    pub(crate) fn end(&mut self, now: UtcMs, takes: DurationMs) {
        self.ending.get_or_insert(Ending {
            since: now,
            gone_at: now + takes,
        });
    }

    pub(crate) fn state(&self, now: UtcMs) -> InstanceState {
        match self.ending {
            Some(ending) if now >= ending.gone_at => InstanceState::Ended,
            Some(_) => InstanceState::Ending,
            None if now >= self.running_at => InstanceState::Running,
            None => InstanceState::Pending,
        }
    }

    pub(crate) fn is_ended(&self, now: UtcMs) -> bool {
        self.state(now) == InstanceState::Ended
    }

    /// What the cloud answers. Addresses are known once it runs.
    pub(crate) fn instance(&self, now: UtcMs) -> Instance {
        let addressed = now >= self.running_at;
        Instance {
            id: Some(self.asked.id.clone()),
            platform_id: self.platform_id(),
            region: self.asked.region.clone(),
            zone: self.asked.zone.clone(),
            state: self.state(now),
            address: addressed.then(|| self.address()),
            private_address: addressed.then(|| self.private_address()),
            hostname: addressed.then(|| self.hostname()),
        }
    }

    pub(crate) fn platform_id(&self) -> PlatformId {
        match &self.given {
            Some(given) => given.platform_id.clone(),
            None => PlatformId::new(format!("sim-{:08x}", self.number)),
        }
    }

    /// Loopback addresses, so that whoever dials one by mistake reaches nobody else's machine; public and private
    /// ones differ, so that mixing them up shows.
    pub(crate) fn address(&self) -> String {
        match &self.given {
            Some(given) => given.address.clone(),
            None => self.loopback(64),
        }
    }

    pub(crate) fn private_address(&self) -> String {
        match &self.given {
            Some(given) => given.private_address.clone(),
            None => self.loopback(128),
        }
    }

    /// A name below the top-level domain that is reserved for tests.
    pub(crate) fn hostname(&self) -> String {
        if let Some(given) = &self.given {
            return given.hostname.clone();
        }
        let address = self.address().replace('.', "-");
        format!("sim-{address}.{}.weir.test", self.asked.region)
    }

    /// `127.{base..base+63}.x.y`: four million addresses from each base.
    fn loopback(&self, base: u8) -> String {
        let [_, high, middle, low] = self.number.to_be_bytes();
        format!("127.{}.{middle}.{low}", base + (high & 63))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(number: u32) -> Record {
        let asked = Asked {
            id: "node-z-1".into(),
            role: Role::Edge,
            region: "r".into(),
            zone: "z".into(),
            instance_type: "t".into(),
            image: "i".to_owned(),
            capacity: 1,
            tags: Vec::new(),
            properties: Vec::new(),
        };
        let boot = Boot {
            until_running: DurationMs(10),
            until_service: DurationMs(30),
        };
        Record::launched(asked, number, UtcMs(100), boot)
    }

    #[test]
    fn an_instance_goes_through_its_states() {
        let mut record = record(1);
        assert_eq!(record.state(UtcMs(109)), InstanceState::Pending);
        assert_eq!(record.instance(UtcMs(109)).address, None);
        assert_eq!(record.state(UtcMs(110)), InstanceState::Running);
        assert!(record.instance(UtcMs(110)).address.is_some());
        record.end(UtcMs(200), DurationMs(5));
        record.end(UtcMs(300), DurationMs(5));
        assert_eq!(record.state(UtcMs(204)), InstanceState::Ending);
        assert_eq!(record.state(UtcMs(205)), InstanceState::Ended);
    }

    #[test]
    fn addresses_are_loopback_and_differ() {
        assert_eq!(record(1).address(), "127.64.0.1");
        assert_eq!(record(65_794).address(), "127.65.1.2");
        assert_eq!(record(1).private_address(), "127.128.0.1");
        assert_eq!(record(1).hostname(), "sim-127-64-0-1.r.weir.test");
    }
}
