//! The command line's entry: reads what is wanted and hands over.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is the command line"
)]

#[cfg(feature = "ec2")]
mod ec2;

use std::io;
use std::process::ExitCode;

use clap::Parser;
use weir::app::{App, Clouds, Outside, examine};
use weir::cli::{
    Cli, Command, DoctorArgs, PropertiesCommand, ServeArgs, backtest, check_properties, compare,
    policy_command, replay_command,
};
use weir::config;
use weir::shutdown::{Reloads, Shutdown};
use weir::telemetry::{Telemetry, chain};

fn main() -> ExitCode {
    // Compiling happens under tight limits: nothing else is set up before.
    if std::env::args_os()
        .nth(1)
        .is_some_and(|word| word == "compile-policy")
    {
        return weir::policy::compile_child_main();
    }
    let done = match Cli::parse().command {
        Command::Serve(args) => on_runtime(serve(args)),
        Command::Doctor(args) => on_runtime(doctor(args)),
        Command::Demo(args) => on_runtime(weir::demo::command(args)),
        Command::Backtest(args) => on_runtime(backtest(args)),
        Command::Compare(args) => on_runtime(compare(args)),
        Command::Properties(PropertiesCommand::Check(args)) => {
            check_properties(&args, &mut io::stdout().lock()).map_err(Into::into)
        }
        Command::Policy(command) => {
            on_runtime(async { policy_command(command, &mut io::stdout()).await })
        }
        Command::Replay(args) => {
            on_runtime(async { replay_command(args, &mut io::stdout()).await })
        }
        Command::CompilePolicy(_) => return weir::policy::compile_child_main(),
    };
    done.unwrap_or_else(|error| {
        eprintln!("weir: {}", chain(error.as_ref()));
        ExitCode::FAILURE
    })
}

fn on_runtime(work: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(work)
}

/// What this program was built with.
fn clouds() -> Clouds {
    #[cfg(feature = "ec2")]
    let ec2 = Some(ec2::provider());
    #[cfg(not(feature = "ec2"))]
    let ec2 = None;
    Clouds { ec2 }
}

async fn doctor(args: DoctorArgs) -> anyhow::Result<ExitCode> {
    let mut sick = false;
    for finding in examine(&args.serve.sources(), &args.images(), &clouds()).await {
        let (word, text) = match &finding.result {
            Ok(text) => ("ok  ", text),
            Err(text) => ("FAIL", text),
        };
        sick |= finding.result.is_err();
        println!("{word} {}: {text}", finding.what);
    }
    Ok(if sick {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

async fn serve(args: ServeArgs) -> anyhow::Result<ExitCode> {
    if args.print_config {
        print!("{}", config::load(&args.sources())?.to_toml());
        return Ok(ExitCode::SUCCESS);
    }
    let loaded = config::load_to_serve(&args.sources())?;
    let mut config = loaded.config;
    let telemetry = Telemetry::start(&config.log, &config.server.data_dir)?;
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    let shutdown = Shutdown::on_signals()?;
    let mut reloads = Reloads::on_signal()?;
    let metrics = metrics_exporter_prometheus::PrometheusBuilder::new().install_recorder()?;
    let starting = async {
        let outside = Outside::with_clouds(&config, &clouds()).await?;
        App::start(&config, outside, metrics, shutdown.clone()).await
    };
    // A start may wait for a database for long; nothing is under way yet that would have to be finished.
    let app = tokio::select! {
        started = starting => started?,
        () = shutdown.requested() => return Ok(ExitCode::SUCCESS),
    };
    tracing::info!(url = %app.base_url, "ready; the API is below /streammanager/api/3.1 and /streammanager/api/4.0, its description at /openapi.json");
    let mut taken_over = false;
    let started = config.clone();
    loop {
        tokio::select! {
            () = shutdown.requested() => break,
            () = app.taken_over() => {
                taken_over = true;
                break;
            }
            () = reloads.next() => reload(&args, &app, (&started, &mut config), &telemetry).await,
        }
    }
    app.stop().await?;
    tracing::info!("ended");
    anyhow::ensure!(
        !taken_over,
        "another weir process had the database while this one had lost it, so what this one knows may be old: start it \
         again, and see that only one uses the database"
    );
    Ok(ExitCode::SUCCESS)
}

/// Reads the settings again. What needs a restart is held against the settings of the start, which still run, and not
/// against those that were read last.
async fn reload(
    args: &ServeArgs,
    app: &App,
    (started, config): (&config::Config, &mut config::Config),
    telemetry: &Telemetry,
) {
    let new = match config::load_to_serve(&args.sources()) {
        Ok(loaded) => loaded.config,
        Err(error) => {
            tracing::error!(error = %chain(&error), "the settings cannot be read again; the old ones stay");
            return;
        }
    };
    for key in &started.reloadable_diff(&new).restart {
        tracing::warn!(%key, "this setting changed, but takes effect only after a restart");
    }
    if let Err(error) = app.reload(&new).await {
        tracing::error!(error = %chain(error.as_ref()), "the new settings cannot be used; the old ones stay");
        return;
    }
    if let Err(error) = telemetry.set_level(&new.log.level) {
        tracing::error!(error = %chain(&error), "the log level stays");
    }
    let changed = config.reloadable_diff(&new).now.join(", ");
    tracing::info!(%changed, "settings read again");
    *config = new;
}
