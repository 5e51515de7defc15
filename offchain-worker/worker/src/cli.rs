//! What the program is asked to do.

use crate::{
    config::{Config, ConfigError, Settings},
    detect::Machine,
};
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Does the work that a Cairn chain assigns to a provider.
#[derive(Parser)]
#[command(name = "cairn-worker", version)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Sets a worker up: its folder, keys, a file of settings, and what to register of the machine.
    Init {
        #[command(flatten)]
        options: Options,
        /// Say what was made as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Works until Ctrl-C or SIGTERM, and then lets running jobs end first.
    Run(Options),
    /// Says what this machine has, what it can serve, and what is wrong; 1 if anything is.
    Preflight {
        #[command(flatten)]
        options: Options,
        /// Say it as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Says the key that payloads are sealed for this worker with, as `cairn register` wants it.
    /// It is made where there is none yet.
    Identity {
        /// Where the worker keeps what it must not forget, as in `run`.
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
        /// Say it as JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Args)]
pub struct Options {
    /// Settings in TOML, called as the flags are; flags come before them.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    #[command(flatten)]
    pub settings: Settings,
}

impl Options {
    /// What flags and file say.
    pub fn merged(self) -> Result<Settings, ConfigError> {
        match self.config {
            Some(path) => self.settings.with_file(&path),
            None => Ok(self.settings),
        }
    }

    /// What they come to on this machine.
    pub fn resolve(self, machine: &Machine) -> Result<Config, ConfigError> {
        self.merged()?.resolve(machine.cores, machine.memory_mib)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn parsed(arguments: &[&str]) -> Result<Cli, clap::Error> {
        Cli::try_parse_from([&["cairn-worker"][..], arguments].concat())
    }

    fn settings(arguments: &[&str]) -> Settings {
        match parsed(arguments).map(|cli| cli.command) {
            Ok(
                Command::Run(options)
                | Command::Preflight { options, .. }
                | Command::Init { options, .. },
            ) => options.settings,
            Ok(Command::Identity { .. }) => panic!("it has no settings"),
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn cli_should_be_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn run_should_take_several_endpoints_and_relays() {
        let settings = settings(&["run", "--url", "ws://a:1", "--url", "ws://b:2", "--slots", "3"]);
        assert_eq!(settings.url, ["ws://a:1", "ws://b:2"]);
        assert_eq!(settings.slots, Some(3));
        let settings = self::settings(&["run", "--relay", "https://a", "--relay", "https://b"]);
        assert_eq!(settings.relay, ["https://a", "https://b"]);
    }

    #[test]
    fn cli_should_refuse_what_makes_no_sense() {
        let none: &[&str] = &[];
        for bad in [
            none,
            &["work"],
            &["run", "--provider", "me"],
            &["run", "--provider", "-1"],
            &["run", "--slots", "0"],
            &["run", "--slots", "65"],
            &["run", "--threads", "0"],
            &["run", "--memory", "-5"],
            &["run", "--memory", "63"],
            &["run", "--quota", "0"],
            &["run", "--listen", "9000"],
            &["run", "--peer", "127.0.0.1:9000"],
            &["run", "--relay"],
            &["run", "--health", "65536"],
            &["run", "--heartbeat", "0"],
            &["run", "--linger", "-1"],
            &["run", "--json"],
            &["run", "--url"],
            &["preflight", "extra"],
            &["init", "extra"],
            &["identity", "--slots", "1"],
        ] {
            assert!(parsed(bad).is_err(), "{bad:?}");
        }
    }
}
