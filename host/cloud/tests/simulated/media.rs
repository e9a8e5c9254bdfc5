//! How streams flow from publishers to viewers.

use weir_cloud::CloudController;
use weir_cloud::audience::{ConnectError, Ended};
use weir_core::node::Role;
use weir_core::report::Order;
use weir_core::stream::{StreamKind, StreamName};

use crate::manager::{Scene, kind};

fn show() -> StreamName {
    StreamName::new("live", "show")
}

/// Origin, relay and edge, linked; the addresses of origin and edge.
async fn linked_path(scene: &Scene) -> (String, String) {
    let origin = scene.launch(Role::Origin, "origin").await;
    scene.launch(Role::Relay, "relay").await;
    let edge = scene.launch(Role::Edge, "edge").await;
    scene.link("relay", "origin");
    scene.link("edge", "relay");
    let established = |scene: &Scene, name| parents(scene, name, "established") == 1;
    scene
        .until(|scene| established(scene, "relay") && established(scene, "edge"))
        .await;
    (origin, edge)
}

#[tokio::test]
async fn viewer_at_an_edge_gets_a_stream_from_the_origin_through_the_relay() {
    let scene = Scene::new().await;
    let (origin, edge) = linked_path(&scene).await;
    let early = scene.cloud.connect_viewer(&edge, &show());
    assert_eq!(early.err(), Some(ConnectError::NoStream));
    let _publisher = scene.cloud.connect_publisher(&origin, &show()).unwrap();
    let _viewer = scene.cloud.connect_viewer(&edge, &show()).unwrap();
    for node in scene.cloud.nodes() {
        assert!(node.report_now().await);
    }
    let origin = scene.reports("origin").pop().unwrap();
    assert_eq!((origin.client_count, origin.publisher_count), (1, 1));
    assert_eq!((origin.restreamer_count, origin.edge_proxy_count), (1, 1));
    assert_eq!(origin.streams[0].kind, StreamKind::Publish);
    let edge = scene.reports("edge").pop().unwrap();
    assert_eq!((edge.client_count, edge.subscriber_count), (1, 1));
    assert_eq!(edge.streams[0].kind, StreamKind::Restream);
    assert_eq!(edge.streams[0].subscribers, 1);
    assert!(edge.free_memory < edge.max_memory);
}

#[tokio::test]
async fn stream_comes_only_where_edge_relay_and_origin_are_linked() {
    let scene = Scene::new().await;
    let (origin, edge) = linked_path(&scene).await;
    let other = scene.launch(Role::Relay, "other").await;
    let node = |name: &str| scene.cloud.node(&name.into()).unwrap();
    let _publisher = scene.cloud.connect_publisher(&origin, &show()).unwrap();
    let viewer = scene.cloud.connect_viewer(&edge, &show()).unwrap();
    let relay = node("relay").address().to_owned();
    assert_eq!(node("edge").source_of(&show()), Some(relay));
    drop(viewer);
    node("relay").lose_way_to(&node("origin"), true);
    let refused = |scene: &Scene| scene.cloud.connect_viewer(&edge, &show()).err();
    assert_eq!(refused(&scene), Some(ConnectError::NoStream));
    scene.link("edge", "other");
    scene
        .until(|scene| parents(scene, "edge", "established") == 2)
        .await;
    assert_eq!(
        refused(&scene),
        Some(ConnectError::NoStream),
        "the other has no origin"
    );
    scene.link("other", "origin");
    scene
        .until(|scene| parents(scene, "other", "established") == 1)
        .await;
    let _viewer = scene.cloud.connect_viewer(&edge, &show()).unwrap();
    assert_eq!(node("edge").source_of(&show()), Some(other));
    node("relay").lose_way_to(&node("origin"), false);
    scene
        .until(|scene| parents(scene, "relay", "established") == 1)
        .await;
}

/// So many of the node's links are in that state.
fn parents(scene: &Scene, name: &str, state: &str) -> usize {
    let report = scene.reports(name).pop();
    let parents = report.map(|report| report.parents).unwrap_or_default();
    parents
        .iter()
        .filter(|parent| parent.state == state)
        .count()
}

#[tokio::test]
async fn restream_that_nobody_wants_is_let_go() {
    let scene = Scene::new().await;
    let (origin, edge) = linked_path(&scene).await;
    let _publisher = scene.cloud.connect_publisher(&origin, &show()).unwrap();
    let viewer = scene.cloud.connect_viewer(&edge, &show()).unwrap();
    for node in scene.cloud.nodes() {
        assert!(node.report_now().await);
    }
    assert_eq!(scene.reports("edge").pop().unwrap().streams.len(), 1);
    assert_eq!(scene.reports("origin").pop().unwrap().restreamer_count, 1);
    drop(viewer);
    let let_go = |scene: &Scene| {
        let edge = scene.reports("edge").pop().unwrap();
        let origin = scene.reports("origin").pop().unwrap();
        edge.streams.is_empty() && origin.restreamer_count == 0
    };
    scene.until(let_go).await;
}

#[tokio::test]
async fn publisher_is_announced_and_its_end_too() {
    let scene = Scene::new().await;
    let address = scene.launch(Role::Origin, "o").await;
    scene.until_reporting("o").await;
    let publisher = scene.cloud.connect_publisher(&address, &show()).unwrap();
    let taken = scene.cloud.connect_publisher(&address, &show()).err();
    assert_eq!(taken, Some(ConnectError::StreamTaken));
    let said = |word: &'static str| {
        move |scene: &Scene| scene.messages("o").iter().any(|m| kind(m) == word)
    };
    scene.until(said("publish")).await;
    drop(publisher);
    scene.until(said("unpublish")).await;
}

#[tokio::test]
async fn viewers_of_a_terminated_node_are_cut_and_counted() {
    let scene = Scene::new().await;
    let (origin, edge) = linked_path(&scene).await;
    let _publisher = scene.cloud.connect_publisher(&origin, &show()).unwrap();
    let viewers: Vec<_> = (0..3)
        .map(|_| scene.cloud.connect_viewer(&edge, &show()).unwrap())
        .collect();
    let region = "ap-northeast-1".into();
    scene
        .cloud
        .terminate(&region, &"edge".into())
        .await
        .unwrap();
    for viewer in &viewers {
        assert_eq!(viewer.until_ended().await, Ended::NodeGone);
    }
    assert_eq!(scene.cloud.counts().viewers_cut, 3);
    let gone = scene.cloud.connect_viewer(&edge, &show()).err();
    assert_eq!(gone, Some(ConnectError::Unreachable));
}

#[tokio::test]
async fn kicked_viewers_are_not_counted_as_cut() {
    let scene = Scene::new().await;
    let address = scene.launch(Role::Origin, "o").await;
    scene.until_reporting("o").await;
    let publisher = scene.cloud.connect_publisher(&address, &show()).unwrap();
    let viewer = scene.cloud.connect_viewer(&address, &show()).unwrap();
    let everybody = Order::Kick {
        scope: String::new(),
        name: String::new(),
    };
    scene.order("o", "c-1", everybody);
    scene.cloud.node(&"o".into()).unwrap().report_now().await;
    assert_eq!(viewer.until_ended().await, Ended::Kicked);
    assert_eq!(publisher.until_ended().await, Ended::Kicked);
    let counts = scene.cloud.counts();
    assert_eq!((counts.viewers_cut, counts.viewers_kicked), (0, 1));
}

#[tokio::test]
async fn edges_take_no_publishers() {
    let scene = Scene::new().await;
    let address = scene.launch(Role::Edge, "e").await;
    scene.until_reporting("e").await;
    let refused = scene.cloud.connect_publisher(&address, &show()).err();
    assert_eq!(refused, Some(ConnectError::TakesNoPublishers));
}
