//! The right to use a database: its lock ([`super::lock`]), held by one session as long as the manager lives.
//!
//! The server frees the lock when the session ends; of a machine that vanished without a word it hears nothing, so it is
//! told to end a session that was silent for some seconds. When the session is lost, writes are refused until the lock is
//! held again. Another manager may have had it meanwhile, and changed what this one keeps in memory: every manager that
//! opens the database counts up a number in it, so whoever finds another number than his own was not alone, and may not
//! go on. A write that was under way meanwhile is for the fencing number to refuse.

#![expect(
    clippy::disallowed_methods,
    reason = "a database server lives by the machine's clock, also where the fleet's runs faster"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use parking_lot::Mutex;
use sqlx::{AnyConnection, AnyPool, Connection};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use weir_core::units::DurationMs;

use super::OpenError;
use super::connect::Target;
use super::lock::{self, Taken, in_time};
use crate::store::StoreError;
use crate::store::sql::{Hold, failed};

/// Between two signs of life of the holder: several may be late.
const PULSE: Duration = Duration::from_secs(3);
/// Between two tries to take a lock that another has.
const RETRY: Duration = Duration::from_secs(1);

/// Clients are answered from memory for so long after the loss was noticed. It may have happened a pulse and an answer
/// before: ten seconds together, less than a node drains before it may be ended by another manager.
const REMEMBERS: Duration = Duration::from_secs(4);

/// Whether the lock is held, and since when not.
struct Standing {
    opened: Instant,
    /// When the loss was noticed, ms after `opened`; [`Standing::HELD`]: it is held.
    lost_ms: AtomicU64,
}

impl Standing {
    const HELD: u64 = u64::MAX;

    fn held() -> Self {
        Self {
            opened: Instant::now(),
            lost_ms: AtomicU64::new(Self::HELD),
        }
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(Self::HELD - 1)
    }

    fn lose(&self) {
        self.lost_ms.store(self.now_ms(), Ordering::Release);
    }

    fn regain(&self) {
        self.lost_ms.store(Self::HELD, Ordering::Release);
    }

    /// For how long it has not been held; `None`: it is.
    fn lost_for(&self) -> Option<Duration> {
        match self.lost_ms.load(Ordering::Acquire) {
            Self::HELD => None,
            lost => Some(Duration::from_millis(self.now_ms().saturating_sub(lost))),
        }
    }
}

/// A session that has the lock.
pub(super) struct Session {
    connection: AnyConnection,
    /// A word of this process, by which its own sessions are known.
    process: String,
}

/// Takes the lock; waits for another's end, `patience` at most.
pub(super) async fn take(
    mut connection: AnyConnection,
    target: &Target,
    patience: DurationMs,
) -> Result<Session, OpenError> {
    let started = Instant::now();
    let process = uuid::Uuid::new_v4().to_string();
    loop {
        let taken = lock::take(&mut connection, target, &process).await;
        let Taken::ByAnother(holder) = taken.map_err(|source| target.broken(source))? else {
            return Ok(Session {
                connection,
                process,
            });
        };
        let place = target.place.clone();
        let left = patience.to_std().saturating_sub(started.elapsed());
        if left.is_zero() {
            return Err(OpenError::InUse { place, holder });
        }
        tracing::warn!(%place, left_s = left.as_secs(), "another weir process uses the database: waiting for its end");
        tokio::time::sleep(RETRY.min(left)).await;
    }
}

impl Session {
    pub(super) fn connection(&mut self) -> &mut AnyConnection {
        &mut self.connection
    }

    /// Counts this opening of the database; answers its number.
    pub(super) async fn count_opening(&mut self) -> Result<i64, sqlx::Error> {
        const COUNT: &str = "UPDATE environment SET openings = openings + 1 WHERE one = 1";
        in_time(sqlx::query(COUNT).execute(&mut self.connection)).await?;
        self.openings().await
    }

    async fn openings(&mut self) -> Result<i64, sqlx::Error> {
        let asked = sqlx::query_scalar("SELECT openings FROM environment WHERE one = 1");
        in_time(asked.fetch_one(&mut self.connection)).await
    }
}

/// The lock, and the task that keeps it.
pub(super) struct Held {
    standing: Arc<Standing>,
    taken_over: watch::Receiver<bool>,
    keeper: Mutex<Option<JoinHandle<()>>>,
}

impl Held {
    /// By a session of the opening with this number.
    pub(super) fn new(session: Session, target: Target, opening: i64) -> Self {
        let standing = Arc::new(Standing::held());
        let (tell, taken_over) = watch::channel(false);
        let keeper = Keeper {
            target,
            opening,
            process: session.process.clone(),
            standing: standing.clone(),
            taken_over: tell,
        };
        Self {
            standing,
            taken_over,
            keeper: Mutex::new(Some(tokio::spawn(keeper.keep(session)))),
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

/// What a try to take the lock again came to.
enum Regained {
    /// It is held, and nobody else held it meanwhile.
    Alone(Session),
    /// It is free, but somebody else held it meanwhile.
    AfterAnother,
    /// Somebody else holds it; where from.
    ByAnother(String),
}

struct Keeper {
    target: Target,
    opening: i64,
    process: String,
    standing: Arc<Standing>,
    taken_over: watch::Sender<bool>,
}

impl Keeper {
    /// Until another manager was there.
    async fn keep(self, mut session: Session) {
        let place = &self.target.place;
        loop {
            while in_time(session.connection.ping()).await.is_ok() {
                tokio::time::sleep(PULSE).await;
            }
            self.standing.lose();
            tracing::warn!(%place, "the connection that holds the database is lost: nothing is stored until it is back");
            // First: a server that only stood still sees the end of the session, and frees the lock.
            drop(session);
            let Some(regained) = self.regain().await else {
                self.taken_over.send_replace(true);
                return;
            };
            session = regained;
            self.standing.regain();
            tracing::info!(%place, "the database is held again");
        }
    }

    /// A new session with the lock, whenever that may be; `None` when another manager had it meanwhile.
    async fn regain(&self) -> Option<Session> {
        let place = &self.target.place;
        let mut told = false;
        loop {
            match self.try_regain().await {
                Ok(Regained::Alone(session)) => return Some(session),
                Ok(Regained::AfterAnother) => return None,
                Ok(Regained::ByAnother(holder)) if !told => {
                    told = true;
                    tracing::error!(%place, "another weir process{holder} took the database: stop one of them");
                }
                Ok(Regained::ByAnother(_)) | Err(_) => {}
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    async fn try_regain(&self) -> Result<Regained, sqlx::Error> {
        let mut connection = self.target.connect().await?;
        let taken = lock::take(&mut connection, &self.target, &self.process).await?;
        if let Taken::ByAnother(holder) = taken {
            return Ok(Regained::ByAnother(holder));
        }
        let mut session = Session {
            connection,
            process: self.process.clone(),
        };
        Ok(match session.openings().await? == self.opening {
            true => Regained::Alone(session),
            false => Regained::AfterAnother,
        })
    }
}

#[async_trait]
impl Hold for Held {
    async fn place(&self, readers: &AnyPool) -> Result<String, StoreError> {
        let doing = "looking where the database lies";
        super::place(readers).await.map_err(failed(doing))
    }

    fn check(&self) -> Result<(), StoreError> {
        match self.standing.lost_for() {
            None => Ok(()),
            Some(_) => Err(StoreError::Unavailable {
                doing: "making sure that no other manager writes",
                source: "the connection that holds the database is lost".into(),
            }),
        }
    }

    fn is_current(&self) -> bool {
        self.standing.lost_for().is_none_or(|lost| lost < REMEMBERS)
    }

    async fn taken_over(&self) {
        let mut taken_over = self.taken_over.clone();
        if taken_over.wait_for(|taken| *taken).await.is_err() {
            // The keeper was told to end: nobody will ever say so.
            std::future::pending::<()>().await;
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
