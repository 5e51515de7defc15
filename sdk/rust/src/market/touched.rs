//! What the events of a block are about.

use std::collections::BTreeSet;

use cairn_protocol::{
    id::{ProviderId, Seed, TaskId},
    profile::DeviceClass,
};
use codec::Decode;

use super::Named;
use crate::{config::At, Result};

/// What may be another thing for a provider after a block than before it. The events are believed
/// that it may, and no more: what it is is in the state.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Touched {
    /// Where it may have got a seat.
    pub given: Named,
    /// Where something has happened, whoever takes part.
    pub changed: Named,
    /// Whether something has happened to its registration, or to what lots are drawn from.
    pub itself: bool,
}

impl Touched {
    /// What the events of the block say.
    pub async fn by(at: &At, provider: ProviderId) -> Result<Self> {
        let mut touched = Self::default();
        for event in at.events().fetch().await?.iter() {
            let event = event?;
            let (pallet, name) = (event.pallet_name(), event.event_name());
            touched.add(pallet, name, event.field_bytes(), provider);
        }
        Ok(touched)
    }

    /// Each event of these pallets begins with the number of what it is about.
    fn add(&mut self, pallet: &str, name: &str, fields: &[u8], provider: ProviderId) {
        let Some(number) = read::<u64>(fields) else { return };
        match pallet {
            "Tasks" | "Audits" => {
                self.changed.tasks.insert(TaskId(number));
                if matches!(name, "Assigned" | "Drawn") && seats(fields).contains(&provider) {
                    self.given.tasks.insert(TaskId(number));
                }
            }
            "Capability" => {
                self.changed.challenges.insert(number);
                if name == "HandedOut" && members(fields).contains(&provider) {
                    self.given.challenges.insert(number);
                }
            }
            "Providers" => self.itself |= number == provider.0,
            "Entropy" => self.itself = true,
            _ => {}
        }
    }
}

/// What the bytes begin with.
fn read<T: Decode>(mut bytes: &[u8]) -> Option<T> {
    T::decode(&mut bytes).ok()
}

/// Who is named after a task and its round.
fn seats(fields: &[u8]) -> BTreeSet<ProviderId> {
    let said = read::<(TaskId, u16, Vec<ProviderId>)>(fields);
    said.map(|(_, _, who)| who.into_iter().collect()).unwrap_or_default()
}

/// Who is named after a challenge, and what it consists of.
fn members(fields: &[u8]) -> BTreeSet<ProviderId> {
    let said = read::<(u64, DeviceClass, Seed, u64, Vec<ProviderId>)>(fields);
    said.map(|(_, _, _, _, who)| who.into_iter().collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        connect::METADATA,
        stub::{hexadecimal, World},
    };
    use codec::{Compact, Encode};
    use subxt::{events::Phase, Metadata};

    const ME: ProviderId = ProviderId(4);
    /// `System::Events`.
    const EVENTS: &str = "0x26aa394eea5630e07c48ae0c9558cef780d41e5e16056765bc8461851072c9d7";

    fn metadata() -> Metadata {
        Metadata::decode_from(METADATA).unwrap()
    }

    /// An event as a block has it.
    fn event(pallet: &str, name: &str, fields: Vec<u8>) -> Vec<u8> {
        let metadata = metadata();
        let pallet = metadata.pallet_by_name(pallet).unwrap();
        let mut variants = pallet.event_variants().unwrap().iter();
        let variant = variants.find(|one| one.name == name).unwrap();
        let record = (Phase::Initialization, pallet.event_index(), variant.index);
        [record.encode(), fields, Vec::<[u8; 32]>::new().encode()].concat()
    }

    async fn touched(events: &[Vec<u8>]) -> Touched {
        let world = World::new(&["a"]);
        let count = Compact(u32::try_from(events.len()).unwrap()).encode();
        let bytes = hexadecimal(&[count, events.concat()].concat());
        world.node("a", |node| drop(node.storage.insert(EVENTS.into(), bytes)));
        let at = world.connect().await.unwrap().at_finalized().await.unwrap();
        Touched::by(&at, ME).await.unwrap()
    }

    fn assigned(task: u64, providers: &[ProviderId]) -> Vec<u8> {
        event("Tasks", "Assigned", (task, 1u16, providers, 50u32).encode())
    }

    fn tasks(numbers: &[u64]) -> Named {
        Named { tasks: numbers.iter().copied().map(TaskId).collect(), ..Named::default() }
    }

    #[tokio::test]
    async fn touched_should_tell_what_a_provider_is_given_from_what_others_are() {
        let drawn = event("Audits", "Drawn", (7u64, 2u16, vec![ME], 50u32).encode());
        let seen = touched(&[
            assigned(5, &[ProviderId(1), ME]),
            assigned(6, &[ProviderId(1)]),
            drawn,
            event("Tasks", "Acknowledged", 8u64.encode()),
        ])
        .await;
        assert_eq!((seen.given, seen.changed), (tasks(&[5, 7]), tasks(&[5, 6, 7, 8])));
        assert!(!seen.itself);
    }

    #[tokio::test]
    async fn touched_should_name_challenges_and_what_is_said_of_the_provider() {
        let handed = |number: u64, who: ProviderId| {
            let fields = (number, DeviceClass::Cpu, [1u8; 32], 10u64, vec![who], 50u32);
            event("Capability", "HandedOut", fields.encode())
        };
        let seen = touched(&[handed(1, ME), handed(2, ProviderId(5))]).await;
        assert_eq!(seen.given.challenges, BTreeSet::from([1]));
        assert_eq!(seen.changed.challenges, BTreeSet::from([1, 2]));
        let missed = |who: u64| event("Providers", "Missed", who.encode());
        assert!(touched(&[missed(4)]).await.itself);
        assert_eq!(touched(&[missed(5)]).await, Touched::default());
    }

    #[test]
    fn events_should_begin_with_what_they_are_about() {
        let metadata = metadata();
        // These are about nothing that is looked up by its number.
        let others = ["Licensed", "LicenceRevoked", "Noted", "DugUp"];
        for (pallet, first) in [("Tasks", "task"), ("Audits", "task"), ("Capability", "challenge")]
        {
            let found = metadata.pallet_by_name(pallet).unwrap();
            for event in found.event_variants().unwrap() {
                let name = event.fields.first().and_then(|field| field.name.as_deref());
                let is_other = others.contains(&event.name.as_str());
                assert!(is_other || name == Some(first), "{pallet}::{}", event.name);
            }
        }
        let order = |pallet: &str, name: &str| {
            let found = metadata.pallet_by_name(pallet).unwrap();
            let mut events = found.event_variants().unwrap().iter();
            let event = events.find(|event| event.name == name).unwrap();
            let names = event.fields.iter().map(|field| field.name.clone().unwrap_or_default());
            names.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(order("Tasks", "Assigned"), "task round providers due");
        assert_eq!(order("Audits", "Drawn"), "task round guards due");
        assert_eq!(order("Capability", "HandedOut"), "challenge class seed units members due");
    }
}
