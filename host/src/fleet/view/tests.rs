use std::sync::Arc;

use weir_core::ids::NodeNo;
use weir_core::placement::Action;
use weir_core::snapshot::{Nodes, View};
use weir_core::units::UtcMs;

use super::{CROWDED, Offer, Offers};

fn offer(nodes: u32) -> Offer {
    let nodes = Nodes {
        id: (1..=nodes).collect(),
        ..Nodes::default()
    };
    let view = View {
        now: UtcMs(0),
        group: "g".to_owned(),
        action: Action::Subscribe,
        regions: Vec::new(),
        zones: Vec::new(),
        nodes,
        metrics: Vec::new(),
        facts: Vec::new(),
    };
    Offer::new(Arc::new(view), None)
}

#[test]
fn clients_handed_out_are_counted_for_each_node() {
    let offer = offer(3);
    for no in [2, 3, 2, 2] {
        assert!(!offer.hand_out(NodeNo(no)));
    }
    assert_eq!(offer.handed_out(), [(2, 3), (3, 1)]);
}

#[test]
fn a_node_that_was_not_offered_is_not_counted() {
    let offer = offer(3);
    assert!(!offer.hand_out(NodeNo(4)));
    assert!(offer.handed_out().is_empty());
}

#[test]
fn a_view_becomes_crowded_once() {
    let nodes = CROWDED as u32 + 10;
    let offers = Offers {
        broadcast: None,
        subscribe: Some(Arc::new(offer(nodes))),
    };
    let subscribe = offers.of(Action::Subscribe).expect("there is one");
    let news = (1..=nodes).filter(|no| subscribe.hand_out(NodeNo(*no)));
    assert_eq!(news.collect::<Vec<_>>(), [CROWDED as u32 + 1]);
    assert!(offers.are_crowded());
}
