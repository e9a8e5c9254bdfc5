//! Traces as tables: a header, then a line for each record; fields between commas, semicolons or tabs. Lines that are empty
//! or start with `#` are left out.

use super::columns::{Column, Columns};
use super::{Problem, Reading, Wrong};

/// Reads the whole table.
pub(super) fn read(text: &str, reading: &mut Reading) -> Result<(), Wrong> {
    let lines = text.lines().zip(1..).map(|(line, number)| (number, line));
    let mut lines = lines.filter(|(_, line)| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with('#')
    });
    let Some((number, header)) = lines.next() else {
        return Ok(());
    };
    let separator = separator(header);
    let names = fields(header, separator);
    if names.iter().all(|name| name.parse::<f64>().is_ok()) {
        return Err((number, Problem::NoHeader));
    }
    let columns = Columns::find(&names).map_err(|problem| (number, problem))?;
    for (number, line) in lines {
        let fields = fields(line, separator);
        let taken = record(&columns, &fields, names.len());
        let taken = taken.and_then(|record| reading.take(record));
        taken.map_err(|problem| (number, problem))?;
    }
    Ok(())
}

fn record(columns: &Columns, fields: &[&str], wanted: usize) -> Result<super::Record, Problem> {
    let field = |column: &Column| {
        let field = fields.get(column.index).copied();
        field.ok_or_else(|| Problem::Short {
            column: column.name.clone(),
            fields: fields.len(),
            wanted,
        })
    };
    columns.record(field(&columns.time)?, field(&columns.viewers)?)
}

fn separator(header: &str) -> char {
    let separators = [',', ';', '\t'];
    let mut found = separators.into_iter().filter(|mark| header.contains(*mark));
    found.next().unwrap_or(',')
}

fn fields(line: &str, separator: char) -> Vec<&str> {
    line.split(separator)
        .map(|field| field.trim().trim_matches('"').trim())
        .collect()
}
