//! Instances as EC2 lists them: page after page, whole or not at all.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{Filter, Instance as Ec2Instance, InstanceStateName};
use weir_cloud::{CloudError, Instance, InstanceState};
use weir_core::ids::{PlatformId, RegionName};

use crate::errors::{error, unknown};
use crate::tags;

/// Instances in a page.
const PAGE: i32 = 500;
/// Most pages: a listing that never ends is no listing.
const MOST_PAGES: usize = 10_000;

/// Every instance that the filters let pass.
pub(crate) async fn all(
    client: &Client,
    filters: &[Filter],
    page: Option<i32>,
) -> Result<Vec<Ec2Instance>, CloudError> {
    let mut found = Vec::new();
    let mut next: Option<String> = None;
    for _ in 0..MOST_PAGES {
        let call = client
            .describe_instances()
            .set_filters(Some(filters.to_vec()))
            .max_results(page.unwrap_or(PAGE))
            .set_next_token(next.clone());
        let answer = call.send().await.map_err(error)?;
        for reservation in answer.reservations() {
            found.extend_from_slice(reservation.instances());
        }
        let token = answer.next_token().filter(|token| !token.is_empty());
        match token {
            None => return Ok(found),
            Some(token) if next.as_deref() == Some(token) => {
                return Err(unknown("a page names itself as the next one"));
            }
            Some(token) => next = Some(token.to_owned()),
        }
    }
    Err(unknown("instances come in more than 10,000 pages"))
}

/// The value of a tag.
pub(crate) fn tag<'a>(instance: &'a Ec2Instance, key: &str) -> Option<&'a str> {
    let mut tags = instance.tags().iter();
    tags.find(|tag| tag.key() == Some(key))?.value()
}

/// It carries exactly this environment.
pub(crate) fn is_ours(instance: &Ec2Instance, environment: &str) -> bool {
    tag(instance, tags::ENVIRONMENT) == Some(environment)
}

/// Where it stands; no state, or one we do not know, proves nothing.
pub(crate) fn state(instance: &Ec2Instance) -> InstanceState {
    match instance.state().and_then(|state| state.name()) {
        Some(InstanceStateName::Pending) => InstanceState::Pending,
        Some(InstanceStateName::Running) => InstanceState::Running,
        Some(InstanceStateName::ShuttingDown | InstanceStateName::Stopping) => {
            InstanceState::Ending
        }
        Some(InstanceStateName::Terminated | InstanceStateName::Stopped) => InstanceState::Ended,
        // The SDK's enum is open: AWS may add states.
        Some(_) | None => InstanceState::Unknown,
    }
}

/// It is terminated, or about to be. One that is stopped still exists, and costs.
pub(crate) fn needs_no_end(instance: &Ec2Instance) -> bool {
    let name = instance.state().and_then(|state| state.name());
    matches!(
        name,
        Some(InstanceStateName::Terminated | InstanceStateName::ShuttingDown)
    )
}

/// As the seam tells it.
///
/// # Errors
/// [`CloudError::Unknown`]: without an id it is no instance.
pub(crate) fn told(
    instance: &Ec2Instance,
    region: &RegionName,
    private: bool,
) -> Result<Instance, CloudError> {
    let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    let id = text(instance.instance_id()).ok_or_else(|| unknown("an instance without an id"))?;
    let placement = instance.placement();
    let zone = placement.and_then(|placement| placement.availability_zone());
    let private_address = text(instance.private_ip_address());
    let (address, hostname) = if private {
        (private_address.clone(), text(instance.private_dns_name()))
    } else {
        (
            text(instance.public_ip_address()),
            text(instance.public_dns_name()),
        )
    };
    Ok(Instance {
        id: tag(instance, tags::IDENTIFIER).map(Into::into),
        platform_id: PlatformId::from(id.as_str()),
        region: region.clone(),
        zone: zone.unwrap_or_default().into(),
        state: state(instance),
        address,
        private_address,
        hostname,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_ec2::types::InstanceState as Ec2State;

    #[test]
    fn a_state_that_is_missing_or_new_proves_nothing() {
        let of = |name: Option<&str>| {
            let state = name.map(|name| Ec2State::builder().name(name.into()).build());
            state_of(state)
        };
        fn state_of(given: Option<Ec2State>) -> InstanceState {
            state(&Ec2Instance::builder().set_state(given).build())
        }
        assert_eq!(of(None), InstanceState::Unknown);
        assert_eq!(of(Some("hibernating")), InstanceState::Unknown);
        assert_eq!(of(Some("shutting-down")), InstanceState::Ending);
        assert_eq!(of(Some("terminated")), InstanceState::Ended);
        assert_eq!(of(Some("running")), InstanceState::Running);
    }

    #[test]
    fn an_instance_without_an_id_is_an_unusable_answer() {
        let told = told(&Ec2Instance::builder().build(), &"r".into(), true);
        assert!(matches!(told, Err(CloudError::Unknown { .. })), "{told:?}");
    }
}
