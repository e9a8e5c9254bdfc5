//! The way to the endpoint behind the proxy.

use std::collections::BTreeMap;

use parking_lot::Mutex;

use super::wire::{Answer, Request};
use crate::ec2_api::{Params, form};
use crate::xml::Element;

/// A call as it came, taken apart.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) action: String,
    pub(super) region: String,
    pub(super) authorization: String,
    pub(super) params: Params,
}

impl Asked {
    /// Values of a list parameter (`InstanceId.1`, `InstanceId.2` …), in the order of their numbers.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        (1..)
            .map_while(|number| self.params.get(&format!("{name}.{number}")).cloned())
            .collect()
    }

    /// Another call of the same caller.
    pub(super) fn other(&self, action: &str, params: &[(&str, &str)]) -> Asked {
        let mut all: Params = params
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        all.insert("Action".to_owned(), action.to_owned());
        all.insert("Version".to_owned(), "2016-11-15".to_owned());
        Asked {
            action: action.to_owned(),
            params: all,
            ..self.clone()
        }
    }
}

/// Region of a signature's scope.
pub(super) fn region(authorization: &str) -> String {
    let scope = authorization.split("Credential=").nth(1).unwrap_or("");
    scope.split('/').nth(2).unwrap_or("").to_owned()
}

/// The endpoint.
pub(super) struct Upstream {
    url: String,
    http: reqwest::Client,
    zones: Mutex<BTreeMap<String, String>>,
}

impl Upstream {
    pub(super) fn new(url: &str) -> Self {
        let http = reqwest::Client::builder().no_proxy().build();
        Self {
            url: url.trim_end_matches('/').to_owned(),
            http: http.expect("a client without TLS can be made"),
            zones: Mutex::default(),
        }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Carries out a call; `None` when the endpoint does not answer.
    pub(super) async fn call(&self, asked: &Asked) -> Option<Answer> {
        let params = asked.params.iter();
        self.pass(&Request {
            method: "POST".to_owned(),
            path: "/".to_owned(),
            authorization: asked.authorization.clone(),
            body: form(params.map(|(name, value)| (name.as_str(), value.as_str()))),
        })
        .await
    }

    /// Passes a request on as it is.
    pub(super) async fn pass(&self, request: &Request) -> Option<Answer> {
        let method = request.method.parse().ok()?;
        let answer = self
            .http
            .request(method, format!("{}{}", self.url, request.path))
            .header("authorization", &request.authorization)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(request.body.clone())
            .send()
            .await
            .ok()?;
        Some(Answer {
            status: answer.status().as_u16(),
            body: answer.text().await.ok()?,
        })
    }

    /// The zone of a launch: that of its subnet, or the one it names.
    pub(super) async fn zone(&self, launch: &Asked) -> Option<String> {
        let named = ["SubnetId", "NetworkInterface.1.SubnetId"];
        let subnet = named.iter().find_map(|name| launch.params.get(*name));
        let Some(subnet) = subnet else {
            return launch.params.get("Placement.AvailabilityZone").cloned();
        };
        if let Some(zone) = self.zones.lock().get(subnet) {
            return Some(zone.clone());
        }
        let look = launch.other("DescribeSubnets", &[("SubnetId.1", subnet)]);
        let answer = Element::read(&self.call(&look).await?.body)?;
        let zone = answer.text_at("subnetSet/item/availabilityZone");
        self.zones.lock().insert(subnet.clone(), zone.clone());
        Some(zone)
    }
}
