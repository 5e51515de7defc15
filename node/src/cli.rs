//! The command line: Substrate's own flags, the few that Cairn adds, and Cairn's defaults.

use std::ffi::OsString;

use clap::{
    error::{ContextKind, ContextValue, ErrorKind},
    CommandFactory, FromArgMatches,
};
use sc_cli::SubstrateCli;

/// Ready transactions kept: sixteen seconds of 2,000 transfers a second.
///
/// A burst outlives a few missed slots without a client seeing "pool is full"; the queue of
/// future transactions gets a tenth of it.
const POOL_LIMIT: &str = "32768";

/// Kilobytes of ready transactions kept: 64 MiB, two kilobytes for each transaction above.
const POOL_KBYTES: &str = "65536";

/// The pool that validates against one state, the best block's.
///
/// Measured as they come, it and the fork-aware one are alike. This one is chosen because ours
/// remembers validations and asks for them in batches, see `service::pool`.
const POOL_TYPE: &str = "single-state";

/// RPC connections served at once.
///
/// A gateway, workers and dApps each hold a WebSocket open; Substrate's 100 is soon used up.
/// It is also the most threads that blocking calls may occupy.
const RPC_MAX_CONNECTIONS: &str = "1000";

#[derive(Debug, clap::Parser)]
pub struct Cli {
    #[command(subcommand)]
    pub subcommand: Option<Subcommand>,

    #[clap(flatten)]
    pub run: RunCommand,
}

/// What `cairn-node` does without a subcommand: run the node.
#[derive(Clone, Debug, clap::Args)]
pub struct RunCommand {
    #[clap(flatten)]
    pub node: sc_cli::RunCmd,

    #[clap(flatten)]
    pub consensus: ConsensusOptions,
}

#[derive(Clone, Copy, Debug, clap::Args)]
pub struct ConsensusOptions {
    /// Milliseconds that a GRANDPA message is expected to need to reach all validators.
    ///
    /// A round lasts a few times as long, so this is most of the time from a block to its
    /// finality. It should be near the one-way delay between the validators farthest apart: 50
    /// suits a machine or a region, 100 a continent, 333 the globe. Too low a value never
    /// finalizes a wrong block; rounds end undecided and are repeated, which costs bandwidth.
    /// Validators may use different values.
    #[arg(
        long,
        value_name = "MILLISECONDS",
        default_value_t = 50,
        value_parser = clap::value_parser!(u64).range(10..=10_000)
    )]
    pub grandpa_gossip_ms: u64,

    /// Blocks by which GRANDPA votes stay behind the best block.
    ///
    /// 0 votes for the best block itself and finalizes soonest. Safety does not depend on the
    /// lag: two blocks at one height are never both final. On a slow network, where several
    /// blocks often compete for a height, votes for the newest one split and rounds are
    /// wasted; a lag of 1 or 2 waits until the fork is decided. More than 32 would bring the
    /// chain near the 50 unfinalized blocks from which block production slows down.
    #[arg(
        long,
        value_name = "BLOCKS",
        default_value_t = 0,
        value_parser = clap::value_parser!(u32).range(0..=32)
    )]
    pub finality_lag: u32,

    /// Go on making a block in every slot while finality stands still.
    ///
    /// Normally an author passes over ever more of its slots once 50 blocks are not final, so
    /// that returning validators have less to catch up with. When more than a third of them is
    /// gone for good, the others set this flag to let a referendum decide in days, not months.
    #[arg(long)]
    pub no_authoring_backoff: bool,
}

#[derive(Debug, clap::Subcommand)]
pub enum Subcommand {
    /// Make, inspect and store keys.
    #[command(subcommand)]
    Key(sc_cli::KeySubcommand),

    /// Write the chain specification to stdout, with this node as boot node if it names none.
    BuildSpec(sc_cli::BuildSpecCmd),

    /// Write the chain specification to a file or to stdout, unchanged.
    ExportChainSpec(sc_cli::ExportChainSpecCmd),

    /// Execute a block of the database again.
    CheckBlock(sc_cli::CheckBlockCmd),

    /// Write blocks to a file or to stdout.
    ExportBlocks(sc_cli::ExportBlocksCmd),

    /// Write the state at a block as a raw chain specification.
    ExportState(sc_cli::ExportStateCmd),

    /// Import blocks that `export-blocks` wrote.
    ImportBlocks(sc_cli::ImportBlocksCmd),

    /// Delete the database of a chain.
    PurgeChain(sc_cli::PurgeChainCmd),

    /// Take back blocks that are not final.
    Revert(sc_cli::RevertCmd),

    /// Print the best, the final and the genesis block of the database.
    ChainInfo(sc_cli::ChainInfoCmd),
}

impl Cli {
    /// Reads the process's arguments; on a mistake it prints what is wrong and ends the process.
    pub fn from_command_line() -> Self {
        Self::from_arguments(std::env::args_os()).unwrap_or_else(|mistake| {
            if asks_for_rocksdb(&mistake) {
                eprintln!(
                    "Error: this node keeps its chain in ParityDB only and cannot open a RocksDB \
                     database: leave --database out, or pass --database paritydb"
                );
                std::process::exit(mistake.exit_code());
            }
            mistake.exit()
        })
    }

    fn from_arguments<Arguments>(arguments: Arguments) -> Result<Self, clap::Error>
    where
        Arguments: IntoIterator,
        Arguments::Item: Into<OsString> + Clone,
    {
        Self::from_arg_matches(&Self::grammar().try_get_matches_from(arguments)?)
    }

    /// Substrate's grammar with Cairn's defaults.
    ///
    /// Replacing the defaults in the grammar, rather than the values after parsing, lets an
    /// explicit flag win even where it repeats Substrate's own default, and `--help` tells the
    /// truth.
    fn grammar() -> clap::Command {
        Self::setup_command(Self::command())
            .mut_arg("pool_limit", |flag| flag.default_value(POOL_LIMIT))
            .mut_arg("pool_kbytes", |flag| flag.default_value(POOL_KBYTES))
            .mut_arg("pool_type", |flag| flag.default_value(POOL_TYPE))
            .mut_arg("rpc_max_connections", |flag| flag.default_value(RPC_MAX_CONNECTIONS))
            // A key in a base path lies in the directory of its chain, so the chain must be known.
            .mut_subcommand("key", |key| {
                key.mut_subcommand("generate-node-key", |generate| {
                    generate
                        .mut_arg("base_path", |flag| flag.requires("chain"))
                        .mut_arg("default_base_path", |flag| flag.requires("chain"))
                })
            })
    }
}

fn asks_for_rocksdb(mistake: &clap::Error) -> bool {
    mistake.kind() == ErrorKind::InvalidValue
        && matches!(
            mistake.get(ContextKind::InvalidValue),
            Some(ContextValue::String(value)) if value.eq_ignore_ascii_case("rocksdb")
        )
}

impl SubstrateCli for Cli {
    fn impl_name() -> String {
        "Cairn Node".into()
    }

    fn impl_version() -> String {
        env!("SUBSTRATE_CLI_IMPL_VERSION").into()
    }

    /// The default base path is named after it, and must outlive a renamed binary.
    fn executable_name() -> String {
        env!("CARGO_PKG_NAME").into()
    }

    fn description() -> String {
        env!("CARGO_PKG_DESCRIPTION").into()
    }

    fn author() -> String {
        "the Cairn contributors".into()
    }

    fn support_url() -> String {
        "the issue tracker of the Cairn repository".into()
    }

    fn copyright_start_year() -> i32 {
        2026
    }

    fn load_spec(&self, id: &str) -> Result<Box<dyn sc_service::ChainSpec>, String> {
        cairn_chain_spec::load(id).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sc_cli::TransactionPoolType;

    fn parse(arguments: &[&str]) -> Result<Cli, clap::Error> {
        Cli::from_arguments(std::iter::once(&"cairn-node").chain(arguments))
    }

    #[test]
    fn grammar_should_be_consistent_when_defaults_are_replaced() {
        Cli::grammar().debug_assert();
    }

    #[test]
    fn from_arguments_should_use_our_defaults_when_no_flag_is_given() {
        let run = parse(&[]).unwrap().run;
        let pool = &run.node.pool_config;
        assert_eq!((pool.pool_limit, pool.pool_kbytes), (32_768, 65_536));
        assert!(matches!(pool.pool_type, TransactionPoolType::SingleState));
        assert_eq!(run.node.rpc_params.rpc_max_connections, 1_000);
        assert_eq!((run.consensus.grandpa_gossip_ms, run.consensus.finality_lag), (50, 0));
    }

    #[test]
    fn from_arguments_should_keep_the_users_value_when_it_is_substrates_default() {
        let flags = ["--pool-limit=8192", "--pool-kbytes=20480", "--pool-type=fork-aware"];
        let pool = parse(&flags).unwrap().run.node.pool_config;
        assert_eq!((pool.pool_limit, pool.pool_kbytes), (8_192, 20_480));
        assert!(matches!(pool.pool_type, TransactionPoolType::ForkAware));
    }

    #[test]
    fn from_arguments_should_refuse_when_a_consensus_option_is_out_of_range() {
        for flag in ["--grandpa-gossip-ms=9", "--grandpa-gossip-ms=10001", "--finality-lag=33"] {
            assert!(parse(&[flag]).is_err(), "{flag}");
        }
    }

    #[test]
    fn from_arguments_should_name_rocksdb_when_it_is_asked_for() {
        assert!(asks_for_rocksdb(&parse(&["--database=RocksDb"]).unwrap_err()));
        assert!(asks_for_rocksdb(&parse(&["chain-info", "--database", "rocksdb"]).unwrap_err()));
        assert!(!asks_for_rocksdb(&parse(&["--database=sqlite"]).unwrap_err()));
    }

    #[test]
    fn from_arguments_should_ask_for_the_chain_when_a_node_key_goes_to_a_base_path() {
        let generate = ["key", "generate-node-key"];
        let with = |flags: &[&str]| parse(&[&generate[..], flags].concat());
        assert!(with(&["--base-path", "/tmp/cairn"]).is_err());
        assert!(with(&["--base-path", "/tmp/cairn", "--chain", "local"]).is_ok());
        assert!(with(&["--default-base-path"]).is_err());
        assert!(with(&["--file", "/tmp/node-key"]).is_ok());
        assert!(with(&[]).is_ok());
    }
}
