//! A settings document: one JSON object, read member by member. What nobody read is a misspelling, and said so.

use std::collections::HashMap;

use tinyjson::JsonValue;

/// A document nested deeper than this is refused before the reader recurses into it.
const MOST_BRACKETS: usize = 64;

/// The members not read yet and the problems found so far.
#[derive(Debug)]
pub struct Settings {
    prefix: String,
    members: HashMap<String, JsonValue>,
    problems: Vec<String>,
}

impl Settings {
    /// Reads the document; an empty text counts as `{}`. A text that is no JSON object becomes a problem.
    pub fn parse(text: &str) -> Self {
        let mut settings = Self {
            prefix: String::new(),
            members: HashMap::new(),
            problems: Vec::new(),
        };
        if text.trim().is_empty() || text.trim() == "{}" {
            return settings;
        }
        if text.bytes().filter(|b| matches!(b, b'{' | b'[')).count() > MOST_BRACKETS {
            settings.problems.push(format!(
                "the settings have more than {MOST_BRACKETS} brackets: write a flat JSON object"
            ));
            return settings;
        }
        match text.parse::<JsonValue>() {
            Ok(JsonValue::Object(members)) => settings.members = members,
            Ok(_) => settings
                .problems
                .push("the settings are no JSON object: write {\"member\": value}".to_owned()),
            Err(error) => settings
                .problems
                .push(format!("the settings are no JSON: {error}")),
        }
        settings
    }

    /// Takes a number between `least` and `most`, both included.
    pub fn number(&mut self, name: &str, least: f64, most: f64) -> Option<f64> {
        match self.members.remove(name)? {
            JsonValue::Number(value) if value >= least && value <= most => Some(value),
            JsonValue::Number(value) => {
                self.problem(name, &format!("is {value}: use {least} to {most}"));
                None
            }
            _ => {
                self.problem(name, &format!("is no number: use {least} to {most}"));
                None
            }
        }
    }

    /// Takes a number of milliseconds, up to `most`.
    pub fn millis(&mut self, name: &str, most: u32) -> Option<u32> {
        self.number(name, 0.0, f64::from(most)).map(|v| v as u32)
    }

    /// Takes true or false.
    pub fn boolean(&mut self, name: &str) -> Option<bool> {
        match self.members.remove(name)? {
            JsonValue::Boolean(value) => Some(value),
            _ => {
                self.problem(name, "is neither true nor false");
                None
            }
        }
    }

    /// Takes an object; its problems come back by [`Settings::merge`].
    pub fn object(&mut self, name: &str) -> Option<Settings> {
        match self.members.remove(name)? {
            JsonValue::Object(members) => Some(Settings {
                prefix: format!("{}{name}.", self.prefix),
                members,
                problems: Vec::new(),
            }),
            _ => {
                self.problem(name, "is no JSON object");
                None
            }
        }
    }

    /// Adds what an inner object complained about.
    pub fn merge(&mut self, inner: Settings) {
        if let Err(problems) = inner.finish() {
            self.problems.extend(problems);
        }
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// Every problem, members that nobody knows included.
    pub fn finish(mut self) -> Result<(), Vec<String>> {
        let mut unknown: Vec<String> = self.members.drain().map(|(name, _)| name).collect();
        unknown.sort();
        for name in unknown {
            self.problem(&name, "is no setting of this policy");
        }
        if self.problems.is_empty() {
            Ok(())
        } else {
            Err(self.problems)
        }
    }

    fn problem(&mut self, name: &str, what: &str) {
        self.problems
            .push(format!("settings.{}{name} {what}", self.prefix));
    }
}

#[cfg(test)]
mod tests {
    use super::Settings;

    #[test]
    fn empty_settings_are_fine() {
        assert_eq!(Settings::parse("").finish(), Ok(()));
        assert_eq!(Settings::parse(" {} ").finish(), Ok(()));
    }

    #[test]
    fn an_unknown_member_is_named() {
        let problems = Settings::parse(r#"{"scaleOutWait": 3}"#).finish();
        assert_eq!(
            problems,
            Err(vec![
                "settings.scaleOutWait is no setting of this policy".to_owned()
            ])
        );
    }

    #[test]
    fn a_number_out_of_range_names_the_range() {
        let mut settings = Settings::parse(r#"{"weights": {"memory": -1}}"#);
        let mut weights = settings.object("weights").expect("it is there");
        assert_eq!(weights.number("memory", 0.0, 100.0), None);
        settings.merge(weights);
        assert_eq!(
            settings.finish(),
            Err(vec![
                "settings.weights.memory is -1: use 0 to 100".to_owned()
            ])
        );
    }

    #[test]
    fn what_is_no_object_is_refused() {
        assert!(Settings::parse("[1]").finish().is_err());
        assert!(Settings::parse("{").finish().is_err());
        assert!(Settings::parse(&"[".repeat(10_000)).finish().is_err());
    }
}
