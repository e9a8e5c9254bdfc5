//! A client's question: which node? The policy chooses, the host checks the choice against the current state and
//! reserves. No store, no cloud, no waiting.

mod reserve;

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::sync::LazyLock;

use weir_core::group_state::{GroupState, placement_roles};
use weir_core::ids::NodeNo;
use weir_core::placement::{MAX_CHOICES, Refusal, SelectRequest};
use weir_core::reservations::ReserveError;
use weir_core::topology::Reach;
use weir_core::units::UtcMs;

use super::group::GroupHandle;
use super::selections::{Chooser, Selection};
use super::view::Offer;
use super::{AssignError, Assigned, Question, Shared};
use crate::policy::Outcome;
use reserve::{Reserving, Taken, ways_to};

/// Keyed by a word of this process, so that nobody can aim at another client's share.
static CLIENT_KEYS: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// What the policy said, ready to be checked.
struct Chosen {
    ids: Vec<u32>,
    by: Chooser,
    fuel: u64,
    micros: u64,
}

/// Answers one question from one group.
pub(super) struct Asking<'a> {
    pub(super) group: &'a Arc<GroupHandle>,
    pub(super) shared: &'a Shared,
}

impl Asking<'_> {
    /// Nodes for the question, best first.
    ///
    /// # Errors
    /// [`AssignError`]; nothing is reserved then.
    pub(super) fn answer(&self, question: &Question) -> Result<Vec<Assigned>, AssignError> {
        let now = self.shared.clock.now();
        let client = client_key(question);
        if let Err(ReserveError::ClientCap { retry_after }) =
            self.group.book.lock().check_client(client, now)
        {
            return Err(AssignError::TooMany(retry_after));
        }
        let offers = self.group.offers.load();
        let offer = offers
            .of(question.action)
            .ok_or_else(|| self.nobody(question))?;
        let chosen = self.choose(offer, question)?;
        let taken = self.take(offer, question, &chosen, client, now);
        let too_many = taken.too_many;
        self.note(question, chosen, &taken, now);
        match taken.nodes {
            taken if taken.is_empty() => match too_many {
                Some(retry_after) => Err(AssignError::TooMany(retry_after)),
                None => Err(self.nobody(question)),
            },
            taken if question.strict && taken.len() < question.endpoints as usize => {
                Err(AssignError::NoNode(format!(
                    "only {} of {} nodes fit",
                    taken.len(),
                    question.endpoints
                )))
            }
            taken => Ok(taken),
        }
    }

    fn choose(&self, offer: &Arc<Offer>, question: &Question) -> Result<Chosen, AssignError> {
        let request = self.request(offer, question)?;
        let Some(answering) = &offer.answering else {
            return Err(AssignError::Unavailable(
                "no placement policy answers at the moment".to_owned(),
                weir_core::units::DurationMs::secs(1),
            ));
        };
        let Outcome {
            answer,
            fuel,
            micros,
        } = answering.pool.select(&request);
        match answer {
            Ok(Ok(ids)) => {
                self.group.note_call(question.action, answering, None);
                Ok(Chosen {
                    ids,
                    by: Chooser::Policy(answering.policy.clone()),
                    fuel,
                    micros,
                })
            }
            Ok(Err(refusal)) => {
                self.group.note_call(question.action, answering, None);
                Err(refused(&refusal))
            }
            Err(fault) => {
                self.group
                    .note_call(question.action, answering, Some(fault.clone()));
                let ids = ranked(&self.group.state.read(), offer, question);
                Ok(Chosen {
                    ids,
                    by: Chooser::Host(fault),
                    fuel,
                    micros,
                })
            }
        }
    }

    fn request(&self, offer: &Offer, question: &Question) -> Result<SelectRequest, AssignError> {
        let wanted = question.region.as_ref();
        let region =
            wanted.and_then(|name| offer.view.regions.iter().position(|known| known == name));
        if let (Some(name), None, true) = (wanted, region, question.strict) {
            return Err(AssignError::NoNode(format!(
                "no node of the group is in region {name}"
            )));
        }
        Ok(SelectRequest {
            action: question.action,
            stream_key: question.stream.key(),
            path: None,
            region: region.and_then(|index| u32::try_from(index).ok()),
            zone: None,
            strict: question.strict,
            count: question.endpoints.clamp(1, MAX_CHOICES as u32),
            carriers: offer.carriers(&self.group.state, &question.stream),
            handed_out: offer.handed_out(),
            sequence: self.group.next_sequence(question.action),
            random: self.shared.random(),
        })
    }

    /// Reserves the first choices that are still valid. Falls back to the host's ranking when none is.
    fn take(
        &self,
        offer: &Offer,
        question: &Question,
        chosen: &Chosen,
        client: u64,
        now: UtcMs,
    ) -> Taken {
        let state = self.group.state.read();
        let reserving = Reserving::new((self.group, offer), question, (client, now), &state);
        let taken = reserving.first(&chosen.ids);
        match &chosen.by {
            Chooser::Policy(_) if taken.nodes.is_empty() => {
                let mut taken = reserving.first(&ranked(&state, offer, question));
                taken.by_host = true;
                taken
            }
            Chooser::Policy(_) | Chooser::Host(_) | Chooser::Stale => taken,
        }
    }

    fn nobody(&self, question: &Question) -> AssignError {
        let state = self.group.state.read();
        let roles = placement_roles(&state, question.action);
        let of_role = || {
            state
                .members()
                .filter(|member| roles.contains(&member.node.role))
        };
        let offered = || of_role().filter(|member| state.takes_clients(member));
        let ways = ways_to(&state, question);
        let gets_it = |no: NodeNo| {
            let reach = ways.as_ref().map_or(Reach::Standing, |ways| ways.of(no));
            reach != Reach::CutOff
        };
        let reached = offered().filter(|member| gets_it(member.node.no)).count();
        let role = roles.first().map_or("node", |role| role.as_str());
        let why = match (of_role().count(), offered().count(), reached) {
            (0, ..) => format!("group {} has no {role}", self.group.name),
            (all, 0, _) => format!(
                "none of the {all} {role} nodes of group {} takes clients now",
                self.group.name
            ),
            (_, some, 0) => format!(
                "none of the {some} {role} nodes that take clients can get stream {} from its origin now: their links \
                 or those of their relays are missing",
                question.stream.path()
            ),
            (.., some) => format!(
                "none of the {some} {role} nodes that take clients has room for this client"
            ),
        };
        AssignError::NoNode(why)
    }

    fn note(&self, question: &Question, chosen: Chosen, taken: &Taken, now: UtcMs) {
        // A strict question that did not get all its nodes was answered with none.
        let refused = question.strict && taken.nodes.len() < question.endpoints as usize;
        let answered: &[Assigned] = if refused { &[] } else { &taken.nodes };
        self.group.selections.note(Selection {
            at: now,
            action: question.action,
            stream: question.stream.clone(),
            by: if taken.by_host {
                Chooser::Stale
            } else {
                chosen.by
            },
            chosen: answered
                .iter()
                .map(|assigned| assigned.node.clone())
                .collect(),
            fuel: chosen.fuel,
            micros: chosen.micros,
        });
    }
}

/// The host's own ranking, for when no policy answers: least load first, wanted region before others.
fn ranked(state: &GroupState, offer: &Offer, question: &Question) -> Vec<u32> {
    let mut rows: Vec<(bool, u64, u32)> = offer
        .view
        .nodes
        .id
        .iter()
        .filter_map(|id| {
            let member = state.member(NodeNo(*id))?;
            let load = u64::from(member.load.connections) + u64::from(member.assigned);
            let permille = load * 1_000 / u64::from(member.node.capacity.max(1));
            let elsewhere = question
                .region
                .as_ref()
                .is_some_and(|region| *region != member.node.region);
            Some((elsewhere, permille, *id))
        })
        .collect();
    rows.sort_unstable();
    rows.into_iter().map(|(_, _, id)| id).collect()
}

fn refused(refusal: &Refusal) -> AssignError {
    match refusal {
        Refusal::Full => {
            AssignError::NoNode("the placement policy finds every node full".to_owned())
        }
        Refusal::NoSuchPlace => AssignError::NoNode("no node is in the wanted place".to_owned()),
        Refusal::RetryAfterMs(ms) => AssignError::Unavailable(
            "the placement policy asks to come again later".to_owned(),
            weir_core::units::DurationMs(u64::from(*ms)),
        ),
        Refusal::Other(words) => {
            AssignError::NoNode(format!("the placement policy refused: {words}"))
        }
    }
}

fn client_key(question: &Question) -> u64 {
    let mut hasher = CLIENT_KEYS.build_hasher();
    match question.client {
        std::net::IpAddr::V4(address) => hasher.write(&address.octets()),
        // One subscriber line usually owns a whole /64.
        std::net::IpAddr::V6(address) => hasher.write(&address.octets()[..8]),
    }
    hasher.finish()
}
