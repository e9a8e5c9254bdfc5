//! A call's way through the proxy.

use weir_cloud::clock::SharedClock;

use super::calls::{Call, Calls};
use super::errors;
use super::fault::{Cut, Fault, Kind};
use super::lag::{Fate, Lag, Sight};
use super::launches::Tokens;
use super::script::Script;
use super::upstream::{Asked, Upstream, region};
use super::wire::{Answer, Reply, Request};
use crate::ec2_api::parse_form;

/// Everything a proxy is made of.
pub(super) struct Flow {
    pub(super) clock: SharedClock,
    pub(super) upstream: Upstream,
    pub(super) script: Script,
    pub(super) calls: Calls,
    pub(super) tokens: Tokens,
    pub(super) lag: Lag,
}

impl Flow {
    pub(super) fn new(upstream: &str, clock: SharedClock) -> Self {
        Self {
            clock,
            upstream: Upstream::new(upstream),
            script: Script::default(),
            calls: Calls::new(),
            tokens: Tokens::default(),
            lag: Lag::new(),
        }
    }

    /// What the client gets.
    pub(super) async fn reply(&self, request: Request) -> Reply {
        let params = parse_form(&request.body);
        let Some(action) = params.get("Action").cloned() else {
            // No call of the Query API: nothing of ours.
            let passed = self.upstream.pass(&request).await;
            return passed.map_or(Reply::Closed, Reply::Whole);
        };
        let asked = Asked {
            region: region(&request.authorization),
            authorization: request.authorization,
            action,
            params,
        };
        let fault = match self.script.is_closed_region(&asked.region) {
            true => Some(Fault::Unauthorized),
            false => self.script.take(&asked.action),
        };
        self.calls.add(Call {
            at: self.clock.now(),
            action: asked.action.clone(),
            region: asked.region.clone(),
            client_token: asked.params.get("ClientToken").cloned(),
            params: asked.params.clone(),
            fault: fault.clone(),
        });
        if let Some(fault) = &fault {
            self.calls.count(fault.kind());
        }
        self.with(fault, &asked).await.unwrap_or(Reply::Closed)
    }

    /// `None`: the endpoint does not answer.
    async fn with(&self, fault: Option<Fault>, asked: &Asked) -> Option<Reply> {
        let Some(fault) = fault else {
            return Some(Reply::Whole(self.carry_out(asked, Fate::Runs).await?));
        };
        Some(match fault {
            Fault::LostRequest => Reply::Closed,
            Fault::Reset => Reply::Reset,
            Fault::LostReply(cut) => {
                let answer = self.carry_out(asked, Fate::Runs).await?;
                match cut {
                    Cut::BeforeHeaders => Reply::Closed,
                    Cut::AfterHeaders => Reply::Torn(answer, 0),
                }
            }
            Fault::CutBody(percent) => {
                let answer = self.carry_out(asked, Fate::Runs).await?;
                let kept = share(&answer, percent);
                Reply::Short(answer, kept)
            }
            Fault::TornBody(percent) => {
                let answer = self.carry_out(asked, Fate::Runs).await?;
                let kept = share(&answer, percent);
                Reply::Torn(answer, kept)
            }
            Fault::Slow(length) => {
                self.clock.sleep(length).await;
                Reply::Whole(self.carry_out(asked, Fate::Runs).await?)
            }
            Fault::EmptyListing => Reply::Whole(self.list_nothing(asked).await?),
            Fault::StaleListing(age) => {
                let now = self.clock.now();
                Reply::Whole(self.list(asked, now - age).await?)
            }
            Fault::StaysPending => Reply::Whole(self.carry_out(asked, Fate::StaysPending).await?),
            Fault::NeverRuns => Reply::Whole(self.carry_out(asked, Fate::NeverRuns).await?),
            Fault::Throttled
            | Fault::NoCapacity
            | Fault::InstanceQuota
            | Fault::VcpuQuota
            | Fault::Unauthorized
            | Fault::Internal
            | Fault::Unavailable => Reply::Whole(errors::of(&fault, &asked.action)?),
        })
    }

    /// The call as the real thing would do it.
    async fn carry_out(&self, asked: &Asked, fate: Fate) -> Option<Answer> {
        let now = self.clock.now();
        let hidden = self.hidden(asked);
        if !hidden.is_empty() {
            self.calls.count(Kind::NotFoundYet);
            return Some(errors::not_found(&hidden));
        }
        match asked.action.as_str() {
            "RunInstances" => self.launch(asked, fate).await,
            "TerminateInstances" => self.end(asked).await,
            "DescribeInstances" => self.list(asked, now).await,
            _ => self.upstream.call(asked).await,
        }
    }

    /// Instances that the call names and that are not known, yet or any more.
    fn hidden(&self, asked: &Asked) -> Vec<String> {
        let named = ["InstanceId", "ResourceId"];
        let mut ids: Vec<String> = named.iter().flat_map(|name| asked.list(name)).collect();
        ids.extend(asked.params.get("InstanceId").cloned());
        let now = self.clock.now();
        ids.retain(|id| match self.lag.sight(id, now) {
            Sight::NotYet | Sight::Forgotten => true,
            Sight::Foreign | Sight::Seen { .. } => false,
        });
        ids
    }
}

/// So much of the body, in bytes.
fn share(answer: &Answer, percent: u8) -> usize {
    answer.body.len() * usize::from(percent.min(100)) / 100
}
