//! What the events of a block are about.

use std::collections::BTreeSet;

use cairn_protocol::{
    id::{DeltaId, PanelId, ProviderId, Seed, TaskId},
    profile::DeviceClass,
};
use codec::Decode;

use super::Named;
use crate::{config::At, Result};

/// What may be another thing for a provider after a block than before it. The events are believed
/// that it may, and no more: what it is is in the state.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Touched {
    /// Where it may have got a seat, or may keep something.
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

    /// Each event of these pallets begins with the number of what it is about, but for penalties,
    /// which have one of their own, and links, which are between accounts.
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
            "Panels" => {
                self.changed.panels.insert(PanelId(number));
                if name == "Drawn" && seats(fields).contains(&provider) {
                    self.given.panels.insert(PanelId(number));
                }
            }
            "Custody" => {
                self.changed.deltas.insert(DeltaId(number));
                // Whoever holds it may be its keeper.
                if matches!(name, "Wanted" | "Lost") {
                    self.given.deltas.insert(DeltaId(number));
                }
            }
            "Providers" if name.starts_with("Slash") => {
                let said = read::<(u64, ProviderId)>(fields);
                self.itself |= said.is_some_and(|(_, who)| who == provider);
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

/// Who is named after a task or a panel, and its round.
fn seats(fields: &[u8]) -> BTreeSet<ProviderId> {
    let said = read::<(u64, u16, Vec<ProviderId>)>(fields);
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
    use scale_info::TypeDef;
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
        let slashed = |who: u64| event("Providers", "Slashed", (9u64, who, 5u128).encode());
        assert!(touched(&[slashed(4)]).await.itself);
        assert!(!touched(&[slashed(9)]).await.itself);
        assert_eq!(touched(&[missed(5)]).await, Touched::default());
    }

    #[tokio::test]
    async fn touched_should_name_panels_of_the_provider_and_files_that_anyone_may_keep() {
        let drawn = |panel: u64, who: &[ProviderId]| {
            event("Panels", "Drawn", (panel, 1u16, who, 50u32).encode())
        };
        let file = ([5u8; 32], 900u64);
        let seen = touched(&[
            drawn(1, &[ProviderId(5), ME]),
            drawn(2, &[ProviderId(5)]),
            event("Panels", "RevealsOpened", (3u64, 50u32).encode()),
            event("Custody", "Wanted", (6u64, file, 50u32).encode()),
            event("Custody", "Lost", (7u64, file).encode()),
            event("Custody", "Released", 8u64.encode()),
        ])
        .await;
        assert_eq!(seen.given.panels, BTreeSet::from([PanelId(1)]));
        assert_eq!(seen.changed.panels, [1, 2, 3].map(PanelId).into());
        assert_eq!(seen.given.deltas, [6, 7].map(DeltaId).into());
        assert_eq!(seen.changed.deltas, [6, 7, 8].map(DeltaId).into());
    }

    #[test]
    fn events_should_begin_with_what_they_are_about() {
        let metadata = metadata();
        // These are about nothing that is looked up by its number.
        let others = ["Licensed", "LicenceRevoked", "Noted", "DugUp"];
        let firsts = [
            ("Tasks", "task"),
            ("Audits", "task"),
            ("Capability", "challenge"),
            ("Panels", "panel"),
            ("Custody", "delta"),
        ];
        for (pallet, first) in firsts {
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
        assert_eq!(order("Panels", "Drawn"), "panel round guards due");
    }

    /// How values of a type are encoded, with newtypes as what they hold.
    fn form(metadata: &Metadata, id: u32) -> String {
        match &metadata.types().resolve(id).expect("it is there").type_def {
            TypeDef::Primitive(one) => format!("{one:?}").to_lowercase(),
            TypeDef::Sequence(of) => format!("[{}]", form(metadata, of.type_param.id)),
            TypeDef::Array(of) => format!("[{}; {}]", form(metadata, of.type_param.id), of.len),
            TypeDef::Composite(of) => {
                let fields = of.fields.iter().map(|field| form(metadata, field.ty.id));
                fields.collect::<Vec<_>>().join(" ")
            }
            TypeDef::Variant(of) if of.variants.iter().all(|one| one.fields.is_empty()) => {
                "choice".into()
            }
            other => format!("{other:?}"),
        }
    }

    /// The forms of an event's fields.
    fn forms(metadata: &Metadata, pallet: &str, name: &str) -> String {
        let found = metadata.pallet_by_name(pallet).unwrap();
        let mut events = found.event_variants().unwrap().iter();
        let event = events.find(|event| event.name == name).unwrap();
        let forms = event.fields.iter().map(|field| form(metadata, field.ty.id));
        forms.collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn events_should_have_the_forms_that_they_are_read_by() {
        let metadata = metadata();
        let of = |pallet: &str, name: &str| forms(&metadata, pallet, name);
        assert_eq!(of("Tasks", "Assigned"), "u64, u16, [u64], u32");
        assert_eq!(of("Audits", "Drawn"), "u64, u16, [u64], u32");
        assert_eq!(of("Capability", "HandedOut"), "u64, choice, [u8; 32], u64, [u64], u32");
        assert_eq!(of("Panels", "Drawn"), "u64, u16, [u64], u32");
        for pallet in ["Tasks", "Audits", "Capability", "Panels", "Custody", "Providers"] {
            let found = metadata.pallet_by_name(pallet).unwrap();
            for event in found.event_variants().unwrap() {
                let first = event.fields.first().map(|field| form(&metadata, field.ty.id));
                let is_link = event.name.starts_with("Link");
                assert!(is_link || first.as_deref() == Some("u64"), "{pallet}::{}", event.name);
                if event.name.starts_with("Slash") {
                    let second = event.fields.get(1).and_then(|field| field.name.as_deref());
                    assert_eq!(second, Some("provider"), "{pallet}::{}", event.name);
                }
            }
        }
    }

    /// As events are read here, where a seat had something beside its provider.
    #[test]
    fn form_should_be_another_one_when_a_field_has_more_in_it() {
        let mut metadata = metadata();
        let before = forms(&metadata, "Tasks", "Assigned");
        let types = &mut metadata.types_mut().types;
        let path = "cairn_protocol::id::ProviderId";
        let found = types.iter_mut().find(|one| one.ty.path.segments.join("::") == path);
        let TypeDef::Composite(id) = &mut found.expect("it is there").ty.type_def else {
            panic!("it has fields")
        };
        let more = id.fields[0].clone();
        id.fields.push(more);
        assert_eq!(before, "u64, u16, [u64], u32");
        assert_eq!(forms(&metadata, "Tasks", "Assigned"), "u64, u16, [u64 u64], u32");
    }
}
