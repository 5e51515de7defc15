//! Four validators agree, soon and on everything, and go on doing so when some are killed.

use std::time::Duration;

use cairn_e2e::{Failure, Test, TestNet, FIRST_BLOCKS};
use cairn_localnet::{
    keys, tx,
    wait::{until, Seen},
};
use cairn_runtime::units::UNITS;

use crate::crash;

const WINDOW: Duration = Duration::from_secs(10);
/// Of ten slots; what is missing is for a busy machine, and for slots with two authors.
const LEAST_FINALIZED: u32 = 6;

/// One network for all of it, as one of four takes longest to begin.
#[tokio::test(flavor = "multi_thread")]
async fn blocks_should_be_final_alike_and_stay_so_when_some_of_four_validators_are_killed() -> Test
{
    let mut net = TestNet::start(4).await?;
    net.wait_finalized(1, FIRST_BLOCKS).await?;
    let of = |step: &'static str| move |failure: Failure| failure.of(step);
    transfer_is_final_everywhere(&net).await.map_err(of("a transfer"))?;
    blocks_are_finalized_alike(&net).await.map_err(of("blocks"))?;
    crash::finality_stalls_and_resumes_when_two_of_four_are_killed_and_return(&mut net)
        .await
        .map_err(of("two of four killed"))?;
    crash::nothing_final_is_lost_when_a_validator_is_killed_under_load(&mut net)
        .await
        .map_err(of("one of four killed"))?;
    net.passed()
}

async fn blocks_are_finalized_alike(net: &TestNet) -> Test {
    let clients = net.clients().await?;

    let before = clients[0].finalized().await?.number;
    tokio::time::sleep(WINDOW).await;
    let after = clients[0].finalized().await?.number;
    assert!(
        after - before >= LEAST_FINALIZED,
        "{} blocks were finalized in {WINDOW:?}, at least {LEAST_FINALIZED} should be",
        after - before
    );

    net.wait_finalized(after, Duration::from_secs(10)).await?;
    let chain = clients[0].finalized_chain(after).await?;
    for client in &clients[1..] {
        assert_eq!(client.finalized_chain(after).await?, chain, "at {}", client.url());
    }
    Ok(())
}

/// Whichever node accepts it.
async fn transfer_is_final_everywhere(net: &TestNet) -> Test {
    let clients = net.clients().await?;
    let alice = keys::signer("Alice")?;
    let receiver = keys::account("receiver//finality")?;

    let amount = 3 * UNITS;
    let executed = clients[2]
        .execute(tx::transfer(receiver.clone(), amount), &alice, Duration::from_secs(20))
        .await?;

    let number = clients[2].header(executed.block).await?.number;
    for client in &clients {
        let balance = until("the transfer at every node", Duration::from_secs(10), || async {
            let head = client.finalized().await?;
            let balance = client.free_balance(&receiver, Some(head.hash())).await?;
            Ok(Seen::when(head.number >= number, balance))
        })
        .await?;
        assert_eq!(balance, amount, "at {}", client.url());
        assert_eq!(client.block_hash(number).await?, Some(executed.block), "at {}", client.url());
    }
    Ok(())
}
