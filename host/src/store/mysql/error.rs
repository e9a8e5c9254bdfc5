//! Why a database could not be opened.

/// Why a database could not be opened. No text holds the password.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address is no address.
    #[error(
        "store.url is no address of a MySQL database: {problem}; write mysql://USER:PASSWORD@HOST:PORT/DATABASE"
    )]
    Address {
        /// What is wrong with it.
        problem: String,
    },
    /// The server shows a certificate that the address does not let pass, or the address asks for one that cannot be read.
    #[error(
        "the connection to the database server at {place} cannot be trusted: check ssl-mode and ssl-ca (the file of the \
         authority's certificate) in store.url"
    )]
    Untrusted {
        /// Host, port and database.
        place: String,
        /// The driver's error.
        #[source]
        source: sqlx::Error,
    },
    /// The server cannot be reached.
    #[error(
        "no database server answers at {place}: check that it runs, that its port is open to this machine (security group, \
         firewall), and host and port in store.url"
    )]
    Away {
        /// Host, port and database.
        place: String,
        /// The driver's error.
        #[source]
        source: sqlx::Error,
    },
    /// The server refuses: user, password, unknown database.
    #[error(
        "the database server at {place} refuses: check user, password and database in store.url, and the user's rights"
    )]
    Refused {
        /// Host, port and database.
        place: String,
        /// The driver's error.
        #[source]
        source: sqlx::Error,
    },
    /// Another manager uses the database.
    #[error(
        "another weir process{holder} uses the database at {place}: stop that one, or give this one a database of its own \
         (store.url); one that just died is forgotten after 15 s"
    )]
    InUse {
        /// Host, port and database.
        place: String,
        /// ` (10.0.0.7:51234)`, where known.
        holder: String,
    },
    /// The tables are those of a newer release, or were edited.
    #[error(
        "the tables of the database at {place} do not fit this release: use the release that wrote it or a later one"
    )]
    Tables {
        /// Host, port and database.
        place: String,
        /// The migration's error.
        #[source]
        source: sqlx::migrate::MigrateError,
    },
}
