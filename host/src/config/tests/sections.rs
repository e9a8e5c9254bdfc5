use std::net::SocketAddr;

use super::*;
use crate::config::server::Origins;
use crate::config::store::{StoreTarget, StoreUrl};

#[test]
fn what_sections_say_of_each_other_is_checked() {
    let cases = [
        ("[fleet]\ndrain_wait_ms = 10_000", "fleet.reservation_ms"),
        (
            "[fleet]\nreservation_grace_ms = 16_000",
            "must be 0 to 15000",
        ),
        ("[cloud]\nprovider = \"ec2\"", "cloud.ec2.default_vpc"),
        ("[cloud.ec2]\naccess_key_id = \"x\"", "both or neither"),
        ("[cloud.simulated]\nboot_median_ms = 50_000", "boot_p95_ms"),
        ("[cloud.simulated]\nregions = {}", "at least one region"),
        ("[cloud.simulated]\nfull_zones = [\"mars-1a\"]", "mars-1a"),
        ("[cloud.prices]\n\"t2.medium\" = -1", "0 to 4000"),
        ("[store]\nurl = \"oracle://x\"", "sqlite:PATH"),
        ("[store]\nurl = \"sqlite::memory:\"", "must name a file"),
        ("[server]\npublic_url = \"sm.example.com\"", "http://"),
        (
            "[server.cors]\nstreams = \"https://a.example/path\"",
            "without a path",
        ),
        (
            "[server]\ntrusted_proxies = [\"10.0.0.0/33\"]",
            "10.0.0.0/8",
        ),
        ("[policy]\nload = [\"a.js\"]", ".wasm"),
        (
            "[policy.limits]\nselect_ms = 1000",
            "policy.limits.select_ms",
        ),
        ("[log]\nlevel = \"loud,=,\"", "log.level"),
        ("[auth]\nadmin_token = \"two words\"", "auth.admin_token"),
    ];
    for (text, part) in cases {
        let error = refused(text);
        assert!(error.contains(part), "{part} in {error}");
        assert!(!error.contains("two words"), "{error}");
    }
}

#[test]
fn odd_settings_are_taken_with_a_warning() {
    let cases = [
        ("[fleet]\nfirst_report_ms = 60_000", "fleet.first_report_ms"),
        ("[fleet]\nstuck_ms = 140_000", "fleet.stuck_ms"),
        (
            "[reports]\nreporting_speed_ms = 1_000",
            "reports.reporting_speed_ms",
        ),
        ("[auth]\nnodes = \"open\"", "auth.nodes"),
        ("[auth]\nadmin_token = \"short\"", "auth.admin_token"),
        (
            "[server]\nrequest_head_ms = 10_000",
            "server.request_head_ms",
        ),
        (
            "[store]\nurl = \"mysql://u:p@h/c\"\n[fleet]\nreservation_ms = 2_000\ndrain_wait_ms = 5_000",
            "fleet.drain_wait_ms",
        ),
    ];
    for (text, key) in cases {
        let warnings = toml(text).unwrap().warnings;
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert_eq!(warnings[0].key, key);
    }
}

#[test]
fn store_address_means_a_file_or_a_server() {
    let target = |url: &str| {
        let store = crate::config::store::StoreConfig {
            url: StoreUrl::new(url),
            ..Default::default()
        };
        store.target(Path::new("data"))
    };
    let default = Some(StoreTarget::Sqlite("data/weir.db".into()));
    assert_eq!(target(""), default);
    assert_eq!(target("sqlite:"), default);
    assert_eq!(
        target("sqlite:a/b.db"),
        Some(StoreTarget::Sqlite("a/b.db".into()))
    );
    assert_eq!(
        target("sqlite:///a/b.db"),
        Some(StoreTarget::Sqlite("/a/b.db".into()))
    );
    assert_eq!(target("mysql://u:p@h/c"), Some(StoreTarget::MySql));
    assert_eq!(target("postgresql://h/c"), Some(StoreTarget::Postgres));
    assert_eq!(target("weir.db"), None);
}

#[test]
fn password_in_a_store_address_is_starred() {
    for url in [
        "mysql://user:hunter2@host:3306/c",
        "mysql://user:hun@ter2@host:3306/c",
    ] {
        let shown = StoreUrl::new(url);
        for text in [shown.to_string(), format!("{shown:?}")] {
            assert!(text.contains("mysql://user:********@host:3306/c"), "{text}");
        }
    }
}

#[test]
fn origins_are_none_all_or_listed() {
    assert_eq!(Origins::parse(" "), Origins::None);
    assert_eq!(Origins::parse("*"), Origins::All);
    assert_eq!(
        Origins::parse("https://a.example , https://b.example"),
        Origins::Listed(vec!["https://a.example".into(), "https://b.example".into()])
    );
}

#[test]
fn public_url_follows_the_bound_address_unless_set() {
    let mut server = defaults().server;
    let bound = |text: &str| text.parse::<SocketAddr>().unwrap();
    assert_eq!(
        server.public_url(bound("127.0.0.1:41000")),
        "http://127.0.0.1:41000"
    );
    assert_eq!(
        server.public_url(bound("0.0.0.0:5080")),
        "http://127.0.0.1:5080"
    );
    server.public_url = "https://sm.example.com".into();
    assert_eq!(
        server.public_url(bound("0.0.0.0:5080")),
        "https://sm.example.com"
    );
}
