//! One question: a walk along the orders of the wanted places until enough nodes are found.

use super::{MOST, Order, Place, Question, Ranking, has_room};

/// A place to look in: an order, and a zone when only that zone will do.
#[derive(Clone, Copy)]
struct Stretch<'a> {
    order: &'a Order,
    /// Region the order is of; none: all of them.
    region: Option<u32>,
    zone: Option<u32>,
}

/// A node that was handed out since the view and is worth less than the order says.
struct Touched {
    key: u32,
    clients: u32,
    row: u32,
}

struct Walk<'a> {
    ranking: &'a Ranking,
    sequence: u32,
    count: usize,
    touched: Vec<Touched>,
    /// Bit per row: it is in `touched`.
    marks: Vec<u64>,
    chosen: [u32; MOST],
    found: usize,
}

pub(super) fn choose(
    ranking: &Ranking,
    question: &Question,
    handed_out: impl ExactSizeIterator<Item = (u32, u32)>,
    rekey: impl Fn(usize, u32) -> u32,
) -> Vec<u32> {
    let mut walk = Walk {
        ranking,
        sequence: question.sequence,
        count: question.count.min(MOST),
        touched: Vec::new(),
        marks: Vec::new(),
        chosen: [0; MOST],
        found: 0,
    };
    walk.touch(handed_out, rekey);
    let stretches = stretches(ranking, question.place);
    if stretches.iter().flatten().count() > 1 {
        // A node with room elsewhere is better than a full one in the wanted place.
        for stretch in stretches.iter().flatten() {
            walk.fill(stretch, true);
        }
    }
    for stretch in stretches.iter().flatten() {
        walk.fill(stretch, false);
    }
    walk.chosen[..walk.found]
        .iter()
        .map(|row| ranking.rows[*row as usize].id)
        .collect()
}

/// The places to look in, most wanted first.
fn stretches(ranking: &Ranking, place: Place) -> [Option<Stretch<'_>>; 3] {
    let overall = Stretch {
        order: &ranking.overall,
        region: None,
        zone: None,
    };
    let of_zone = |zone: u32| ranking.region_of_zone.get(zone as usize).copied();
    let region = place.region.or(place.zone.and_then(of_zone));
    let Some(region) = region else {
        return [Some(overall), None, None];
    };
    let in_region = Stretch {
        order: ranking
            .regions
            .get(region as usize)
            .unwrap_or(&ranking.overall),
        region: Some(region),
        zone: None,
    };
    let in_zone = place.zone.map(|zone| Stretch {
        zone: Some(zone),
        ..in_region
    });
    match (in_zone, place.strict) {
        (Some(_), true) => [in_zone, None, None],
        (None, true) => [Some(in_region), None, None],
        (_, false) => [in_zone, Some(in_region), Some(overall)],
    }
}

impl Walk<'_> {
    /// Takes the nodes whose key changed out of the order and ranks them anew.
    fn touch(
        &mut self,
        handed_out: impl ExactSizeIterator<Item = (u32, u32)>,
        rekey: impl Fn(usize, u32) -> u32,
    ) {
        if handed_out.len() == 0 {
            return;
        }
        self.marks = vec![0; self.ranking.rows.len().div_ceil(64)];
        self.touched.reserve_exact(handed_out.len());
        for (id, clients) in handed_out {
            let Some(row) = self.ranking.row_of(id) else {
                continue;
            };
            let key = rekey(row as usize, clients);
            if key == self.ranking.rows[row as usize].key || self.is_touched(row) {
                continue;
            }
            self.marks[row as usize / 64] |= 1 << (row % 64);
            self.touched.push(Touched { key, clients, row });
        }
        if self.touched.len() > 1 {
            self.touched
                .sort_unstable_by_key(|touched| (!touched.key, touched.clients, touched.row));
        }
    }

    fn is_touched(&self, row: u32) -> bool {
        let word = self.marks.get(row as usize / 64).copied().unwrap_or(0);
        word & (1 << (row % 64)) != 0
    }

    /// Merges the runs of the order with the touched nodes, best first.
    fn fill(&mut self, stretch: &Stretch<'_>, only_with_room: bool) {
        let mut touched = 0;
        let mut start = 0;
        while start < stretch.order.rows.len() && self.found < self.count {
            let end = stretch.order.run_end[start] as usize;
            let run = &stretch.order.rows[start..end];
            let key = self.ranking.rows[run[0] as usize].key;
            if only_with_room && !has_room(key) {
                break;
            }
            self.take_touched(stretch, &mut touched, |better| better > key);
            self.take_run(stretch, run);
            start = end;
        }
        self.take_touched(stretch, &mut touched, |key| {
            !only_with_room || has_room(key)
        });
    }

    fn take_run(&mut self, stretch: &Stretch<'_>, run: &[u32]) {
        let first = self.sequence as usize % run.len();
        for row in run[first..].iter().chain(&run[..first]) {
            if self.found == self.count {
                return;
            }
            if !self.is_touched(*row) {
                self.take(stretch, *row);
            }
        }
    }

    fn take_touched(
        &mut self,
        stretch: &Stretch<'_>,
        next: &mut usize,
        wanted: impl Fn(u32) -> bool,
    ) {
        while let Some(touched) = self.touched.get(*next) {
            if self.found == self.count || !wanted(touched.key) {
                return;
            }
            *next += 1;
            self.take(stretch, touched.row);
        }
    }

    fn take(&mut self, stretch: &Stretch<'_>, row: u32) {
        let zone = self.ranking.rows[row as usize].zone;
        let here = stretch.zone.is_none_or(|wanted| wanted == zone)
            && stretch
                .region
                .is_none_or(|wanted| wanted == self.ranking.region_of(row));
        if here && !self.chosen[..self.found].contains(&row) {
            self.chosen[self.found] = row;
            self.found += 1;
        }
    }
}
