//! What is packed reads back, and what is not whole says so.

#![expect(clippy::unwrap_used, reason = "tests")]

use weir_core::proposal::Proposal;
use weir_core::snapshot::{Nodes, Snapshot};
use weir_core::units::UtcMs;

use super::super::Attempt;
use super::*;

/// A group of 100 nodes whose figures move a little with every decision.
fn entry(number: u32) -> Entry {
    let column = |offset: u32| {
        (0..100)
            .map(|node| node * 31 % 97 + (node + number) % 3 + offset)
            .collect()
    };
    let nodes = Nodes {
        id: (1..=100).collect(),
        role: vec![1; 100],
        state: vec![2; 100],
        flags: vec![0; 100],
        zone: vec![0; 100],
        instance_type: vec![0; 100],
        capacity: vec![500; 100],
        connections: column(100),
        free_memory_mib: column(2_000),
        ..Nodes::default()
    };
    Entry {
        snapshot: Snapshot {
            now: UtcMs(1_700_000_000_000 + u64::from(number) * 10_000),
            seed: number,
            group: "packed".to_owned(),
            regions: vec!["region-1".into()],
            zones: Vec::new(),
            instance_types: Vec::new(),
            nodes,
            metrics: Vec::new(),
            in_flight: Vec::new(),
            limits: Vec::new(),
            boot: Vec::new(),
            history: Vec::new(),
            calendar: Vec::new(),
            facts: Vec::new(),
        },
        attempts: vec![Attempt {
            policy: "threshold".to_owned(),
            digest: "ab".repeat(32),
            engine: "1".to_owned(),
            settings: "{}".to_owned(),
            state: vec![1; 64],
            fuel: 100_000 + u64::from(number),
            micros: 40,
            answer: Ok(Proposal::default()),
        }],
        document: format!("{{\"summary\":\"hold {number}\"}}"),
    }
}

/// Packs and stores so many.
fn packed(count: u32) -> Vec<Frame> {
    let mut writer = FrameWriter::default();
    let pack = |number| {
        let packed = writer
            .pack(&entry(number), 1_000 + u64::from(number))
            .unwrap();
        let frame = packed.frame.clone();
        writer.stored(packed);
        frame
    };
    (0..count).map(pack).collect()
}

/// The chain up to a frame, as the store hands it out.
fn chain(frames: &[Frame], at: usize) -> Vec<Vec<u8>> {
    let wanted = &frames[at];
    let same = |frame: &&Frame| frame.chain == wanted.chain && frame.link <= wanted.link;
    frames
        .iter()
        .filter(same)
        .map(|frame| frame.bytes.clone())
        .collect()
}

#[test]
fn every_entry_of_several_chains_reads_back() {
    let frames = packed(CHAIN * 2 + 3);
    for (number, at) in (0..).zip(0..frames.len()) {
        let read = unpack(&chain(&frames, at)).unwrap();
        assert!(read == entry(number), "entry {number}");
    }
    let firsts = frames.iter().filter(|frame| frame.link == 0).count();
    assert_eq!(firsts, 3);
}

#[test]
fn a_frame_that_follows_another_is_a_fraction_of_the_first() {
    let frames = packed(10);
    let (first, second) = (frames[0].bytes.len(), frames[1].bytes.len());
    assert!(second * 2 < first, "{second} bytes after {first}");
}

#[test]
fn what_may_not_have_been_stored_is_not_built_upon() {
    let mut writer = FrameWriter::default();
    let first = writer.pack(&entry(0), 1_000).unwrap();
    let chain = first.frame.chain;
    writer.stored(first);
    let unsure = writer.pack(&entry(1), 1_000).unwrap();
    assert_eq!((unsure.frame.chain, unsure.frame.link), (chain, 1));
    writer.lost();
    // The clock stands still: the chain is another one all the same.
    let next = writer.pack(&entry(2), 1_000).unwrap().frame;
    assert_eq!(next.link, 0);
    assert!(next.chain > chain);
    assert!(unpack(&[next.bytes]).unwrap() == entry(2));
}

#[test]
fn damage_and_other_formats_are_told() {
    let frames = packed(3);
    let whole = chain(&frames, 2);
    let missing = [whole[0].clone(), whole[2].clone()];
    assert!(matches!(unpack(&missing), Err(FrameError::Damaged(_))));
    for at in 0..whole[2].len() {
        let mut damaged = whole.clone();
        damaged[2][at] ^= 0x40;
        // A bit that means nothing may change; what is read may not.
        let read = unpack(&damaged);
        assert!(
            read.is_err() || read.is_ok_and(|read| read == entry(2)),
            "byte {at}"
        );
    }
    let mut other = whole;
    other[2][0] = FORMAT + 1;
    assert!(matches!(unpack(&other), Err(FrameError::Format(format)) if format == FORMAT + 1));
    assert!(unpack(&[]).is_err() && unpack(&[vec![FORMAT]]).is_err());
    let huge = [&[FORMAT][..], &u32::MAX.to_le_bytes()].concat();
    assert!(unpack(&[huge]).is_err());
}
