//! Nodes in the order in which they are offered.
//!
//! [`Ranking::new`] sorts once per view; [`Ranking::choose`] walks a prefix of that order, so that a question costs the
//! same at ten nodes and at ten thousand. Clients handed out since the view was made only ever make a node less
//! wanted: those nodes are taken out of the order, ranked anew and merged in.
//!
//! A key is 24 bits, larger is better: two bits of tier, then the policy's score. Nodes of one key take turns.

mod sort;
mod walk;

/// Bits of a key below the tier.
pub const SCORE_BITS: u32 = 22;
/// Largest score.
pub const MAX_SCORE: u32 = (1 << SCORE_BITS) - 1;

/// Most nodes in a choice.
pub const MOST: usize = 8;

/// Key of a node: those with room come before the full ones, and among each the discouraged ones last.
#[inline]
pub fn key(has_room: bool, discouraged: bool, score: u32) -> u32 {
    let tier = u32::from(has_room) * 2 + u32::from(!discouraged);
    (tier << SCORE_BITS) | score.min(MAX_SCORE)
}

/// The key is of a node that has room.
#[inline]
pub fn has_room(key: u32) -> bool {
    key >> (SCORE_BITS + 1) != 0
}

/// Where the client wants to be. Indices into the view's regions and zones.
#[derive(Debug, Clone, Copy, Default)]
pub struct Place {
    /// Wanted region.
    pub region: Option<u32>,
    /// Wanted zone.
    pub zone: Option<u32>,
    /// Nothing else will do.
    pub strict: bool,
}

/// How a row is described to a ranking.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The node's id.
    pub id: u32,
    /// Its zone.
    pub zone: u32,
    /// Its key with what is known at the view's time.
    pub key: u32,
}

/// What a question is about.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    /// Where.
    pub place: Place,
    /// How many different nodes, at most [`MOST`].
    pub count: usize,
    /// Rises with each question: nodes of one key take turns by it.
    pub sequence: u32,
}

/// The nodes of a view in their order, overall and per region.
#[derive(Debug, Default)]
pub struct Ranking {
    rows: Vec<Row>,
    region_of_zone: Vec<u32>,
    overall: Order,
    /// One per region; empty when there is one region only, then `overall` is its order too.
    regions: Vec<Order>,
    /// (id, row) by id; empty when the rows come in the order of their ids anyway.
    by_id: Vec<(u32, u32)>,
}

/// Rows, best first, and for each place in that order where its run of equal keys ends.
#[derive(Debug, Default)]
struct Order {
    rows: Vec<u32>,
    run_end: Vec<u32>,
}

impl Order {
    fn new(order: Vec<u32>, rows: &[Row]) -> Self {
        let mut run_end = vec![0u32; order.len()];
        let mut end = order.len() as u32;
        let mut after = None;
        for (at, row) in order.iter().enumerate().rev() {
            let key = rows[*row as usize].key;
            if after.is_some_and(|after| after != key) {
                end = at as u32 + 1;
            }
            after = Some(key);
            run_end[at] = end;
        }
        Self {
            rows: order,
            run_end,
        }
    }
}

impl Ranking {
    /// Sorts the rows. `region_of_zone` has one entry per zone of the view.
    pub fn new(rows: Vec<Row>, region_of_zone: Vec<u32>) -> Self {
        let mut by_id: Vec<(u32, u32)> = Vec::new();
        if !rows.is_sorted_by_key(|row| row.id) {
            by_id.extend(rows.iter().zip(0u32..).map(|(row, at)| (row.id, at)));
            by_id.sort_unstable();
        }
        let mut ranking = Self {
            overall: Order::new(sort::best_first(&rows), &rows),
            rows,
            region_of_zone,
            regions: Vec::new(),
            by_id,
        };
        ranking.regions = ranking.by_region();
        ranking
    }

    /// No node at all.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Up to `count` ids, best first. `handed_out` has the clients handed out since the view, as (id, count);
    /// `rekey(row, clients)` gives the key of a row (as numbered in [`Ranking::new`]) with so many more clients than
    /// the view says, and must not be larger than the row's own. Empty when the place has no node.
    pub fn choose(
        &self,
        question: &Question,
        handed_out: impl ExactSizeIterator<Item = (u32, u32)>,
        rekey: impl Fn(usize, u32) -> u32,
    ) -> Vec<u32> {
        walk::choose(self, question, handed_out, rekey)
    }

    /// The row of an id, if the view has it.
    fn row_of(&self, id: u32) -> Option<u32> {
        if self.by_id.is_empty() {
            let at = self.rows.binary_search_by_key(&id, |row| row.id).ok()?;
            return Some(at as u32);
        }
        let at = self.by_id.binary_search_by_key(&id, |entry| entry.0).ok()?;
        Some(self.by_id[at].1)
    }

    fn region_of(&self, row: u32) -> u32 {
        let zone = self.rows[row as usize].zone as usize;
        self.region_of_zone.get(zone).copied().unwrap_or(0)
    }

    fn by_region(&self) -> Vec<Order> {
        let count = self.region_of_zone.iter().max().map_or(0, |most| most + 1);
        if count < 2 {
            return Vec::new();
        }
        let mut regions = vec![Vec::new(); count as usize];
        for row in &self.overall.rows {
            regions[self.region_of(*row) as usize].push(*row);
        }
        regions
            .into_iter()
            .map(|order| Order::new(order, &self.rows))
            .collect()
    }
}

#[cfg(test)]
mod tests;
