//! A scene as PNG: shapes are drawn with smooth edges, letters from the font in this folder.

use ab_glyph::{Font, FontRef, PxScaleFont, ScaleFont, point};
use ab_glyph_rasterizer::{Rasterizer, point as corner};

use super::PictureError;
use super::scene::{Anchor, Colour, Scene, Shape, Spot};

const FONT: &[u8] = include_bytes!("DejaVuSans.ttf");
/// Pixels of the file for one of the scene: fine enough for a dense screen and for paper.
const SCALE: f32 = 2.0;
/// Bytes of a pixel.
const BYTES: usize = 3;

struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

/// How long a text of this size is, pixels of the scene.
pub(super) fn text_length(text: &str, size: f32) -> f32 {
    let Ok(font) = FontRef::try_from_slice(FONT) else {
        return 0.0;
    };
    let font = sized(&font, size);
    let letters = text.chars();
    letters
        .map(|letter| font.h_advance(font.glyph_id(letter)))
        .sum()
}

/// Sizes of texts are those of the em, as in SVG; the library's are those of a line.
fn sized<'a, 'b>(font: &'b FontRef<'a>, size: f32) -> PxScaleFont<&'b FontRef<'a>> {
    let line = font.height_unscaled() / font.units_per_em().unwrap_or(1_000.0);
    font.as_scaled(size * line)
}

/// The whole file.
///
/// # Errors
/// [`PictureError`]: the picture is too large for the format.
pub(super) fn write(scene: &Scene) -> Result<Vec<u8>, PictureError> {
    let mut canvas = Canvas::white(scene.width * SCALE, scene.height * SCALE);
    let font = FontRef::try_from_slice(FONT).map_err(|_| PictureError::Font)?;
    for shape in &scene.shapes {
        match shape {
            Shape::Area {
                corners,
                colour,
                opacity,
            } => canvas.fill(&[scaled(corners)], *colour, *opacity),
            Shape::Line {
                spots,
                colour,
                width,
            } => canvas.fill(&strokes(&scaled(spots), width * SCALE), *colour, 1.0),
            Shape::Text {
                at,
                anchor,
                size,
                colour,
                text,
            } => canvas.write(&font, (*at, *anchor, *size), *colour, text),
        }
    }
    canvas.encode()
}

fn scaled(spots: &[Spot]) -> Vec<Spot> {
    spots.iter().map(|(x, y)| (x * SCALE, y * SCALE)).collect()
}

/// A quadrangle for each part of the line, all turning the same way, so that where they overlap they add up.
fn strokes(spots: &[Spot], width: f32) -> Vec<Vec<Spot>> {
    let stroke = |ends: &[Spot]| {
        let ((x0, y0), (x1, y1)) = (ends[0], ends[1]);
        let length = (x1 - x0).hypot(y1 - y0);
        let half = width / 2.0 / length.max(f32::MIN_POSITIVE);
        let (across_x, across_y) = ((y0 - y1) * half, (x1 - x0) * half);
        // A little longer than it is, to meet its neighbours.
        let (along_x, along_y) = ((x1 - x0) * half * 0.5, (y1 - y0) * half * 0.5);
        let (x0, y0, x1, y1) = (x0 - along_x, y0 - along_y, x1 + along_x, y1 + along_y);
        vec![
            (x0 + across_x, y0 + across_y),
            (x1 + across_x, y1 + across_y),
            (x1 - across_x, y1 - across_y),
            (x0 - across_x, y0 - across_y),
        ]
    };
    let moves = |ends: &&[Spot]| ends[0] != ends[1];
    spots.windows(2).filter(moves).map(stroke).collect()
}

impl Canvas {
    fn white(width: f32, height: f32) -> Self {
        let (width, height) = (width.ceil() as usize, height.ceil() as usize);
        Self {
            width,
            height,
            pixels: vec![255; width * height * BYTES],
        }
    }

    /// Fills polygons as one, where they are on the canvas.
    fn fill(&mut self, polygons: &[Vec<Spot>], colour: Colour, opacity: f32) {
        let spots = || polygons.iter().flatten();
        let least = |of: fn(&Spot) -> f32| spots().map(of).fold(f32::INFINITY, f32::min);
        let most = |of: fn(&Spot) -> f32| spots().map(of).fold(f32::NEG_INFINITY, f32::max);
        let (left, top) = (least(|spot| spot.0).floor(), least(|spot| spot.1).floor());
        let (right, bottom) = (most(|spot| spot.0).ceil(), most(|spot| spot.1).ceil());
        let inside = left >= 0.0 && top >= 0.0;
        if !inside || right > self.width as f32 || bottom > self.height as f32 {
            return;
        }
        let size = |length: f32| length as usize + 1;
        let mut shape = Rasterizer::new(size(right - left), size(bottom - top));
        for polygon in polygons {
            let next = polygon.iter().cycle().skip(1);
            for (from, to) in polygon.iter().zip(next) {
                shape.draw_line(
                    corner(from.0 - left, from.1 - top),
                    corner(to.0 - left, to.1 - top),
                );
            }
        }
        let (left, top) = (left as usize, top as usize);
        shape.for_each_pixel_2d(|x, y, cover| {
            self.blend(left + x as usize, top + y as usize, colour, cover * opacity);
        });
    }

    fn blend(&mut self, x: usize, y: usize, colour: Colour, cover: f32) {
        if x >= self.width || y >= self.height || cover <= 0.0 {
            return;
        }
        let at = (y * self.width + x) * BYTES;
        for (pixel, wanted) in self.pixels[at..at + BYTES].iter_mut().zip(colour) {
            let before = f32::from(*pixel);
            let after = before + (f32::from(wanted) - before) * cover.min(1.0);
            *pixel = after.round() as u8;
        }
    }

    fn write(
        &mut self,
        font: &FontRef<'_>,
        (at, anchor, size): (Spot, Anchor, f32),
        colour: Colour,
        text: &str,
    ) {
        let font = sized(font, size * SCALE);
        let advance = |letter: char| font.h_advance(font.glyph_id(letter));
        let length: f32 = text.chars().map(advance).sum();
        let mut x = at.0 * SCALE
            - match anchor {
                Anchor::Start => 0.0,
                Anchor::Middle => length / 2.0,
                Anchor::End => length,
            };
        for letter in text.chars() {
            let mut glyph = font.scaled_glyph(letter);
            glyph.position = point(x, at.1 * SCALE);
            x += advance(letter);
            let Some(outline) = font.outline_glyph(glyph) else {
                continue;
            };
            let corner = outline.px_bounds().min;
            outline.draw(|dx, dy, cover| {
                let (x, y) = (corner.x + dx as f32, corner.y + dy as f32);
                if x >= 0.0 && y >= 0.0 {
                    self.blend(x as usize, y as usize, colour, cover);
                }
            });
        }
    }

    fn encode(&self) -> Result<Vec<u8>, PictureError> {
        let size = |length: usize| u32::try_from(length).map_err(|_| PictureError::TooLarge);
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, size(self.width)?, size(self.height)?);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.pixels)?;
        writer.finish()?;
        Ok(bytes)
    }
}
