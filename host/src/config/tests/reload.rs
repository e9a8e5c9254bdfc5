use super::*;
use crate::config::Secret;
use crate::config::reload::Changes;
use crate::config::store::StoreUrl;

fn diff(change: impl FnOnce(&mut Config)) -> Changes {
    let old = defaults();
    let mut new = old.clone();
    change(&mut new);
    old.reloadable_diff(&new)
}

#[test]
fn equal_settings_differ_in_nothing() {
    assert_eq!(diff(|_| {}), Changes::default());
}

#[test]
fn change_says_whether_it_needs_a_restart() {
    let changes = diff(|config| {
        config.fleet.stuck_ms = 200_000;
        config.server.listen.set_port(1);
        config.cloud.prices.insert("t2.medium".into(), 1.0);
    });
    assert_eq!(changes.now, ["cloud.prices", "fleet.stuck_ms"]);
    assert_eq!(changes.restart, ["server.listen"]);
}

#[test]
fn changed_secrets_are_seen_behind_their_stars() {
    let mut old = defaults();
    old.auth.admin_token = Secret::new("one-token");
    old.store.url = StoreUrl::new("mysql://u:one@h/c");
    let mut new = old.clone();
    new.auth.admin_token = Secret::new("another-token");
    new.store.url = StoreUrl::new("mysql://u:two@h/c");
    let changes = old.reloadable_diff(&new);
    assert_eq!(changes.now, ["auth.admin_token"]);
    assert_eq!(changes.restart, ["store.url"]);
}

#[test]
fn every_reloadable_key_is_a_setting() {
    for key in crate::config::reload::RELOADABLE {
        assert!(crate::config::schema::kind(key).is_some(), "{key}");
    }
}
