//! What takes the consent of those who have tokens: on a local chain, of accounts that are everyone's.

use std::path::{Path, PathBuf};

use cairn_sdk::{
    governance::{calls, referenda, submitted, Proposal, Referendum, Track},
    Chain, Ticket,
};
use tokio::task::JoinSet;

use super::register::{self, RICH};
use crate::{Error, Result};

/// Who votes: of those who are rich, all but Dave, in whose name people are told to ask for work
/// meanwhile.
const VOTERS: [&str; 5] = ["Alice", "Bob", "Charlie", "Eve", "Ferdie"];
/// What of its tokens each votes with, in tenths: the rest pays for what it does meanwhile.
const TENTHS: u128 = 8;
/// Locks nothing when the vote is over.
const CONVICTION: u8 = 0;

/// Proposes calls, as far as that was not done before, and has those who are rich vote for them.
/// They are made some blocks later.
pub(super) async fn approve(
    chain: &Chain,
    outboxes: &Path,
    track: Track,
    calls: &[Vec<u8>],
) -> Result<()> {
    let proposals: Vec<Proposal> = calls.iter().map(|call| Proposal::of(call)).collect();
    let numbers = propose(chain, outboxes, track, &proposals).await?;
    // At once, since each waits for finality.
    let mut voting = JoinSet::new();
    for voter in VOTERS {
        voting.spawn(vote(chain.clone(), outboxes.to_owned(), voter, numbers.clone()));
    }
    while let Some(voted) = voting.join_next().await {
        // Nothing aborts these tasks, so that one that was not joined has panicked.
        voted.map_err(|error| Error::Task { reason: error.to_string() })??;
    }
    Ok(())
}

/// The referenda on these, with all that has to be paid for a decision.
async fn propose(
    chain: &Chain,
    outboxes: &Path,
    track: Track,
    proposals: &[Proposal],
) -> Result<Vec<u32>> {
    let at = chain.at_finalized().await?;
    // One may have been turned down before, and is another then.
    let (known, before) = (referenda(&at).await?, submitted(&at).await?);
    let outbox = register::outbox(chain, outboxes, RICH)?;
    let mut sent = Vec::new();
    for (nth, proposal) in proposals.iter().enumerate() {
        if find(&known, proposal).is_none() {
            let call = calls::propose(track, proposal.clone(), 0);
            sent.push(outbox.submit(&format!("proposal {nth} after {before}"), &call).await?);
        }
    }
    wait(sent).await?;
    let known = referenda(&chain.at_finalized().await?).await?;
    let found: Option<Vec<_>> = proposals.iter().map(|one| find(&known, one)).collect();
    let missing = || Error::Task { reason: "what was proposed is not there".into() };
    let (mut sent, mut numbers) = (Vec::new(), Vec::new());
    for Referendum { number, votes, .. } in found.ok_or_else(missing)? {
        if !votes.as_ref().is_some_and(|votes| votes.has_decision_deposit) {
            let call = calls::place_deposit(*number);
            sent.push(outbox.submit(&format!("deposit of referendum {number}"), &call).await?);
        }
        numbers.push(*number);
    }
    wait(sent).await?;
    outbox.close().await;
    Ok(numbers)
}

/// The last referendum on this that goes on.
fn find<'r>(known: &'r [Referendum], proposal: &Proposal) -> Option<&'r Referendum> {
    let is_ours =
        |one: &&Referendum| one.votes.as_ref().is_some_and(|votes| votes.proposal == *proposal);
    known.iter().rev().find(is_ours)
}

async fn vote(
    chain: Chain,
    outboxes: PathBuf,
    voter: &'static str,
    numbers: Vec<u32>,
) -> Result<()> {
    let has = chain.free_balance(&register::account(voter)?).await?;
    let stake = has.saturating_mul(TENTHS) / 10;
    let outbox = register::outbox(&chain, &outboxes, voter)?;
    let mut sent = Vec::new();
    for number in numbers {
        let call = calls::vote(number, true, CONVICTION, stake);
        sent.push(outbox.submit(&format!("vote on referendum {number}"), &call).await?);
    }
    wait(sent).await?;
    outbox.close().await;
    Ok(())
}

async fn wait(sent: Vec<Ticket>) -> Result<()> {
    for ticket in sent {
        ticket.succeeded().await?;
    }
    Ok(())
}
