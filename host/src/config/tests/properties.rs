use super::*;
use crate::config::cloud::Provider;
use crate::config::properties::{Became, check, read, table};
use crate::config::store::StoreTarget;

/// A properties file's text, alone.
fn only(text: &str) -> Result<Loaded, ConfigError> {
    with(text.as_bytes(), &[])
}

fn with(text: &[u8], flags: &[Flag]) -> Result<Loaded, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("red5-web.properties");
    std::fs::write(&path, text).unwrap();
    load(&Sources {
        properties: Some(path),
        flags: flags.to_vec(),
        ..nothing()
    })
}

#[test]
fn tutorial_file_is_mapped_whole() {
    let loaded = load(&Sources {
        properties: Some(tutorial().to_owned()),
        ..nothing()
    })
    .unwrap();
    let config = &loaded.config;
    assert_eq!(config.server.listen.to_string(), "0.0.0.0:5080");
    assert_eq!(
        config.store.url.reveal(),
        "mysql://red5proadmin:p%40ss%2Fword%3A1@streammanager-db.example.ap-northeast-1.rds.amazonaws.com:3306/cluster"
    );
    assert!(config.auth.admin_token.matches("autoscaling"));
    assert!(config.auth.cluster_password.matches("red5pro123"));
    assert_eq!(config.cloud.provider, Provider::Ec2);
    let ec2 = &config.cloud.ec2;
    assert_eq!(ec2.region, "ap-northeast-1");
    assert_eq!(ec2.key_pair, "red5pro");
    assert_eq!(ec2.security_group, "red5proautoscaling");
    assert_eq!(ec2.vpc_name, "red5proautoscalingvpc");
    assert!(!ec2.default_vpc);
    assert!(ec2.access_key_id.matches("AKIAEXAMPLEEXAMPLE00"));
    assert!(
        ec2.secret_access_key
            .matches("exampleSecretExampleSecretExample0000000")
    );
    assert_eq!(config.fleet.node_name_prefix, "node");
    assert_eq!(config.fleet.parent_retry_s, 30);
    assert_eq!(config.placement, Default::default());
    assert_eq!(config.timers(), Default::default());
    assert!(config.log.access && config.proxy.enabled);
}

#[test]
fn tutorial_file_serves_on_ec2() {
    let loaded = load(&Sources {
        properties: Some(tutorial().to_owned()),
        ..nothing()
    })
    .unwrap();
    assert_eq!(loaded.config.cloud.provider, Provider::Ec2);
    loaded.config.servable().unwrap();
}

#[test]
fn tutorial_file_serves_on_the_simulated_cloud_when_told_so() {
    let loaded = load(&Sources {
        properties: Some(tutorial().to_owned()),
        environment: variables(&[("WEIR_CLOUD__PROVIDER", "simulated")]),
        flags: vec![flag("store.url", "sqlite:")],
        ..nothing()
    })
    .unwrap();
    loaded.config.servable().unwrap();
    let store = loaded.config.store.target(Path::new("data"));
    assert_eq!(store, Some(StoreTarget::Sqlite("data/weir.db".into())));
}

#[test]
fn table_shows_every_line_and_no_secret() {
    let checked = check(tutorial()).unwrap();
    assert!(checked.outcome.is_ok());
    let text = table(&checked);
    assert!(!text.contains("to serve:"), "nothing is in the way: {text}");
    let properties = std::fs::read_to_string(tutorial()).unwrap();
    let keys = properties
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('='));
    let mut count = 0;
    for (key, _) in keys {
        assert!(text.contains(key), "{key} in {text}");
        count += 1;
    }
    assert_eq!(count, checked.mapped.rows.len());
    for secret in [
        "= autoscaling",
        "red5pro123",
        "AKIAEXAMPLE",
        "exampleSecret",
        "p@ss",
    ] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    let unknown = checked.mapped.rows.iter();
    let unknown = unknown.filter(|row| row.became == Became::Unknown);
    assert_eq!(unknown.count(), 0);
}

#[test]
fn keys_without_effect_are_warned_by_name_with_the_reason() {
    let checked = check(tutorial()).unwrap();
    let warnings: Vec<String> = checked
        .outcome
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    for part in [
        "instancecontroller.blackListCleanUpTime: has no effect: ",
        "instancecontroller.nodeGroupStateToleranceTime: has no effect: ",
        "serverapi.port: has no effect: ",
        "auth.admin_token: is the one printed in a public tutorial",
        "proxy.enabled: has no effect in this release",
        "fleet.node_name_prefix: is node",
    ] {
        let found = warnings.iter().any(|warning| warning.starts_with(part));
        assert!(found, "{part} in {warnings:#?}");
    }
    let blank = warnings.iter().any(|warning| warning.contains("geozone"));
    assert!(!blank, "a blank key is no news");
}

#[test]
fn path_timers_are_settings() {
    let text =
        "instancecontroller.pathMonitorInterval=5000\ncluster.idleClusterPathThreshold=60000\n";
    let loaded = only(text).unwrap();
    let timers = loaded.config.timers();
    assert_eq!((timers.path_check.0, timers.idle_path.0), (5_000, 60_000));
    let loaded = only("cluster.idleClusterPathThreshold=20000\n").unwrap();
    let warnings: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    let warned = |warning: &String| warning.starts_with("fleet.idle_path_ms: is shorter");
    assert!(warnings.iter().any(warned), "{warnings:#?}");
    let refused = only("instancecontroller.pathMonitorInterval=999\n").unwrap_err();
    assert!(
        refused.to_string().contains("fleet.path_check_ms"),
        "{refused}"
    );
}

#[test]
fn unknown_property_is_warned_with_the_nearest_known_one() {
    let loaded = only("cluster.reportingSped=5000\nmy.own.pass=hunter2\n").unwrap();
    let warnings = loaded.warnings.iter().map(ToString::to_string);
    let warnings: Vec<String> = warnings.collect();
    assert!(warnings[0].contains("did you mean cluster.reportingSpeed?"));
    assert!(warnings[1].starts_with("my.own.pass: is unknown"));
    assert!(!warnings.concat().contains("hunter2"));
}

#[test]
fn template_braces_are_refused_with_key_and_line() {
    let error = only("# a comment\nconfig.dbHost={host}\n").unwrap_err();
    let error = error.to_string();
    assert!(error.contains("config.dbHost = {host}"), "{error}");
    assert!(error.contains("line 2"), "{error}");
    let error = only("rest.administratorToken={token}\n").unwrap_err();
    assert_eq!(error.problems.len(), 1);
    // A password may hold braces.
    let loaded = only("rest.administratorToken=abc{def}ghi\n").unwrap();
    assert!(loaded.config.auth.admin_token.matches("abc{def}ghi"));
}

#[test]
fn two_cloud_sections_are_an_error() {
    let error = only("aws.defaultVPC=true\ncompute.project=x\n").unwrap_err();
    let error = error.to_string();
    assert!(error.contains("compute.project"), "{error}");
    assert!(error.contains("aws.*"), "{error}");
    // A section of blanks is none.
    let loaded = only("aws.defaultVPC=true\naws.ec2SecurityGroup=g\ncompute.project=\n").unwrap();
    assert_eq!(loaded.config.cloud.provider, Provider::Ec2);
}

#[test]
fn each_section_names_its_provider() {
    let cases = [
        ("az.clientId=x", Provider::Azure),
        ("compute.project=x", Provider::Google),
        ("managed.regionNames=us-test1", Provider::Managed),
        ("limelight.port=1", Provider::Managed),
        ("terra.host=x", Provider::Terraform),
        ("webapp.virtualHosts=*", Provider::Simulated),
    ];
    for (text, provider) in cases {
        let config = only(text).unwrap().config;
        assert_eq!(config.cloud.provider, provider, "{text}");
        assert_eq!(config.servable().is_ok(), provider.is_available());
    }
}

#[test]
fn syntax_of_java_properties_is_understood() {
    let text = "\u{feff}! comment\n  cluster.reportingSpeed : 5000  \nstreammanager.ip  10.0.\\\n   0.1\n\
                location.region=caf\\u00e9\nlocation.strict = TRUE \n";
    let config = only(text).unwrap().config;
    assert_eq!(config.reports.reporting_speed_ms, 5_000);
    assert_eq!(config.fleet.manager_id, "10.0.0.1");
    assert_eq!(config.fleet.default_region, "café");
    assert!(config.fleet.strict_location);
    for bytes in [
        &b"location.region=caf\xe9"[..],
        "location.region=café".as_bytes(),
    ] {
        let config = with(bytes, &[]).unwrap().config;
        assert_eq!(config.fleet.default_region, "café");
    }
    let error = only("rest.administratorToken=hunter2\\u00zz\n").unwrap_err();
    let error = error.to_string();
    assert!(error.contains("line 1"), "{error}");
    assert!(!error.contains("hunter2"), "{error}");
}

#[test]
fn values_out_of_range_name_property_and_line() {
    let error = only("\ncluster.reportingSpeed=31000\n").unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("reports.reporting_speed_ms = 31000"),
        "{error}"
    );
    assert!(error.contains("line 2, cluster.reportingSpeed"), "{error}");
    for text in [
        "instanceevaluator.memory.metricweight=-1",
        "cluster.publicPort=http",
        "location.strict=maybe",
    ] {
        let error = only(text).unwrap_err().to_string();
        let key = text.split_once('=').unwrap().0;
        assert!(error.contains(key), "{error}");
    }
    let error = only("cluster.mode=manual").unwrap_err().to_string();
    assert!(error.contains("must be auto"), "{error}");
    assert!(only("cluster.mode=AUTO").is_ok());
}

#[test]
fn later_line_overrides_an_earlier_one() {
    let loaded = only("cluster.retryDuration=10\ncluster.retryDuration=20\n").unwrap();
    assert_eq!(loaded.config.fleet.parent_retry_s, 20);
    assert!(
        loaded.warnings[0]
            .to_string()
            .contains("overridden by line 2")
    );
}

#[test]
fn database_keys_make_one_address() {
    let cases = [
        ("config.dbHost=h", "mysql://:@h:3306/cluster"),
        (
            "config.dbHost=h\nconfig.dbDriver=org.postgresql.Driver\nconfig.dbUser=u\nconfig.dbPass=p",
            "postgres://u:p@h:5432/cluster",
        ),
        (
            "config.dbHost=h\nconfig.dbDriver=com.mysql.jdbc.Driver\nconfig.dbPort=3307",
            "mysql://:@h:3307/cluster",
        ),
        ("config.dbPort=3306\nconfig.dbUser=u", ""),
    ];
    for (text, url) in cases {
        assert_eq!(only(text).unwrap().config.store.url.reveal(), url, "{text}");
    }
    assert!(only("config.dbHost=h\nconfig.dbPort=0").is_err());
    assert!(only("config.dbHost=h\nconfig.dbDriver=oracle").is_err());
}

#[test]
fn shipped_cluster_password_is_refused_beyond_loopback() {
    let text = b"cluster.password=changeme\n";
    let error = with(text, &[]).unwrap_err().to_string();
    assert!(error.contains("auth.cluster_password"), "{error}");
    with(text, &[flag("server.listen", "127.0.0.1:5080")]).unwrap();
}

#[test]
fn file_of_another_kind_does_no_harm() {
    assert!(read(Path::new("/absent")).is_err());
    let garbage: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let _ = with(&garbage, &[]);
    let large = vec![b'a'; 2 << 20];
    assert!(with(&large, &[]).is_err());
}
