//! Faults drawn from a seed.

use weir_core::units::DurationMs;
use weir_tests::ec2_proxy::{Cut, Fault, Kind, Odds};

use crate::rig::Rig;

const SEED: u64 = 20;

fn odds() -> Odds {
    Odds {
        seed: SEED,
        permille: vec![
            (Fault::Throttled, 150),
            (Fault::LostReply(Cut::BeforeHeaders), 150),
            (Fault::NoCapacity, 150),
            (Fault::EmptyListing, 150),
            (Fault::StaleListing(DurationMs(1)), 150),
        ],
        most: 40,
    }
}

/// What happened to each of a hundred calls.
async fn hundred(rig: &Rig) -> Vec<Option<Fault>> {
    let before = rig.proxy.calls().len();
    rig.proxy.behave();
    rig.proxy.fail_at_random(odds());
    for number in 0..50 {
        let _ = rig.launch(0, &format!("a{}", number / 2)).await;
        let _ = rig.api.call("DescribeInstances", &[]).await;
    }
    let calls = rig.proxy.calls();
    calls[before..]
        .iter()
        .map(|call| call.fault.clone())
        .collect()
}

#[tokio::test]
async fn the_same_seed_gives_the_same_faults_and_no_more_than_allowed() {
    let rig = Rig::start().await;
    let first = hundred(&rig).await;
    let second = hundred(&rig).await;
    assert_eq!(first, second, "seed {SEED}");
    let hits = first.iter().flatten().count();
    assert_eq!(hits, 40, "seed {SEED}");
    let fired = rig.proxy.fired();
    for kind in [
        Kind::Throttled,
        Kind::LostReplyBeforeHeaders,
        Kind::NoCapacity,
        Kind::EmptyListing,
    ] {
        assert!(fired.of(kind) > 0, "seed {SEED}: no {kind:?} in\n{fired}");
    }
    assert!(rig.proxy.launches().values().all(|launches| *launches == 1));
}
