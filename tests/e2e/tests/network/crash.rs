//! Power cuts: a third of the validators may fail without anyone noticing, more stop finality
//! until they are back, and in neither case is anything final ever lost.

use std::time::Duration;

use cairn_e2e::{Load, Test, TestNet, PATIENCE};
use cairn_localnet::wait::{until, Seen};

const BETWEEN_TRANSFERS: Duration = Duration::from_millis(50);
/// What is promised.
const RESUMES_WITHIN: Duration = Duration::from_secs(30);
/// Blocks that are made, and that show by themselves whether anything is finalized meanwhile.
const BLOCKS: u32 = 5;

/// One after the other, of four.
pub async fn nothing_final_is_lost_when_a_validator_is_killed_under_load(
    net: &mut TestNet,
) -> Test {
    let survivor = net.client(0).await?;
    let load = Load::start(net.client(0).await?, "Eve", BETWEEN_TRANSFERS).await?;

    let mut recorded = Vec::new();
    for victim in [3, 2] {
        // What the victim itself called final, and not what the others know.
        let before = net.client(victim).await?;
        let final_before = before.finalized().await?.number;
        recorded.push(before.finalized_chain(final_before).await?);
        net.nodes[victim].kill()?;

        let at_kill = survivor.best().await?.number;
        until("three of four to go on finalizing", PATIENCE, || async {
            let now = survivor.finalized().await?.number;
            Ok(Seen::when(now >= at_kill + BLOCKS, now))
        })
        .await?;

        let returned = net.nodes[victim].restart().await?;
        let goal = survivor.finalized().await?.number;
        until("the victim to catch up", PATIENCE, || async {
            let now = returned.finalized().await?.number;
            Ok(Seen::when(now >= goal, now))
        })
        .await?;
    }

    let sent = load.finish().await?;
    let clients = net.clients().await?;
    assert!(sent.count() > 100, "the load should be one: {sent:?}");
    sent.check_final(&clients, PATIENCE).await?;
    for client in &clients {
        for chain in &recorded {
            let last = chain.len() as u32 - 1;
            assert_eq!(&client.finalized_chain(last).await?, chain, "at {}", client.url());
        }
    }
    Ok(())
}

pub async fn finality_stalls_and_resumes_when_two_of_four_are_killed_and_return(
    net: &mut TestNet,
) -> Test {
    let survivor = net.client(0).await?;

    net.nodes[2].kill()?;
    net.nodes[3].kill()?;
    // A round whose votes had all been cast may still end.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let (best, stalled) = (survivor.best().await?.number, survivor.finalized().await?);
    until("two of four to go on making blocks", PATIENCE, || async {
        let now = survivor.best().await?.number;
        Ok(Seen::when(now >= best + BLOCKS, now))
    })
    .await?;
    assert_eq!(survivor.finalized().await?, stalled, "two of four must not finalize anything");
    let grown = survivor.best().await?.number;

    let chain = survivor.finalized_chain(stalled.number).await?;
    net.nodes[2].start()?;
    net.nodes[3].start()?;
    until("finality to resume", RESUMES_WITHIN, || async {
        let now = survivor.finalized().await?.number;
        Ok(Seen::when(now > grown, now))
    })
    .await?;
    net.wait_finalized(grown + 3, PATIENCE).await?;
    for client in net.clients().await? {
        assert_eq!(client.finalized_chain(stalled.number).await?, chain, "at {}", client.url());
    }
    Ok(())
}
