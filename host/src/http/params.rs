//! The query of a request, read leniently: unknown and repeated parameters are no error.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, Query};
use axum::http::Uri;
use axum::http::request::Parts;
use serde_json::Value;

use super::error::ApiError;
use super::lenient::Field;

/// Parameters as sent, decoded.
#[derive(Debug, Default)]
pub(super) struct Params(Vec<(String, String)>);

impl Params {
    /// Of a URL.
    pub(super) fn of(uri: &Uri) -> Self {
        Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map_or_else(|_| Self::default(), |query| Self(query.0))
    }

    /// The last value that is not empty; names compare without case.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let named = |(key, value): &&(String, String)| {
            key.eq_ignore_ascii_case(name) && !value.trim().is_empty()
        };
        self.0
            .iter()
            .rev()
            .find(named)
            .map(|(_, value)| value.trim())
    }

    /// A whole number in a range.
    pub(super) fn whole(
        &self,
        name: &str,
        range: std::ops::RangeInclusive<u32>,
    ) -> Result<Option<u32>, ApiError> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let value = Value::String(text.to_owned());
        Ok(Some(Field::at(name, &value).whole(range)?))
    }

    /// A number as large as times in ms are.
    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, ApiError> {
        let read = |text: &str| {
            let number = text.parse::<u64>();
            number
                .map_err(|_| ApiError::bad_input(format!("{name} is {text:?}: use a whole number")))
        };
        self.get(name).map(read).transpose()
    }

    /// `true` or `false`, in any case; also a bare name (`?force`).
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, ApiError> {
        if let Some(text) = self.get(name) {
            let value = Value::String(text.to_owned());
            return Ok(Some(Field::at(name, &value).flag()?));
        }
        let bare = self.0.iter().any(|(key, _)| key.eq_ignore_ascii_case(name));
        Ok(bare.then_some(true))
    }
}

impl<S: Sync> FromRequestParts<S> for Params {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.uri))
    }
}
