use super::*;
use crate::config::auth::NodeAuth;
use crate::config::cloud::Provider;

#[test]
fn defaults_are_valid_and_listen_on_loopback() {
    let loaded = load(&nothing()).unwrap();
    assert_eq!(loaded.config, Config::default());
    assert_eq!(loaded.config.server.listen.to_string(), "127.0.0.1:5080");
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    assert!(loaded.sources.is_empty());
    loaded.config.servable().unwrap();
    assert_eq!(
        loaded.config.timers(),
        weir_core::timers::Timers::default(),
        "both state the same defaults"
    );
}

#[test]
fn later_layers_win_and_each_value_knows_its_source() {
    let folder = tempfile::tempdir().unwrap();
    let config = file(
        &folder,
        "weir.toml",
        "[server]\nlisten = \"10.0.0.1:1\"\n[fleet]\nstuck_ms = 200_000\nparent_retry_s = 31\n[auth]\nnodes = \"digest\"\n",
    );
    let loaded = load(&Sources {
        config: ConfigFile::Named(config),
        properties: Some(tutorial().to_owned()),
        environment: variables(&[
            ("WEIR_SERVER__LISTEN", "10.0.0.2:2"),
            ("WEIR_FLEET__STUCK_MS", " 210000 "),
            ("UNRELATED__LISTEN", "x"),
        ]),
        flags: vec![Flag {
            name: "--listen".into(),
            key: "server.listen".into(),
            value: "10.0.0.3:3".into(),
        }],
    })
    .unwrap();
    let config = &loaded.config;
    assert_eq!(config.server.listen.to_string(), "10.0.0.3:3");
    assert_eq!(config.fleet.stuck_ms, 210_000);
    assert_eq!(config.fleet.parent_retry_s, 31);
    assert_eq!(config.auth.nodes, NodeAuth::Digest);
    assert!(config.log.access, "only the properties file says so");

    let source = |key: &str| loaded.sources.get(key).unwrap().clone();
    assert_eq!(source("server.listen"), "--listen");
    assert_eq!(source("fleet.stuck_ms"), "WEIR_FLEET__STUCK_MS");
    assert!(source("fleet.parent_retry_s").ends_with("weir.toml"));
    assert!(source("log.access").ends_with("line 73, debug.logaccess"));
    assert!(!loaded.sources.contains_key("fleet.decide_every_ms"));
}

#[test]
fn secrets_come_from_files_and_stay_text() {
    let folder = tempfile::tempdir().unwrap();
    let secret = file(&folder, "token", "  0123456789\n");
    let loaded = load(&Sources {
        environment: variables(&[
            ("WEIR_AUTH__ADMIN_TOKEN_FILE", secret.to_str().unwrap()),
            ("WEIR_AUTH__CLUSTER_PASSWORD", "00001234"),
        ]),
        ..nothing()
    })
    .unwrap();
    assert!(loaded.config.auth.admin_token.matches("0123456789"));
    assert!(loaded.config.auth.cluster_password.matches("00001234"));

    let error = load(&Sources {
        environment: variables(&[
            ("WEIR_AUTH__ADMIN_TOKEN", "0123456789"),
            ("WEIR_AUTH__ADMIN_TOKEN_FILE", secret.to_str().unwrap()),
        ]),
        ..nothing()
    })
    .unwrap_err()
    .to_string();
    assert!(error.contains("set the same"), "{error}");

    let absent = variables(&[("WEIR_AUTH__ADMIN_TOKEN_FILE", "/absent/token")]);
    let error = load(&Sources {
        environment: absent,
        ..nothing()
    })
    .unwrap_err()
    .to_string();
    assert!(error.contains("/absent/token"), "{error}");
}

#[test]
fn unknown_keys_are_refused_with_the_nearest_known_one() {
    let cases = [
        ("[server]\nlisten_on = \"x\"", "server.listen"),
        ("[serve]\nlisten = \"127.0.0.1:1\"", "server.listen"),
        ("[fleet]\nstuck_sm = 1", "fleet.stuck_ms"),
        ("[cloud.price]\n\"t2.medium\" = 1", "cloud.prices"),
        ("[cloud.ec2]\nregoin = \"x\"", "cloud.ec2.region"),
    ];
    for (text, near) in cases {
        let error = refused(text);
        assert!(error.contains(&format!("did you mean {near}?")), "{error}");
        assert!(error.contains("weir.toml"), "{error}");
    }
    let error = load(&Sources {
        environment: variables(&[("WEIR_SERVER__LISTNE", "x")]),
        flags: vec![flag("placement.capacty", "hard")],
        ..nothing()
    })
    .unwrap_err()
    .to_string();
    assert!(error.contains("WEIR_SERVER__LISTEN?"), "{error}");
    assert!(error.contains("placement.capacity?"), "{error}");
}

#[test]
fn variable_without_a_section_only_warns() {
    let loaded = load(&Sources {
        environment: variables(&[("WEIR_SERVER_LISTEN", "x")]),
        ..nothing()
    })
    .unwrap();
    let warning = loaded.warnings[0].to_string();
    assert!(warning.contains("WEIR_SERVER__LISTEN"), "{warning}");
}

#[test]
fn all_problems_are_told_at_once_with_key_value_and_mend() {
    let error = refused(
        "[fleet]\nstuck_ms = 5\nmax_nodes_per_group = 0\n[cloud.simulated]\nspeed = 500\n[reports]\nreporting_speed_ms = 999\n",
    );
    for part in [
        "fleet.stuck_ms = 5: must be 10000 to 3600000 ms (set by ",
        "fleet.max_nodes_per_group = 0: must be 1 to 10000",
        "cloud.simulated.speed = 500: must be 1 to 200",
        "reports.reporting_speed_ms = 999: must be 1000 to 30000 ms",
    ] {
        assert!(error.contains(part), "{part} in {error}");
    }
}

#[test]
fn wrong_types_name_what_is_wanted() {
    let cases = [
        ("[fleet]\nstuck_ms = \"soon\"", "must be a whole number"),
        ("[fleet]\nstuck_ms = -1", "must be a whole number"),
        ("[fleet]\nstuck_ms = 1.5", "must be a whole number"),
        ("[fleet]\nmax_nodes_per_group = 99999999999", "too large"),
        ("[log]\naccess = \"yes\"", "must be true or false"),
        ("[policy]\nload = \"a.wasm\"", "must be a list"),
        ("fleet = 3", "is a section"),
        (
            "[auth]\nnodes = \"basic\"",
            "must be one of hmac, digest, open",
        ),
        ("[server]\nlisten = \"5080\"", "an address and a port"),
        ("[cloud]\nprovider = \"aws\"", "simulated, ec2"),
    ];
    for (text, part) in cases {
        let error = refused(text);
        assert!(error.contains(part), "{part} in {error}");
    }
}

#[test]
fn broken_file_names_the_line_but_quotes_nothing() {
    let error = refused("[auth]\nadmin_token = hunter2hunter2\n");
    assert!(error.contains("line 2"), "{error}");
    assert!(!error.contains("hunter2"), "{error}");
    let error = refused("[auth]\nadmin_token = 12345678\n");
    assert!(error.contains("text in quotes"), "{error}");
    assert!(!error.contains("12345678"), "{error}");
}

#[test]
fn named_file_must_be_there() {
    let error = load(&Sources {
        config: ConfigFile::Named("/absent/weir.toml".into()),
        ..nothing()
    });
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("/absent/weir.toml: cannot be read"),
        "{error}"
    );
}

#[test]
fn lists_and_tables_can_be_given_as_text() {
    let loaded = load(&Sources {
        environment: variables(&[
            ("WEIR_POLICY__LOAD", "a.wasm, b.wasm"),
            (
                "WEIR_CLOUD__PRICES",
                "{ \"t2.medium\" = 0.06, \"t2.large\" = 1 }",
            ),
        ]),
        flags: vec![
            flag("cloud.simulated.regions", "{ \"eu-1\" = [\"eu-1a\"] }"),
            flag("policy.load", "[\"c.wasm\"]"),
        ],
        ..nothing()
    })
    .unwrap();
    assert_eq!(loaded.config.policy.load, [PathBuf::from("c.wasm")]);
    assert_eq!(loaded.config.cloud.prices["t2.large"], 1.0);
    let regions: Vec<&String> = loaded.config.cloud.simulated.regions.keys().collect();
    assert_eq!(regions, ["eu-1"], "a table replaces the default one");
    assert_eq!(loaded.sources["cloud.prices"], "WEIR_CLOUD__PRICES");
}

#[test]
fn printed_settings_read_back_and_show_no_secret() {
    let mut loaded = load(&Sources {
        properties: Some(tutorial().to_owned()),
        flags: vec![flag("cloud.prices", "{ \"t2.medium\" = 0.06 }")],
        ..nothing()
    })
    .unwrap();
    let text = loaded.to_toml();
    for secret in [
        "= \"autoscaling\"",
        "red5pro123",
        "AKIAEXAMPLE",
        "exampleSecret",
        "p@ss",
        "p%40ss",
    ] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    assert!(
        text.contains("listen = \"0.0.0.0:5080\" # --properties"),
        "{text}"
    );
    assert!(text.contains("decide_every_ms = 10000 # default"), "{text}");

    let again = toml(&text).unwrap();
    // What was starred differs, the rest does not.
    let stars = again.config.clone();
    loaded.config.auth.admin_token = stars.auth.admin_token;
    loaded.config.auth.cluster_password = stars.auth.cluster_password;
    loaded.config.cloud.ec2.access_key_id = stars.cloud.ec2.access_key_id;
    loaded.config.cloud.ec2.secret_access_key = stars.cloud.ec2.secret_access_key;
    loaded.config.store = stars.store;
    assert_eq!(again.config, loaded.config);
    assert_eq!(again.config.cloud.provider, Provider::Ec2);
}

#[test]
fn unknown_flag_is_told_where_it_came_from() {
    let error = load(&Sources {
        flags: vec![flag("foo.bar", "1")],
        ..nothing()
    })
    .unwrap_err()
    .to_string();
    assert!(error.contains("foo.bar: is no setting"), "{error}");
    assert!(error.contains("(set by --set)"), "{error}");
}

#[test]
fn address_that_cannot_be_listened_on_is_told_with_its_value_and_why() {
    let cases = [
        ("127.0.0.1:99999", "a port that is not 0 to 65535"),
        ("127.0.0.1", "no port"),
        ("sm.example.com:80", "no numeric address"),
        ("::1:80:", "a port that is not 0 to 65535"),
    ];
    for (address, why) in cases {
        let error = load(&Sources {
            flags: vec![flag("server.listen", address)],
            ..nothing()
        })
        .unwrap_err()
        .to_string();
        assert!(error.contains(&format!("{address:?} has {why}")), "{error}");
    }
}

#[test]
fn server_on_another_cloud_is_told_first_which_ones_this_release_has() {
    let sources = Sources {
        flags: vec![flag("cloud.provider", "azure")],
        ..nothing()
    };
    let error = crate::config::load_to_serve(&sources).unwrap_err();
    assert_eq!(error.problems[0].key, "cloud.provider");
    assert!(error.problems[0].mend.contains("--provider ec2"));
    load(&sources).unwrap();
}
