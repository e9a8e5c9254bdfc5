//! Runs as a picture: for each the audience with the capacity, the nodes by what they do, and the decisions.

mod axes;
mod panels;
mod raster;
mod scene;
mod svg;

use super::comparison::Comparison;
use super::curve::Point;
use super::run::Outcome;
use super::utc;
use super::words::{length, number};
use panels::Panels;
use scene::{Anchor, Scene};

const WIDTH: f32 = 1_200.0;
const LEFT: f32 = 78.0;
const RIGHT: f32 = WIDTH - 28.0;
/// Title and what it ran on.
const HEAD: f32 = 64.0;
/// Name and figures of a run.
const RUN_HEAD: f32 = 34.0;
/// Letters of a line of small print.
const SMALL_PRINT: usize = 175;

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// More policies than a picture can be high.
    #[error("the picture is too large: draw fewer policies, or an SVG")]
    TooLarge,
    /// The letters of this program are damaged.
    #[error("the font of this program cannot be read: build it anew")]
    Font,
    /// The picture cannot be packed.
    #[error("the picture cannot be written")]
    Encoding(#[from] png::EncodingError),
}

/// A picture, to be written in either form.
pub struct Picture(Scene);

impl Picture {
    /// Of all runs, one below the other on one axis of time.
    pub fn of(comparison: &Comparison) -> Self {
        let runs = &comparison.runs;
        let run_height = RUN_HEAD + panels::HEIGHT;
        let mut scene = Scene {
            width: WIDTH,
            height: HEAD + runs.len() as f32 * run_height + 8.0,
            shapes: Vec::new(),
        };
        title(comparison, &mut scene);
        let points = || runs.iter().flat_map(|run| &run.curve);
        let most = |of: fn(&Point) -> f64| points().map(of).fold(0.0, f64::max);
        let most_viewers = most(|point| point.viewers.max(point.capacity));
        let most_nodes = most(|point| {
            let fleet = point.fleet;
            f64::from((fleet.serving + fleet.booting + fleet.draining).max(point.needed))
        });
        for (at, run) in runs.iter().enumerate() {
            let top = HEAD + at as f32 * run_height;
            scene.text((LEFT, top + 18.0), Anchor::Start, 15.0, run.name.clone());
            scene.text(
                (RIGHT, top + 18.0),
                Anchor::End,
                12.0,
                figures(run, comparison),
            );
            let panels = Panels {
                points: &run.curve,
                from: comparison.audience.start,
                to: comparison.audience.end,
                most_viewers,
                most_nodes,
                left: LEFT,
                right: RIGHT,
                top: top + RUN_HEAD,
            };
            panels.draw(&mut scene);
        }
        Self(scene)
    }

    /// As SVG.
    pub fn svg(&self) -> String {
        svg::write(&self.0)
    }

    /// As PNG, two pixels for one of a screen.
    ///
    /// # Errors
    /// [`PictureError`].
    pub fn png(&self) -> Result<Vec<u8>, PictureError> {
        raster::write(&self.0)
    }
}

fn title(comparison: &Comparison, scene: &mut Scene) {
    let audience = &comparison.audience;
    let file = std::path::Path::new(&audience.name).file_name();
    let name = file.map_or_else(
        || audience.name.clone(),
        |file| file.to_string_lossy().into_owned(),
    );
    let about = format!(
        "{name}: {} viewers at the peak, {} UTC and {}",
        number(audience.peak.round()),
        utc::text(audience.start),
        length(audience.end.since(audience.start)),
    );
    scene.text((LEFT, 26.0), Anchor::Start, 17.0, about);
    let words: String = comparison.plant.words.chars().take(SMALL_PRINT).collect();
    scene.text((LEFT, 48.0), Anchor::Start, 11.0, words);
}

fn figures(run: &Outcome, comparison: &Comparison) -> String {
    let score = &run.score;
    let oracle = comparison.foresight.oracle.max(f64::MIN_POSITIVE);
    format!(
        "{} node-hours, {} × the oracle · {} % over capacity · {} % refused · {} actions, {} flaps",
        number(score.node_hours),
        number(score.node_hours / oracle),
        number(score.over_capacity_percent),
        number(score.refused_percent),
        number(score.actions as f64),
        number(score.flaps as f64),
    )
}
