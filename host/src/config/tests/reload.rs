use super::*;
use crate::config::reload::Change;

fn diff(change: impl FnOnce(&mut Config)) -> Vec<Change> {
    let old = defaults();
    let mut new = old.clone();
    change(&mut new);
    Config::reloadable_diff(&old, &new)
}

fn one(key: &str, reloadable: bool) -> Vec<Change> {
    vec![Change {
        key: key.into(),
        reloadable,
    }]
}

#[test]
fn equal_settings_differ_in_nothing() {
    assert_eq!(diff(|_| {}), []);
}

#[test]
fn change_says_whether_it_needs_a_restart() {
    assert_eq!(
        diff(|config| config.fleet.stuck_ms = 200_000),
        one("fleet.stuck_ms", true)
    );
    assert_eq!(
        diff(|config| config.server.listen.set_port(1)),
        one("server.listen", false)
    );
    assert_eq!(
        diff(|config| {
            config.cloud.prices.insert("t2.medium".into(), 1.0);
        }),
        one("cloud.prices", true)
    );
}

#[test]
fn changed_secrets_are_seen_behind_their_stars() {
    let mut old = defaults();
    old.auth.admin_token = crate::config::Secret::new("one-token");
    old.store.url = crate::config::store::StoreUrl::new("mysql://u:one@h/c");
    let mut new = old.clone();
    new.auth.admin_token = crate::config::Secret::new("another-token");
    new.store.url = crate::config::store::StoreUrl::new("mysql://u:two@h/c");
    let changes = Config::reloadable_diff(&old, &new);
    assert_eq!(
        changes,
        [one("auth.admin_token", true), one("store.url", false)].concat()
    );
}

#[test]
fn every_reloadable_key_is_a_setting() {
    for key in crate::config::reload::RELOADABLE {
        assert!(crate::config::schema::kind(key).is_some(), "{key}");
    }
}
