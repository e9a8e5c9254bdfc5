#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use clap::Parser;
use weir_core::units::DurationMs;

use super::*;
use crate::backtest::{Mode, Trace};
use crate::cli::{Cli, Command};

fn parse(line: &str) -> Result<BacktestArgs, String> {
    match Cli::try_parse_from(line.split(' ')).map(|cli| cli.command) {
        Ok(Command::Backtest(args)) => Ok(args),
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error.to_string()),
    }
}

fn trace(peak: u32) -> Trace {
    let text = format!("timestamp_s,viewers\n0,10\n600,{peak}\n1200,10\n");
    Trace::parse("show.csv", text.as_bytes()).unwrap()
}

#[test]
fn a_trace_alone_is_enough() {
    let args = parse("weir backtest show.csv").unwrap();
    assert_eq!(args.policy, ["threshold".parse().unwrap()]);
    let setup = args.shared.plant.setup(&args.shared.limits, &trace(4_999));
    assert_eq!(
        (setup.plant.capacity, setup.limits.min, setup.limits.max),
        (100, 2, 200)
    );
    assert_eq!(
        (setup.plant.tick, setup.plant.mode),
        (DurationMs::secs(10), Mode::Fluid)
    );
}

#[test]
fn flags_become_the_plant_and_the_limits() {
    let args = parse(
        "weir backtest show.csv --capacity 500 --max 9 --min 12 --threshold 70 --boot 90s --drain 0s --session 1h \
         --price 0.096 --launch-failures 2% --seed 7 --tick 5s --mode viewers --streams 40 --cool-down 2m",
    )
    .unwrap();
    let setup = args.shared.plant.setup(&args.shared.limits, &trace(4_000));
    let plant = setup.plant;
    assert_eq!(
        (plant.capacity, plant.price_micros, plant.seed),
        (500, 96_000, 7)
    );
    assert_eq!(
        (plant.launch_failures, plant.streams, plant.mode),
        (0.02, 40, Mode::Viewers)
    );
    assert_eq!(
        (plant.drain, plant.session),
        (DurationMs(0), DurationMs::secs(3_600))
    );
    // No maximum is below the minimum.
    assert_eq!((setup.limits.min, setup.limits.max), (9, 9));
    assert_eq!(setup.limits.cool_down, Some(DurationMs::secs(120)));
    assert_eq!(setup.limits.threshold_percent, 70);
}

#[test]
fn policies_and_settings_can_be_named() {
    let line = r#"weir backtest show.csv --policy threshold --policy drain=threshold --policy dir/mine.wasm --settings drain={"drain":true}"#;
    let args = parse(line).unwrap();
    let names: Vec<_> = args
        .policy
        .iter()
        .map(|named| named.name.as_str())
        .collect();
    assert_eq!(names, ["threshold", "drain", "mine"]);
    assert_eq!(args.policy[2].policy, "dir/mine.wasm");
    assert_eq!(args.shared.settings[0].name.as_deref(), Some("drain"));
    assert_eq!(args.shared.settings[0].settings, r#"{"drain":true}"#);
}

#[test]
fn slips_are_named_with_their_mend() {
    let table = [
        ("--boot soon", "uniform:60s..200s"),
        ("--tick 2m", "1s to 60s"),
        ("--drain long", "such as 60s"),
        ("--session 0s", "longer than nothing"),
        ("--price free", "such as 0.096"),
        ("--launch-failures 200%", "0% to 100%"),
        ("--settings drain=yes", "no JSON object"),
        ("--policy =", "NAME=POLICY"),
        ("--mode gas", "fluid"),
        ("--capacity 5 --peak-nodes 5", "cannot be used with"),
    ];
    for (flags, mend) in table {
        let error = parse(&format!("weir backtest show.csv {flags}"))
            .map(|_| ())
            .unwrap_err();
        assert!(error.contains(mend), "{flags}: {error}");
    }
}

/// Runs a command over a short show, with these flags.
async fn ran(command: &str, flags: &str) -> (anyhow::Result<()>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(
        path("show.csv"),
        "timestamp_s,viewers\n0,100\n600,5000\n1200,100\n",
    )
    .unwrap();
    std::fs::write(path("bad.csv"), "timestamp_s,viewers\n0,100\n600,few\n").unwrap();
    let line =
        format!("weir {command} {flags}").replace("DIR", &folder.path().display().to_string());
    let done = match Cli::try_parse_from(line.split(' ')).unwrap().command {
        Command::Backtest(args) => backtest(args).await,
        Command::Compare(args) => compare(args).await,
        other => panic!("{other:?}"),
    };
    (done.map(|_| ()), folder)
}

#[tokio::test(flavor = "multi_thread")]
async fn results_are_written_to_files() {
    let files = "--json DIR/run.json --svg DIR/run.svg --png DIR/run.png";
    let policies = r#"--policy threshold --policy drain=threshold --settings drain={"drain":true}"#;
    let (done, folder) = ran("backtest", &format!("DIR/show.csv {policies} {files}")).await;
    done.unwrap();
    let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&read("run.json")).unwrap();
    assert_eq!(json["runs"][1]["name"], "drain");
    assert_eq!(json["runs"][1]["settings"], r#"{"drain":true}"#);
    assert_eq!(json["audience"]["peak"], 5_000.0);
    assert!(
        json["runs"][0]["score"]["launches"].as_u64() > Some(0),
        "{json}"
    );
    assert!(read("run.svg").starts_with(b"<svg "));
    assert!(read("run.png").starts_with(b"\x89PNG"));
}

#[tokio::test(flavor = "multi_thread")]
async fn built_in_policies_are_compared() {
    let (done, folder) = ran("compare", "DIR/show.csv --for 10m --json DIR/all.json").await;
    done.unwrap();
    let json = std::fs::read_to_string(folder.path().join("all.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["runs"][0]["name"], "threshold");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_run_is_refused_with_its_mend() {
    let table = [
        ("DIR/none.csv", "none.csv cannot be read"),
        ("DIR/bad.csv", "bad.csv, line 3: column viewers is \"few\""),
        ("DIR/show.csv --from 1h", "begin earlier"),
        (
            "DIR/show.csv --policy nobody",
            "there is no built-in policy nobody; there are threshold",
        ),
        (
            "DIR/show.csv --policy none.wasm",
            "policy file none.wasm cannot be read",
        ),
        (
            "DIR/show.csv --policy weighted",
            "policy weighted does not decide how many nodes there are",
        ),
        (
            "DIR/show.csv --policy threshold --policy threshold",
            "two policies are called threshold",
        ),
        (
            r#"DIR/show.csv --settings {"drain":7}"#,
            "policy threshold refuses its settings",
        ),
        (
            r#"DIR/show.csv --settings other={}"#,
            "no policy of this run is called other",
        ),
        (
            "DIR/show.csv --json DIR/no/such/folder",
            "cannot be written",
        ),
    ];
    for (flags, mend) in table {
        let error = ran("backtest", flags).await.0.unwrap_err();
        let text = format!("{error:#}");
        assert!(text.contains(mend), "{flags}: {text}");
    }
}
