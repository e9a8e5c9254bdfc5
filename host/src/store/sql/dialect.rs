//! In what the databases differ.

use sqlx::{Any, AnyConnection, AnyPool, Transaction};

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Dialect {
    /// One writer at a time.
    Sqlite,
    /// MySQL from 5.7 on, and MariaDB.
    MySql,
}

impl Dialect {
    /// Begins a transaction that writes.
    pub(super) async fn begin(
        self,
        writer: &AnyPool,
    ) -> Result<Transaction<'static, Any>, sqlx::Error> {
        match self {
            // It takes the lock at its begin: two that began as readers could only fail each other.
            Dialect::Sqlite => writer.begin_with("BEGIN IMMEDIATE").await,
            Dialect::MySql => writer.begin().await,
        }
    }

    /// Of a statement and the same `FOR UPDATE` the one that locks what it reads until the transaction ends.
    pub(super) fn locking(self, [plain, locked]: [&'static str; 2]) -> &'static str {
        match self {
            // The transaction holds the only lock there is.
            Dialect::Sqlite => plain,
            Dialect::MySql => locked,
        }
    }

    /// Number of the row that this connection inserted last.
    pub(super) fn last_insert(self) -> &'static str {
        match self {
            Dialect::Sqlite => "SELECT last_insert_rowid()",
            // Unsigned where it is not cast, which the driver does not read as our numbers.
            Dialect::MySql => "SELECT CAST(LAST_INSERT_ID() AS SIGNED)",
        }
    }

    /// The environment id, made with the store and never changed.
    pub(in crate::store) async fn environment(
        self,
        connection: &mut AnyConnection,
    ) -> Result<String, sqlx::Error> {
        let read = "SELECT environment_id FROM environment WHERE one = 1";
        let found: Option<String> = sqlx::query_scalar(read)
            .fetch_optional(&mut *connection)
            .await?;
        if let Some(id) = found {
            return Ok(id);
        }
        // The row's own birth date is for people who look into it; no decision uses it.
        let write = match self {
            Dialect::Sqlite => {
                "INSERT INTO environment (one, environment_id, created_at) \
                 VALUES (1, ?, CAST(strftime('%s', 'now') AS INTEGER) * 1000)"
            }
            Dialect::MySql => {
                "INSERT INTO environment (one, environment_id, created_at) \
                 VALUES (1, ?, UNIX_TIMESTAMP() * 1000)"
            }
        };
        let id = uuid::Uuid::new_v4().to_string();
        sqlx::query(write).bind(&id).execute(connection).await?;
        Ok(id)
    }
}
