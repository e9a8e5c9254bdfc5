//! How many viewers there are when.

use weir_core::units::DurationMs;

/// Viewers wanted over time: points with straight lines between them, over and over.
#[derive(Debug, Clone, PartialEq)]
pub struct DemandCurve {
    points: Vec<(DurationMs, f64)>,
}

/// The points make no curve.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CurveError {
    /// Fewer than two points.
    #[error("a demand curve needs two points at least")]
    TooShort,
    /// Times that do not rise, or a number of viewers that is negative or no number.
    #[error(
        "point {0} of the demand curve is not later than the one before, or has no valid number of viewers"
    )]
    BadPoint(usize),
    /// A line of the text is not `seconds,viewers`.
    #[error("line {0} of the demand curve is not `seconds,viewers`")]
    BadLine(usize),
}

impl DemandCurve {
    /// A curve through `points` (time from its start, viewers), in the order of time; it begins at the first point.
    ///
    /// # Errors
    /// See [`CurveError`].
    pub fn new(points: Vec<(DurationMs, f64)>) -> Result<Self, CurveError> {
        if points.len() < 2 {
            return Err(CurveError::TooShort);
        }
        let start = points[0].0;
        let mut previous = None;
        for (index, (at, viewers)) in points.iter().enumerate() {
            let rises = previous.is_none_or(|previous| *at > previous);
            if !rises || !viewers.is_finite() || *viewers < 0.0 {
                return Err(CurveError::BadPoint(index));
            }
            previous = Some(*at);
        }
        let from_start = |(at, viewers): (DurationMs, f64)| (DurationMs(at.0 - start.0), viewers);
        Ok(Self {
            points: points.into_iter().map(from_start).collect(),
        })
    }

    /// Reads `seconds,viewers` lines; a header and lines that begin with `#` are passed over.
    ///
    /// # Errors
    /// See [`CurveError`].
    pub fn from_csv(text: &str) -> Result<Self, CurveError> {
        let lines = text.lines().map(str::trim).enumerate();
        let data = lines.filter(|(_, line)| line.starts_with(|first: char| first.is_ascii_digit()));
        let points = data.map(|(number, line)| {
            let parsed = line.split_once(',').and_then(|(at, viewers)| {
                let at: u64 = at.trim().parse().ok()?;
                Some((DurationMs::secs(at), viewers.trim().parse().ok()?))
            });
            parsed.ok_or(CurveError::BadLine(number + 1))
        });
        Self::new(points.collect::<Result<_, _>>()?)
    }

    /// The same shape with another length and another peak.
    #[must_use]
    pub fn stretched(&self, length: DurationMs, peak: f64) -> Self {
        let (old_length, old_peak) = (self.length().0 as f64, self.peak().max(f64::MIN_POSITIVE));
        let point = |(at, viewers): &(DurationMs, f64)| {
            let at = at.0 as f64 / old_length * length.0 as f64;
            (DurationMs(at.round() as u64), viewers / old_peak * peak)
        };
        Self {
            points: self.points.iter().map(point).collect(),
        }
    }

    /// From the first point to the last.
    pub fn length(&self) -> DurationMs {
        self.points.last().map_or(DurationMs(1), |last| last.0)
    }

    /// Most viewers at a point.
    pub fn peak(&self) -> f64 {
        let viewers = self.points.iter().map(|(_, viewers)| *viewers);
        viewers.fold(0.0, f64::max)
    }

    /// Viewers wanted so long after the start; after the end it begins again.
    pub fn at(&self, elapsed: DurationMs) -> f64 {
        let at = elapsed.0 % self.length().0.max(1);
        let after = self.points.partition_point(|point| point.0.0 <= at);
        let (Some((from, low)), Some((to, high))) = (
            self.points.get(after.saturating_sub(1)),
            self.points.get(after),
        ) else {
            return self.points.last().map_or(0.0, |last| last.1);
        };
        let share = (at - from.0) as f64 / (to.0 - from.0).max(1) as f64;
        low + (high - low) * share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hill() -> DemandCurve {
        DemandCurve::from_csv("t,viewers\n# made up\n100,0\n110,50\n130,10\n").expect("valid")
    }

    #[test]
    fn demand_follows_the_points_and_begins_again() {
        let curve = hill();
        let at = |seconds| curve.at(DurationMs::secs(seconds));
        assert_eq!(curve.length(), DurationMs::secs(30));
        assert_eq!([at(0), at(5), at(10), at(20)], [0.0, 25.0, 50.0, 30.0]);
        assert_eq!(at(35), at(5));
    }

    #[test]
    fn a_stretched_curve_keeps_its_shape() {
        let curve = hill().stretched(DurationMs::secs(300), 5.0);
        assert_eq!(curve.peak(), 5.0);
        assert_eq!(curve.at(DurationMs::secs(50)), 2.5);
    }

    #[test]
    fn points_that_make_no_curve_are_refused() {
        assert_eq!(DemandCurve::from_csv("1,1"), Err(CurveError::TooShort));
        let backwards = DemandCurve::from_csv("2,1\n1,1");
        assert_eq!(backwards, Err(CurveError::BadPoint(1)));
        assert_eq!(DemandCurve::from_csv("1;1"), Err(CurveError::BadLine(1)));
        let negative = DemandCurve::new(vec![(DurationMs(0), 1.0), (DurationMs(1), -1.0)]);
        assert_eq!(negative, Err(CurveError::BadPoint(1)));
    }
}
