//! Life, grace and caps of reservations.

use super::*;

const NODE: NodeNo = NodeNo(1);
const OTHER: NodeNo = NodeNo(2);

fn book() -> ReservationBook {
    ReservationBook::new(ReservationLimits {
        life: DurationMs::secs(15),
        grace: DurationMs::secs(2),
        per_client: 3,
        per_node_permille: 100,
    })
}

fn at(ms: u64) -> UtcMs {
    UtcMs(1_000_000 + ms)
}

#[test]
fn reservation_lives_for_its_life_and_no_longer() {
    let mut book = book();
    book.reserve(NODE, 1_000, 7, at(0)).expect("free");
    book.expire(at(14_999));
    assert_eq!((book.outstanding(NODE), book.total()), (1, 1));
    book.expire(at(15_000));
    assert_eq!((book.outstanding(NODE), book.total()), (0, 0));
    assert!(book.clients.is_empty(), "nobody is remembered for nothing");
}

#[test]
fn report_frees_only_what_is_older_than_the_grace() {
    let mut book = book();
    book.reserve(NODE, 1_000, 7, at(0)).expect("free");
    book.reserve(NODE, 1_000, 8, at(1_000)).expect("free");
    book.reserve(OTHER, 1_000, 9, at(0)).expect("free");
    book.reported(NODE, at(2_500));
    assert_eq!(
        book.outstanding(NODE),
        1,
        "the second client may be on its way"
    );
    assert_eq!(
        book.outstanding(OTHER),
        1,
        "another node's report says nothing"
    );
    book.reported(NODE, at(3_000));
    assert_eq!((book.outstanding(NODE), book.total()), (0, 1));
}

#[test]
fn client_over_its_cap_is_told_when_to_ask_again() {
    let mut book = book();
    for ms in [0, 1_000, 2_000] {
        book.reserve(NODE, 1_000, 7, at(ms)).expect("under the cap");
    }
    let refused = ReserveError::ClientCap {
        retry_after: DurationMs(11_000),
    };
    assert_eq!(book.check_client(7, at(4_000)), Err(refused.clone()));
    assert_eq!(book.reserve(OTHER, 1_000, 7, at(4_000)), Err(refused));
    assert_eq!(book.total(), 3, "a refusal changes nothing");
    book.reserve(NODE, 1_000, 8, at(4_000))
        .expect("other clients get their answer");
    book.reserve(OTHER, 1_000, 7, at(15_000))
        .expect("its oldest is over, though no sweep was asked for");
}

#[test]
fn node_takes_no_more_than_its_share() {
    let mut book = book();
    for client in 0..20 {
        book.reserve(NODE, 200, client, at(0))
            .expect("a tenth of 200");
    }
    let full = Err(ReserveError::NodeFull { node: NODE });
    assert_eq!(book.reserve(NODE, 200, 99, at(1)), full);
    assert_eq!(
        book.check_client(99, at(1)),
        Ok(()),
        "nothing is held for it"
    );
    for client in 0..10 {
        book.reserve(OTHER, 1, 100 + client, at(1))
            .expect("ten are always allowed");
    }
    assert!(book.reserve(OTHER, 1, 120, at(1)).is_err());
    book.reserve(NODE, 200, 99, at(15_000))
        .expect("old ones are over");
    assert_eq!(book.outstanding(NODE), 1);
}

#[test]
fn huge_capacity_does_not_buy_unbounded_memory() {
    let book = book();
    assert_eq!(book.cap(u32::MAX), 65_536);
}

#[test]
fn one_client_leaves_half_of_a_node_to_others() {
    let mut book = ReservationBook::new(ReservationLimits {
        per_client: 1_000,
        ..book().limits
    });
    for _ in 0..5 {
        book.reserve(NODE, 1, 7, at(0))
            .expect("half of the ten places");
    }
    let refused = book.reserve(NODE, 1, 7, at(1_000));
    let retry_after = DurationMs(14_000);
    assert_eq!(refused, Err(ReserveError::ClientCap { retry_after }));
    for client in 100..105 {
        book.reserve(NODE, 1, client, at(1_000))
            .expect("the other half");
    }
}

#[test]
fn a_place_given_back_is_free_again() {
    let mut book = book();
    for _ in 0..3 {
        book.reserve(NODE, 1_000, 7, at(0)).expect("under the cap");
    }
    book.release(NODE, 7);
    assert_eq!((book.outstanding(NODE), book.total()), (2, 2));
    book.reserve(OTHER, 1_000, 7, at(1))
        .expect("under the cap again");
    book.release(OTHER, 8);
    assert_eq!(book.total(), 3, "nobody else's place is given back");
}

#[test]
fn forgotten_node_frees_its_clients() {
    let mut book = book();
    for _ in 0..3 {
        book.reserve(NODE, 1_000, 7, at(0)).expect("free");
    }
    book.forget_node(NODE);
    assert_eq!((book.total(), book.outstanding(NODE)), (0, 0));
    assert_eq!(book.check_client(7, at(1)), Ok(()));
}

#[test]
fn clock_that_went_back_does_not_unsort_the_book() {
    let mut book = book();
    book.reserve(NODE, 1_000, 1, at(5_000)).expect("free");
    book.reserve(NODE, 1_000, 2, at(0)).expect("free");
    book.expire(at(15_000));
    assert_eq!(book.total(), 2, "the second counts from the first");
    book.expire(at(20_000));
    assert_eq!(book.total(), 0);
}
