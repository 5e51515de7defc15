//! What workers have sent, read from the transactions of blocks: an event tells only of what the
//! chain took, and it takes nothing twice.

use std::collections::BTreeMap;

use cairn_e2e::{Failure, Test, TestNet};
use cairn_localnet::{keys, Block, Client, Event};
use cairn_protocol::id::TaskId;
use cairn_runtime::{AccountId, Address, Nonce, RuntimeCall, RuntimeEvent, UncheckedExtrinsic};
use codec::Decode;
use frame_support::traits::{CallMetadata, GetCallMetadata};
use frame_system::Phase;
use pallet_cairn_audits::Call as AuditCall;
use pallet_cairn_providers::Call as ProviderCall;
use pallet_cairn_tasks::Call as TaskCall;
use sp_runtime::generic::Preamble;

use crate::work::Story;

/// What is said of a task, once by each who has to.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum What {
    Commit,
    Reveal,
    Decline,
    Reject,
    AuditCommit,
    AuditReveal,
    AuditReject,
}

/// A transaction that is in a block.
#[derive(Clone, Debug)]
pub struct Call {
    pub by: AccountId,
    pub nonce: Nonce,
    /// The pallet that it calls, and the function.
    pub name: (&'static str, &'static str),
    /// Nothing where it is about something else than tasks.
    pub said: Option<(What, TaskId)>,
    pub is_heartbeat: bool,
    /// It cost its fee, and the runtime took it back.
    pub failed: bool,
}

/// The signed transactions of a block with these events.
pub fn of(block: &Block, events: &[Event]) -> Result<Vec<Call>, Failure> {
    let mut calls = Vec::new();
    for (index, bytes) in (0u32..).zip(&block.extrinsics) {
        let UncheckedExtrinsic { preamble, function, .. } =
            UncheckedExtrinsic::decode(&mut &bytes[..])?;
        let Preamble::Signed(Address::Id(by), _, extension) = preamble else { continue };
        let failed = events.iter().any(|event| {
            let own = event.phase == Phase::ApplyExtrinsic(index);
            own && matches!(
                event.event,
                RuntimeEvent::System(frame_system::Event::ExtrinsicFailed { .. })
            )
        });
        let is_heartbeat =
            matches!(function, RuntimeCall::Providers(ProviderCall::heartbeat { .. }));
        let (nonce, said) = (extension.5 .0, said(&function));
        let CallMetadata { pallet_name, function_name } = function.get_call_metadata();
        let name = (pallet_name, function_name);
        calls.push(Call { by, nonce, name, said, is_heartbeat, failed });
    }
    Ok(calls)
}

fn said(call: &RuntimeCall) -> Option<(What, TaskId)> {
    match call {
        RuntimeCall::Tasks(call) => match call {
            TaskCall::commit { task, .. } => Some((What::Commit, *task)),
            TaskCall::reveal { task, .. } => Some((What::Reveal, *task)),
            TaskCall::decline { task, .. } => Some((What::Decline, *task)),
            TaskCall::reject_key { task } => Some((What::Reject, *task)),
            _ => None,
        },
        RuntimeCall::Audits(call) => match call {
            AuditCall::commit { task, .. } => Some((What::AuditCommit, *task)),
            AuditCall::reveal { task, .. } => Some((What::AuditReveal, *task)),
            AuditCall::reject_key { task } => Some((What::AuditReject, *task)),
            _ => None,
        },
        _ => None,
    }
}

/// How often each thing was said by whoever operates the nth worker of a network.
pub fn said_by(story: &Story, worker: usize) -> Result<BTreeMap<(What, TaskId), usize>, Failure> {
    let operator = keys::account(&keys::worker_operator(worker))?;
    let mut counts = BTreeMap::new();
    for call in story.calls.iter().filter(|call| call.by == operator) {
        if let Some(said) = call.said {
            *counts.entry(said).or_default() += 1;
        }
    }
    Ok(counts)
}

/// How often whoever operates the nth worker of a network has made a call, in vain or not.
pub fn times(story: &Story, worker: usize, name: (&str, &str)) -> Result<usize, Failure> {
    let operator = keys::account(&keys::worker_operator(worker))?;
    Ok(story.calls.iter().filter(|call| call.by == operator && call.name == name).count())
}

/// How many heartbeats whoever operates the nth worker of a network has sent, not in vain.
pub fn heartbeats_of(story: &Story, worker: usize) -> Result<usize, Failure> {
    let operator = keys::account(&keys::worker_operator(worker))?;
    let own = |call: &&Call| call.by == operator && call.is_heartbeat && !call.failed;
    Ok(story.calls.iter().filter(own).count())
}

/// Fails where a worker has sent anything twice about a task, has sent what came to nothing though
/// it was not late, or has sent something that was not looked at here.
pub async fn assert_sent_once(net: &TestNet, client: &Client, story: &Story) -> Test {
    let last = client.block_hash(story.last()).await?;
    for (index, worker) in net.workers.iter().enumerate() {
        let name = worker.name();
        let operator = keys::account(&keys::worker_operator(index))?;
        for (said, count) in said_by(story, index)? {
            assert_eq!(count, 1, "{name} said {said:?} so often");
        }
        let own: Vec<&Call> = story.calls.iter().filter(|call| call.by == operator).collect();
        for call in own.iter().filter(|call| call.failed) {
            let Some((_, task)) = call.said else { continue };
            let late = story.of(task).vacated.contains(&worker.provider());
            assert!(late, "{name} sent in vain: {call:?}");
        }
        let next = own.windows(2).all(|pair| pair[0].nonce + 1 == pair[1].nonce);
        assert!(next, "{name}: {own:?}");
        if let Some(call) = own.last() {
            let nonce = client.account(&operator, last).await?.nonce;
            assert_eq!(nonce, call.nonce + 1, "{name} sent what was not seen");
        }
    }
    Ok(())
}
