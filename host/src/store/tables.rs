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
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations/sqlite");
        let files = std::fs::read_dir(folder).expect("the folder is in the repository");
        let file = |entry: std::io::Result<std::fs::DirEntry>| {
            let name = entry.expect("the folder can be read").file_name();
            name.into_string().expect("a name is text")
        };
        assert_eq!(files.map(file).collect::<BTreeSet<_>>(), names(&sqlite()));
    }
}
