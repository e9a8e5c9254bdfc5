//! The migrations, compiled into the program: a line for each, the same for every database.
//!
//! They are listed here rather than found by sqlx's macro, which compiles every driver once more for itself.

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// Makes the migrator of a folder below `migrations/`.
macro_rules! tables {
    ($folder:literal) => {
        tables!($folder:
            1 "first" "/0001_first.sql",
            2 "custody" "/0002_custody.sql",
            3 "openings" "/0003_openings.sql",
            4 "components" "/0004_components.sql",
            5 "decision_frames" "/0005_decision_frames.sql",
            6 "access" "/0006_access.sql",
        )
    };
    ($folder:literal: $($number:literal $name:literal $file:literal,)*) => {
        Migrator::with_migrations(vec![$(migration(
            $number,
            $name,
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations/", $folder, $file)),
        )),*])
    };
}

/// Those of SQLite, in order of their numbers.
pub(super) fn sqlite() -> Migrator {
    tables!("sqlite")
}

/// Those of MySQL and MariaDB, in order of their numbers.
pub(super) fn mysql() -> Migrator {
    tables!("mysql")
}

fn migration(number: i64, name: &'static str, sql: &'static str) -> Migration {
    let kind = MigrationType::Simple;
    Migration::new(number, name.into(), kind, sql.into_sql_str(), false)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn names(migrator: &Migrator) -> BTreeSet<String> {
        let name = |one: &Migration| format!("{:04}_{}.sql", one.version, one.description);
        migrator.iter().map(name).collect()
    }

    #[test]
    fn every_migration_of_a_folder_is_compiled_in() {
        let file = |entry: std::io::Result<std::fs::DirEntry>| {
            let name = entry.expect("the folder can be read").file_name();
            name.into_string().expect("a name is text")
        };
        for (database, migrator) in [("sqlite", sqlite()), ("mysql", mysql())] {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations");
            let files = std::fs::read_dir(format!("{folder}/{database}"));
            let files = files.expect("the folder is in the repository").map(file);
            assert_eq!(
                files.collect::<BTreeSet<_>>(),
                names(&migrator),
                "{database}"
            );
        }
    }
}
