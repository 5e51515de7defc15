//! Who betters the workers' model: a process of the command line for each.

use std::{
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
    time::Instant,
};

use cairn_sdk::keys::ENVIRONMENT;

use super::{place, register, Market};
use crate::{keys, process::Process, programs, Error, Result};

/// The program, and what it does until it is stopped: learn, and hand in what is better.
const PROGRAM: &str = "cairn";

/// Somebody who learns. Dropping it kills its process.
pub struct Researcher {
    name: String,
    account: String,
    log: PathBuf,
    process: Process,
}

impl Researcher {
    /// Pays for what it has to put aside, and starts it with what an earlier run left.
    pub(crate) async fn start(
        index: usize,
        url: &str,
        root: &Path,
        outboxes: &Path,
        market: &Market,
    ) -> Result<Self> {
        let (name, account) = (keys::researcher_name(index), keys::researcher(index));
        let program = programs::find(PROGRAM)?;
        let chain = register::connect(url).await?;
        register::fund(&chain, outboxes, std::slice::from_ref(&account)).await?;
        // Beside what workers keep: jobs have to be able to enter it.
        let data = place::home(root)?.join(&name);
        std::fs::create_dir_all(&data).map_err(Error::io("create", &data))?;
        let mut command = Command::new(&program);
        command.args(["learn", &hex::encode(market.model.0), "--watch", "--url", url]);
        command.arg("--data").arg(&data).arg("--archive").arg(&market.archive);
        command.env(ENVIRONMENT, format!("//{account}"));
        let log = root.join(format!("{name}.log"));
        let mut process = Process::new(&name, &program, &log);
        process.start(command)?;
        Ok(Self { name, account, log, process })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The development seed of the account that it learns for.
    pub fn account(&self) -> &str {
        &self.account
    }

    pub fn log_path(&self) -> &Path {
        &self.log
    }

    /// How the process has ended by itself, if it has.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.process.ended()
    }

    pub(crate) fn ask_to_stop(&mut self) -> Result<()> {
        self.process.ask_to_stop()
    }

    pub(crate) async fn wait_stopped(&mut self, deadline: Instant) -> Result<()> {
        self.process.wait_stopped(deadline).await
    }
}
