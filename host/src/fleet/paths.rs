//! Paths that viewers want and the reconciler makes: from the question to the links without waiting.
//!
//! A question notes the edge it was answered with and the origin of its stream, and goes on; the reconciler takes the
//! notes with its next pass. What does not fit in is wanted again by the next question. A path that is being made, or
//! kept for its viewers, is noted again and again: only the first note is worth a pass of its own.

use std::collections::BTreeSet;

use parking_lot::Mutex;
use weir_core::ids::NodeNo;

/// Notes between two passes. There are at most edges times origins of them; this many are more than a pass makes.
const MOST: usize = 1_024;

/// Edges and origins.
#[derive(Debug, Default)]
pub(super) struct WantedPaths(Mutex<Notes>);

#[derive(Debug, Default)]
struct Notes {
    /// Since the last pass.
    noted: BTreeSet<(NodeNo, NodeNo)>,
    /// What the last pass took.
    taken: BTreeSet<(NodeNo, NodeNo)>,
}

impl WantedPaths {
    /// Notes a path. Answers whether the last pass did not hear of it, nor was it noted since.
    pub(super) fn note(&self, edge: NodeNo, origin: NodeNo) -> bool {
        let Notes { noted, taken } = &mut *self.0.lock();
        noted.len() < MOST && noted.insert((edge, origin)) && !taken.contains(&(edge, origin))
    }

    /// Takes all notes.
    pub(super) fn take(&self) -> Vec<(NodeNo, NodeNo)> {
        let mut notes = self.0.lock();
        notes.taken = std::mem::take(&mut notes.noted);
        notes.taken.iter().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_questions_is_noted_once_for_each_path_and_bounded() {
        let paths = WantedPaths::default();
        for edge in 0..2 * MOST as u32 {
            let room = (edge as usize) < MOST;
            assert_eq!(paths.note(NodeNo(edge), NodeNo(1)), room);
            assert!(!paths.note(NodeNo(edge), NodeNo(1)), "no news");
        }
        assert_eq!(paths.take().len(), MOST);
        assert!(!paths.note(NodeNo(1), NodeNo(1)), "taken just now");
        assert_eq!(paths.take(), [(NodeNo(1), NodeNo(1))], "noted all the same");
    }

    #[test]
    fn a_path_nobody_wanted_between_two_passes_is_news_again() {
        let paths = WantedPaths::default();
        assert!(paths.note(NodeNo(7), NodeNo(1)));
        assert_eq!(paths.take().len(), 1);
        assert!(paths.take().is_empty());
        assert!(paths.note(NodeNo(7), NodeNo(1)));
    }
}
