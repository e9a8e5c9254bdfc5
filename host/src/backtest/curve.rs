//! The course of a run in few points, for pictures and files.

use serde::Serialize;
use weir_core::units::UtcMs;

use super::score::Fleet;

/// Points of a curve at the most: more than a screen has columns.
const MOST_POINTS: usize = 1_440;

/// Some steps together.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Point {
    /// Their first moment, UTC milliseconds.
    #[serde(rename = "atMs")]
    pub at: UtcMs,
    /// Most viewers.
    pub viewers: f64,
    /// Least capacity of the nodes that take viewers.
    pub capacity: f64,
    /// Most viewers above it.
    pub over: f64,
    /// The edges that serve at the last of the steps; most that boot and most that drain, which is soon over.
    pub fleet: Fleet,
    /// Edges that the viewers needed at the most.
    pub needed: u32,
    /// Nodes added by decisions.
    pub added: u32,
    /// Nodes removed by decisions.
    pub removed: u32,
}

/// Draws steps together.
#[derive(Debug)]
pub(super) struct Curve {
    each: usize,
    steps: usize,
    points: Vec<Point>,
}

impl Curve {
    /// For so many steps.
    pub(super) fn of(steps: usize) -> Self {
        Self {
            each: steps.div_ceil(MOST_POINTS).max(1),
            steps: 0,
            points: Vec::new(),
        }
    }

    /// One step.
    pub(super) fn add(&mut self, step: Point) {
        let begins = self.steps.is_multiple_of(self.each);
        self.steps += 1;
        match self.points.last_mut() {
            Some(point) if !begins => {
                *point = Point {
                    at: point.at,
                    viewers: point.viewers.max(step.viewers),
                    capacity: point.capacity.min(step.capacity),
                    over: point.over.max(step.over),
                    fleet: Fleet {
                        serving: step.fleet.serving,
                        booting: point.fleet.booting.max(step.fleet.booting),
                        draining: point.fleet.draining.max(step.fleet.draining),
                    },
                    needed: point.needed.max(step.needed),
                    added: point.added + step.added,
                    removed: point.removed + step.removed,
                };
            }
            Some(_) | None => self.points.push(step),
        }
    }

    pub(super) fn points(self) -> Vec<Point> {
        self.points
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extremes_survive_when_steps_are_drawn_together() {
        let steps = 10 * MOST_POINTS;
        let mut curve = Curve::of(steps);
        for step in 0..steps {
            let odd = step == 55;
            curve.add(Point {
                at: UtcMs(step as u64),
                viewers: if odd { 9.0 } else { 1.0 },
                capacity: if odd { 3.0 } else { 5.0 },
                over: if odd { 6.0 } else { 0.0 },
                fleet: Fleet::default(),
                needed: 1,
                added: u32::from(odd),
                removed: 1,
            });
        }
        let points = curve.points();
        assert_eq!(points.len(), MOST_POINTS);
        let (odd, plain) = (points[5], points[6]);
        assert_eq!((odd.viewers, odd.capacity, odd.over), (9.0, 3.0, 6.0));
        assert_eq!((odd.added, odd.removed, odd.at), (1, 10, UtcMs(50)));
        assert_eq!((plain.viewers, plain.capacity), (1.0, 5.0));
    }
}
