//! Crowds and publishers.

use std::time::Duration;

use weir_cloud::audience::{Crowd, CrowdSettings, DemandCurve, Publisher};
use weir_core::node::Role;
use weir_core::stream::StreamName;
use weir_core::units::DurationMs;

use crate::manager::Scene;

const DEADLINE: Duration = Duration::from_secs(30);

fn show() -> StreamName {
    StreamName::new("live", "show")
}

fn crowd_of(points: &[(u64, f64)]) -> CrowdSettings {
    let points = points
        .iter()
        .map(|(at, viewers)| (DurationMs::secs(*at), *viewers))
        .collect();
    CrowdSettings {
        stream: show(),
        demand: DemandCurve::new(points).unwrap(),
        session_median: DurationMs::secs(20),
        session_p95: DurationMs::secs(60),
        seed: 3,
        addresses: 4,
    }
}

/// Waits on simulated time, since nothing tells when a crowd changes.
async fn until(scene: &Scene, met: impl Fn() -> bool) {
    let waiting = async {
        while !met() {
            scene.clock.sleep(DurationMs(200)).await;
        }
    };
    let waited = tokio::time::timeout(DEADLINE, waiting).await;
    assert!(waited.is_ok(), "not met within {DEADLINE:?}");
}

async fn on_air(scene: &Scene) -> Publisher {
    let address = scene.launch(Role::Origin, "o").await;
    scene.until_reporting("o").await;
    scene.send_clients_to("broadcast", &address);
    scene.send_clients_to("subscribe", &address);
    let publisher = Publisher::start(&scene.cloud, show()).unwrap();
    until(scene, || publisher.counts().on_air).await;
    publisher
}

#[tokio::test]
async fn crowd_follows_its_curve() {
    let scene = Scene::new().await;
    let _publisher = on_air(&scene).await;
    let settings = crowd_of(&[(0, 0.0), (30, 12.0), (90, 12.0), (120, 2.0), (100_000, 2.0)]);
    let crowd = Crowd::start(&scene.cloud, settings).unwrap();
    until(&scene, || crowd.counts().watching == 12).await;
    until(&scene, || crowd.counts().watching == 2).await;
    let counts = crowd.counts();
    assert_eq!(counts.peak, 12);
    assert!(
        counts.joined > 12,
        "sessions end and others come: {counts:?}"
    );
    assert_eq!((counts.refused, counts.cut, counts.misled), (0, 0, 0));
}

#[tokio::test]
async fn refused_viewers_are_counted_and_come_again() {
    let scene = Scene::new().await;
    let settings = crowd_of(&[(0, 2.0), (100_000, 2.0)]);
    let crowd = Crowd::start(&scene.cloud, settings).unwrap();
    until(&scene, || crowd.counts().refused >= 4).await;
    let _publisher = on_air(&scene).await;
    until(&scene, || crowd.counts().watching == 2).await;
}

#[tokio::test]
async fn crash_cuts_the_crowd_and_the_publisher_who_start_over() {
    let scene = Scene::new().await;
    let publisher = on_air(&scene).await;
    let settings = crowd_of(&[(0, 3.0), (100_000, 3.0)]);
    let crowd = Crowd::start(&scene.cloud, settings).unwrap();
    until(&scene, || crowd.counts().watching == 3).await;
    scene.cloud.node(&"o".into()).unwrap().restart_service();
    until(&scene, || crowd.counts().cut == 3).await;
    until(&scene, || publisher.counts().published == 2).await;
    until(&scene, || crowd.counts().watching == 3).await;
    assert_eq!(scene.cloud.counts().publishers_cut, 1);
}
