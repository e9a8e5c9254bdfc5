//! What every store promises. Each story gets a fresh, empty store.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod access;
mod components;
mod custody;
mod decisions;
mod documents;
mod faults;
mod fixtures;
mod groups;
mod mysql_server;
mod plans;
mod sqlite_file;

use std::sync::Arc;

use weir::store::faulty::FaultyStore;
use weir::store::sql::SqlStore;
use weir::store::{Store, mysql, sqlite};
use weir_core::units::DurationMs;
use weir_tests::mariadb::MariaDb;

/// A store and what must outlive it.
struct Opened {
    store: Arc<dyn Store>,
    _folder: tempfile::TempDir,
}

async fn on_file() -> Opened {
    let folder = tempfile::tempdir().unwrap();
    let store = sqlite::open(&folder.path().join("weir.db")).await.unwrap();
    Opened {
        store: Arc::new(store),
        _folder: folder,
    }
}

async fn in_database(server: &mut MariaDb) -> SqlStore {
    let url = server.database().await;
    mysql::open(&url, DurationMs(0)).await.unwrap()
}

async fn behind_a_wrapper() -> Opened {
    let inner = on_file().await;
    Opened {
        store: Arc::new(FaultyStore::new(inner.store)),
        _folder: inner._folder,
    }
}

/// Hands the stories to a macro that tells them.
macro_rules! every_story {
    ($tell:ident $on:ident) => {
        $tell! { $on:
            documents::document_reads_back_as_it_was_written,
            documents::taken_name_is_refused_per_kind,
            documents::replacing_an_absent_document_says_so,
            documents::names_come_in_order_of_creation,
            documents::document_in_use_cannot_be_deleted,
            documents::threshold_keeps_the_last_value,
            groups::group_gets_a_number_that_is_never_used_again,
            groups::group_without_its_documents_is_refused,
            groups::group_with_a_node_cannot_be_deleted,
            groups::deleting_needs_the_newest_fence,
            groups::environment_is_the_same_each_time,
            plans::plan_is_read_back_whole,
            plans::older_fence_is_refused_and_changes_nothing,
            plans::misfitting_version_undoes_the_whole_plan,
            plans::node_identifier_is_unique_over_all_groups,
            plans::removing_an_absent_node_is_no_error,
            decisions::decisions_are_found_by_group_time_and_number,
            decisions::frames_of_a_chain_come_in_their_order,
            decisions::old_chains_go_whole_and_only_those_of_the_group,
            decisions::decision_without_news_is_kept_without_words,
            plans::only_one_of_racing_writers_wins,
            custody::binding_is_replaced_by_who_knows_it,
            custody::removed_node_is_remembered_by_its_identifier,
            custody::identifiers_taken_for_ours_count_as_on_record_once,
            custody::reapings_are_read_newest_first_and_replaced_by_instance,
            custody::place_is_the_same_each_time,
            access::token_reads_back_until_it_is_removed,
            access::changes_come_newest_first_with_what_became_of_them,
            components::component_reads_back_byte_by_byte,
            components::component_number_is_never_used_again,
            components::same_bytes_are_kept_once_for_a_name,
        }
    };
}

/// Each by itself.
macro_rules! apart {
    ($implementation:ident: $($part:ident::$story:ident),+ $(,)?) => {$(
        #[tokio::test]
        async fn $story() {
            let opened = super::$implementation().await;
            super::$part::$story(opened.store.as_ref()).await;
        }
    )+};
}

/// One after the other, each in a database of its own: a server takes seconds to start.
macro_rules! together {
    ($implementation:ident: $($part:ident::$story:ident),+ $(,)?) => {
        #[tokio::test]
        async fn every_story() {
            let mut server = weir_tests::mariadb::MariaDb::start().await;
            $(
                println!("{}", stringify!($story));
                let store = super::$implementation(&mut server).await;
                super::$part::$story(&store).await;
                store.close().await;
            )+
        }
    };
}

mod on_sqlite {
    every_story! { apart on_file }
}

mod on_sqlite_behind_a_wrapper {
    every_story! { apart behind_a_wrapper }
}

mod on_mysql {
    every_story! { together in_database }
}
