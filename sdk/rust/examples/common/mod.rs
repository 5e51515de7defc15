//! What all examples begin with.

use std::{future::Future, process::ExitCode};

use cairn_sdk::{keys::KeyError, Chain, Options, Result, Signer};

/// Runs an example, and says in words what went wrong.
pub async fn run(example: impl Future<Output = Result<()>>) -> ExitCode {
    match example.await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A connection to the endpoints in `CAIRN_URL`, separated by commas; else to a node here.
pub async fn connect() -> Result<Chain> {
    let urls = std::env::var("CAIRN_URL").unwrap_or_else(|_| "ws://127.0.0.1:9944".into());
    let urls: Vec<&str> = urls.split(',').collect();
    Chain::connect(&urls, &Options::default()).await
}

/// The key in `CAIRN_KEY`; else that of Alice, who has money on every development chain.
#[allow(dead_code, reason = "who only reads needs no key")]
pub fn signer() -> Result<Signer> {
    match Signer::from_environment(cairn_sdk::keys::ENVIRONMENT) {
        Err(KeyError::NoEnvironment { .. }) => Ok(Signer::dev("Alice")?),
        named => Ok(named?),
    }
}

/// A directory of its own for the outbox of one run.
#[allow(dead_code, reason = "who only reads sends nothing")]
pub fn outbox() -> tempfile::TempDir {
    tempfile::tempdir().expect("a directory for the outbox")
}
