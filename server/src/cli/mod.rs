//! The `buildkeep` command: serve (default), operator commands, doctor.
//!
//! Operator commands work on the same database while the server runs or not; a running server notices within a second.

mod admin;
mod audit;
mod doctor;

use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use app::error::AppError;
use clap::{Parser, Subcommand};

use crate::config::{Config, ConfigError};
use crate::services::billing::require_plans;
use crate::state::{StartError, State};
use crate::{serve, telemetry};

/// The open, self-hosted home of an Nx team's builds.
#[derive(Parser)]
#[command(name = "buildkeep", version, after_help = "Settings come from --config FILE, then BUILDKEEP_* variables, then these options.")]
struct Arguments {
    /// TOML file with settings
    #[arg(long, global = true, env = "BUILDKEEP_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder for everything that is stored [default: ./data]
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Address and port to listen on [default: 127.0.0.1:3000]
    #[arg(long, global = true, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Print one JSON object instead of a sentence
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server (default)
    Serve,
    /// Create and change things as the operator
    #[command(subcommand)]
    Admin(admin::Admin),
    /// Examine the audit log
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Check configuration, database, artifact store, key, mail and clock
    Doctor,
}

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
enum CommandError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("setting `log`: {0}")]
    Log(#[from] tracing_subscriber::filter::ParseError),
    #[error("cannot serve: {0}")]
    Serve(std::io::Error),
    #[error("{0}")]
    App(#[from] AppError),
    #[error("{0}")]
    Refused(String),
    #[error("cannot write the answer: {0}")]
    Output(std::io::Error),
}

/// What a command says when it is done.
struct Answer {
    sentence: String,
    json: serde_json::Value,
    healthy: bool,
}

impl Answer {
    fn new(sentence: String, json: serde_json::Value) -> Self {
        Self { sentence, json, healthy: true }
    }
}

/// Runs the command line of this process.
pub async fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let as_json = arguments.json;
    match Box::pin(execute(arguments)).await {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(answer)) => {
            let line = if as_json { answer.json.to_string() } else { answer.sentence };
            match writeln!(std::io::stdout(), "{line}") {
                Ok(()) if answer.healthy => ExitCode::SUCCESS,
                Ok(()) => ExitCode::FAILURE,
                Err(error) => fail(&CommandError::Output(error)),
            }
        }
        Err(error) => fail(&error),
    }
}

/// Says on standard error why the command did not do what it was asked.
pub fn fail(error: &dyn std::error::Error) -> ExitCode {
    // Nothing is left to tell it to when standard error is closed.
    let _ = writeln!(std::io::stderr(), "buildkeep: {error}");
    ExitCode::FAILURE
}

async fn execute(arguments: Arguments) -> Result<Option<Answer>, CommandError> {
    let config = Config::load(arguments.config.as_deref(), arguments.data.as_deref(), arguments.listen)?;
    match arguments.command {
        None | Some(Command::Serve) => {
            telemetry::start_logging(&config)?;
            let state = State::open(config).await?;
            // Not for other commands: one of them gives organizations another plan.
            require_plans(&state).await?;
            serve::run(state).await.map_err(CommandError::Serve)?;
            Ok(None)
        }
        Some(Command::Admin(command)) => {
            let input = if command.wants_password() { Some(read_password()?) } else { None };
            Box::pin(command.run(&State::open(config).await?, input)).await.map(Some)
        }
        Some(Command::Audit(command)) => command.run(&*State::open(config).await?).await.map(Some),
        Some(Command::Doctor) => Ok(Some(doctor::examine(config).await)),
    }
}

/// The first line of standard input.
fn read_password() -> Result<String, CommandError> {
    let mut text = String::new();
    let mut input = std::io::stdin().take(4096);
    input
        .read_to_string(&mut text)
        .map_err(|error| CommandError::Refused(format!("the password cannot be read from standard input: {error}")))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
