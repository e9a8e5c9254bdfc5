//! Groups by audience: limits follow from how many clients are expected, so that the minimum alone does not raise
//! the alarm.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use weir_core::group::{
    DEFAULT_REGION, DEFAULT_THRESHOLD, Group, LaunchDocument, LimitsDocument, RoleLimits,
    StatedBindings,
};
use weir_core::node::Role;

use super::documents;
use super::launch_configs::launch;
use super::scale_policies::limits;
use super::wire::{MASTER_TYPE, REGION_VERSION, RegionAudience};
use crate::fleet::NewGroup;
use crate::http::AppState;
use crate::http::error::ApiError;
use crate::store::{Document, DocumentKind};

/// Connections a node of each role may carry without an alarm.
struct Usable {
    origin: f64,
    edge: f64,
}

/// Makes the scale policy and the group, and launches the first origin if asked; all of it or nothing.
pub(super) async fn create(
    app: &AppState,
    mut new: NewGroup,
    audiences: &[RegionAudience],
    autoinit: bool,
) -> Result<Group, ApiError> {
    let usable = usable(app, &new.launch_config).await?;
    let document = LimitsDocument {
        name: new.limits.clone(),
        description: "made from the expected audience".to_owned(),
        kind: MASTER_TYPE.to_owned(),
        version: REGION_VERSION.to_owned(),
        flat: false,
        regions: regions(&usable, audiences),
        bindings: StatedBindings::default(),
    };
    new.regions = audiences
        .iter()
        .map(|audience| audience.region.clone())
        .collect();
    documents::create(app, DocumentKind::Limits, &Document::Limits(document)).await?;
    let made = match create_group(app, new.clone(), autoinit).await {
        Ok(made) => made,
        Err(problem) => {
            undo(app, &new.limits).await;
            return Err(problem);
        }
    };
    Ok(made)
}

async fn create_group(app: &AppState, new: NewGroup, autoinit: bool) -> Result<Group, ApiError> {
    let made = app.fleet.create_group(new).await?;
    if !autoinit {
        return Ok(made);
    }
    let handle = super::group(app, made.name.as_str())?;
    match handle.launch(Role::Origin).await {
        Ok(launched) => Ok(launched.group),
        Err(problem) => {
            app.fleet.delete_group(made.name.as_str()).await?;
            Err(problem.into())
        }
    }
}

/// The scale policy that was made for a group that was not.
async fn undo(app: &AppState, policy: &str) {
    if let Err(problem) = app
        .store
        .delete_document(DocumentKind::Limits, policy)
        .await
    {
        tracing::warn!(policy, %problem, "a scale policy made for a group that failed could not be removed");
    }
}

/// Rewrites the limits of the group's scale policy.
pub(super) async fn resize(
    app: &AppState,
    group: &Group,
    audiences: &[RegionAudience],
) -> Result<(), ApiError> {
    if let Some(other) = audiences
        .iter()
        .find(|audience| !group.regions.contains(&audience.region))
    {
        return Err(ApiError::bad_input(format!(
            "{} must be a region of the group ({}), not {:?}: regions cannot be added",
            other.path,
            group
                .regions
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", "),
            other.region.as_str()
        )));
    }
    let mut document = limits(documents::read(app, DocumentKind::Limits, &group.limits).await?)?;
    let beyond =
        |role: &RoleLimits| role.max > 0 && !matches!(role.role, Role::Origin | Role::Edge);
    if document
        .regions
        .iter()
        .flat_map(|(_, roles)| roles)
        .any(beyond)
    {
        return Err(ApiError::bad_input(format!(
            "scale policy {:?} has relays or transcoders: only groups of origins and edges can be resized; change the policy itself",
            group.limits
        )));
    }
    let usable = usable(app, &group.launch_config).await?;
    for audience in audiences {
        rewrite(&mut document, group.regions.len(), &usable, audience);
    }
    documents::replace(
        app,
        DocumentKind::Limits,
        &group.limits,
        &Document::Limits(document),
    )
    .await
}

/// Changes the entry that counts for the region; a `default` shared with other regions is left to them.
fn rewrite(
    document: &mut LimitsDocument,
    group_regions: usize,
    usable: &Usable,
    audience: &RegionAudience,
) {
    let region = audience.region.as_str();
    let own = document.regions.iter().position(|(name, _)| name == region);
    let shared = document
        .regions
        .iter()
        .position(|(name, _)| name == DEFAULT_REGION);
    let at = match (own, shared) {
        (Some(own), _) => own,
        (None, Some(shared)) if group_regions == 1 => shared,
        (None, shared) => {
            let roles = shared.map_or_else(Vec::new, |at| document.regions[at].1.clone());
            document.regions.push((region.to_owned(), roles));
            document.flat = false;
            document.version = REGION_VERSION.to_owned();
            document.regions.len() - 1
        }
    };
    let roles = &mut document.regions[at].1;
    for wanted in role_limits(usable, audience) {
        match roles.iter_mut().find(|role| role.role == wanted.role) {
            Some(role) => (role.min, role.max) = (wanted.min, wanted.max),
            None => roles.push(wanted),
        }
    }
}

async fn usable(app: &AppState, launch_config: &str) -> Result<Usable, ApiError> {
    let document = launch(documents::read(app, DocumentKind::Launch, launch_config).await?)?;
    let thresholds: BTreeMap<Role, u32> = app.store.thresholds().await?.into_iter().collect();
    Ok(Usable {
        origin: usable_of(&document, &thresholds, Role::Origin)?,
        edge: usable_of(&document, &thresholds, Role::Edge)?,
    })
}

fn usable_of(
    document: &LaunchDocument,
    thresholds: &BTreeMap<Role, u32>,
    role: Role,
) -> Result<f64, ApiError> {
    let Some(target) = document.targets.iter().find(|target| target.role == role) else {
        return Err(ApiError::bad_input(format!(
            "launch configuration {:?} has no target for {role}: limits cannot be computed from an audience",
            document.name
        )));
    };
    let threshold = thresholds.get(&role).copied().unwrap_or(DEFAULT_THRESHOLD);
    Ok(f64::from(target.capacity) * f64::from(threshold) / 100.0)
}

/// An entry per region, and `default`, which a document must have, like the first.
fn regions(usable: &Usable, audiences: &[RegionAudience]) -> Vec<(String, Vec<RoleLimits>)> {
    let entry = |name: &str, audience| (name.to_owned(), role_limits(usable, audience).to_vec());
    let default = audiences
        .first()
        .map(|audience| entry(DEFAULT_REGION, audience));
    let named = audiences
        .iter()
        .filter(|audience| audience.region.as_str() != DEFAULT_REGION);
    default
        .into_iter()
        .chain(named.map(|audience| entry(audience.region.as_str(), audience)))
        .collect()
}

fn role_limits(usable: &Usable, audience: &RegionAudience) -> [RoleLimits; 2] {
    let limits = |role, clients: &RangeInclusive<u32>, usable: f64| {
        let nodes = |clients: u32| nodes_for(clients, usable).max(1);
        RoleLimits {
            role,
            min: nodes(*clients.start()),
            max: nodes(*clients.end()),
            step: 1,
            scale_out_wait: None,
            scale_in_wait: None,
            warm_up: None,
            cool_down: None,
        }
    };
    [
        limits(Role::Origin, &audience.publishers, usable.origin),
        limits(Role::Edge, &audience.subscribers, usable.edge),
    ]
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "not negative; `as` saturates at the top"
)]
fn nodes_for(clients: u32, usable: f64) -> u32 {
    (f64::from(clients) / usable).ceil() as u32
}

#[cfg(test)]
mod tests {
    use weir_core::ids::RegionName;

    use super::*;

    fn audience(
        region: &str,
        publishers: RangeInclusive<u32>,
        subscribers: RangeInclusive<u32>,
    ) -> RegionAudience {
        RegionAudience {
            region: RegionName::new(region),
            path: String::new(),
            publishers,
            subscribers,
        }
    }

    #[test]
    fn the_minimum_alone_does_not_raise_the_alarm() {
        // 60 % of 2,000 and of 1,000 connections.
        let usable = Usable {
            origin: 1_200.0,
            edge: 600.0,
        };
        let cases = [
            (0..=0, 0..=0, [(1, 1), (1, 1)]),
            (500..=500, 20_000..=60_000, [(1, 1), (34, 100)]),
            (1_200..=1_201, 600..=601, [(1, 2), (1, 2)]),
        ];
        for (publishers, subscribers, wanted) in cases {
            let limits = role_limits(&usable, &audience("r", publishers, subscribers));
            assert_eq!(limits.map(|role| (role.min, role.max)), wanted);
        }
    }

    #[test]
    fn a_resize_leaves_other_regions_alone() {
        let usable = Usable {
            origin: 10.0,
            edge: 10.0,
        };
        let mut document = LimitsDocument {
            name: "p".to_owned(),
            description: String::new(),
            kind: MASTER_TYPE.to_owned(),
            version: "0.0.2".to_owned(),
            flat: true,
            regions: regions(&usable, &[audience(DEFAULT_REGION, 1..=1, 1..=1)]),
            bindings: StatedBindings::default(),
        };
        rewrite(&mut document, 1, &usable, &audience("eu", 1..=1, 50..=90));
        assert_eq!(
            (
                document.regions.len(),
                document.flat,
                document.regions[0].1[1].max
            ),
            (1, true, 9)
        );
        rewrite(&mut document, 2, &usable, &audience("us", 1..=1, 100..=100));
        assert_eq!((document.regions.len(), document.flat), (2, false));
        assert_eq!(
            (document.regions[0].1[1].max, document.regions[1].1[1].min),
            (9, 10)
        );
    }
}
