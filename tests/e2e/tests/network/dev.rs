//! The shortest way to a chain: `cairn-node --dev`.

use cairn_e2e::{DevNode, Test, FIRST_BLOCKS};
use cairn_localnet::{keys, node, tx};
use cairn_runtime::units::UNITS;

#[tokio::test(flavor = "multi_thread")]
async fn node_should_make_a_chain_with_funded_accounts_when_started_for_development() -> Test {
    let mut node = DevNode::start(&node::find_binary()?)?;
    let client = node.client(FIRST_BLOCKS).await?;
    client.wait_finalized(2, FIRST_BLOCKS).await?;

    let receiver = keys::account("receiver//dev")?;
    let transfer = tx::transfer(receiver.clone(), UNITS);
    let alice = keys::signer("Alice")?;
    let block = client.execute(transfer, &alice, FIRST_BLOCKS).await?.block;
    assert_eq!(client.free_balance(&receiver, Some(block)).await?, UNITS);
    node.check_alive()
}
