//! The cloud of one process for another, over loopback: its instances, nodes and clients live on when the server that
//! asks is killed.

use std::sync::Arc;

use async_trait::async_trait;
use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;
use weir::nodes::NodeLink;
use weir_cloud::simulated::SimulatedCloud;
use weir_cloud::{CloudController, CloudError, Instance, LaunchRequest, Location};
use weir_core::ids::{NodeId, RegionName};
use weir_core::liveness::Port;
use weir_core::node::Node;

use super::remote_words::{Answer, Ask, Launch, Refusal, Seen};

/// A cloud that others can call; it ends when this is dropped.
pub struct CloudServer {
    url: String,
    serving: AbortHandle,
}

#[derive(Clone)]
struct Clouds {
    calls: Arc<dyn CloudController>,
    nodes: Arc<SimulatedCloud>,
}

impl CloudServer {
    /// Lets others call `calls`, and try the ports of `nodes`.
    pub async fn start(calls: Arc<dyn CloudController>, nodes: Arc<SimulatedCloud>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/", post(answer))
            .with_state(Clouds { calls, nodes });
        let serving = tokio::spawn(async move {
            // It fails only when this process runs out of sockets; the caller sees no answer then.
            let _ = axum::serve(listener, router).await;
        });
        Self {
            url,
            serving: serving.abort_handle(),
        }
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for CloudServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn answer(
    State(clouds): State<Clouds>,
    Json(ask): Json<Ask>,
) -> Json<Result<Answer, Refusal>> {
    // In a task of its own: who asked may die before it is done, and a cloud goes on then.
    let done = tokio::spawn(clouds.carry_out(ask)).await;
    Json(done.unwrap_or_else(|broken| Err(Refusal::Unknown(broken.to_string()))))
}

impl Clouds {
    async fn carry_out(self, ask: Ask) -> Result<Answer, Refusal> {
        let cloud = &self.calls;
        Ok(match ask {
            Ask::Launch(launch) => {
                Answer::Instance(Some(cloud.launch(&launch.into()).await?.into()))
            }
            Ask::Terminate(region, id) => {
                cloud.terminate(&region, &id).await?;
                Answer::Done
            }
            Ask::Describe(region, id) => {
                Answer::Instance(cloud.describe(&region, &id).await?.map(Seen::from))
            }
            Ask::List => {
                let listed = cloud.list_owned().await?;
                Answer::Instances(listed.into_iter().map(Seen::from).collect())
            }
            Ask::Locations => {
                let locations = cloud.locations().await?.into_iter();
                Answer::Locations(locations.map(|here| (here.region, here.zone)).collect())
            }
            Ask::Account => Answer::Text(cloud.account().await?),
            Ask::Port(address) => Answer::Port(self.nodes.port(&address)),
        })
    }
}

/// A cloud in another process.
pub struct RemoteCloud {
    url: String,
    http: reqwest::Client,
}

impl RemoteCloud {
    /// The one that listens at `url`.
    pub fn at(url: &str) -> Arc<Self> {
        let http = reqwest::Client::builder().no_proxy().build();
        Arc::new(Self {
            url: url.to_owned(),
            http: http.unwrap(),
        })
    }

    async fn ask(&self, ask: Ask) -> Result<Answer, CloudError> {
        let unknown = |error: reqwest::Error| CloudError::Unknown {
            reason: error.to_string(),
        };
        let reply = self.http.post(&self.url).json(&ask).send().await;
        let answer = reply.map_err(unknown)?.json().await;
        let answer: Result<Answer, Refusal> = answer.map_err(unknown)?;
        answer.map_err(CloudError::from)
    }
}

fn unasked(answer: &Answer) -> CloudError {
    CloudError::Unknown {
        reason: format!("an answer to something else: {answer:?}"),
    }
}

#[async_trait]
impl CloudController for RemoteCloud {
    fn name(&self) -> &'static str {
        "Remote Cloud Services"
    }

    async fn launch(&self, request: &LaunchRequest) -> Result<Instance, CloudError> {
        match self.ask(Ask::Launch(Launch::from(request))).await? {
            Answer::Instance(Some(instance)) => Ok(instance.into()),
            other => Err(unasked(&other)),
        }
    }

    async fn terminate(&self, region: &RegionName, id: &NodeId) -> Result<(), CloudError> {
        let ask = Ask::Terminate(region.clone(), id.clone());
        self.ask(ask).await.map(|_| ())
    }

    async fn describe(
        &self,
        region: &RegionName,
        id: &NodeId,
    ) -> Result<Option<Instance>, CloudError> {
        let ask = Ask::Describe(region.clone(), id.clone());
        match self.ask(ask).await? {
            Answer::Instance(instance) => Ok(instance.map(Instance::from)),
            other => Err(unasked(&other)),
        }
    }

    async fn list_owned(&self) -> Result<Vec<Instance>, CloudError> {
        match self.ask(Ask::List).await? {
            Answer::Instances(listed) => Ok(listed.into_iter().map(Instance::from).collect()),
            other => Err(unasked(&other)),
        }
    }

    async fn locations(&self) -> Result<Vec<Location>, CloudError> {
        match self.ask(Ask::Locations).await? {
            Answer::Locations(locations) => Ok(locations
                .into_iter()
                .map(|(region, zone)| Location { region, zone })
                .collect()),
            other => Err(unasked(&other)),
        }
    }

    async fn account(&self) -> Result<String, CloudError> {
        match self.ask(Ask::Account).await? {
            Answer::Text(account) => Ok(account),
            other => Err(unasked(&other)),
        }
    }
}

#[async_trait]
impl NodeLink for RemoteCloud {
    async fn port(&self, node: &Node) -> Port {
        let Some(address) = node.address.clone() else {
            return Port::Unreachable;
        };
        match self.ask(Ask::Port(address)).await {
            Ok(Answer::Port(port)) => port,
            Ok(_) | Err(_) => Port::Unreachable,
        }
    }
}
