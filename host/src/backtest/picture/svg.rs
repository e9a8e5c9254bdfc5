//! A scene as SVG.

use std::fmt::Write;

use super::scene::{Anchor, Colour, Scene, Shape, Spot};

/// The whole file.
pub(super) fn write(scene: &Scene) -> String {
    let Scene { width, height, .. } = scene;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"DejaVu Sans, Verdana, sans-serif\">\n<rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n"
    );
    for shape in &scene.shapes {
        // Writing to a text cannot fail.
        let _ = match shape {
            Shape::Area {
                corners,
                colour,
                opacity,
            } => writeln!(
                svg,
                "<path d=\"{}Z\" fill=\"{}\" fill-opacity=\"{opacity}\"/>",
                path(corners),
                hex(*colour)
            ),
            Shape::Line {
                spots,
                colour,
                width,
            } => writeln!(
                svg,
                "<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{width}\"/>",
                path(spots),
                hex(*colour)
            ),
            Shape::Text {
                at: (x, y),
                anchor,
                size,
                colour,
                text,
            } => writeln!(
                svg,
                "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" text-anchor=\"{}\" fill=\"{}\">{}</text>",
                word(*anchor),
                hex(*colour),
                escaped(text)
            ),
        };
    }
    svg.push_str("</svg>\n");
    svg
}

fn path(spots: &[Spot]) -> String {
    let mut path = String::new();
    for (at, (x, y)) in spots.iter().enumerate() {
        let verb = if at == 0 { 'M' } else { 'L' };
        let _ = write!(path, "{verb}{x:.1} {y:.1}");
    }
    path
}

fn hex([red, green, blue]: Colour) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn word(anchor: Anchor) -> &'static str {
    match anchor {
        Anchor::Start => "start",
        Anchor::Middle => "middle",
        Anchor::End => "end",
    }
}

/// Names come from outside: they must not become markup.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            letter if letter.is_control() => escaped.push(' '),
            letter => escaped.push(letter),
        }
    }
    escaped
}
