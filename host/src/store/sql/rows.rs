//! Between our types and columns: JSON documents, numbers, and the driver's errors by kind.

use serde::Serialize;
use serde::de::DeserializeOwned;
use weir_core::group::GroupState;

use crate::store::StoreError;

/// Wraps a driver error; use with `map_err`.
pub(in crate::store) fn failed(doing: &'static str) -> impl Fn(sqlx::Error) -> StoreError {
    move |error| StoreError::Unavailable {
        doing,
        source: Box::new(error),
    }
}

/// As [`failed`], but a broken foreign key means that another record stands in the way.
pub(super) fn failed_or_conflict(
    doing: &'static str,
    what: &'static str,
) -> impl Fn(sqlx::Error) -> StoreError {
    move |error| match &error {
        sqlx::Error::Database(database)
            if database.is_foreign_key_violation() || database.is_unique_violation() =>
        {
            StoreError::Conflict { what }
        }
        _ => failed(doing)(error),
    }
}

pub(super) fn to_json<T: Serialize>(what: &'static str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(unreadable(what))
}

pub(super) fn from_json<T: DeserializeOwned>(
    what: &'static str,
    text: &str,
) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(unreadable(what))
}

/// A column holds something this version cannot understand.
pub(super) fn unreadable<E>(what: &'static str) -> impl Fn(E) -> StoreError
where
    E: std::error::Error + Send + Sync + 'static,
{
    move |source| StoreError::Unreadable {
        what,
        source: Box::new(source),
    }
}

/// Our counters as SQL's only integer. They start at zero and rise by one: they never come near the sign bit.
pub(super) fn to_sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn from_sql<T: TryFrom<i64, Error = std::num::TryFromIntError>>(
    what: &'static str,
    number: i64,
) -> Result<T, StoreError> {
    T::try_from(number).map_err(unreadable(what))
}

/// The word in the `state` column of a group.
pub(super) fn group_state(state: GroupState) -> &'static str {
    match state {
        GroupState::New => "new",
        GroupState::Initializing => "initializing",
        GroupState::Active => "active",
        GroupState::Terminating => "terminating",
    }
}
