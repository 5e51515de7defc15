//! What the chain bears of a delta that nobody sends: what it keeps, and what its hooks do.

use crate::Error;
use cairn_localnet::{Client, Event};
use cairn_runtime::{BlockNumber, Hash, Runtime, RuntimeEvent};
use frame_support::storage::storage_prefix;
use frame_system::{BlockWeight, ConsumedWeight, Event as SystemEvent, Phase};
use serde_json::{json, Value};
use sp_core::Bytes;
use sp_io::hashing::twox_128;

/// Whose hooks move deltas on, and whose state grows with them.
const PALLETS: [&str; 5] = ["Experts", "Panels", "Learning", "Custody", "Rewards"];
/// Blocks before a delta is handed in, of which most have nothing to do.
const IDLE: BlockNumber = 21;
/// More than a network of this bench keeps under a prefix, and as many as a node names at once.
const MOST_KEYS: usize = 1_000;

/// Bytes of keys and values of all that grows with deltas, what is held of accounts among them.
pub async fn state(client: &Client, at: Hash) -> Result<usize, Error> {
    let mut prefixes = PALLETS.map(|name| twox_128(name.as_bytes()).to_vec()).to_vec();
    prefixes.push(storage_prefix(b"Balances", b"Holds").to_vec());
    let mut bytes = 0;
    for prefix in prefixes {
        let asked = [json!(Bytes(prefix)), json!(MOST_KEYS), Value::Null, json!(at)];
        let keys: Vec<Bytes> = client.ask("state_getKeysPaged", &asked).await?;
        if keys.len() >= MOST_KEYS {
            return Err(Error::Setup(format!("a pallet keeps more than {MOST_KEYS} values")));
        }
        for key in keys {
            let asked = [json!(key), json!(at)];
            let value: Option<Bytes> = client.ask("state_getStorage", &asked).await?;
            bytes += key.len() + value.map_or(0, |value| value.len());
        }
    }
    Ok(bytes)
}

/// Picoseconds that hooks weigh in a block without anything to do: in the middle of those before
/// one, of which few have more.
pub async fn idle(client: &Client, before: BlockNumber) -> Result<u64, Error> {
    let mut weights = Vec::new();
    for number in before.saturating_sub(IDLE)..before {
        let block = block(client, number).await?;
        weights.push(hooks(client, block, &client.events(block).await?).await?);
    }
    weights.sort_unstable();
    let middle = weights.get(weights.len() / 2).copied();
    middle.ok_or_else(|| Error::Setup("the chain has just begun".into()))
}

/// The same of a certain block.
pub async fn hooks(client: &Client, block: Hash, events: &[Event]) -> Result<u64, Error> {
    let key = BlockWeight::<Runtime>::hashed_key();
    let all: Option<ConsumedWeight> = client.storage(key, Some(block)).await?;
    let all = all.ok_or_else(|| Error::Setup(format!("block {block} has no weight")))?;
    Ok(beside_transactions(&all, events))
}

pub async fn block(client: &Client, number: BlockNumber) -> Result<Hash, Error> {
    let found = client.block_hash(number).await?;
    found.ok_or_else(|| Error::Setup(format!("there is no block {number}")))
}

fn beside_transactions(all: &ConsumedWeight, events: &[Event]) -> u64 {
    let transactions: u64 = events.iter().map(|event| weight(&event.event)).sum();
    all.total().ref_time().saturating_sub(transactions)
}

/// What a transaction turned out to weigh, in picoseconds of reference time.
pub fn weight(event: &RuntimeEvent) -> u64 {
    match event {
        RuntimeEvent::System(
            SystemEvent::ExtrinsicSuccess { dispatch_info }
            | SystemEvent::ExtrinsicFailed { dispatch_info, .. },
        ) => dispatch_info.weight.ref_time(),
        _ => 0,
    }
}

/// Whether hooks did something about deltas in a block with these events.
pub fn moves_on(events: &[Event]) -> bool {
    let is_of_hooks = |event: &&Event| !matches!(event.phase, Phase::ApplyExtrinsic(_));
    let is_of_learning = |event: &Event| {
        matches!(
            event.event,
            RuntimeEvent::Experts(_)
                | RuntimeEvent::Panels(_)
                | RuntimeEvent::Learning(_)
                | RuntimeEvent::Custody(_)
                | RuntimeEvent::Rewards(_)
        )
    };
    events.iter().filter(is_of_hooks).any(is_of_learning)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_protocol::id::DeltaId;
    use frame_support::{dispatch::DispatchClass, weights::Weight};
    use frame_system::{DispatchEventInfo, EventRecord};
    use pallet_cairn_custody::Event as CustodyEvent;

    fn record(phase: Phase, event: RuntimeEvent) -> Event {
        EventRecord { phase, event, topics: Vec::new() }
    }

    fn released(phase: Phase) -> Event {
        record(phase, RuntimeEvent::Custody(CustodyEvent::Released { delta: DeltaId(3) }))
    }

    fn weighs(picoseconds: u64) -> Event {
        let weight = Weight::from_parts(picoseconds, 7);
        let dispatch_info = DispatchEventInfo { weight, ..Default::default() };
        let event = SystemEvent::ExtrinsicSuccess { dispatch_info };
        record(Phase::ApplyExtrinsic(1), RuntimeEvent::System(event))
    }

    #[test]
    fn beside_transactions_should_be_what_none_of_them_weighs() {
        let all = ConsumedWeight::default()
            .add(Weight::from_parts(500, 9), DispatchClass::Normal)
            .add(Weight::from_parts(300, 9), DispatchClass::Mandatory);
        let events = [weighs(450), released(Phase::Finalization), weighs(100)];
        assert_eq!(beside_transactions(&all, &events), 250);
        assert_eq!(beside_transactions(&all, &[]), 800);
        assert_eq!(beside_transactions(&ConsumedWeight::default(), &events), 0);
    }

    #[test]
    fn moves_on_should_hold_of_what_hooks_say_of_learning() {
        assert!(moves_on(&[weighs(5), released(Phase::Finalization)]));
        assert!(moves_on(&[released(Phase::Initialization)]));
        assert!(!moves_on(&[weighs(5), released(Phase::ApplyExtrinsic(1))]));
        let other = RuntimeEvent::System(SystemEvent::CodeUpdated { hash: Hash::default() });
        assert!(!moves_on(&[record(Phase::Finalization, other)]));
    }
}
