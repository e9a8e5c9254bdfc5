#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory, Parser};

use super::{CheckArgs, Cli, Command, check_properties};
use crate::config::ConfigFile;

fn parse(line: &str) -> Result<Command, clap::Error> {
    Cli::try_parse_from(line.split(' ')).map(|cli| cli.command)
}

#[test]
fn definitions_hold_together() {
    Cli::command().debug_assert();
}

#[test]
fn flags_become_settings_in_their_order() {
    let line = "weir serve --config a.toml --listen 1.2.3.4:5 --provider simulated --store sqlite: \
                --set fleet.stuck_ms=1=2 --set log.level=debug";
    let Command::Serve(args) = parse(line).unwrap() else {
        panic!("not serve");
    };
    let sources = args.sources();
    assert_eq!(sources.config, ConfigFile::Named("a.toml".into()));
    let flags = sources.flags.iter();
    let flags: Vec<_> = flags
        .map(|flag| format!("{} {}={}", flag.name, flag.key, flag.value))
        .collect();
    assert_eq!(
        flags,
        [
            "--listen server.listen=1.2.3.4:5",
            "--provider cloud.provider=simulated",
            "--store store.url=sqlite:",
            "--set fleet.stuck_ms=1=2",
            "--set log.level=debug",
        ]
    );
}

#[test]
fn malformed_assignment_is_refused_with_an_example() {
    let error = parse("weir serve --set fleet.stuck_ms").unwrap_err();
    assert!(error.to_string().contains("placement.capacity=hard"));
}

#[test]
fn demo_takes_times_with_units() {
    let cases = [
        ("60s", Some(60_000)),
        ("2m", Some(120_000)),
        ("500ms", Some(500)),
        ("7", Some(7_000)),
        ("0s", None),
        ("1d", Some(86_400_000)),
        ("2d", None),
        ("s", None),
        ("-1s", None),
        ("99999999999999999999s", None),
        ("18446744073709551615h", None),
    ];
    for (text, ms) in cases {
        let parsed = match parse(&format!("weir demo --for={text}")) {
            Ok(Command::Demo(args)) => args.length,
            _ => None,
        };
        assert_eq!(parsed, ms.map(Duration::from_millis), "{text}");
    }
    assert!(parse("weir demo --speed 201").is_err());
}

#[test]
fn help_teaches_and_hides_what_is_internal() {
    let mut command = Cli::command();
    let help = command.render_long_help().to_string();
    assert!(help.contains("weir properties check FILE"), "{help}");
    assert!(!help.contains("compile-policy"), "{help}");
    let serve = command.find_subcommand_mut("serve").unwrap();
    let help = serve.render_long_help().to_string();
    assert!(help.contains("WEIR_FLEET__DRAIN_DEADLINE_MS"), "{help}");
}

#[test]
fn compile_policy_takes_its_limits() {
    let Command::CompilePolicy(args) = parse("weir compile-policy 120 4294967296").unwrap() else {
        panic!("not compile-policy");
    };
    assert_eq!(args.limits, ["120", "4294967296"]);
}

#[test]
fn properties_check_answers_by_its_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("red5-web.properties");
    let check = |text: &str| {
        std::fs::write(&file, text).unwrap();
        let mut out = Vec::new();
        let args = CheckArgs { file: file.clone() };
        let code = check_properties(&args, &mut out).unwrap();
        (code == ExitCode::SUCCESS, String::from_utf8(out).unwrap())
    };
    let (fine, text) = check("cluster.reportingSpeed=5000\ncluster.password=red5pro123\n");
    assert!(fine, "{text}");
    assert!(text.contains("reports.reporting_speed_ms = 5000"), "{text}");
    assert!(!text.contains("red5pro123"), "{text}");
    let (fine, text) = check("config.dbHost={host}\n");
    assert!(!fine, "{text}");
    assert!(
        text.contains("error: config.dbHost = {host}: replace"),
        "{text}"
    );
    std::fs::remove_file(&file).unwrap();
    let args = CheckArgs { file };
    let code = check_properties(&args, &mut Vec::new()).unwrap();
    assert!(code != ExitCode::SUCCESS);
}

#[test]
fn doctor_takes_settings_as_serve_does_and_images_of_its_own() {
    let line = "weir doctor --provider ec2 --image a --image b --instance-type t3.micro";
    let Command::Doctor(args) = parse(line).unwrap() else {
        panic!("not doctor");
    };
    assert_eq!(args.serve.sources().flags[0].key, "cloud.provider");
    let images = args.images();
    let images: Vec<_> = images
        .iter()
        .map(|(image, kind)| (image.as_str(), kind.as_str()))
        .collect();
    assert_eq!(images, [("a", "t3.micro"), ("b", "t3.micro")]);
}

/// A file that is handed out for running it for real.
fn handed_out(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy");
    std::fs::read_to_string(format!("{folder}/{name}")).unwrap()
}

#[test]
fn the_service_and_the_container_start_what_there_is() {
    let unit = handed_out("weir.service");
    let line = unit
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart="));
    let line = line.unwrap().replace("/usr/local/bin/weir", "weir");
    let container = handed_out("Containerfile");
    let command = container.lines().find_map(|line| line.strip_prefix("CMD "));
    let words: Vec<String> = serde_json::from_str(command.unwrap()).unwrap();
    for line in [line, format!("weir {}", words.join(" "))] {
        let Command::Serve(args) = parse(&line).unwrap() else {
            panic!("{line} is not serve");
        };
        assert_eq!(
            args.sources().config,
            ConfigFile::Named("/etc/weir/weir.toml".into())
        );
    }
}

#[test]
fn the_settings_handed_out_can_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let first_boot = handed_out("cloud-init.yaml");
    let indented = first_boot
        .lines()
        .skip_while(|line| !line.ends_with("content: |"))
        .skip(1);
    let first_boot: String = indented
        .map_while(|line| line.strip_prefix("      "))
        .map(|line| format!("{line}\n"))
        .collect();
    for text in [handed_out("weir.toml"), first_boot] {
        let file = folder.path().join("weir.toml");
        std::fs::write(&file, &text).unwrap();
        let loaded = crate::config::load_to_serve(&crate::config::Sources {
            config: ConfigFile::Named(file),
            properties: None,
            environment: Vec::new(),
            flags: Vec::new(),
        });
        let config = loaded
            .unwrap_or_else(|error| panic!("{error}\n{text}"))
            .config;
        assert_eq!(config.cloud.ec2.security_group, "streaming-nodes");
    }
}
