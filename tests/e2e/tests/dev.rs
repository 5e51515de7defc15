//! One command and nothing else: a node with `--dev` is a chain of its own.

use std::process::{Child, Command, Stdio};

use cairn_e2e::{Alone, Failure, Test, FIRST_BLOCKS};
use cairn_localnet::{
    free_port, keys, node, tx,
    wait::{until, Seen},
    Client,
};
use cairn_runtime::units::UNITS;

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to kill.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn node_should_make_a_chain_with_funded_accounts_when_started_for_development() -> Test {
    let _alone = Alone::wait()?;
    let directory = tempfile::tempdir()?;
    let rpc = free_port()?;
    let mut process = Process(
        Command::new(node::find_binary()?)
            .args(["--dev", "--no-prometheus", "--listen-addr=/ip4/127.0.0.1/tcp/0"])
            .args(["--rpc-port", &rpc.to_string()])
            .arg("--base-path")
            .arg(directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?,
    );
    let url = format!("ws://127.0.0.1:{rpc}");
    let client = until("the node to answer", FIRST_BLOCKS, || async {
        Ok(Seen::Yes(Client::connect(&url).await?))
    })
    .await?;
    client.wait_finalized(2, FIRST_BLOCKS).await?;

    let receiver = keys::account("receiver//dev")?;
    let transfer = tx::transfer(receiver.clone(), UNITS);
    let alice = keys::signer("Alice")?;
    let block = client.execute(transfer, &alice, FIRST_BLOCKS).await?.block;
    assert_eq!(client.free_balance(&receiver, Some(block)).await?, UNITS);
    match process.0.try_wait()? {
        None => Ok(()),
        Some(status) => Err(Failure::new(format!("the node ended: {status}"))),
    }
}
