//! Traces as JSON lines: an object for each record, with the names that columns of a table have.

use serde_json::{Map, Value};

use super::columns::{Column, Columns};
use super::{Problem, Reading, Record, Wrong};

/// Reads all lines. The first object's members say which are the time and the viewers.
pub(super) fn read(text: &str, reading: &mut Reading) -> Result<(), Wrong> {
    let mut columns = None;
    for (line, number) in text.lines().zip(1..) {
        if line.trim().is_empty() {
            continue;
        }
        let taken = object(line).and_then(|object| {
            let columns = match &mut columns {
                Some(columns) => columns,
                none => none.insert(header(&object)?),
            };
            reading.take(record(columns, &object)?)
        });
        taken.map_err(|problem| (number, problem))?;
    }
    Ok(())
}

fn object(line: &str) -> Result<Map<String, Value>, Problem> {
    serde_json::from_str(line).map_err(|error| Problem::NoObject {
        problem: error.to_string(),
    })
}

fn header(object: &Map<String, Value>) -> Result<Columns, Problem> {
    let names: Vec<&str> = object.keys().map(String::as_str).collect();
    Columns::find(&names)
}

fn record(columns: &Columns, object: &Map<String, Value>) -> Result<Record, Problem> {
    let member = |column: &Column| match object.get(&column.name) {
        Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.trim().to_owned()),
        Some(other) => Ok(other.to_string()),
        None => Err(Problem::Missing {
            column: column.name.clone(),
        }),
    };
    columns.record(&member(&columns.time)?, &member(&columns.viewers)?)
}
