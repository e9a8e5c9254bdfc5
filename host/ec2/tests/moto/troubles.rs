//! The story of a whole server on EC2 that loses answers, throttles, has no room, or gives instances that never serve. It
//! comes to its end all the same, and nothing is launched twice.

use std::collections::BTreeSet;
use std::sync::Arc;

use weir_core::units::DurationMs;
use weir_tests::ec2_proxy::{Cut, Fault, Fired, Kind, Odds};
use weir_tests::mortal::{Ec2Sky, MortalStage, Sky};
use weir_tests::stage::Stage;
use weir_tests::story::{Pace, Step, Story};
use weir_tests::tutorial_network::ZONES;
use weir_tests::{Options, secs};

use crate::matrix::OnEc2;

/// Launches of the story before that of its second edge: origin, relay, first edge.
const BEFORE_THE_SECOND_EDGE: u32 = 3;
/// A launch that did not report by then is given up.
const FIRST_REPORT: DurationMs = DurationMs::secs(60);

/// A server that is ready, with everything before it.
async fn world() -> MortalStage<Ec2Sky> {
    let options = Options::brisk().settings(|config| config.fleet.first_report_ms = FIRST_REPORT.0);
    let stage = OnEc2::with(None).world_of(options).await;
    stage.start_server(None).await;
    stage
}

/// Tells the whole story. Whatever fails, each record is one launch.
async fn tell(stage: &MortalStage<Ec2Sky>) {
    let mut story = Story::new(Pace {
        tries: 10,
        node: secs(240),
        leave: secs(150),
        ..Pace::brisk()
    });
    for step in Step::ALL {
        story.tell(stage, step).await;
    }
    story.converged(stage).await;
    let launches = stage.sky.proxy.launches();
    let twice = launches.iter().find(|(_, count)| **count > 1);
    assert!(twice.is_none(), "launched twice: {twice:?}");
}

/// One more was launched than the story needs; on a machine that stalls others may be late as well.
async fn replaced(stage: &MortalStage<Ec2Sky>) {
    let launched = stage.sky.launched().await;
    assert!(launched.len() > 4, "{launched:?}");
}

#[expect(clippy::print_stdout, reason = "what fired is what the test tells")]
fn fired(stage: &MortalStage<Ec2Sky>, kinds: &[Kind]) -> Fired {
    let fired = stage.sky.proxy.fired();
    println!("{fired}");
    for kind in kinds {
        assert!(fired.of(*kind) > 0, "{kind:?} never happened");
    }
    fired
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_story_comes_to_its_end_through_lost_answers_and_throttling() {
    let stage = world().await;
    let faults = [
        Fault::LostRequest,
        Fault::LostReply(Cut::BeforeHeaders),
        Fault::LostReply(Cut::AfterHeaders),
        Fault::Reset,
        Fault::Throttled,
        Fault::Internal,
        Fault::Unavailable,
        Fault::CutBody(50),
        Fault::TornBody(50),
        Fault::EmptyListing,
    ];
    stage.sky.proxy.fail_at_random(Odds {
        seed: 11,
        permille: faults.map(|fault| (fault, 30)).to_vec(),
        most: u32::MAX,
    });
    tell(&stage).await;
    fired(
        &stage,
        &[
            Kind::LostRequest,
            Kind::LostReplyBeforeHeaders,
            Kind::LostReplyAfterHeaders,
            Kind::Reset,
            Kind::Throttled,
            Kind::Internal,
            Kind::Unavailable,
            Kind::CutBody,
            Kind::TornBody,
            Kind::EmptyListing,
        ],
    );
    assert_eq!(stage.sky.launched().await.len(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_story_is_told_in_the_zone_that_has_room() {
    let stage = world().await;
    stage.sky.proxy.set_full(ZONES[0], true);
    tell(&stage).await;
    let zones: BTreeSet<String> = stage
        .living()
        .await
        .iter()
        .map(|instance| instance.zone.to_string())
        .collect();
    assert_eq!(zones, BTreeSet::from([ZONES[1].to_owned()]));
    fired(&stage, &[Kind::NoCapacity]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_ends_before_it_runs_is_replaced() {
    let stage = world().await;
    let rule = Fault::NeverRuns.on("RunInstances");
    stage.sky.proxy.fail(rule.skip(BEFORE_THE_SECOND_EDGE));
    tell(&stage).await;
    fired(&stage, &[Kind::NeverRuns]);
    replaced(&stage).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_stays_pending_is_ended_and_replaced() {
    let stage = world().await;
    let rule = Fault::StaysPending.on("RunInstances");
    stage.sky.proxy.fail(rule.skip(BEFORE_THE_SECOND_EDGE));
    tell(&stage).await;
    fired(&stage, &[Kind::StaysPending]);
    replaced(&stage).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_never_reports_is_ended_and_replaced() {
    let stage = Arc::new(world().await);
    let watched = stage.clone();
    // The node of the second edge says nothing from its first moment on.
    let mute = tokio::spawn(async move {
        let mut before = BTreeSet::new();
        loop {
            let nodes = watched.sky.nodes().nodes();
            if nodes.len() <= BEFORE_THE_SECOND_EDGE as usize {
                before = nodes.iter().map(|node| node.id().clone()).collect();
            } else {
                let new = nodes.iter().find(|node| !before.contains(node.id()));
                new.expect("there is one more").mute(true);
                return;
            }
            tokio::task::yield_now().await;
        }
    });
    tell(&stage).await;
    mute.await.unwrap();
    replaced(&stage).await;
}
