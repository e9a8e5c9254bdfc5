//! `weir policy …` and `weir replay`: policies of a running server, and its decisions made again.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand, ValueEnum};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::remote::{Remote, RemoteArgs, Sent};

/// Policies of a running server.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Upload a component; it is compiled and tried, and becomes the next version of its name
    Push(PushArgs),
    /// Let a policy decide for a group from now on
    Bind(BindArgs),
    /// Go back to what decided before the last bind
    Rollback(DecisionArgs),
    /// The policies there are
    List(ListArgs),
}

/// What is uploaded.
#[derive(Debug, Args)]
pub struct PushArgs {
    /// The component, or a core module with the types of a component in it
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Name it gets (default: the file's without its ending)
    #[arg(long)]
    pub name: Option<String>,
    /// File with the hex digits of an ed25519 signature over the component's bytes
    #[arg(long, value_name = "FILE")]
    pub signature: Option<PathBuf>,
    /// Take it although its placement questions are dear
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub remote: RemoteArgs,
}

/// What is decided.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum DecidesArg {
    /// How many nodes there are
    Scaling,
    /// Which node a publisher is sent to
    Broadcast,
    /// Which node a viewer is sent to
    Subscribe,
}

/// A decision of a group.
#[derive(Debug, Args)]
pub struct DecisionArgs {
    /// Group, by name or number
    #[arg(long)]
    pub group: String,
    /// Which of its decisions
    #[arg(long, value_enum)]
    pub decides: DecidesArg,
    #[command(flatten)]
    pub remote: RemoteArgs,
}

/// What is bound.
#[derive(Debug, Args)]
pub struct BindArgs {
    /// Policy: `mine` for its newest version, `mine@3` for that one
    #[arg(value_name = "POLICY")]
    pub policy: String,
    /// Its settings, JSON, or @FILE
    #[arg(long, default_value = "{}")]
    pub settings: String,
    #[command(flatten)]
    pub decision: DecisionArgs,
}

/// Which server.
#[derive(Debug, Args)]
pub struct ListArgs {
    #[command(flatten)]
    pub remote: RemoteArgs,
}

/// Which decision.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// Number of the decision, as GET /weir/v1/decisions tells it
    #[arg(value_name = "DECISION")]
    pub decision: u64,
    #[command(flatten)]
    pub remote: RemoteArgs,
}

impl DecisionArgs {
    fn path(&self) -> String {
        let decides = match self.decides {
            DecidesArg::Scaling => "scaling",
            DecidesArg::Broadcast => "broadcast",
            DecidesArg::Subscribe => "subscribe",
        };
        format!("groups/{}/bindings/{decides}", self.group)
    }
}

/// Runs a command of `weir policy`.
///
/// # Errors
/// What the server said, or why it could not be asked; with the next step.
pub async fn policy_command(
    command: PolicyCommand,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    match command {
        PolicyCommand::Push(args) => push(args, out).await,
        PolicyCommand::Bind(args) => bind(args, out).await,
        PolicyCommand::Rollback(args) => {
            let path = format!("{}/rollback", args.path());
            let remote = args.remote.connect()?;
            let (_, bindings) = remote.call(Method::POST, &path, Sent::Nothing).await?;
            show_bindings(&bindings, out)
        }
        PolicyCommand::List(args) => list(&args.remote.connect()?, out).await,
    }
}

async fn push(args: PushArgs, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let file = args.file.display();
    let bytes = std::fs::read(&args.file).with_context(|| format!("{file} cannot be read"))?;
    let stem = args
        .file
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned());
    let name = args
        .name
        .or(stem)
        .context("the file has no name: give --name")?;
    let mut headers = Vec::new();
    if let Some(signature) = &args.signature {
        let digits = std::fs::read_to_string(signature);
        let digits = digits.with_context(|| format!("{} cannot be read", signature.display()))?;
        headers.push((
            "x-weir-policy-signature",
            format!("ed25519={}", digits.trim()),
        ));
    }
    let remote = args.remote.connect()?;
    let path = format!("policies/{name}?force={}", args.force);
    let sent = Sent::Bytes(bytes, headers);
    let (mut status, mut upload) = remote.call(Method::POST, &path, sent).await?;
    while status == StatusCode::ACCEPTED {
        writeln!(
            out,
            "still being compiled and tried, {} s",
            upload["elapsedMs"].as_u64().unwrap_or(0) / 1_000
        )?;
        let id = upload["upload"].as_str().unwrap_or_default();
        let path = format!("policies/{name}/uploads/{id}?wait_ms=10000");
        (status, upload) = remote.call(Method::GET, &path, Sent::Nothing).await?;
    }
    show_version(&upload["version"], status == StatusCode::OK, out)
}

fn show_version(version: &Value, known: bool, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let text = |member: &str| version[member].as_str().unwrap_or_default();
    let reference = text("reference");
    let what = if known {
        "was uploaded before"
    } else {
        "is admitted"
    };
    writeln!(
        out,
        "{reference} {what}: {} ({} bytes, sha256 {})",
        text("summary"),
        version["bytes"],
        text("sha256")
    )?;
    for price in version["admission"]["prices"]
        .as_array()
        .into_iter()
        .flatten()
    {
        writeln!(
            out,
            "  {} with {} nodes: {:.1} µs, fuel {}",
            price["export"].as_str().unwrap_or_default(),
            price["nodes"],
            price["medianMicros"].as_f64().unwrap_or_default(),
            price["fuel"]
        )?;
    }
    for warning in version["admission"]["warnings"]
        .as_array()
        .into_iter()
        .flatten()
    {
        writeln!(out, "  mind: {}", warning.as_str().unwrap_or_default())?;
    }
    let scales = version["decides"]
        .as_array()
        .is_some_and(|it| it.contains(&json!("scaling")));
    let decides = if scales { "scaling" } else { "subscribe" };
    writeln!(
        out,
        "next: weir policy bind {reference} --group GROUP --decides {decides}"
    )?;
    Ok(ExitCode::SUCCESS)
}

async fn bind(args: BindArgs, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let text = match args.settings.strip_prefix('@') {
        Some(file) => {
            std::fs::read_to_string(file).with_context(|| format!("{file} cannot be read"))?
        }
        None => args.settings,
    };
    let settings: Value = serde_json::from_str(&text).context("--settings is no JSON")?;
    let body = json!({ "policy": args.policy, "settings": settings });
    let remote = args.decision.remote.connect()?;
    let (_, bindings) = remote
        .call(Method::PUT, &args.decision.path(), Sent::Json(body))
        .await?;
    show_bindings(&bindings, out)?;
    let group = &args.decision.group;
    writeln!(
        out,
        "why it decides what it decides: GET /weir/v1/decisions?group={group}; back: weir policy rollback"
    )?;
    Ok(ExitCode::SUCCESS)
}

fn show_bindings(bindings: &Value, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    for binding in bindings["bindings"].as_array().into_iter().flatten() {
        let text = |member: &str| binding[member].as_str().unwrap_or_default();
        writeln!(
            out,
            "{:<9} {} (from {}) {}",
            text("decides"),
            text("policy"),
            text("from"),
            binding["settings"]
        )?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(remote: &Remote, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let (_, listed) = remote.call(Method::GET, "policies", Sent::Nothing).await?;
    for policy in listed["policies"].as_array().into_iter().flatten() {
        let text = |member: &str| policy[member].as_str().unwrap_or_default();
        let words = |member: &str| {
            let list = policy[member].as_array().into_iter().flatten();
            let words: Vec<String> = list.map(|it| it.to_string().replace('"', "")).collect();
            words.join(", ")
        };
        let versions = match words("versions") {
            none if none.is_empty() => String::new(),
            some => format!(", versions {some}"),
        };
        writeln!(
            out,
            "{:<20} {:<9} {} [{}{versions}]",
            text("name"),
            text("source"),
            text("summary"),
            words("decides")
        )?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Makes a decision again; exit code 1 when anything differs.
///
/// # Errors
/// As [`policy_command`].
pub async fn replay_command(args: ReplayArgs, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let path = format!("decisions/{}/replay", args.decision);
    let remote = args.remote.connect()?;
    let (_, replayed) = remote.call(Method::POST, &path, Sent::Nothing).await?;
    let Some(attempts) = replayed["attempts"].as_array() else {
        bail!(
            "the server at {} answered something else",
            args.remote.server
        );
    };
    for attempt in attempts {
        let text = |member: &str| attempt[member].as_str().unwrap_or_default();
        writeln!(
            out,
            "{}: {} (fuel {})",
            text("policy"),
            text("verdict"),
            attempt["fuel"]
        )?;
        for difference in attempt["differences"].as_array().into_iter().flatten() {
            let text = |member: &str| difference[member].as_str().unwrap_or_default();
            writeln!(
                out,
                "  {}: logged {:?}, now {:?}",
                text("what"),
                text("logged"),
                text("now")
            )?;
        }
    }
    Ok(match replayed["identical"].as_bool() {
        Some(true) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}
