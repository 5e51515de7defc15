//! One command and nothing else: a node with `--dev` is a chain of its own.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use cairn_localnet::{
    free_port,
    wait::{until, Seen},
    Client,
};
use tempfile::TempDir;

use crate::{Failure, Turn};

/// A `cairn-node --dev`, which ends and is forgotten when this is dropped.
pub struct DevNode {
    process: Child,
    url: String,
    _directory: TempDir,
    _turn: Turn,
}

impl DevNode {
    pub fn start(binary: &Path) -> Result<Self, Failure> {
        let turn = Turn::beside_another()?;
        let directory = crate::scratch()?;
        let rpc = free_port()?;
        let process = Command::new(binary)
            .args(["--dev", "--no-prometheus", "--listen-addr=/ip4/127.0.0.1/tcp/0"])
            .args(["--rpc-port", &rpc.to_string()])
            .arg("--base-path")
            .arg(directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let url = format!("ws://127.0.0.1:{rpc}");
        Ok(Self { process, url, _directory: directory, _turn: turn })
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// A connection, as soon as the node answers.
    pub async fn client(&self, within: Duration) -> Result<Client, Failure> {
        let client = until("the node to answer", within, || async {
            Ok(Seen::Yes(Client::connect(&self.url).await?))
        })
        .await?;
        Ok(client)
    }

    /// Fails if the node has ended by itself.
    pub fn check_alive(&mut self) -> Result<(), Failure> {
        match self.process.try_wait()? {
            None => Ok(()),
            Some(status) => Err(Failure::new(format!("the node ended: {status}"))),
        }
    }
}

impl Drop for DevNode {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to kill.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
