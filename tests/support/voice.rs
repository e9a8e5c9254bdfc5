//! A node's messages made by hand: signed as its agent signs them, whatever they say.

use serde_json::{Value, json};
use weir_cloud::clock::Clock;
use weir_cloud::node_auth::{NODE_HEADER, NodeKey, SIGNATURE_HEADER, TIMESTAMP_HEADER};
use weir_core::ids::NodeId;

use crate::TestServer;
use crate::api::{Reply, reply};

/// Speaks for a node whose own agent is silent.
pub struct Voice<'a> {
    server: &'a TestServer,
    node: NodeId,
    boot: String,
    seq: u64,
}

impl<'a> Voice<'a> {
    /// Silences the node and speaks on for it, from the boot that is on record.
    ///
    /// # Panics
    /// The node was never heard.
    pub fn of(server: &'a TestServer, node: &NodeId) -> Self {
        let status = server.node(node.as_str());
        let boot = status.and_then(|status| status.node.boot.clone());
        server
            .cloud
            .node(node)
            .expect("the node is there")
            .mute(true);
        Self {
            server,
            node: node.clone(),
            boot: boot.expect("the node was heard").to_string(),
            seq: 1_000_000,
        }
    }

    /// Sends one message: `said` with the envelope round it. A refused one does not use up its number.
    pub async fn say(&mut self, said: Value) -> Reply {
        let now = self.server.clock.now();
        let mut message = json!({
            "v": 1, "nodeId": self.node.as_str(), "boot": self.boot, "seq": self.seq + 1, "timestamp": now.0,
        });
        for (name, value) in said.as_object().into_iter().flatten() {
            message[name] = value.clone();
        }
        let body = message.to_string();
        let password = self.server.config.auth.cluster_password.reveal();
        let key = NodeKey::derive(password, self.node.as_str());
        let request = reqwest::Client::new()
            .post(format!(
                "{}/streammanager/cloudwatch",
                self.server.base_url()
            ))
            .header(NODE_HEADER, self.node.as_str())
            .header(TIMESTAMP_HEADER, now.0)
            .header(
                SIGNATURE_HEADER,
                key.sign(self.node.as_str(), now, body.as_bytes()),
            )
            .body(body);
        let reply = reply(request.send().await.unwrap()).await.unwrap();
        self.seq += u64::from(reply.status == 200);
        reply
    }

    /// A list of streams called `{prefix}0`, `{prefix}1` …: all the node holds, or with `delta` what came.
    pub async fn list(&mut self, prefix: &str, count: usize, delta: bool) -> Reply {
        let name = |n| json!({ "scope": "live", "name": format!("{prefix}{n}") });
        let streams: Vec<Value> = (0..count).map(name).collect();
        self.say(json!({ "type": "report", "delta": delta, "streams": streams }))
            .await
    }
}
