//! The calls of the tutorial that operators of the original follow, oddities kept: blanks inside paths and values, a
//! slash behind the token, a second question mark, POST where the reference reads.
//!
//! A blank goes over the wire as `%20`: every client writes it so, because a request line with a blank in it is none.

use serde_json::Value;

use crate::TestServer;
use crate::api::Reply;

/// The tutorial's token.
pub const TOKEN: &str = "autoscaling";

/// The scale policy: edges 1 to 2, one origin, one relay.
pub const SCALE_POLICY: &str = r#"{"policy":{"name":"scale1","description":"…","type":"com.red5pro.services.autoscaling.model.ScalePolicyMaster","version":"0.0.3","targets":{"region":[{"name":"default","target":[{"role":"edge","maxLimit":2,"scaleAdjustment":1,"minLimit":1},{"role":"origin","maxLimit":1,"scaleAdjustment":1,"minLimit":1},{"role":"relay","maxLimit":1,"scaleAdjustment":1,"minLimit":1}]}]}}}"#;

/// The launch configuration: edges of one connection.
pub const LAUNCH_CONFIG: &str = r#"{"launchconfig":{"name":"launch-config1","description":"…","image":"red5pro-autoscaling","version":"0.0.3","targets":{"target":[{"role":"origin","instanceType":"t2.medium","connectionCapacity":"2000"},{"role":"edge","instanceType":"t2.medium","connectionCapacity":"1"},{"role":"relay","instanceType":"t2.medium","connectionCapacity":"2000"}]},"properties":{"property":[]},"metadata":{"meta":[{"key":"environment","value":"tutorial"}]}}}"#;

/// The node group.
pub const NODE_GROUP: &str =
    r#"{"regions":["ap-northeast-1"],"launchConfig":"launch-config1","scalePolicy":"scale1"}"#;

/// The scale policy with other waits (ms) for the edges.
pub fn scale_policy_with_waits(scale_in_wait: u32, cool_down: u32) -> String {
    let waits =
        format!(r#""scaleInWaitTime":{scale_in_wait},"coolDownPeriod":{cool_down},"role":"edge""#);
    SCALE_POLICY.replace(r#""role":"edge""#, &waits)
}

/// A request of the tutorial, as it goes over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Method.
    pub method: &'static str,
    /// Path and query.
    pub target: String,
    /// Body.
    pub body: String,
}

impl Call {
    fn post(target: impl Into<String>, body: &str) -> Self {
        Self {
            method: "POST",
            target: target.into(),
            body: body.to_owned(),
        }
    }

    /// 3.9.11: is it up.
    pub fn is_up() -> Self {
        let target = "/streammanager/api/3.1/admin/debug/cloudcontroller?accessToken=autoscaling";
        Self {
            method: "GET",
            ..Self::post(target, "")
        }
    }

    /// 3.10.1: the scale policy, `ScalePolicy` with capitals.
    pub fn scale_policy(document: &str) -> Self {
        let target =
            "/streammanager/api/3.1/admin/configurations/ScalePolicy?accessToken=autoscaling";
        Self::post(target, document)
    }

    /// 3.10.2: the launch configuration, blanks in path and value.
    pub fn launch_config(document: &str) -> Self {
        let target = "/streammanager/api/3.1/admin/%20configurations/launchconfig?accessToken=%20autoscaling";
        Self::post(target, document)
    }

    /// 3.11: the node group, a slash behind the token.
    pub fn node_group(document: &str) -> Self {
        let target = "/streammanager/api/3.1/admin/nodegroup?accessToken=autoscaling/";
        Self::post(target, document)
    }

    /// 3.12: launch the origin, a blank before the group's name.
    pub fn origin(group: &str) -> Self {
        let target = format!(
            "/streammanager/api/3.1/admin/nodegroup/%20{group}/node/origin?accessToken=autoscaling"
        );
        Self::post(target, "")
    }

    /// 3.13: the alarm, a blank and a second question mark.
    pub fn alarm() -> Self {
        let target = "/streammanager/api/3.1/admin/alarm/scaleout/default?type=edge&threshold=%2060?accessToken=autoscaling";
        Self::post(target, "")
    }

    /// 3.14: the nodes, by POST.
    pub fn nodes(group: &str) -> Self {
        let target = format!(
            "/streammanager/api/3.1/admin/nodegroup/%20{group}/node?accessToken=autoscaling"
        );
        Self::post(target, "")
    }
}

/// The tutorial's calls.
impl TestServer {
    /// Makes one of them.
    pub async fn tutorial(&self, call: &Call) -> Reply {
        self.raw(call.method, &call.target, &call.body).await
    }

    /// 3.9.11.
    pub async fn is_up(&self) -> Reply {
        self.tutorial(&Call::is_up()).await
    }

    /// 3.10.1.
    pub async fn post_scale_policy(&self, document: &str) -> Reply {
        self.tutorial(&Call::scale_policy(document)).await
    }

    /// 3.10.2.
    pub async fn post_launch_config(&self, document: &str) -> Reply {
        self.tutorial(&Call::launch_config(document)).await
    }

    /// 3.11.
    pub async fn post_node_group(&self, document: &str) -> Reply {
        self.tutorial(&Call::node_group(document)).await
    }

    /// 3.12.
    pub async fn post_origin(&self, group: &str) -> Reply {
        self.tutorial(&Call::origin(group)).await
    }

    /// 3.13.
    pub async fn post_alarm(&self) -> Reply {
        self.tutorial(&Call::alarm()).await
    }

    /// 3.14.
    pub async fn post_nodes(&self, group: &str) -> Reply {
        self.tutorial(&Call::nodes(group)).await
    }

    /// Makes a group by the tutorial's calls from these documents, its origin on the way; answers its name.
    pub async fn group_of(&self, scale_policy: &str, launch_config: &str, group: &str) -> String {
        let _ = self.post_scale_policy(scale_policy).await.wanted(201);
        let _ = self.post_launch_config(launch_config).await.wanted(201);
        let made = self.post_node_group(group).await.wanted(201).json();
        let name = name_of(&made);
        let _ = self.post_alarm().await.wanted(200);
        let _ = self.post_origin(&name).await.wanted(201);
        name
    }
}

/// The group's name in the answer to its making.
pub fn name_of(made: &Value) -> String {
    made["name"].as_str().expect("name").to_owned()
}
