//! A database's named lock: of which there is one for each database of a server, held by a session.

use std::time::Duration;

use sqlx::{AnyConnection, AssertSqlSafe, Executor};

use super::connect::Target;

/// The server ends a holder's session that was silent for so long, s.
const FORGOTTEN_S: u32 = 15;
/// An answer about the lock takes no longer, or the session is lost.
pub(super) const ANSWER: Duration = Duration::from_secs(3);

/// What a try to take the lock came to.
pub(super) enum Taken {
    /// It is held now.
    Yes,
    /// A session of another process holds it; ` (10.0.0.7:51234)` is where from, if this user may see it.
    ByAnother(String),
}

/// One try to take the lock of the target's database for this session. An earlier session of this very process
/// (`process`, a word of its own) may still stand at a server that did not see its end: it is ended then.
pub(super) async fn take(
    connection: &mut AnyConnection,
    target: &Target,
    process: &str,
) -> Result<Taken, sqlx::Error> {
    let forget = format!("SET SESSION wait_timeout = {FORGOTTEN_S}");
    in_time(connection.execute(AssertSqlSafe(forget))).await?;
    if get(connection, target, process).await? {
        return Ok(Taken::Yes);
    }
    if let Some(own) = own_session(connection, target, process).await? {
        in_time(connection.execute(AssertSqlSafe(format!("KILL {own}")))).await?;
    }
    if get(connection, target, process).await? {
        return Ok(Taken::Yes);
    }
    let host = host(connection, target).await.unwrap_or_default();
    Ok(Taken::ByAnother(host))
}

/// A session has the lock together with one that bears the process's word. Names have at most 64 characters, as names of
/// databases do.
async fn get(
    connection: &mut AnyConnection,
    target: &Target,
    process: &str,
) -> Result<bool, sqlx::Error> {
    const GET: &str = "SELECT CAST(GET_LOCK(CONCAT('weir ', MD5(?)), 0) AS SIGNED)";
    let asked = sqlx::query_scalar(GET).bind(&target.database);
    let taken: Option<i64> = in_time(asked.fetch_one(&mut *connection)).await?;
    if taken != Some(1) {
        return Ok(false);
    }
    let own = sqlx::query_scalar("SELECT CAST(GET_LOCK(CONCAT('weir ', ?), 0) AS SIGNED)");
    let _: Option<i64> = in_time(own.bind(process).fetch_one(connection)).await?;
    Ok(true)
}

/// The session that holds the lock, if it is one of this process's.
async fn own_session(
    connection: &mut AnyConnection,
    target: &Target,
    process: &str,
) -> Result<Option<i64>, sqlx::Error> {
    const WHO: &str = "SELECT CAST(IS_USED_LOCK(CONCAT('weir ', MD5(?))) AS SIGNED), \
         CAST(IS_USED_LOCK(CONCAT('weir ', ?)) AS SIGNED)";
    let asked = sqlx::query_as(WHO).bind(&target.database).bind(process);
    let (holder, own): (Option<i64>, Option<i64>) = in_time(asked.fetch_one(connection)).await?;
    Ok(holder.filter(|holder| own == Some(*holder)))
}

async fn host(connection: &mut AnyConnection, target: &Target) -> Result<String, sqlx::Error> {
    const WHO: &str = "SELECT host FROM information_schema.processlist \
         WHERE id = IS_USED_LOCK(CONCAT('weir ', MD5(?)))";
    let asked = sqlx::query_scalar(WHO).bind(&target.database);
    let host: Option<String> = in_time(asked.fetch_optional(connection)).await?;
    Ok(host.map_or_else(String::new, |host| format!(" ({host})")))
}

/// What the server answers within [`ANSWER`].
pub(super) async fn in_time<T>(
    asked: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    let late = |_| Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()));
    tokio::time::timeout(ANSWER, asked)
        .await
        .unwrap_or_else(late)
}
