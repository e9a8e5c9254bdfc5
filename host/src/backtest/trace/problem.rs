//! What may be wrong with a trace, said with the place and the mend.

use std::io;

use super::{MOST_RECORDS, MOST_STEPS};

/// Why something is no trace. The text names the place and the mend.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The file cannot be read.
    #[error("{name} cannot be read")]
    Read {
        /// The file.
        name: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A line is wrong.
    #[error("{name}, line {line}: {problem}")]
    Line {
        /// The file.
        name: String,
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        problem: Problem,
    },
    /// The whole is wrong.
    #[error("{name}: {problem}")]
    Whole {
        /// The file.
        name: String,
        /// What is wrong with it.
        problem: Problem,
    },
}

/// What is wrong with a trace.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Not text.
    #[error("this is not text in UTF-8: unpack the file, or export it as CSV")]
    NotText,
    /// Nothing in it.
    #[error(
        "there is no record: write a header such as timestamp_s,viewers and a line for each moment"
    )]
    Empty,
    /// Numbers where the names of columns should be.
    #[error(
        "the header is missing: put a first line that names the columns, such as timestamp_s,viewers"
    )]
    NoHeader,
    /// No column of times.
    #[error(
        "no column of times among {found}: name it {known} (_s: seconds, _ms: milliseconds since 1970)"
    )]
    NoTime {
        /// The columns there are.
        found: String,
        /// Names that are known.
        known: String,
    },
    /// No column of viewers.
    #[error("no column of viewers among {found}: name it {known}")]
    NoViewers {
        /// The columns there are.
        found: String,
        /// Names that are known.
        known: String,
    },
    /// A calendar of shows, not an audience.
    #[error(
        "this is a calendar of shows, not an audience: give the file with the columns timestamp_s,viewers"
    )]
    Calendar,
    /// Too few fields.
    #[error("column {column} is missing: the line has {fields} fields and the header {wanted}")]
    Short {
        /// The column.
        column: String,
        /// Fields of the line.
        fields: usize,
        /// Fields of the header.
        wanted: usize,
    },
    /// An empty field.
    #[error(
        "column {column} is empty: leave the whole line out, values between records are interpolated"
    )]
    Missing {
        /// The column.
        column: String,
    },
    /// No number.
    #[error(
        "column {column} is {got:?}: write a number, with a point and no separators of thousands"
    )]
    NoNumber {
        /// The column.
        column: String,
        /// What stands there.
        got: String,
    },
    /// No moment.
    #[error(
        "column {column} is {got:?}: write seconds or milliseconds since 1970, or UTC such as 2018-06-24T13:00:00Z"
    )]
    NoMoment {
        /// The column.
        column: String,
        /// What stands there.
        got: String,
    },
    /// Fewer than nobody.
    #[error("column {column} is {got}: there cannot be fewer viewers than none")]
    Negative {
        /// The column.
        column: String,
        /// What stands there.
        got: String,
    },
    /// Time stands still or goes back.
    #[error(
        "its time {at} is not after that of the record before, {before}: sort the lines by time, one for each moment"
    )]
    Unordered {
        /// This record's, UTC.
        at: String,
        /// The record's before, UTC.
        before: String,
    },
    /// No object of JSON.
    #[error(
        "this is no JSON object ({problem}): write one object a line, such as {{\"timestamp_s\":1529845200,\"viewers\":12116}}"
    )]
    NoObject {
        /// What the reader said.
        problem: String,
    },
    /// One record has no length.
    #[error("there is one record only: two at least make a trace")]
    OneRecord,
    /// Nobody ever.
    #[error("there never is a viewer in it: is that the right column?")]
    Nobody,
    /// Too much of it.
    #[error("it has more than {MOST_RECORDS} records: thin it out, one a second is plenty")]
    TooLong,
    /// The part asked for is not in it.
    #[error("it is {length} long, and what is asked for begins at {from}: begin earlier")]
    Outside {
        /// Length of the trace, in words.
        length: String,
        /// Begin asked for, in words.
        from: String,
    },
    /// Too many steps.
    #[error(
        "it would take {steps} steps, more than {MOST_STEPS}: take longer ticks, or a part of the trace"
    )]
    TooManySteps {
        /// How many.
        steps: u64,
    },
}
