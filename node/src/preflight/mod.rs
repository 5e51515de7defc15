//! Checks before the node starts.
//!
//! The libraries below the service meet a bad environment late, and each in its own way: with a
//! random port, a log line, a panic, or a new database over a damaged one. Here every such case
//! ends in one [`StartFault`], before anything is written.

pub mod database;
pub mod keys;
pub mod ports;
pub mod storage;

use std::path::{Path, PathBuf};

use sc_cli::{CliConfiguration, NodeKeyParams, SubstrateCli};
use sc_service::{config::BasePath, Configuration};

use crate::{cli::Cli, error::StartFault};

/// Checks what Substrate reads while it makes a configuration from the command line.
pub fn before_configuration<Command: CliConfiguration>(
    cli: &Cli,
    command: &Command,
) -> sc_cli::Result<()> {
    // First, so that a mistyped chain is not reported as a full disk.
    let chain = cli.load_spec(&command.chain_id(command.is_dev()?)?)?;
    let base_path = base_path(command)?;
    storage::check(base_path.path())?;
    if let Some(file) = command
        .node_key_params()
        .and_then(|keys| node_key_file(keys, &base_path.config_dir(chain.id())))
    {
        keys::check_node_key(&file)?;
    }
    if let Some(file) = command.keystore_params().and_then(|keys| keys.password_filename.as_ref()) {
        keys::check_password_file(file)?;
    }
    Ok(())
}

/// Checks the database that a configuration names, without the service having opened it.
pub fn before_database(config: &Configuration) -> Result<(), StartFault> {
    config.database.path().map_or(Ok(()), database::check)
}

/// Checks what only a running node needs: its session keys and its addresses.
pub fn before_service(config: &mut Configuration) -> Result<(), StartFault> {
    keys::check_keystore(&config.keystore)?;
    ports::check(config)?;
    ports::refuse_random_ports(config);
    Ok(())
}

/// The base path that the configuration will get, by the same rules.
fn base_path<Command: CliConfiguration>(command: &Command) -> Result<BasePath, StartFault> {
    let chosen = command
        .base_path()
        .map_err(|cause| StartFault::TemporaryDirectory { cause: cause.to_string() })?;
    match chosen {
        Some(path) => Ok(path),
        // The library panics without a home directory.
        None if std::env::home_dir().is_none() => Err(StartFault::HomeMissing),
        None => Ok(BasePath::from_project("", "", &Cli::executable_name())),
    }
}

/// The file that the node key will be read from, unless it is given as an argument.
fn node_key_file(keys: &NodeKeyParams, chain_directory: &Path) -> Option<PathBuf> {
    if keys.node_key.is_some() {
        return None;
    }
    let default = || chain_directory.join("network").join("secret_ed25519");
    Some(keys.node_key_file.clone().unwrap_or_else(default))
}
