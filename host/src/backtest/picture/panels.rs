//! The panels of one run: audience and capacity, nodes by what they do, decisions.

use weir_core::units::UtcMs;

use super::super::curve::Point;
use super::axes;
use super::raster::text_length;
use super::scene::{Anchor, Colour, INK, Scene, Spot};

const GRID: Colour = [225, 228, 232];
const AUDIENCE: Colour = [24, 62, 118];
const CAPACITY: Colour = [158, 202, 225];
const OVER: Colour = [203, 24, 29];
const SERVING: Colour = [66, 133, 190];
const BOOTING: Colour = [253, 174, 97];
const DRAINING: Colour = [150, 150, 160];
const ADDED: Colour = [35, 139, 69];
const REMOVED: Colour = [217, 95, 14];

const SMALL: f32 = 11.0;
/// Height of each panel, and of the place above it for what its colours mean.
const HEIGHTS: [f32; 3] = [180.0, 110.0, 60.0];
const GAP: f32 = 26.0;
/// Place for the marks of time.
const FOOT: f32 = 30.0;
/// All of them.
pub(super) const HEIGHT: f32 = HEIGHTS[0] + HEIGHTS[1] + HEIGHTS[2] + 3.0 * GAP + FOOT;

/// Where the panels of a run are.
pub(super) struct Panels<'a> {
    pub(super) points: &'a [Point],
    pub(super) from: UtcMs,
    pub(super) to: UtcMs,
    /// Highest value of the first panel, the same for all runs.
    pub(super) most_viewers: f64,
    /// As above, of the second.
    pub(super) most_nodes: f64,
    pub(super) left: f32,
    pub(super) right: f32,
    pub(super) top: f32,
}

/// One panel's place and scale.
struct Frame<'a> {
    panels: &'a Panels<'a>,
    top: f32,
    height: f32,
    most: f64,
}

impl Panels<'_> {
    /// Draws all three.
    pub(super) fn draw(&self, scene: &mut Scene) {
        let mut top = self.top + GAP;
        let mut frame = |panel: usize, most: f64| {
            let frame = Frame {
                panels: self,
                top,
                height: HEIGHTS[panel],
                most: most.max(1.0),
            };
            top += HEIGHTS[panel] + GAP;
            frame
        };
        let audience = frame(0, self.most_viewers * 1.05);
        let nodes = frame(1, self.most_nodes * 1.05);
        let acted = |point: &Point| f64::from(point.added.max(point.removed));
        let acts = frame(2, self.points.iter().map(acted).fold(1.0, f64::max));
        for frame in [&audience, &nodes, &acts] {
            frame.times(scene);
        }
        self.audience(&audience, scene);
        self.nodes(&nodes, scene);
        self.acts(&acts, scene);
        let foot = acts.top + acts.height + 16.0;
        for (at, words) in axes::times(self.from, self.to) {
            scene.text((self.x(at), foot), Anchor::Middle, SMALL, words);
        }
        scene.text((self.left - 34.0, foot), Anchor::End, SMALL, "UTC");
    }

    fn x(&self, at: UtcMs) -> f32 {
        let length = self.to.since(self.from).0.max(1) as f32;
        self.left + (self.right - self.left) * at.since(self.from).0 as f32 / length
    }

    /// First and last place of each point, from left to right.
    fn spans(&self) -> impl Iterator<Item = (&Point, f32, f32)> {
        let ends = self.points.iter().skip(1).map(|next| next.at);
        let ends = ends.chain([self.to]);
        self.points
            .iter()
            .zip(ends)
            .map(|(point, end)| (point, self.x(point.at), self.x(end)))
    }

    fn audience(&self, frame: &Frame<'_>, scene: &mut Scene) {
        scene.area(frame.under(|point| point.capacity), CAPACITY, 0.6);
        frame.values(scene);
        for (point, left, right) in self.spans().filter(|(point, ..)| point.over >= 1.0) {
            let (top, bottom) = (frame.y(point.viewers), frame.y(point.viewers - point.over));
            // A moment must be seen too.
            scene.rectangle((left, top), (right.max(left + 1.5), bottom), OVER);
        }
        let spots = self
            .spans()
            .map(|(point, left, _)| (left, frame.y(point.viewers)));
        scene.line(spots.collect(), AUDIENCE, 1.5);
        frame.legend(
            scene,
            "viewers",
            &[
                ("audience", AUDIENCE),
                ("capacity in service", CAPACITY),
                ("over capacity", OVER),
            ],
        );
    }

    fn nodes(&self, frame: &Frame<'_>, scene: &mut Scene) {
        let serving = |point: &Point| f64::from(point.fleet.serving);
        let booting = |point: &Point| serving(point) + f64::from(point.fleet.booting);
        let all = |point: &Point| booting(point) + f64::from(point.fleet.draining);
        scene.area(frame.under(all), DRAINING, 1.0);
        scene.area(frame.under(booting), BOOTING, 1.0);
        scene.area(frame.under(serving), SERVING, 1.0);
        frame.values(scene);
        let steps = self.spans().flat_map(|(point, left, right)| {
            let y = frame.y(f64::from(point.needed));
            [(left, y), (right, y)]
        });
        scene.line(steps.collect(), INK, 1.2);
        frame.legend(
            scene,
            "edges by state, boots and drains at their most",
            &[
                ("in service", SERVING),
                ("booting", BOOTING),
                ("draining", DRAINING),
                ("needed", INK),
            ],
        );
    }

    /// Nodes added above the middle, removed below it.
    fn acts(&self, frame: &Frame<'_>, scene: &mut Scene) {
        let middle = frame.top + frame.height / 2.0;
        let length = |nodes: u32| (f64::from(nodes) / frame.most) as f32 * frame.height / 2.0;
        for (point, left, right) in self.spans() {
            let right = right.max(left + 1.5);
            if point.added > 0 {
                scene.rectangle((left, middle - length(point.added)), (right, middle), ADDED);
            }
            if point.removed > 0 {
                scene.rectangle(
                    (left, middle),
                    (right, middle + length(point.removed)),
                    REMOVED,
                );
            }
        }
        scene.line(vec![(self.left, middle), (self.right, middle)], INK, 0.8);
        let most = format!("+{}", frame.most);
        let ends = [
            (frame.top + 8.0, most),
            (frame.top + frame.height, format!("–{}", frame.most)),
        ];
        for (y, words) in ends {
            scene.text((self.left - 8.0, y), Anchor::End, SMALL, words);
        }
        frame.legend(
            scene,
            "edges a decision changed",
            &[("added by a decision", ADDED), ("removed", REMOVED)],
        );
    }
}

impl Frame<'_> {
    fn y(&self, value: f64) -> f32 {
        let part = (value / self.most).clamp(0.0, 1.0) as f32;
        self.top + self.height * (1.0 - part)
    }

    /// The area under a staircase.
    fn under(&self, value: impl Fn(&Point) -> f64) -> Vec<Spot> {
        let ground = self.top + self.height;
        let steps = self.panels.spans().flat_map(|(point, left, right)| {
            let y = self.y(value(point));
            [(left, y), (right, y)]
        });
        let (left, right) = (self.panels.left, self.panels.right);
        std::iter::once((left, ground))
            .chain(steps)
            .chain([(right, ground)])
            .collect()
    }

    fn times(&self, scene: &mut Scene) {
        for (at, _) in axes::times(self.panels.from, self.panels.to) {
            let x = self.panels.x(at);
            scene.line(vec![(x, self.top), (x, self.top + self.height)], GRID, 1.0);
        }
    }

    /// Marks upwards and lines across.
    fn values(&self, scene: &mut Scene) {
        let Panels { left, right, .. } = self.panels;
        for (value, words) in axes::values(self.most) {
            let y = self.y(value);
            scene.line(
                vec![(*left, y), (*right, y)],
                GRID,
                if value > 0.0 { 0.6 } else { 1.2 },
            );
            scene.text((left - 8.0, y + 4.0), Anchor::End, SMALL, words);
        }
    }

    /// What it shows and counts, and what its colours mean, above it.
    fn legend(&self, scene: &mut Scene, title: &str, entries: &[(&str, Colour)]) {
        let y = self.top - 7.0;
        scene.text((self.panels.left, y), Anchor::Start, SMALL, title);
        let mut x = self.panels.right;
        for (words, colour) in entries.iter().rev() {
            scene.text((x, y), Anchor::End, SMALL, *words);
            x -= text_length(words, SMALL) + 5.0;
            scene.rectangle((x - 10.0, y - 9.0), (x, y + 1.0), *colour);
            x -= 26.0;
        }
    }
}
