//! Crashes, a store that fails and a cloud whose answers get lost, at every point of the story: it goes on to the same
//! end, nothing is launched twice, and records and instances agree.

use weir::store::faulty::{Fault, Verb as StoreVerb};
use weir_cloud::scripted::{CallFault, LaunchFault, ListingFault};
use weir_tests::far_cloud::{Verb, When};
use weir_tests::story::{Pace, Step, Story};
use weir_tests::{Options, TestServer, secs};

/// What the server says of a store that fails, and of the questions it turns away meanwhile.
const TROUBLE: [&str; 4] = [
    "the store did not take the group's plan",
    "the group's records are not what this manager knows",
    "request turned away",
    "no sweep while the store is away",
];

async fn brisk() -> (TestServer, Story) {
    let server = TestServer::start(Options::brisk()).await;
    for text in TROUBLE {
        server.logs.expect(text);
    }
    let pace = Pace {
        tries: 10,
        ..Pace::brisk()
    };
    (server, Story::new(pace))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_story_survives_a_crash_after_every_step() {
    let (mut server, mut story) = brisk().await;
    for step in Step::ALL {
        story.tell(&server, step).await;
        server.crash_and_start().await;
    }
    story.ended_well(&server).await;
    assert_eq!(server.script.launch_calls().len(), 4, "identifiers");
    server.finish().await;
}

/// Tells the story with a fault at each call of the store's `save_plan` whose number leaves `rest` when divided by
/// `every`. Answers how many calls it made.
async fn with_store_faults(fault: Fault, every: u64, rest: u64) -> u64 {
    let (server, mut story) = brisk().await;
    for number in (0..200).map(|round| round * every + rest) {
        server
            .faults()
            .fail_call(StoreVerb::SavePlan, number, fault);
    }
    for step in Step::ALL {
        story.tell(&server, step).await;
    }
    story.ended_well(&server).await;
    let calls = server.faults().calls(StoreVerb::SavePlan);
    server.finish().await;
    calls
}

/// Every call of the story gets the fault in one of the tellings.
async fn store_fails_at_every_call(fault: Fault) {
    const EVERY: u64 = 6;
    for rest in 1..=EVERY {
        let calls = with_store_faults(fault, EVERY, rest).await;
        assert!(calls >= EVERY, "{calls} calls: the faults were not reached");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_that_was_not_stored_is_made_again() {
    store_fails_at_every_call(Fault::Before).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_that_was_stored_without_an_answer_is_not_carried_out_twice() {
    store_fails_at_every_call(Fault::AfterCommit).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_another_manager_wrote_is_read_again() {
    store_fails_at_every_call(Fault::Conflict).await;
}

/// Crashes at the first `lives` moments at which the `number`-th plan of a life meets the fault.
async fn crashes_while_storing(fault: Fault, number: u64, lives: u32) {
    let (mut server, mut story) = brisk().await;
    let mut left = lives;
    let arm = |server: &TestServer| {
        server
            .faults()
            .fail_call(StoreVerb::SavePlan, number, fault);
    };
    arm(&server);
    for step in Step::ALL {
        loop {
            let crash = async {
                if left == 0 {
                    std::future::pending::<()>().await;
                }
                while server.faults().calls(StoreVerb::SavePlan) < number {
                    tokio::task::yield_now().await;
                }
            };
            tokio::select! {
                () = story.tell(&server, step) => break,
                () = crash => {}
            }
            server.crash_and_start().await;
            left -= 1;
            if left > 0 {
                arm(&server);
            }
        }
    }
    story.ended_well(&server).await;
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_between_the_store_and_the_cloud_is_mended() {
    for number in 1..=3 {
        crashes_while_storing(Fault::AfterCommit, number, 12).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_before_the_store_took_the_plan_is_mended() {
    for number in 1..=2 {
        crashes_while_storing(Fault::Before, number, 6).await;
    }
}

/// Crashes in the middle of the `number`-th call of the verb.
async fn crashes_in_a_call(verb: Verb, number: u32, when: When) {
    let (mut server, mut story) = brisk().await;
    server.far.trip(verb, number, when);
    let mut crashed = false;
    for step in Step::ALL {
        loop {
            tokio::select! {
                () = story.tell(&server, step) => break,
                () = server.far.stumbled() => {}
            }
            server.crash_and_start().await;
            crashed = true;
        }
    }
    assert!(crashed, "{verb:?} {number} was never called");
    story.ended_well(&server).await;
    assert_eq!(server.script.launch_calls().len(), 4, "identifiers");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_in_the_middle_of_a_launch_launches_nothing_twice() {
    for number in 1..=4 {
        crashes_in_a_call(Verb::Launch, number, When::Before).await;
        crashes_in_a_call(Verb::Launch, number, When::After).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_in_the_middle_of_a_termination_is_mended() {
    crashes_in_a_call(Verb::Terminate, 1, When::Before).await;
    crashes_in_a_call(Verb::Terminate, 1, When::After).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_and_throttled_calls_are_made_again_with_the_same_identifier() {
    for fault in [
        CallFault::Throttled,
        CallFault::LostRequest,
        CallFault::LostReply,
    ] {
        let (server, _) = brisk().await;
        // Between unclear answers the server waits longer and longer, half a minute at most.
        let mut story = Story::new(Pace {
            node: secs(240),
            ..Pace::brisk()
        });
        server.logs.expect("the cloud gave no clear answer");
        server.logs.expect("the sweep could not list");
        for _ in 0..4 {
            server
                .script
                .fail_next_launch(None, LaunchFault::Call(fault));
            server.script.fail_next_describe(ListingFault::Call(fault));
            server.script.fail_next_listing(ListingFault::Call(fault));
        }
        server.script.fail_next_termination(fault);
        server.script.fail_next_termination(fault);
        for step in Step::ALL {
            story.tell(&server, step).await;
        }
        story.ended_well(&server).await;
        let calls = server.script.launch_calls();
        assert_eq!(calls.len(), 4, "identifiers");
        // Where only the answer was lost the node is there, and may report before the call is made again.
        let is_there = matches!(fault, CallFault::LostReply);
        let again = calls.values().any(|calls| *calls > 1);
        assert!(again || is_there, "{calls:?}");
        server.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn listings_that_lack_instances_prove_nothing() {
    let (server, mut story) = brisk().await;
    for _ in 0..6 {
        server.script.fail_next_describe(ListingFault::Empty);
        server.script.fail_next_listing(ListingFault::Empty);
    }
    for step in Step::ALL {
        story.tell(&server, step).await;
    }
    story.ended_well(&server).await;
    server.finish().await;
}
