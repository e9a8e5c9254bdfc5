//! The agent of a simulated node: one task that asks for its role, reports at once and then each period, tells of
//! publishers and of new links at once, and carries out what the answers order.
//!
//! ```text
//! waiting ─▶ asking (role, until accepted) ─▶ reporting ─▶ goodbye
//!               ▲──────── not accepted ──────────┘
//! ```

use std::collections::VecDeque;
use std::sync::Arc;

use rand::RngExt;
use rand::rngs::StdRng;
use tokio::sync::mpsc;
use weir_core::report::{
    Answer, Body, Boot, Command, Envelope, FORMAT_VERSION, Message, Order, RoleRequest, Software,
};
use weir_core::units::{DurationMs, UtcMs};

use super::orders::Afterwards;
use super::service::Phase;
use super::{Signal, SimulatedNode};
use crate::simulated::{World, randomness};

/// Pause before a message that did not get through is tried again.
const RETRY: DurationMs = DurationMs::secs(2);
/// Ids of commands that are remembered, so that a repeated one is carried out once.
const REMEMBERED_COMMANDS: usize = 256;
const NEVER: UtcMs = UtcMs(u64::MAX);

pub(super) struct Agent {
    world: Arc<World>,
    node: Arc<SimulatedNode>,
    signals: mpsc::Receiver<Signal>,
    random: StdRng,
    /// When there is something to say again.
    due: UtcMs,
    /// When a link that was ordered stands, and is to be told.
    linked_at: UtcMs,
    /// The next report is the first.
    first: bool,
    period: DurationMs,
    boot: Option<Boot>,
    seq: u64,
    /// Identifier, once known.
    name: Option<String>,
    accepted: bool,
    acks: Vec<String>,
    carried_out: VecDeque<String>,
}

impl Agent {
    pub(super) fn new(
        world: &Arc<World>,
        node: &Arc<SimulatedNode>,
        service_at: UtcMs,
        signals: mpsc::Receiver<Signal>,
    ) -> Self {
        let settings = &world.settings;
        let know = settings.nodes.know_their_id;
        Self {
            random: randomness(settings.seed, "agent", node.id.as_str()),
            period: settings.nodes.reporting,
            name: know.then(|| node.id.as_str().to_owned()),
            world: Arc::clone(world),
            node: Arc::clone(node),
            signals,
            due: service_at,
            linked_at: NEVER,
            first: true,
            boot: None,
            seq: 0,
            accepted: false,
            acks: Vec::new(),
            carried_out: VecDeque::new(),
        }
    }

    pub(super) async fn run(mut self) {
        loop {
            let due = self.world.clock.sleep_until(self.due.min(self.linked_at));
            tokio::select! {
                signal = self.signals.recv() => match signal {
                    Some(Signal::Notice(body)) => {
                        self.say(body).await;
                    }
                    Some(Signal::ReportNow(told)) => {
                        let taken = self.accepted && self.report().await;
                        // Who asked may have stopped waiting.
                        let _ = told.send(taken);
                    }
                    Some(Signal::Restarted) => self.start_service(),
                    Some(Signal::End) | None => return self.goodbye().await,
                },
                () = due => self.next().await,
            }
        }
    }

    /// What is due now.
    async fn next(&mut self) {
        if self.boot.is_none() {
            self.start_service();
        }
        let now = self.world.clock.now();
        if self.linked_at <= now {
            self.linked_at = NEVER;
        }
        if !self.node.is_up() {
            // Crashed: only a restart helps, and that is a signal.
            self.due = NEVER;
        } else if self.accepted {
            if self.due <= now {
                self.due = (self.due + self.pause()).max(now);
            }
            self.report().await;
        } else if self.due <= now {
            self.ask().await;
        }
    }

    /// From one report to the next. After the first some part of a period, so that nodes launched together do not report
    /// together for ever.
    fn pause(&mut self) -> DurationMs {
        match std::mem::take(&mut self.first) {
            true => DurationMs(self.random.random_range(0..self.period.0)),
            false => self.period,
        }
    }

    fn start_service(&mut self) {
        let now = self.world.clock.now();
        // A boot must be later than the one before, even within one millisecond.
        let earliest = self.boot.as_ref().map_or(0, |boot| boot.started_ms + 1);
        let boot = Boot {
            started_ms: now.0.max(earliest),
            word: format!("{:04x}", self.random.random::<u16>()),
        };
        self.node.service.lock().start(boot.clone(), now);
        self.boot = Some(boot);
        self.seq = 0;
        self.accepted = false;
        self.acks.clear();
        self.linked_at = NEVER;
        self.due = now;
    }

    async fn ask(&mut self) {
        let software = Software {
            name: "weir-simulated-node".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            capabilities: vec!["publish".to_owned(), "subscribe".to_owned()],
        };
        let request = RoleRequest {
            software: Some(software),
        };
        // Set first: carrying out the answer may set another time.
        self.due = self.world.clock.now() + RETRY;
        let answer = self.say(Body::Role(request)).await;
        let Some(answer) = answer else { return };
        let Some(assignment) = answer.assignment else {
            return;
        };
        if self.due == NEVER {
            return;
        }
        self.accepted = true;
        self.name = Some(assignment.node_id);
        let speed = answer.reporting_speed;
        self.period = DurationMs(speed.unwrap_or(assignment.cluster.reporting_speed).max(1));
        self.first = true;
        self.due = self.world.clock.now();
    }

    /// Reports; once more when the answer asks for it. `false` when a report did not arrive or was not accepted.
    async fn report(&mut self) -> bool {
        self.world.refresh(&self.node);
        let report = self.node.report(self.world.settings.nodes.max_memory);
        let answer = self.say(Body::Report(report)).await;
        answer.is_some_and(|answer| answer.accepted)
    }

    /// Sends one message and carries out what its answer orders; `None` when it did not get through.
    async fn say(&mut self, body: Body) -> Option<Answer> {
        let mut body = body;
        let mut first = None;
        // At most one repetition: what a full report answers by "resync" is not answered by another.
        for _ in 0..2 {
            let answer = self.send(body).await?;
            let afterwards = self.take(&answer);
            first.get_or_insert(answer);
            match afterwards {
                Afterwards::Nothing => break,
                Afterwards::Report => {
                    self.world.refresh(&self.node);
                    let report = self.node.report(self.world.settings.nodes.max_memory);
                    body = Body::Report(report);
                }
                Afterwards::Goodbye => {
                    self.due = NEVER;
                    self.send(Body::Bye {}).await;
                    break;
                }
            }
        }
        first
    }

    async fn send(&mut self, body: Body) -> Option<Answer> {
        let is_goodbye = matches!(body, Body::Bye {});
        {
            let service = self.node.service.lock();
            if service.muted || (service.phase != Phase::Up && !is_goodbye) {
                return None;
            }
        }
        self.seq += 1;
        if self.is_lost(&body) {
            return None;
        }
        let now = self.world.clock.now();
        let message = Message {
            envelope: self.envelope(now)?,
            body,
        };
        let name = self.name.as_deref().unwrap_or_default();
        match self.world.uplink.post(name, now, &message).await {
            Ok(answer) => {
                self.acks.clear();
                Some(answer)
            }
            Err(error) => {
                tracing::debug!(node.id = %self.node.id, %error, "a simulated node's message did not get through");
                None
            }
        }
    }

    fn is_lost(&self, body: &Body) -> bool {
        let mut service = self.node.service.lock();
        let lost = matches!(body, Body::Report(_)) && service.reports_to_lose > 0;
        if lost {
            service.reports_to_lose -= 1;
        }
        lost
    }

    fn envelope(&self, now: UtcMs) -> Option<Envelope> {
        let [address, private_address, hostname] = self.node.addresses.clone();
        Some(Envelope {
            v: FORMAT_VERSION,
            node_id: self.name.clone(),
            platform_id: Some(self.node.platform_id.as_str().to_owned()),
            public_ip: Some(address),
            private_ip: Some(private_address),
            hostname: Some(hostname),
            boot: self.boot.clone()?,
            seq: self.seq,
            timestamp: now.0,
            ack: self.acks.clone(),
        })
    }

    fn take(&mut self, answer: &Answer) -> Afterwards {
        if let Some(period) = answer.reporting_speed {
            self.period = DurationMs(period.max(1));
        }
        if !answer.accepted {
            self.accepted = false;
            let wait = answer.retry_after_ms.map_or(RETRY, DurationMs);
            self.due = self.world.clock.now() + wait;
        }
        let mut afterwards = Afterwards::Nothing;
        for command in &answer.commands {
            match self.carry_out(command) {
                Afterwards::Nothing => {}
                more @ (Afterwards::Report | Afterwards::Goodbye) => afterwards = more,
            }
        }
        afterwards
    }

    fn carry_out(&mut self, command: &Command) -> Afterwards {
        self.acks.push(command.id.clone());
        if self.carried_out.contains(&command.id) {
            return Afterwards::Nothing;
        }
        self.carried_out.push_back(command.id.clone());
        if self.carried_out.len() > REMEMBERED_COMMANDS {
            self.carried_out.pop_front();
        }
        if matches!(command.order, Order::Link { .. }) {
            let delay = self.world.settings.nodes.link_delay;
            self.linked_at = self.world.clock.now() + delay;
        }
        self.node.carry_out(&command.order)
    }

    /// The instance ends: a last word, if the service was able to speak.
    async fn goodbye(mut self) {
        // The service may have come up between the order and this word.
        self.node.fall(Phase::Off);
        if self.boot.is_some() {
            self.send(Body::Bye {}).await;
        }
    }
}
