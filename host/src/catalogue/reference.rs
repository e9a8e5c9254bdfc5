//! Names of policies: `mine` for the newest upload of that name, `mine@3` for one of them.

use std::fmt;

/// Longest name, characters.
const MOST_NAME: usize = 64;

/// A policy as people name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Name.
    pub name: String,
    /// Number of an upload; none for the newest one, and for policies that were not uploaded.
    pub number: Option<u32>,
}

impl Reference {
    /// Reads `name` or `name@number`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let Some((name, number)) = text.split_once('@') else {
            return Ok(Self {
                name: text.to_owned(),
                number: None,
            });
        };
        match number.parse::<u32>() {
            Ok(number) if number > 0 => Ok(Self {
                name: name.to_owned(),
                number: Some(number),
            }),
            _ => Err(format!(
                "{text:?} is no policy: after the @ stands the number of an upload, such as {name}@1"
            )),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            Some(number) => write!(f, "{}@{number}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// Whether a policy may be uploaded under this name: it stands in addresses and in log lines.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check_name(name: &str) -> Result<(), String> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let starts = name
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_lowercase());
    if starts && name.len() <= MOST_NAME && name.bytes().all(plain) {
        return Ok(());
    }
    Err(format!(
        "{name:?} is no name for a policy: use 1 to {MOST_NAME} of a to z, 0 to 9 and -, a letter first"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_read_back_as_written() {
        for text in ["threshold", "mine@1", "mine@4294967295"] {
            assert_eq!(
                Reference::parse(text).map(|read| read.to_string()),
                Ok(text.to_owned())
            );
        }
        for text in [
            "mine@",
            "mine@0",
            "mine@-1",
            "mine@x",
            "mine@1@2",
            "mine@4294967296",
        ] {
            assert!(Reference::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn names_are_plain_words() {
        assert_eq!(check_name("least-connections2"), Ok(()));
        for name in [
            "",
            "2x",
            "-x",
            "Mine",
            "a b",
            "a@1",
            "a/b",
            "ä",
            &"a".repeat(65),
        ] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
