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

/// The tutorial's calls.
impl TestServer {
    /// 3.9.11: is it up.
    pub async fn is_up(&self) -> Reply {
        let target = "/streammanager/api/3.1/admin/debug/cloudcontroller?accessToken=autoscaling";
        self.raw("GET", target, "").await
    }

    /// 3.10.1: the scale policy, `ScalePolicy` with capitals.
    pub async fn post_scale_policy(&self, document: &str) -> Reply {
        let target =
            "/streammanager/api/3.1/admin/configurations/ScalePolicy?accessToken=autoscaling";
        self.raw("POST", target, document).await
    }

    /// 3.10.2: the launch configuration, blanks in path and value.
    pub async fn post_launch_config(&self, document: &str) -> Reply {
        let target = "/streammanager/api/3.1/admin/%20configurations/launchconfig?accessToken=%20autoscaling";
        self.raw("POST", target, document).await
    }

    /// 3.11: the node group, a slash behind the token.
    pub async fn post_node_group(&self, document: &str) -> Reply {
        let target = "/streammanager/api/3.1/admin/nodegroup?accessToken=autoscaling/";
        self.raw("POST", target, document).await
    }

    /// 3.12: launch the origin, a blank before the group's name.
    pub async fn post_origin(&self, group: &str) -> Reply {
        let target = format!(
            "/streammanager/api/3.1/admin/nodegroup/%20{group}/node/origin?accessToken=autoscaling"
        );
        self.raw("POST", &target, "").await
    }

    /// 3.13: the alarm, a blank and a second question mark.
    pub async fn post_alarm(&self) -> Reply {
        let target = "/streammanager/api/3.1/admin/alarm/scaleout/default?type=edge&threshold=%2060?accessToken=autoscaling";
        self.raw("POST", target, "").await
    }

    /// 3.14: the nodes, by POST.
    pub async fn post_nodes(&self, group: &str) -> Reply {
        let target = format!(
            "/streammanager/api/3.1/admin/nodegroup/%20{group}/node?accessToken=autoscaling"
        );
        self.raw("POST", &target, "").await
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
