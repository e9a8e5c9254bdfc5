//! Listings of instances as a caller sees them at some time, which need not be now.

use weir_core::units::UtcMs;

use super::fault::Kind;
use super::flow::Flow;
use super::lag::{Sight, Standing};
use super::upstream::Asked;
use super::wire::Answer;
use crate::ec2_api::Params;
use crate::xml::Element;

/// A listing's filters, the one by state taken out: the endpoint knows nothing of our states.
struct Filters {
    states: Option<Vec<String>>,
    by_tag: bool,
}

impl Filters {
    /// Takes the filter by state out of the parameters and numbers the others anew.
    fn take(asked: &mut Asked) -> Self {
        let mut filters = Self {
            states: None,
            by_tag: false,
        };
        let given = std::mem::take(&mut asked.params);
        let mut number = 0;
        for old in 1.. {
            let Some(name) = given.get(&format!("Filter.{old}.Name")) else {
                break;
            };
            let values = values(&given, old);
            filters.by_tag |= name.starts_with("tag");
            if name == "instance-state-name" {
                filters.states = Some(values);
                continue;
            }
            number += 1;
            let prefix = format!("Filter.{number}");
            asked.params.insert(format!("{prefix}.Name"), name.clone());
            for (index, value) in values.into_iter().enumerate() {
                let key = format!("{prefix}.Value.{}", index + 1);
                asked.params.insert(key, value);
            }
        }
        let others = given
            .into_iter()
            .filter(|(name, _)| !name.starts_with("Filter."));
        asked.params.extend(others);
        filters
    }

    fn admit(&self, instance: &Element) -> bool {
        let state = instance.text_at("instanceState/name");
        let states = self.states.as_ref();
        states.is_none_or(|states| states.contains(&state))
    }
}

fn values(given: &Params, filter: usize) -> Vec<String> {
    (1..)
        .map_while(|value| {
            given
                .get(&format!("Filter.{filter}.Value.{value}"))
                .cloned()
        })
        .collect()
}

impl Flow {
    /// `None`: the endpoint does not answer.
    pub(super) async fn list(&self, asked: &Asked, at: UtcMs) -> Option<Answer> {
        let mut asked = asked.clone();
        let filters = Filters::take(&mut asked);
        let answer = self.upstream.call(&asked).await?;
        let listing = Element::read(&answer.body).filter(|_| answer.status == 200);
        let Some(mut listing) = listing else {
            return Some(answer);
        };
        if let Some(reservations) = listing.at_mut("reservationSet") {
            for reservation in &mut reservations.children {
                if let Some(instances) = reservation.at_mut("instancesSet") {
                    instances
                        .children
                        .retain_mut(|instance| self.show(instance, &filters, at));
                }
            }
            let has_instances =
                |reservation: &Element| reservation.items("instancesSet").next().is_some();
            reservations.children.retain(has_instances);
        }
        Some(Answer {
            status: 200,
            body: listing.document(),
        })
    }

    /// A listing with nothing in it.
    pub(super) async fn list_nothing(&self, asked: &Asked) -> Option<Answer> {
        let answer = self.list(asked, self.clock.now()).await?;
        let mut listing = Element::read(&answer.body).filter(|_| answer.status == 200)?;
        listing.set(Element::new("reservationSet"));
        listing.remove("nextToken");
        Some(Answer {
            status: 200,
            body: listing.document(),
        })
    }

    /// Makes the instance look as it is seen; `false`: it is not.
    fn show(&self, instance: &mut Element, filters: &Filters, at: UtcMs) -> bool {
        let standing = match self.lag.sight(&instance.text_at("instanceId"), at) {
            Sight::Foreign => return filters.admit(instance),
            Sight::NotYet => {
                self.calls.count(Kind::OmittedYet);
                return false;
            }
            Sight::Forgotten => return false,
            Sight::Seen { tagged: false, .. } if filters.by_tag => {
                self.calls.count(Kind::TagsNotYet);
                return false;
            }
            Sight::Seen { standing, tagged } => {
                if !tagged {
                    instance.set(Element::new("tagSet"));
                }
                standing
            }
        };
        self.write(standing, instance);
        if !filters.admit(instance) {
            return false;
        }
        match standing {
            Standing::Pending => self.calls.count(Kind::PendingWithoutAddress),
            Standing::ShuttingDown => self.calls.count(Kind::ShuttingDown),
            Standing::Running | Standing::Terminated | Standing::Failed => {}
        }
        true
    }

    /// Makes the instance look like this; what was ended behind the proxy's back is over at any time.
    fn write(&self, standing: Standing, instance: &mut Element) {
        let over = instance.text_at("instanceState/name") == "terminated";
        let now = self
            .lag
            .standing(&instance.text_at("instanceId"), self.clock.now());
        if over && now == Some(Standing::Running) {
            Standing::Terminated.write(instance);
        } else {
            standing.write(instance);
        }
    }

    /// Every instance of a region as it really stands.
    pub(super) async fn truth(&self, region: &str) -> Vec<Element> {
        let now = self.clock.now();
        let url = self.upstream.url();
        let mut instances = crate::ec2_api::Ec2Api::new(url, region).instances().await;
        for instance in &mut instances {
            let id = instance.text_at("instanceId");
            if let Some(standing) = self.lag.standing(&id, now) {
                self.write(standing, instance);
            }
        }
        instances
    }
}
