//! The file's syntax: Java properties in UTF-8 or ISO-8859-1.

use encoding_rs::{UTF_8, WINDOWS_1252};
use java_properties::{LineContent, PropertiesIter};

/// One property as it stands, blanks round key and value removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub line: usize,
    pub key: String,
    pub value: String,
}

/// Largest file read: a hundred times what the original's is.
const LARGEST: usize = 1 << 20;

/// The properties in the order of the file; the error says what is wrong and on which line.
pub(super) fn parse(bytes: &[u8]) -> Result<Vec<Entry>, String> {
    if bytes.len() > LARGEST {
        return Err(format!(
            "is larger than {LARGEST} bytes: no properties file is"
        ));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let encoding = if std::str::from_utf8(bytes).is_ok() {
        UTF_8
    } else {
        WINDOWS_1252
    };
    let mut entries = Vec::new();
    for line in PropertiesIter::new_with_encoding(bytes, encoding) {
        // The error's own text may quote the line, and that a secret.
        let line = line.map_err(|error| match error.line_number() {
            Some(number) => format!("line {number} has a broken escape or encoding"),
            None => "has a broken escape or encoding".to_owned(),
        })?;
        let number = line.line_number();
        match line.consume_content() {
            LineContent::KVPair(key, value) => entries.push(Entry {
                line: number,
                key: key.trim().to_owned(),
                value: value.trim().to_owned(),
            }),
            LineContent::Comment(_) => {}
        }
    }
    Ok(entries)
}
