//! Runs what the command line asks for.

use std::sync::Arc;

use cairn_runtime::{opaque::Block, BlockNumber};
use sc_cli::{CliConfiguration, KeySubcommand, Runner, SubstrateCli};
use sc_service::PartialComponents;

use crate::{
    cli::{Cli, Subcommand},
    preflight,
    service::{self, FullBackend, FullClient},
};

pub fn run() -> sc_cli::Result<()> {
    let cli = Cli::from_command_line();
    match &cli.subcommand {
        None => run_node(&cli),
        Some(subcommand) => run_subcommand(&cli, subcommand),
    }
}

fn run_node(cli: &Cli) -> sc_cli::Result<()> {
    let mut runner = prepare(cli, &cli.run.node)?;
    preflight::before_service(runner.config_mut())?;
    let options = cli.run.consensus;
    let mut pool = cli.run.node.pool_config.clone();
    if cli.run.node.shared_params.is_dev() {
        // Whoever tries things out sends the same transaction again.
        pool.tx_ban_seconds.get_or_insert(0);
    }
    runner.run_node_until_exit(|config| async move {
        service::new_full(config, options, &pool).map_err(sc_cli::Error::Service)
    })
}

fn run_subcommand(cli: &Cli, subcommand: &Subcommand) -> sc_cli::Result<()> {
    let pool = &cli.run.node.pool_config;
    match subcommand {
        Subcommand::Key(command) => run_key(cli, command),
        Subcommand::BuildSpec(command) => {
            // Only the boot node's identity is read from, or written to, the base path.
            if !command.disable_default_bootnode {
                preflight::before_configuration(cli, command)?;
            }
            let runner = cli.create_runner(command)?;
            runner.sync_run(|config| command.run(config.chain_spec, config.network))
        }
        Subcommand::ExportChainSpec(command) => command.run(cli.load_spec(&command.chain)?),
        Subcommand::PurgeChain(command) => {
            cli.create_runner(command)?.sync_run(|config| command.run(config.database))
        }
        Subcommand::ChainInfo(command) => {
            prepare(cli, command)?.sync_run(|config| command.run::<Block>(&config))
        }
        Subcommand::CheckBlock(command) => prepare(cli, command)?.async_run(|config| {
            let PartialComponents { client, task_manager, import_queue, .. } =
                service::new_partial(&config, pool)?;
            Ok((command.run(client, import_queue), task_manager))
        }),
        Subcommand::ExportBlocks(command) => prepare(cli, command)?.async_run(|config| {
            let PartialComponents { client, task_manager, .. } =
                service::new_partial(&config, pool)?;
            Ok((command.run(client, config.database), task_manager))
        }),
        Subcommand::ExportState(command) => prepare(cli, command)?.async_run(|config| {
            let PartialComponents { client, task_manager, .. } =
                service::new_partial(&config, pool)?;
            Ok((command.run(client, config.chain_spec), task_manager))
        }),
        Subcommand::ImportBlocks(command) => prepare(cli, command)?.async_run(|config| {
            let PartialComponents { client, task_manager, import_queue, .. } =
                service::new_partial(&config, pool)?;
            Ok((command.run(client, import_queue), task_manager))
        }),
        Subcommand::Revert(command) => prepare(cli, command)?.async_run(|config| {
            let PartialComponents { client, task_manager, backend, .. } =
                service::new_partial(&config, pool)?;
            let forget = Box::new(forget_consensus);
            let revert =
                command.run::<Block, FullBackend, FullClient>(client, backend, Some(forget));
            Ok((revert, task_manager))
        }),
    }
}

fn run_key(cli: &Cli, command: &KeySubcommand) -> sc_cli::Result<()> {
    match command {
        // The library asks for a chain though the key goes to a file or to stdout.
        KeySubcommand::GenerateNodeKey(generate) if generate.chain.is_none() => {
            generate.common.run()
        }
        other => other.run(cli),
    }
}

/// Takes back what BABE and GRANDPA remember of blocks that are about to be reverted.
///
/// With epochs and authority sets of blocks that are gone, the next import would fail.
fn forget_consensus(
    client: Arc<FullClient>,
    backend: Arc<FullBackend>,
    blocks: BlockNumber,
) -> sc_cli::Result<()> {
    sc_consensus_babe::revert::<Block, _, _>(client.clone(), backend, blocks)?;
    sc_consensus_grandpa::revert::<Block, _>(client, blocks)?;
    Ok(())
}

/// A runner whose base path, node key and database have been looked at.
fn prepare<Command: CliConfiguration>(cli: &Cli, command: &Command) -> sc_cli::Result<Runner<Cli>> {
    preflight::before_configuration(cli, command)?;
    let runner = cli.create_runner(command)?;
    preflight::before_database(runner.config())?;
    if let Some(directory) = runner.config().database.path() {
        preflight::database::report_panics(directory.to_owned());
    }
    Ok(runner)
}
