//! Scaling decisions: rows that are shown, and the frames behind them.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AnyPool, Row};
use weir_core::ids::GroupId;
use weir_core::units::UtcMs;

use super::rows::{failed, from_sql, to_sql};
use crate::store::{DecisionFilter, NewDecision, StoreError, StoredDecision};

const DOING: &str = "storing a decision";
const READING: &str = "reading decisions";

const INSERT: &str = "INSERT INTO decision (group_id, decided_at, document, chain, link, news, frame) \
     VALUES (?, ?, ?, ?, ?, ?, ?)";
const COLUMNS: &str = "SELECT seq, group_id, decided_at, document, chain, link, news, \
     CASE WHEN frame IS NULL THEN 0 ELSE 1 END AS framed FROM decision";
/// The newest chain that began before the time: decisions after it may need it, those of older chains are past.
const OLDEST_KEPT: &str = "SELECT MAX(chain) FROM decision WHERE group_id = ? AND chain <= ?";

/// Stores one; with the first frame of a chain, what is too old goes.
pub(super) async fn write(
    connection: &mut AnyConnection,
    group: GroupId,
    new: &NewDecision,
) -> Result<(), StoreError> {
    let place = new.frame.as_ref().map(|frame| (frame.chain, frame.link));
    // A decision without a frame goes with the chain of its time.
    let (chain, link) = place.unwrap_or((new.at.0, 0));
    sqlx::query(INSERT)
        .bind(i64::from(group.0))
        .bind(to_sql(new.at.0))
        .bind(new.document.as_deref().unwrap_or_default())
        .bind(to_sql(chain))
        .bind(i64::from(link))
        .bind(i64::from(new.document.is_some()))
        .bind(new.frame.as_ref().map(|frame| frame.bytes.as_slice()))
        .execute(&mut *connection)
        .await
        .map_err(failed(DOING))?;
    match link {
        0 => forget(connection, group, new.keep_since).await,
        _ => Ok(()),
    }
}

async fn forget(
    connection: &mut AnyConnection,
    group: GroupId,
    keep_since: UtcMs,
) -> Result<(), StoreError> {
    let oldest: Option<i64> = sqlx::query_scalar(OLDEST_KEPT)
        .bind(i64::from(group.0))
        .bind(to_sql(keep_since.0))
        .fetch_one(&mut *connection)
        .await
        .map_err(failed(DOING))?;
    if let Some(oldest) = oldest {
        sqlx::query("DELETE FROM decision WHERE group_id = ? AND chain < ?")
            .bind(i64::from(group.0))
            .bind(oldest)
            .execute(connection)
            .await
            .map_err(failed(DOING))?;
    }
    Ok(())
}

pub(super) async fn list(
    readers: &AnyPool,
    filter: &DecisionFilter,
) -> Result<Vec<StoredDecision>, StoreError> {
    let mut sql = sqlx::QueryBuilder::<sqlx::Any>::new(COLUMNS);
    sql.push(" WHERE 1 = 1");
    if let Some(group) = filter.group {
        sql.push(" AND group_id = ").push_bind(i64::from(group.0));
    }
    if !filter.all {
        sql.push(" AND news = 1");
    }
    let bounds = [
        (" AND seq < ", filter.before),
        (" AND decided_at >= ", filter.since.map(|at| at.0)),
        (" AND decided_at < ", filter.until.map(|at| at.0)),
    ];
    for (condition, bound) in bounds {
        if let Some(bound) = bound {
            sql.push(condition).push_bind(to_sql(bound));
        }
    }
    sql.push(" ORDER BY seq DESC LIMIT ")
        .push_bind(i64::from(filter.limit));
    let rows = sql.build().fetch_all(readers).await;
    rows.map_err(failed(READING))?.iter().map(read).collect()
}

pub(super) async fn one(readers: &AnyPool, id: u64) -> Result<Option<StoredDecision>, StoreError> {
    let mut sql = sqlx::QueryBuilder::<sqlx::Any>::new(COLUMNS);
    sql.push(" WHERE seq = ").push_bind(to_sql(id));
    let row = sql.build().fetch_optional(readers).await;
    row.map_err(failed(READING))?.as_ref().map(read).transpose()
}

pub(super) async fn frames(
    readers: &AnyPool,
    group: GroupId,
    chain: u64,
    link: u32,
) -> Result<Vec<Vec<u8>>, StoreError> {
    let sql = "SELECT frame FROM decision WHERE group_id = ? AND chain = ? AND link <= ? AND frame IS NOT NULL \
               ORDER BY link";
    let rows = sqlx::query(sql)
        .bind(i64::from(group.0))
        .bind(to_sql(chain))
        .bind(i64::from(link))
        .fetch_all(readers)
        .await
        .map_err(failed(READING))?;
    Ok(rows.iter().map(|row| row.get("frame")).collect())
}

fn read(row: &AnyRow) -> Result<StoredDecision, StoreError> {
    let news: i64 = row.get("news");
    let framed: i64 = row.get("framed");
    let number = |column: &str| from_sql::<u64>("decision", row.get(column));
    Ok(StoredDecision {
        id: number("seq")?,
        group: GroupId(from_sql("decision", row.get("group_id"))?),
        at: UtcMs(number("decided_at")?),
        document: (news == 1).then(|| row.get("document")),
        place: match framed {
            1 => Some((number("chain")?, from_sql("decision", row.get("link"))?)),
            _ => None,
        },
    })
}
