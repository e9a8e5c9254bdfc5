//! Shapes of a picture, whatever it is written as. Lengths are pixels of a screen, from the upper left corner.

/// Red, green, blue.
pub(super) type Colour = [u8; 3];

/// A place.
pub(super) type Spot = (f32, f32);

/// Where a text's place lies in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// One shape.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    /// A filled polygon.
    Area {
        corners: Vec<Spot>,
        colour: Colour,
        opacity: f32,
    },
    /// A line through these places.
    Line {
        spots: Vec<Spot>,
        colour: Colour,
        width: f32,
    },
    /// A text; its place is on the line it stands on.
    Text {
        at: Spot,
        anchor: Anchor,
        size: f32,
        colour: Colour,
        text: String,
    },
}

/// A picture on white.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scene {
    pub(super) width: f32,
    pub(super) height: f32,
    pub(super) shapes: Vec<Shape>,
}

impl Scene {
    pub(super) fn area(&mut self, corners: Vec<Spot>, colour: Colour, opacity: f32) {
        self.shapes.push(Shape::Area {
            corners,
            colour,
            opacity,
        });
    }

    /// A rectangle between two corners.
    pub(super) fn rectangle(&mut self, from: Spot, to: Spot, colour: Colour) {
        let corners = vec![from, (to.0, from.1), to, (from.0, to.1)];
        self.area(corners, colour, 1.0);
    }

    pub(super) fn line(&mut self, spots: Vec<Spot>, colour: Colour, width: f32) {
        self.shapes.push(Shape::Line {
            spots,
            colour,
            width,
        });
    }

    pub(super) fn text(&mut self, at: Spot, anchor: Anchor, size: f32, text: impl Into<String>) {
        self.shapes.push(Shape::Text {
            at,
            anchor,
            size,
            colour: INK,
            text: text.into(),
        });
    }
}

/// Texts and axes.
pub(super) const INK: Colour = [51, 51, 51];
