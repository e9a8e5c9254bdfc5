//! The extra member by which a scale policy binds policies:
//! `{"weir":{"scaling":{"policy","settings"},"placement":{"broadcast":{..},"subscribe":{..}}}}`.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use weir_core::group::{Binding, StatedBindings};

use super::json_or_text;
use crate::http::lenient::{Field, FieldError};

/// Policies bound by the document.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct BindingsMember {
    #[serde(skip_serializing_if = "Option::is_none")]
    scaling: Option<BindingMember>,
    #[serde(skip_serializing_if = "Option::is_none")]
    placement: Option<PlacementMember>,
}

#[derive(Debug, Serialize, ToSchema)]
struct PlacementMember {
    #[serde(skip_serializing_if = "Option::is_none")]
    broadcast: Option<BindingMember>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subscribe: Option<BindingMember>,
}

#[derive(Debug, Serialize, ToSchema)]
struct BindingMember {
    /// Policy, by name.
    policy: String,
    /// Settings of the policy.
    settings: Value,
}

/// Reads the member of a policy document.
pub(super) fn read_bindings(policy: &Field<'_>) -> Result<StatedBindings, FieldError> {
    let Some(weir) = policy.member("weir") else {
        return Ok(StatedBindings::default());
    };
    weir.only(&["scaling", "placement"])?;
    let placement = weir.member("placement");
    if let Some(placement) = &placement {
        placement.only(&["broadcast", "subscribe"])?;
    }
    let placed = |action| {
        placement
            .as_ref()
            .and_then(|placement| placement.member(action))
    };
    Ok(StatedBindings {
        scaling: read_binding(weir.member("scaling"))?,
        broadcast: read_binding(placed("broadcast"))?,
        subscribe: read_binding(placed("subscribe"))?,
    })
}

fn read_binding(field: Option<Field<'_>>) -> Result<Option<Binding>, FieldError> {
    let Some(field) = field else { return Ok(None) };
    field.only(&["policy", "settings"])?;
    let settings = match field.member("settings") {
        None => "{}".to_owned(),
        Some(settings) if settings.value().is_object() => settings.value().to_string(),
        Some(settings) => return Err(settings.must("be an object")),
    };
    Ok(Some(Binding {
        policy: field.required("policy")?.word()?,
        settings,
    }))
}

impl BindingsMember {
    /// `None` when nothing is bound.
    pub(super) fn of(stated: &StatedBindings) -> Option<Self> {
        let StatedBindings {
            scaling,
            broadcast,
            subscribe,
        } = stated;
        let member = |binding: &Option<Binding>| {
            binding.as_ref().map(|binding| BindingMember {
                policy: binding.policy.clone(),
                settings: json_or_text(&binding.settings),
            })
        };
        let placed = broadcast.is_some() || subscribe.is_some();
        (scaling.is_some() || placed).then(|| Self {
            scaling: member(scaling),
            placement: placed.then(|| PlacementMember {
                broadcast: member(broadcast),
                subscribe: member(subscribe),
            }),
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    fn read(weir: Value) -> Result<StatedBindings, String> {
        let policy = json!({ "weir": weir });
        read_bindings(&Field::root(&policy)).map_err(|error| error.0)
    }

    #[test]
    fn misspelt_members_are_refused_with_the_known_ones() {
        let bound = || json!({ "policy": "threshold" });
        let cases = [
            (
                json!({ "scalling": bound() }),
                "weir.scalling",
                "scaling, placement",
            ),
            (
                json!({ "placement": { "subscriber": bound() } }),
                "weir.placement.subscriber",
                "broadcast, subscribe",
            ),
            (
                json!({ "scaling": { "policy": "threshold", "setings": {} } }),
                "weir.scaling.setings",
                "policy, settings",
            ),
            (
                json!({ "placement": "packing" }),
                "weir.placement",
                "object",
            ),
            (json!([]), "weir", "object"),
        ];
        for (weir, named, known) in cases {
            let refused = read(weir).unwrap_err();
            assert!(refused.starts_with(named), "{refused}");
            assert!(refused.contains(known), "{refused}");
        }
    }

    #[test]
    fn each_decision_is_bound_by_its_own_member() {
        let stated = read(json!({
            "scaling": { "policy": "threshold", "settings": { "drain": true } },
            "placement": { "subscribe": { "policy": "packing" }, "broadcast": null },
        }))
        .unwrap();
        assert_eq!(stated.scaling.unwrap().settings, r#"{"drain":true}"#);
        assert_eq!(stated.subscribe.unwrap().policy, "packing");
        assert!(stated.broadcast.is_none());
    }
}
