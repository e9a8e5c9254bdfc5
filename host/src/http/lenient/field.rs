//! Typed reading of a parsed document, with the path of the member in every error.

use std::ops::RangeInclusive;

use serde_json::Value;

/// Longest name of a thing, in characters (the column width of the product this API comes from).
pub(in crate::http) const MAX_NAME_CHARS: usize = 254;

/// A member is missing or not what it must be; the text names it and the mend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(in crate::http) struct FieldError(pub String);

/// A place in a document.
#[derive(Debug, Clone)]
pub(in crate::http) struct Field<'a> {
    path: String,
    value: &'a Value,
}

impl<'a> Field<'a> {
    /// The whole document.
    pub(in crate::http) fn root(value: &'a Value) -> Self {
        Self {
            path: String::new(),
            value,
        }
    }

    /// A value that stands outside a document (a query parameter, a path segment), under its name.
    pub(in crate::http) fn at(name: &str, value: &'a Value) -> Self {
        Self {
            path: name.to_owned(),
            value,
        }
    }

    /// A member of an object; absent and `null` are the same.
    pub(in crate::http) fn member(&self, name: &str) -> Option<Field<'a>> {
        let value = self.value.as_object()?.get(name)?;
        let dot = if self.path.is_empty() { "" } else { "." };
        let path = format!("{}{dot}{name}", self.path);
        (!value.is_null()).then_some(Field { path, value })
    }

    /// A member that must be there.
    pub(in crate::http) fn required(&self, name: &str) -> Result<Field<'a>, FieldError> {
        if !self.value.is_object() {
            return Err(self.must("be an object"));
        }
        let dot = if self.path.is_empty() { "" } else { "." };
        self.member(name)
            .ok_or_else(|| FieldError(format!("{}{dot}{name} is missing", self.path)))
    }

    /// An object whose members are all among `known`. For our own documents: elsewhere unknown members are ignored.
    pub(in crate::http) fn only(&self, known: &[&str]) -> Result<(), FieldError> {
        let Some(members) = self.value.as_object() else {
            return Err(self.must(&format!("be an object of {}", known.join(", "))));
        };
        match members.keys().find(|name| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some(other) => Err(FieldError(format!(
                "{}.{other} is not known; known here: {}",
                self.path,
                known.join(", ")
            ))),
        }
    }

    /// The items of an array.
    pub(in crate::http) fn items(&self) -> Result<Vec<Field<'a>>, FieldError> {
        let items = self
            .value
            .as_array()
            .ok_or_else(|| self.must("be an array"))?;
        let item = |(at, value)| Field {
            path: format!("{}[{at}]", self.path),
            value,
        };
        Ok(items.iter().enumerate().map(item).collect())
    }

    /// Text; numbers and booleans stand for their spelling.
    pub(in crate::http) fn text(&self) -> Result<String, FieldError> {
        match self.value {
            Value::String(text) => Ok(text.clone()),
            Value::Number(number) => Ok(number.to_string()),
            Value::Bool(flag) => Ok(flag.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => Err(self.must("be text")),
        }
    }

    /// Text without blanks at its ends, not empty.
    pub(in crate::http) fn word(&self) -> Result<String, FieldError> {
        let text = self.text()?.trim().to_owned();
        if text.is_empty() {
            Err(self.must("not be empty"))
        } else {
            Ok(text)
        }
    }

    /// A name: a word of at most [`MAX_NAME_CHARS`] without slashes and control characters, since it stands in paths.
    pub(in crate::http) fn name(&self) -> Result<String, FieldError> {
        let name = self.word()?;
        if name.chars().count() > MAX_NAME_CHARS {
            return Err(FieldError(format!(
                "{} must have at most {MAX_NAME_CHARS} characters",
                self.path
            )));
        }
        match name
            .chars()
            .find(|c| c.is_control() || "/\\?#".contains(*c))
        {
            Some(odd) => Err(self.must(&format!("not contain {odd:?}"))),
            None => Ok(name),
        }
    }

    /// A whole number in a range; text and fractions of zero are taken for it.
    pub(in crate::http) fn whole(&self, range: RangeInclusive<u32>) -> Result<u32, FieldError> {
        let number = match self.value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse::<f64>().ok(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        };
        let (low, high) = (*range.start(), *range.end());
        let fits = |n: &f64| n.fract() == 0.0 && *n >= f64::from(low) && *n <= f64::from(high);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked against the range"
        )]
        number
            .filter(fits)
            .map(|n| n as u32)
            .ok_or_else(|| self.must(&format!("be a whole number from {low} to {high}")))
    }

    /// A boolean; its words in any case are taken for it.
    pub(in crate::http) fn flag(&self) -> Result<bool, FieldError> {
        match self.value {
            Value::Bool(flag) => Ok(*flag),
            Value::String(text) if text.trim().eq_ignore_ascii_case("true") => Ok(true),
            Value::String(text) if text.trim().eq_ignore_ascii_case("false") => Ok(false),
            Value::String(_)
            | Value::Null
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_) => Err(self.must("be true or false")),
        }
    }

    /// The error "`path` must ..., not `value`".
    pub(in crate::http) fn must(&self, what: &str) -> FieldError {
        let path = if self.path.is_empty() {
            "the document"
        } else {
            &self.path
        };
        let shown: String = self.value.to_string().chars().take(80).collect();
        FieldError(format!("{path} must {what}, not {shown}"))
    }

    /// Where this is, as errors name it.
    pub(in crate::http) fn path(&self) -> &str {
        &self.path
    }

    /// The raw value.
    pub(in crate::http) fn value(&self) -> &'a Value {
        self.value
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_read_from_text_and_from_fractions_of_zero() {
        for value in [json!(80), json!(80.0), json!("80"), json!(" 80.0 ")] {
            assert_eq!(Field::root(&value).whole(0..=100).unwrap(), 80, "{value}");
        }
        for value in [
            json!(-1),
            json!(101),
            json!(1.5),
            json!("many"),
            json!(true),
            json!("NaN"),
        ] {
            assert!(Field::root(&value).whole(0..=100).is_err(), "{value}");
        }
    }

    #[test]
    fn errors_name_the_member_and_the_mend() {
        let value = json!({"policy":{"targets":[{"minLimit":"x"}]}});
        let target = Field::root(&value)
            .required("policy")
            .unwrap()
            .required("targets")
            .unwrap();
        let min = target.items().unwrap()[0].required("minLimit").unwrap();
        assert_eq!(
            min.whole(0..=9).unwrap_err().0,
            "policy.targets[0].minLimit must be a whole number from 0 to 9, not \"x\""
        );
        let missing = target.items().unwrap()[0].required("role").unwrap_err();
        assert_eq!(missing.0, "policy.targets[0].role is missing");
    }

    #[test]
    fn names_stay_usable_in_paths() {
        assert!(Field::root(&json!("n".repeat(254))).name().is_ok());
        for value in [
            json!("n".repeat(255)),
            json!("a/b"),
            json!("  "),
            json!("a\nb"),
            json!([]),
        ] {
            assert!(Field::root(&value).name().is_err(), "{value}");
        }
    }
}
