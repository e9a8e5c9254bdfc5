//! Launches and ends: a client token is good for one launch, whatever happens to its answer.

use std::collections::HashMap;

use tokio::sync::Mutex;

use super::errors;
use super::fault::Kind;
use super::flow::Flow;
use super::lag::{Fate, Standing};
use super::upstream::Asked;
use super::wire::Answer;
use crate::ec2_api::Params;
use crate::xml::Element;

/// A launch that a token stands for.
struct Known {
    params: Params,
    answer: Element,
}

/// Launches by region and token. Held during a launch, so that racing calls with one token make one.
#[derive(Default)]
pub(super) struct Tokens(Mutex<HashMap<(String, String), Known>>);

impl Flow {
    /// `None`: the endpoint does not answer.
    pub(super) async fn launch(&self, asked: &Asked, fate: Fate) -> Option<Answer> {
        let dry = asked.params.get("DryRun").is_some_and(|dry| dry == "true");
        let token = asked.params.get("ClientToken").filter(|_| !dry);
        let Some(token) = token else {
            return Some(match self.launch_once(asked, fate).await? {
                Ok(launched) => self.told(&launched),
                Err(refused) => refused,
            });
        };
        let key = (asked.region.clone(), token.clone());
        let mut tokens = self.tokens.0.lock().await;
        if let Some(known) = tokens.get(&key) {
            if known.params != asked.params {
                self.calls.count(Kind::TokenMismatch);
                return Some(errors::token_mismatch());
            }
            self.calls.count(Kind::TokenReplayed);
            return Some(self.told(&known.answer));
        }
        let launched = match self.launch_once(asked, fate).await? {
            Ok(launched) => launched,
            Err(refused) => return Some(refused),
        };
        let told = self.told(&launched);
        let known = Known {
            params: asked.params.clone(),
            answer: launched,
        };
        tokens.insert(key, known);
        Some(told)
    }

    async fn launch_once(&self, asked: &Asked, fate: Fate) -> Option<Result<Element, Answer>> {
        if self.script.has_full_zones() {
            let zone = self.upstream.zone(asked).await?;
            if self.script.is_full(&zone) {
                self.calls.count(Kind::NoCapacity);
                return Some(Err(errors::no_capacity(&zone)));
            }
        }
        let answer = self.upstream.call(asked).await?;
        let launched = Element::read(&answer.body).filter(|_| answer.status == 200);
        let Some(launched) = launched else {
            return Some(Err(answer));
        };
        let now = self.clock.now();
        let ids: Vec<String> = ids(&launched).collect();
        for id in &ids {
            self.lag.launched(id, now, fate);
            if fate == Fate::NeverRuns {
                // It must not run behind the proxy either.
                let end = asked.other("TerminateInstances", &[("InstanceId.1", id)]);
                self.upstream.call(&end).await?;
            }
        }
        let token = asked.params.get("ClientToken").map_or("", String::as_str);
        let launches = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        self.calls.count_launch(token, launches);
        Some(Ok(launched))
    }

    /// The launch as its instances stand now.
    fn told(&self, launched: &Element) -> Answer {
        let mut told = launched.clone();
        let now = self.clock.now();
        for instance in told
            .at_mut("instancesSet")
            .into_iter()
            .flat_map(|set| &mut set.children)
        {
            let id = instance.text_at("instanceId");
            // What a launch answers is pending, whatever the lags.
            let standing = match self.lag.standing(&id, now) {
                Some(standing @ (Standing::ShuttingDown | Standing::Terminated)) => standing,
                Some(Standing::Pending | Standing::Running | Standing::Failed) | None => {
                    Standing::Pending
                }
            };
            standing.write(instance);
        }
        Answer {
            status: 200,
            body: told.document(),
        }
    }

    /// Ends instances: they go through shutting-down.
    pub(super) async fn end(&self, asked: &Asked) -> Option<Answer> {
        let now = self.clock.now();
        let ids = asked.list("InstanceId");
        let before: Vec<_> = ids.iter().map(|id| self.lag.standing(id, now)).collect();
        let answer = self.upstream.call(asked).await?;
        let told = Element::read(&answer.body).filter(|_| answer.status == 200);
        let Some(mut told) = told else {
            return Some(answer);
        };
        ids.iter().for_each(|id| self.lag.ended(id, now));
        for instance in told
            .at_mut("instancesSet")
            .into_iter()
            .flat_map(|set| &mut set.children)
        {
            let id = instance.text_at("instanceId");
            let before = ids
                .iter()
                .position(|wanted| *wanted == id)
                .map(|at| before[at]);
            if let (Some(Some(before)), Some(after)) = (before, self.lag.standing(&id, now)) {
                instance.set(after.element("currentState"));
                instance.set(before.element("previousState"));
            }
        }
        Some(Answer {
            status: 200,
            body: told.document(),
        })
    }
}

fn ids(launched: &Element) -> impl Iterator<Item = String> {
    launched
        .items("instancesSet")
        .map(|instance| instance.text_at("instanceId"))
}
