//! A crowd of viewers that follows a demand curve.
//!
//! One task owns all its viewers. At every step it lets those go whose session is over or whose node went away, sends
//! the surplus home, and lets as many newcomers ask as are missing. A viewer who was refused waits a moment before
//! the next one takes the place.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use rand::rngs::StdRng;
use tokio::task::{AbortHandle, JoinSet};
use weir_core::stream::StreamName;
use weir_core::units::{DurationMs, UtcMs};

use super::reception::Reception;
use super::{ClientKind, Connection, DemandCurve, Ended, ReceptionError};
use crate::simulated::{SimulatedCloud, World, lognormal, randomness};

/// How often the crowd is looked at.
const STEP: DurationMs = DurationMs(500);
/// Newcomers who ask at the same time.
const MOST_ASKING: usize = 64;
/// A refused viewer's pause.
const DISCOURAGED: DurationMs = DurationMs::secs(3);

/// What a crowd is like.
#[derive(Debug, Clone)]
pub struct CrowdSettings {
    /// What they watch.
    pub stream: StreamName,
    /// How many they are when.
    pub demand: DemandCurve,
    /// Half of the sessions are shorter.
    pub session_median: DurationMs,
    /// 95 % of the sessions are shorter.
    pub session_p95: DurationMs,
    /// Everything random follows from it.
    pub seed: u64,
    /// From how many loopback addresses (127.192.0.1 and up) they come; 0: from whichever the system takes.
    pub addresses: u8,
}

/// What a crowd went through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CrowdCounts {
    /// Viewers wanted now.
    pub wanted: u64,
    /// Viewers connected now.
    pub watching: u64,
    /// Most viewers connected at once.
    pub peak: u64,
    /// Viewers that were connected.
    pub joined: u64,
    /// Questions the manager answered with no server.
    pub refused: u64,
    /// Questions without an answer.
    pub unanswered: u64,
    /// Answers that led to a node which did not take the viewer.
    pub misled: u64,
    /// Viewers whose node went away under them.
    pub cut: u64,
    /// Viewers dropped by the manager's order.
    pub kicked: u64,
}

/// A crowd at work. Dropping it sends everybody home.
pub struct Crowd {
    counts: Arc<Mutex<CrowdCounts>>,
    task: AbortHandle,
}

impl Crowd {
    /// Starts a crowd; its curve begins now.
    ///
    /// # Errors
    /// [`ReceptionError::NoAnswer`] when the HTTP clients cannot be set up on this machine.
    pub fn start(cloud: &SimulatedCloud, settings: CrowdSettings) -> Result<Self, ReceptionError> {
        let world = Arc::clone(&cloud.world);
        let reception = Reception::new(Arc::clone(&world), settings.addresses)?;
        let counts = Arc::new(Mutex::new(CrowdCounts::default()));
        let hall = Hall {
            random: randomness(settings.seed, "crowd", &settings.stream.path()),
            started: world.clock.now(),
            reception: Arc::new(reception),
            settings,
            counts: Arc::clone(&counts),
            world,
            seated: BTreeMap::new(),
            asking: JoinSet::new(),
            discouraged: Vec::new(),
            came: 0,
        };
        let task = tokio::spawn(hall.run()).abort_handle();
        Ok(Self { counts, task })
    }

    /// What it went through so far.
    pub fn counts(&self) -> CrowdCounts {
        *self.counts.lock()
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// How a newcomer fared.
enum Outcome {
    Seated(Connection),
    Refused,
    Unanswered,
    Misled,
}

struct Hall {
    world: Arc<World>,
    settings: CrowdSettings,
    reception: Arc<Reception>,
    random: StdRng,
    started: UtcMs,
    counts: Arc<Mutex<CrowdCounts>>,
    /// By the end of their session, then by number.
    seated: BTreeMap<(UtcMs, u64), Connection>,
    asking: JoinSet<Outcome>,
    /// Until when the places of refused viewers stay empty.
    discouraged: Vec<UtcMs>,
    came: u64,
}

impl Hall {
    async fn run(mut self) {
        loop {
            let now = self.world.clock.now();
            self.let_go(now);
            self.balance(now);
            self.publish_counts(now);
            let step = self.world.clock.sleep_until(now + STEP);
            tokio::pin!(step);
            loop {
                tokio::select! {
                    () = &mut step => break,
                    Some(outcome) = self.asking.join_next() => {
                        if let Ok(outcome) = outcome {
                            self.receive(outcome);
                        }
                    }
                }
            }
        }
    }

    /// Sessions that are over, and viewers who lost their node.
    fn let_go(&mut self, now: UtcMs) {
        let mut counts = self.counts.lock();
        self.seated.retain(|(until, _), connection| {
            match connection.ended() {
                Some(Ended::NodeGone) => counts.cut += 1,
                Some(Ended::Kicked) => counts.kicked += 1,
                None => return *until > now,
            }
            false
        });
        drop(counts);
        self.discouraged.retain(|until| *until > now);
    }

    fn balance(&mut self, now: UtcMs) {
        let wanted = self.wanted(now);
        while self.seated.len() > wanted {
            self.seated.pop_first();
        }
        let coming = self.seated.len() + self.asking.len() + self.discouraged.len();
        let room = MOST_ASKING.saturating_sub(self.asking.len());
        for _ in 0..wanted.saturating_sub(coming).min(room) {
            self.came += 1;
            let newcomer = Newcomer {
                number: self.came,
                world: Arc::clone(&self.world),
                reception: Arc::clone(&self.reception),
                stream: self.settings.stream.clone(),
            };
            self.asking.spawn(newcomer.join());
        }
    }

    fn wanted(&self, now: UtcMs) -> usize {
        let viewers = self.settings.demand.at(now.since(self.started));
        viewers.round() as usize
    }

    fn receive(&mut self, outcome: Outcome) {
        let now = self.world.clock.now();
        let mut counts = self.counts.lock();
        match outcome {
            Outcome::Seated(connection) => {
                counts.joined += 1;
                let length = lognormal(
                    self.settings.session_median,
                    self.settings.session_p95,
                    &mut self.random,
                );
                let place = (now + length, counts.joined);
                drop(counts);
                self.seated.insert(place, connection);
                return;
            }
            Outcome::Refused => counts.refused += 1,
            Outcome::Unanswered => counts.unanswered += 1,
            Outcome::Misled => counts.misled += 1,
        }
        drop(counts);
        self.discouraged.push(now + DISCOURAGED);
    }

    fn publish_counts(&self, now: UtcMs) {
        let watching = self.seated.len() as u64;
        let wanted = self.wanted(now) as u64;
        let mut counts = self.counts.lock();
        counts.wanted = wanted;
        counts.watching = watching;
        counts.peak = counts.peak.max(watching);
    }
}

/// Somebody who wants to watch.
struct Newcomer {
    number: u64,
    world: Arc<World>,
    reception: Arc<Reception>,
    stream: StreamName,
}

impl Newcomer {
    async fn join(self) -> Outcome {
        let asked = self
            .reception
            .ask(self.number, ClientKind::Viewer, &self.stream);
        let address = match asked.await {
            Ok(address) => address,
            Err(ReceptionError::Refused { .. }) => return Outcome::Refused,
            Err(ReceptionError::NoManager | ReceptionError::NoAnswer(_)) => {
                return Outcome::Unanswered;
            }
        };
        match self.world.connect_viewer(&address, &self.stream) {
            Ok(connection) => Outcome::Seated(connection),
            Err(error) => {
                tracing::debug!(%address, %error, "a simulated viewer was not taken");
                Outcome::Misled
            }
        }
    }
}
