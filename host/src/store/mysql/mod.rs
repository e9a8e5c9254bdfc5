//! The shared store: a database on MySQL 5.7 or newer, or MariaDB.
//!
//! Writes take InnoDB's row locks, a group's row first, so that writers of one group come one after the other. One
//! manager uses a database at a time: it holds a named lock of the server (`hold.rs`).

mod connect;
mod error;
mod hold;
mod lock;

use futures_util::future::BoxFuture;
use sqlx::{AnyConnection, AnyPool};
use weir_core::units::DurationMs;

use super::sql::SqlStore;
use super::sql::dialect::Dialect;
use super::tables;

use connect::Target;
pub use error::OpenError;

/// Opens the database at `url` (`mysql://USER:PASSWORD@HOST:PORT/DATABASE`), takes the lock and brings its tables up to
/// date. A server that is away and a lock that another manager holds are waited for, `patience` at most.
///
/// # Errors
/// [`OpenError`]: nothing was changed, except that migrations which succeeded stay applied.
pub async fn open(url: &str, patience: DurationMs) -> Result<SqlStore, OpenError> {
    let target = Target::read(url)?;
    let connection = connect::patiently(&target, patience).await?;
    let mut session = hold::take(connection, &target, patience).await?;
    let environment = prepared(session.connection(), &target).await?;
    let opening = session.count_opening().await;
    let opening = opening.map_err(|source| target.broken(source))?;
    let pools = connect::pools(&target);
    let held = hold::Held::new(session, target, opening);
    Ok(SqlStore::new(
        pools,
        Dialect::MySql,
        environment,
        Box::new(held),
    ))
}

/// Brings the tables up to date and answers the environment's id. Boxed, because the compiler cannot tell otherwise that a
/// task may do it.
fn prepared<'a>(
    connection: &'a mut AnyConnection,
    target: &'a Target,
) -> BoxFuture<'a, Result<String, OpenError>> {
    Box::pin(async move {
        let migrated = tables::mysql().run_direct(None, connection, false).await;
        migrated.map_err(|source| OpenError::Tables {
            place: target.place.clone(),
            source,
        })?;
        let environment = Dialect::MySql.environment(connection).await;
        environment.map_err(|source| target.broken(source))
    })
}

/// Where the data lies: the database's name and the time its first table was made. A dump that is loaded elsewhere makes
/// the table anew; a restart, a take-over by a standby with the same disks or a new address do not.
async fn place(readers: &AnyPool) -> Result<String, sqlx::Error> {
    const PLACE: &str = "SELECT CONCAT('mysql ', table_schema, ' ', UNIX_TIMESTAMP(create_time)) \
         FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = '_sqlx_migrations'";
    sqlx::query_scalar(PLACE).fetch_one(readers).await
}
