//! The right to use a database: a named lock of its server, held by one connection as long as the manager lives.
//!
//! The server frees the lock when the connection ends; of a machine that vanished without a word it hears nothing, so it
//! is told to end a connection that was silent for [`FORGOTTEN_S`]. When the connection is lost, writes are refused
//! until the lock is held again: another manager may have taken it. A write that was under way meanwhile is for the
//! fencing number to refuse.

#![expect(
    clippy::disallowed_methods,
    reason = "a database server lives by the machine's clock, also where the fleet's runs faster"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use parking_lot::Mutex;
use sqlx::{AnyConnection, AnyPool, AssertSqlSafe, Connection, Executor};
use tokio::task::JoinHandle;
use weir_core::units::DurationMs;

use super::OpenError;
use super::connect::Target;
use crate::store::StoreError;
use crate::store::sql::{Hold, failed};

/// The server ends a holder's connection that was silent for so long, s.
const FORGOTTEN_S: u32 = 15;
/// Between two signs of life of the holder: several may be late.
const PULSE: Duration = Duration::from_secs(3);
/// An answer to a sign of life takes no longer, or the connection is lost.
const ANSWER: Duration = Duration::from_secs(3);
/// Between two tries to take a lock that another has.
const RETRY: Duration = Duration::from_secs(1);

/// Takes the lock; waits for another's end, `patience` at most.
pub(super) async fn take(
    connection: &mut AnyConnection,
    target: &Target,
    patience: DurationMs,
) -> Result<(), OpenError> {
    let started = Instant::now();
    loop {
        let taken = try_take(connection, target).await;
        if taken.map_err(|source| target.broken(source))? {
            return Ok(());
        }
        let place = target.place.clone();
        let left = patience.to_std().saturating_sub(started.elapsed());
        if left.is_zero() {
            let holder = holder(connection, target).await.unwrap_or_default();
            return Err(OpenError::InUse { place, holder });
        }
        tracing::warn!(%place, left_s = left.as_secs(), "another weir process uses the database: waiting for its end");
        tokio::time::sleep(RETRY.min(left)).await;
    }
}

/// Names of locks are for a whole server and have at most 64 characters, as names of databases do.
async fn try_take(connection: &mut AnyConnection, target: &Target) -> Result<bool, sqlx::Error> {
    let forget = format!("SET SESSION wait_timeout = {FORGOTTEN_S}");
    connection.execute(AssertSqlSafe(forget)).await?;
    let taken: Option<i64> = sqlx::query_scalar("SELECT GET_LOCK(CONCAT('weir ', MD5(?)), 0)")
        .bind(&target.database)
        .fetch_one(connection)
        .await?;
    Ok(taken == Some(1))
}

/// ` (10.0.0.7:51234)`: where the holder's connection comes from, if this user may see it.
async fn holder(connection: &mut AnyConnection, target: &Target) -> Result<String, sqlx::Error> {
    const WHO: &str = "SELECT host FROM information_schema.processlist \
         WHERE id = IS_USED_LOCK(CONCAT('weir ', MD5(?)))";
    let host: Option<String> = sqlx::query_scalar(WHO)
        .bind(&target.database)
        .fetch_optional(connection)
        .await?;
    Ok(host.map_or_else(String::new, |host| format!(" ({host})")))
}

/// The lock, and the task that keeps it.
pub(super) struct Held {
    is_held: Arc<AtomicBool>,
    keeper: Mutex<Option<JoinHandle<()>>>,
}

impl Held {
    /// Of a connection that has the lock.
    pub(super) fn new(connection: AnyConnection, target: Target) -> Self {
        let is_held = Arc::new(AtomicBool::new(true));
        let keeper = tokio::spawn(keep(connection, target, is_held.clone()));
        Self {
            is_held,
            keeper: Mutex::new(Some(keeper)),
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(keeper) = self.keeper.lock().take() {
            keeper.abort();
        }
    }
}

async fn keep(mut connection: AnyConnection, target: Target, is_held: Arc<AtomicBool>) {
    loop {
        while let Ok(Ok(())) = tokio::time::timeout(ANSWER, connection.ping()).await {
            tokio::time::sleep(PULSE).await;
        }
        is_held.store(false, Ordering::Release);
        let place = &target.place;
        tracing::warn!(%place, "the connection that holds the database is lost: nothing is stored until it is back");
        connection = regain(&target).await;
        is_held.store(true, Ordering::Release);
        tracing::info!(%place, "the database is held again");
    }
}

/// A new connection with the lock, whenever that may be.
async fn regain(target: &Target) -> AnyConnection {
    let mut told = false;
    loop {
        if let Ok(mut connection) = target.connect().await {
            match try_take(&mut connection, target).await {
                Ok(true) => return connection,
                Ok(false) if !told => {
                    told = true;
                    let holder = holder(&mut connection, target).await.unwrap_or_default();
                    tracing::error!(place = %target.place, "another weir process{holder} took the database: stop one of them");
                }
                Ok(false) | Err(_) => {}
            }
        }
        tokio::time::sleep(RETRY).await;
    }
}

#[async_trait]
impl Hold for Held {
    async fn place(&self, readers: &AnyPool) -> Result<String, StoreError> {
        let doing = "looking where the database lies";
        super::place(readers).await.map_err(failed(doing))
    }

    fn check(&self) -> Result<(), StoreError> {
        match self.is_held.load(Ordering::Acquire) {
            true => Ok(()),
            false => Err(StoreError::Unavailable {
                doing: "making sure that no other manager writes",
                source: "the connection that holds the database is lost".into(),
            }),
        }
    }

    async fn let_go(&self) {
        let keeper = self.keeper.lock().take();
        if let Some(keeper) = keeper {
            keeper.abort();
            // Its connection ends with it, and the lock with that; a keeper that panicked ended before.
            let _ = keeper.await;
        }
    }
}
