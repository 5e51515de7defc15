//! The neighbours that are not the real ones: a test tells them what to say, and they note what
//! they hear.

use super::{
    component, file, head_of, AccountId, Balances, Learning, A, ALICE, B, BLOCK_DEPOSIT, BOB, DATA,
    GENERATED, MODEL, OTHER, UNKNOWN_PARENT, VAULT,
};
use crate::types::Place;
use cairn_protocol::{
    dag::{Component, Header, SemVer},
    id::{Amount, BlockId, ContentId, DeltaId, File},
    learning::{
        model::{Access, Head, ModelCard, Part, Parts},
        panel::Case,
        source::{DataSet, Generator, Purpose, Source},
    },
    share::{of, Ppm},
    spec::Records,
};
use cairn_seams::{Custody, Kept, Lineage, Purse, Sealing};
use codec::{Decode, Encode};
use frame_support::{
    assert_ok,
    dispatch::DispatchResult,
    ensure, parameter_types, storage_alias,
    traits::{fungible::Mutate, tokens::Preservation},
};

parameter_types! {
    /// Deltas are judged on a file of records, and not by a generator.
    pub static OnRecords: bool = false;
    /// The set that the model is judged on.
    pub static Chosen: BlockId = DATA;
    /// There is somebody who pays.
    pub static Pays: bool = true;
    /// And enough for those who judge one more delta.
    pub static Affords: bool = true;
    /// What there is for a reward.
    pub static Budget: Amount = Amount::MAX;
    pub static Difficulty: Ppm = 1_000_000;
    /// Rewards wait for sealed sets.
    pub static Waits: bool = false;
    /// Who knows examples that nobody else does.
    pub static Curators: Vec<AccountId> = Vec::new();
    /// What keepers say when they are asked.
    pub static AtOnce: Option<bool> = None;
    /// The register takes no block.
    pub static Refuses: bool = false;
}

/// What the neighbours know. It is part of the state, so that what is undone is undone in it.
#[derive(Clone, Debug, Decode, Default, Encode)]
pub struct Known {
    /// Of each component what was laid on what; the last is the head.
    pub lines: Vec<(Place, Vec<Stone>)>,
    /// What keepers are asked for.
    pub asked: Vec<(DeltaId, File)>,
    /// What was put aside, and for whom.
    pub reserved: Vec<(DeltaId, AccountId, Amount)>,
    /// What was paid of it.
    pub paid: Vec<(DeltaId, Amount)>,
    pub guards: Vec<(AccountId, Amount)>,
    /// Deltas that something is put aside for to have them judged.
    pub aside: Vec<DeltaId>,
    /// Rewards that wait, for how much gain, and what the head was when that was noted.
    pub noted: Vec<(DeltaId, u64, BlockId)>,
    pub forgotten: Vec<DeltaId>,
    pub successes: u32,
    /// On which set, before a delta was laid and since.
    pub losses: Vec<(BlockId, u64, u64)>,
}

/// A block of a component.
#[derive(Clone, Debug, Decode, Encode, PartialEq)]
pub struct Stone {
    pub block: BlockId,
    pub file: File,
    pub published: bool,
    pub judged: u32,
}

#[storage_alias]
type Neighbours = StorageValue<Mock, Known, frame_support::pallet_prelude::ValueQuery>;

pub(crate) fn known() -> Known {
    Neighbours::get()
}

pub(crate) fn amend<R>(change: impl FnOnce(&mut Known) -> R) -> R {
    Neighbours::mutate(change)
}

fn line(place: &Place) -> Vec<Stone> {
    let found = known().lines.into_iter().find(|(at, _)| at == place);
    found.map(|(_, line)| line).unwrap_or_default()
}

fn amend_line<R>(place: &Place, change: impl FnOnce(&mut Vec<Stone>) -> R) -> R {
    amend(|known| {
        let at = known.lines.iter().position(|(at, _)| at == place).unwrap_or_else(|| {
            known.lines.push((place.clone(), Vec::new()));
            known.lines.len() - 1
        });
        change(&mut known.lines[at].1)
    })
}

/// A component is another one from now on, whatever was laid on it.
pub(crate) fn publish(model: BlockId, name: &[u8]) {
    let place = Place { model, component: component(name) };
    let nth = line(&place).len();
    let hash = sp_io::hashing::blake2_256(&(model, name.to_vec(), nth as u64).encode());
    let file = File { id: ContentId(hash), bytes: 4_000 };
    let stone = Stone { block: BlockId(hash), file, published: true, judged: 0 };
    amend_line(&place, |line| line.push(stone));
}

/// The register of models: two models of two components each.
pub struct Register;
impl Lineage<AccountId> for Register {
    fn bundle(model: &BlockId) -> Option<File> {
        Self::card(model).map(|_| file(1))
    }

    fn card(model: &BlockId) -> Option<ModelCard> {
        [MODEL, OTHER].contains(model).then(|| ModelCard {
            configuration: ContentId([1; 32]),
            tokenizer: None,
            judge: ContentId([2; 32]),
            components: vec![component(A), component(B)].try_into().unwrap(),
            royalty: 0,
            price_hint: 0,
            licence: b"MIT".to_vec().try_into().unwrap(),
            access: Access::Open,
        })
    }

    fn author(_: &BlockId) -> Option<AccountId> {
        Some(ALICE)
    }

    fn head(model: &BlockId, component: &Component) -> Option<Head> {
        let place = Place { model: *model, component: component.clone() };
        let head = line(&place).pop()?;
        let Stone { block, file, judged, .. } = head;
        Some(Head { block, file, release: SemVer::default(), judged })
    }

    fn file(block: &BlockId) -> Option<File> {
        let stones = known().lines.into_iter().flat_map(|(_, line)| line);
        stones.into_iter().find(|stone| stone.block == *block).map(|stone| stone.file)
    }

    fn parts(model: &BlockId) -> Parts {
        let part = |name: &[u8]| {
            let file = Self::head(model, &component(name))?.file;
            Some(Part { component: component(name), file })
        };
        let parts: Vec<_> = [A, B].into_iter().filter_map(part).collect();
        parts.try_into().unwrap()
    }

    fn data(block: &BlockId) -> Option<DataSet<AccountId>> {
        let source = if OnRecords::get() && *block == DATA {
            Source::Records(Records { file: File { bytes: 64_000, ..file(9) }, record_bytes: 64 })
        } else {
            Source::Generator(Generator {
                module: file(9),
                record_bytes: 64,
                fuel: 1_000,
                count: 1_000,
            })
        };
        let set = DataSet { model: MODEL, source, purpose: Purpose::Validation, author: BOB };
        [DATA, GENERATED].contains(block).then_some(set)
    }

    fn validation(model: &BlockId) -> Option<BlockId> {
        (*model == MODEL).then(Chosen::get)
    }

    fn note_judged(model: &BlockId, component: &Component) {
        let place = Place { model: *model, component: component.clone() };
        amend_line(&place, |line| line.last_mut().expect("it has a head").judged += 1);
    }

    fn check(header: &Header<AccountId>) -> DispatchResult {
        let model = header.model.expect("it was checked");
        let line = line(&Place { model, component: header.component.clone() });
        let since = line.iter().rposition(|stone| stone.published).unwrap_or(0);
        let found = line[since..].iter().any(|stone| header.parents.contains(&stone.block));
        ensure!(found, UNKNOWN_PARENT);
        Ok(())
    }

    fn deposit(_: &Header<AccountId>) -> Amount {
        BLOCK_DEPOSIT
    }

    fn lay(header: Header<AccountId>, file: File, deposit_from: &AccountId) -> DispatchResult {
        Self::check(&header)?;
        ensure!(!Refuses::get(), UNKNOWN_PARENT);
        // It takes all that was put aside for it, and nothing else that is there.
        Balances::transfer(deposit_from, &VAULT, BLOCK_DEPOSIT, Preservation::Preserve)?;
        let model = header.model.expect("it was checked");
        let place = Place { model, component: header.component.clone() };
        let stone = Stone { block: header.id(), file, published: false, judged: 0 };
        amend_line(&place, |line| line.push(stone));
        Ok(())
    }

    fn carries(model: &BlockId, component: &Component, block: &BlockId) -> bool {
        let line = line(&Place { model: *model, component: component.clone() });
        let mut laid = line.iter().rev().take_while(|stone| !stone.published);
        laid.any(|stone| stone.block == *block)
    }

    fn unlay(model: &BlockId, component: &Component) -> Option<BlockId> {
        let place = Place { model: *model, component: component.clone() };
        amend_line(&place, |line| {
            let top = line.pop_if(|stone| !stone.published)?;
            Some(top.block)
        })
    }

    fn note_loss(_: &BlockId, data: &BlockId, before: u64, since: u64) {
        amend(|known| known.losses.push((*data, before, since)));
    }
}

/// Keepers who do as they are told.
pub struct Shelf;
impl Custody for Shelf {
    fn ask(delta: DeltaId, model: &BlockId, file: File) {
        assert_eq!(*model, MODEL);
        amend(|known| known.asked.push((delta, file)));
        match AtOnce::get() {
            Some(true) => Learning::kept(delta),
            Some(false) => Learning::unkept(delta),
            None => {}
        }
    }

    fn release(delta: DeltaId) {
        amend(|known| known.asked.retain(|(one, _)| *one != delta));
    }
}

/// Pays out of nothing, and no delta twice.
pub struct Till;
impl Purse<AccountId> for Till {
    fn period() -> u32 {
        0
    }

    fn pays_for(_: &BlockId, data: &BlockId) -> bool {
        assert_eq!(*data, DATA);
        Pays::get()
    }

    fn difficulty(_: &BlockId) -> Ppm {
        Difficulty::get()
    }

    fn reserve(
        delta: DeltaId,
        model: &BlockId,
        data: &BlockId,
        author: &AccountId,
        amount: Amount,
    ) -> Amount {
        assert_eq!((*model, *data), (MODEL, DATA));
        let amount = amount.min(Budget::get());
        amend(|known| {
            assert!(!known.reserved.iter().any(|(one, _, _)| *one == delta));
            assert!(!known.paid.iter().any(|(one, _)| *one == delta), "it was paid before");
            known.reserved.push((delta, *author, amount));
        });
        amount
    }

    fn release(delta: DeltaId, share: Ppm) -> Amount {
        amend(|known| {
            let found = known.reserved.iter().position(|(one, _, _)| *one == delta);
            let (_, author, amount) = known.reserved.remove(found.expect("it was put aside"));
            let paid = of(share, amount);
            assert_ok!(Balances::mint_into(&author, paid));
            known.paid.push((delta, paid));
            paid
        })
    }

    fn pay_guards(model: &BlockId, guards: &[AccountId], each: Amount) -> Amount {
        assert_eq!(*model, MODEL);
        amend(|known| known.guards.extend(guards.iter().map(|guard| (*guard, each))));
        each * guards.len() as Amount
    }

    fn set_aside_for_judging(delta: DeltaId, model: &BlockId) -> bool {
        assert_eq!(*model, MODEL);
        amend(|known| {
            assert!(!known.aside.contains(&delta), "it is judged");
            known.aside.extend(Affords::get().then_some(delta));
        });
        Affords::get()
    }

    fn free_judging(delta: DeltaId) {
        amend(|known| known.aside.retain(|one| *one != delta));
    }

    fn pay_panel(case: &Case, model: &BlockId, guards: &[AccountId], each: Amount) -> Amount {
        let Case::Delta(delta) = case else { unreachable!("nothing else is judged") };
        assert!(known().aside.contains(delta), "nothing was put aside for it");
        Self::free_judging(*delta);
        Self::pay_guards(model, guards, each)
    }

    fn note_success(model: &BlockId) {
        assert_eq!(*model, MODEL);
        amend(|known| known.successes += 1);
    }
}

/// Curators who do as they are told.
pub struct Seal;
impl Sealing<AccountId> for Seal {
    fn waits(data: &BlockId) -> bool {
        let generated = Register::data(data).is_some_and(|set| set.source.is_generator());
        Waits::get() && !generated
    }

    fn barred(_: &BlockId, who: &AccountId) -> bool {
        Curators::get().contains(who)
    }

    fn note(_: &BlockId, delta: DeltaId, gain: u64, laid: Part) {
        let place = Learning::delta_view(delta).expect("it is kept").delta.place().unwrap();
        assert_eq!(laid.component, place.component, "{delta:?} is noted for another component");
        let head = head_of(&place);
        assert_ne!(laid.file, head.file, "{delta:?} is noted when its head has moved");
        amend(|known| known.noted.push((delta, gain, head.block)));
    }

    fn forget(_: &BlockId, delta: DeltaId) {
        amend(|known| {
            known.noted.retain(|(one, _, _)| *one != delta);
            known.forgotten.push(delta);
        });
    }
}
