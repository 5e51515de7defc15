//! A chain of the pallet with panels, guards and randomness as they are. The register of models,
//! keepers, purse and curators are as small as they can be, and told by hand what to say.

use crate::{self as pallet_cairn_learning, types::*};
use cairn_protocol::{
    dag::{Component, Header, SemVer},
    id::{
        Amount, BlockId, ContentId, DeltaId, Digest, File, Height, PanelId, ProviderId, Region,
        Seed,
    },
    job::JobKind,
    learning::{
        brief::{Brief, Subject},
        evaluation::{excess, Evaluation, Opinion},
        model::{Access, Head, ModelCard, Part, Parts},
        panel::PanelRules,
        reward::{Curve, Decay},
        source::{DataSet, Generator, Purpose, Source},
    },
    preimage::{DeltaCommitment, OpinionCommitment, Statement},
    profile::{DeviceClass, Hardware, Offer, Offers, Profile, Role},
    share::{of, Ppm},
    spec::Records,
};
use cairn_seams::{Clock as _, Custody, Kept, Lineage, Panels as _, Purse, Sealing};
use codec::{Decode, Encode};
use frame_support::{
    assert_ok, derive_impl,
    dispatch::DispatchResult,
    ensure, parameter_types, storage_alias,
    traits::{
        fungible::{InspectHold, Mutate},
        tokens::{imbalance::ResolveTo, Preservation},
        ConstU128, ConstU32, OnFinalize, OnIdle, OnInitialize,
    },
    weights::Weight,
};
use frame_system::EnsureRoot;
use pallet_cairn_entropy::BlockVrf;
use pallet_cairn_panels::types as panels;
use sp_runtime::{BuildStorage, DispatchError};

pub(crate) type AccountId = u64;

#[frame_support::runtime]
mod runtime {
    #[runtime::runtime]
    #[runtime::derive(
        RuntimeCall,
        RuntimeEvent,
        RuntimeError,
        RuntimeOrigin,
        RuntimeFreezeReason,
        RuntimeHoldReason,
        RuntimeSlashReason,
        RuntimeLockId,
        RuntimeTask
    )]
    pub struct Test;

    #[runtime::pallet_index(0)]
    pub type System = frame_system;
    #[runtime::pallet_index(1)]
    pub type Balances = pallet_balances;
    #[runtime::pallet_index(2)]
    pub type Clock = pallet_cairn_clock;
    #[runtime::pallet_index(3)]
    pub type Entropy = pallet_cairn_entropy;
    #[runtime::pallet_index(4)]
    pub type Providers = pallet_cairn_providers;
    #[runtime::pallet_index(5)]
    pub type Reputation = pallet_cairn_reputation;
    #[runtime::pallet_index(6)]
    pub type Panels = pallet_cairn_panels;
    #[runtime::pallet_index(7)]
    pub type Learning = pallet_cairn_learning;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type AccountData = pallet_balances::AccountData<Amount>;
    type Block = frame_system::mocking::MockBlock<Self>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type AccountStore = System;
    type Balance = Amount;
    type ExistentialDeposit = ConstU128<100>;
}

impl pallet_cairn_clock::Config for Test {}

/// Three authors take turns.
pub struct Turns;
impl BlockVrf<AccountId> for Turns {
    fn author_vrf() -> Option<(AccountId, Seed)> {
        let number = System::block_number();
        Some((number % 3, sp_io::hashing::blake2_256(&(Luck::get(), number).encode())))
    }

    fn active_authors() -> u32 {
        3
    }
}

impl pallet_cairn_entropy::Config for Test {
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = Helper;
    type BlockVrf = Turns;
    type Clock = Clock;
    type Currency = Balances;
    type MaxAuthors = ConstU32<3>;
    type MaxClosings = ConstU32<2>;
    type MaxContributors = ConstU32<4>;
    type MaxGaps = ConstU32<8>;
    type MinAuthors = ConstU32<3>;
    type OnForfeit = ();
    type Registry = Providers;
    type RoundBlocks = ConstU32<20>;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Stake = ConstU128<100>;
    type WeightInfo = ();
    type Window = ConstU32<16>;
}

parameter_types! {
    /// Makes seeds other ones.
    pub static Luck: u64 = 0;
    pub static LearningRules: Rules = RULES;
    /// Deltas are judged on a file of records, and not by a generator.
    pub static OnRecords: bool = false;
    /// The set that the model is judged on.
    pub static Chosen: BlockId = DATA;
    /// There is somebody who pays.
    pub static Pays: bool = true;
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
    pub const Treasury: AccountId = TREASURY;
    pub const Vault: AccountId = VAULT;
    pub const ThroughputFloors: pallet_cairn_providers::ThroughputFloors =
        pallet_cairn_providers::ThroughputFloors {
            small_gpu: 100,
            gpu: 1_000,
            large_gpu: 10_000,
            accelerator: 100_000,
        };
    pub const RoleBonds: pallet_cairn_providers::RoleBonds = pallet_cairn_providers::RoleBonds {
        compute: 10_000,
        guard: 10_000,
        router: 10_000,
        storage: 10_000,
        entropy: 10_000,
    };
    pub const FaultShares: pallet_cairn_providers::FaultShares =
        pallet_cairn_providers::FaultShares {
            silent: 1_000,
            unrevealed: 10_000,
            withheld: 10_000,
            outvoted: 40_000,
            agreed_unread: 50_000,
            wrong: 300_000,
        };
    pub ReputationRules: cairn_protocol::reputation::Rules = cairn_protocol::reputation::Rules {
        prior: 500_000,
        inertia: 8,
        window: 32,
        fault_weight: 4,
        half_life: 100_000,
        weights: cairn_protocol::reputation::Weights { accuracy: 2, timeliness: 1, availability: 1 },
    };
    pub static PanelsRules: panels::Rules = PANELS;
}

impl pallet_cairn_providers::Config for Test {
    type AppealOrigin = EnsureRoot<AccountId>;
    type AppealWindow = ConstU32<20>;
    type ByteDeposit = ConstU128<1>;
    type Clock = Clock;
    type Currency = Balances;
    type FaultMemory = ConstU32<1_000>;
    type FaultShares = FaultShares;
    type HeartbeatPeriod = ConstU32<5_000>;
    type HeartbeatTimeout = ConstU32<10_000>;
    type ItemDeposit = ConstU128<5>;
    type MaxEvictions = ConstU32<2>;
    type MaxLinks = ConstU32<4>;
    type MaxRegistrations = ConstU32<16>;
    type MaxSample = ConstU32<64>;
    type MaxSlashesPerBlock = ConstU32<4>;
    type OnSlash = ResolveTo<Vault, Balances>;
    type Reputation = Reputation;
    type RoleBonds = RoleBonds;
    type RuntimeHoldReason = RuntimeHoldReason;
    type ThroughputFloors = ThroughputFloors;
    type UnbondingPeriod = ConstU32<21>;
    type WeightInfo = ();
}

impl pallet_cairn_reputation::Config for Test {
    type Clock = Clock;
    type Registry = Providers;
    type Rules = ReputationRules;
}

impl pallet_cairn_panels::Config for Test {
    type Beacon = Entropy;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = Helper;
    type Cases = Learning;
    type Clock = Clock;
    type Purse = Till;
    type Registry = Providers;
    type Reputation = Reputation;
    type Rules = PanelsRules;
    type ServedPerBlock = ConstU32<16>;
    type WeightInfo = ();
}

const PANELS: panels::Rules = panels::Rules {
    draws: PanelRules { guards: 3, most: 9, sample: 16, again: 2 },
    clocks: panels::Clocks { commit: 40, reveal: 10, window: 5 },
    pay: 700,
};

pub(crate) const RULES: Rules = Rules {
    terms: Terms {
        delay: 5,
        life: 50,
        commitment: 10,
        bond: Price { fixed: 1_000, byte: 1 },
        deposit: Price { fixed: 200, byte: 1 },
        mark: 30,
        most_bytes: 10_000,
    },
    clocks: Clocks { turn: 40, keeping: 30, record: 400 },
    standard: Standard { threshold: 10_000, decay: Decay { floor_loss: 0, least: 1_000 } },
    sample: Sample { variance: 400, most: 256 },
    curve: Curve { hundredth: 500 },
    forfeit: 100_000,
    pending: 3,
};

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

    fn note(_: &BlockId, delta: DeltaId, gain: u64) {
        let place = Learning::delta_view(delta).expect("it is kept").delta.place().unwrap();
        let head = head_of(&place).block;
        amend(|known| known.noted.push((delta, gain, head)));
    }

    fn forget(_: &BlockId, delta: DeltaId) {
        amend(|known| {
            known.noted.retain(|(one, _, _)| *one != delta);
            known.forgotten.push(delta);
        });
    }
}

impl pallet_cairn_learning::Config for Test {
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = Helper;
    type Clock = Clock;
    type Currency = Balances;
    type Custody = Shelf;
    type Lineage = Register;
    type ManagerOrigin = EnsureRoot<AccountId>;
    type MaxQueue = ConstU32<6>;
    type Panels = Panels;
    type Purse = Till;
    type Registry = Providers;
    type Rules = LearningRules;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Sealing = Seal;
    type ServedPerBlock = ConstU32<16>;
    type Treasury = Treasury;
    type UndoneAtOnce = ConstU32<2>;
    type WeightInfo = ();
}

pub(crate) const ALICE: AccountId = 1;
pub(crate) const BOB: AccountId = 2;
pub(crate) const TREASURY: AccountId = 3;
pub(crate) const VAULT: AccountId = 4;
/// They make deltas.
pub(crate) const CAROL: AccountId = 10;
pub(crate) const DAVE: AccountId = 11;
pub(crate) const ERIN: AccountId = 12;
pub(crate) const FRANK: AccountId = 13;
pub(crate) const RICH: Amount = 10_000_000;
/// Providers that can be registered.
pub(crate) const MOST: u64 = 80;
pub(crate) const SALT: Digest = [5; 32];
pub(crate) const MODEL: BlockId = BlockId([6; 32]);
/// A model that nothing is judged on.
pub(crate) const OTHER: BlockId = BlockId([7; 32]);
pub(crate) const DATA: BlockId = BlockId([8; 32]);
/// Another set, whatever [`DATA`] is.
pub(crate) const GENERATED: BlockId = BlockId([9; 32]);
pub(crate) const A: &[u8] = b"a";
pub(crate) const B: &[u8] = b"b";
pub(crate) const BLOCK_DEPOSIT: Amount = 77;
pub(crate) const UNKNOWN_PARENT: DispatchError = DispatchError::Other("unknown parent");
/// What a gain of a tenth is worth: ln 10/9 is 0.105360.
pub(crate) const GAIN: u64 = 105_360;
pub(crate) const REWARD: Amount = 5_268;
/// Bytes of a delta that most tests are about, and what is held for it.
pub(crate) const BYTES: u64 = 500;
pub(crate) const BOND: Amount = 1_500;
pub(crate) const DEPOSIT: Amount = 730;
/// Blocks until one has drawn with a seed that is asked for now.
pub(crate) const SEED: u64 = 18;

pub(crate) fn file(byte: u8) -> File {
    File { id: ContentId([byte; 32]), bytes: 1_000 }
}

pub(crate) fn component(name: &[u8]) -> Component {
    name.to_vec().try_into().unwrap()
}

pub(crate) fn place(name: &[u8]) -> Place {
    Place { model: MODEL, component: component(name) }
}

pub(crate) fn owner(provider: ProviderId) -> AccountId {
    100 + provider.0
}

pub(crate) fn operator(provider: ProviderId) -> AccountId {
    1_000 + provider.0
}

pub(crate) fn signed(account: AccountId) -> RuntimeOrigin {
    RuntimeOrigin::signed(account)
}

pub(crate) fn externalities() -> sp_io::TestExternalities {
    Luck::set(0);
    LearningRules::set(RULES);
    PanelsRules::set(PANELS);
    OnRecords::set(false);
    Chosen::set(DATA);
    Pays::set(true);
    Budget::set(Amount::MAX);
    Difficulty::set(1_000_000);
    Waits::set(false);
    Curators::set(Vec::new());
    AtOnce::set(None);
    Refuses::set(false);
    let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
    let owners = (0..MOST).flat_map(|n| [owner(ProviderId(n)), operator(ProviderId(n))]);
    let others = [ALICE, BOB, TREASURY, VAULT, CAROL, DAVE, ERIN, FRANK];
    pallet_balances::GenesisConfig::<Test> {
        balances: owners.chain(others).map(|account| (account, RICH)).collect(),
        ..Default::default()
    }
    .assimilate_storage(&mut storage)
    .unwrap();
    // All of it is a change to an empty chain: what lies in a trie is slow to go through.
    let mut externalities = sp_io::TestExternalities::new_empty();
    externalities.execute_with(|| {
        storage.top.iter().for_each(|(key, value)| sp_io::storage::set(key, value));
        publish(MODEL, A);
        publish(MODEL, B);
        publish(OTHER, A);
    });
    externalities
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

/// Runs a test in block one with twelve guards, and checks every pallet's invariants at its end.
pub(crate) fn execute<R>(test: impl FnOnce() -> R) -> R {
    execute_with(12, test)
}

pub(crate) fn execute_with<R>(guards: u64, test: impl FnOnce() -> R) -> R {
    externalities().execute_with(|| {
        begin_block(1);
        (0..guards).for_each(|_| {
            join();
        });
        let result = test();
        check();
        result
    })
}

pub(crate) fn check() {
    Clock::do_try_state().unwrap();
    Entropy::do_try_state().unwrap();
    Providers::do_try_state().unwrap();
    Reputation::do_try_state().unwrap();
    Panels::do_try_state().unwrap();
    Learning::do_try_state().unwrap();
    let known = known();
    let deltas: Vec<_> = crate::Deltas::<Test>::iter().collect();
    // Panels that nobody waits for judge nothing.
    let asked = deltas.iter().filter_map(|(_, delta)| delta.panel);
    let mut asked: Vec<_> = asked.collect();
    let mut open: Vec<_> = pallet_cairn_panels::Panels::<Test>::iter_keys().collect();
    asked.sort_unstable();
    open.sort_unstable();
    assert_eq!(asked, open);
    for (id, delta) in &deltas {
        let kept = known.asked.iter().any(|(one, _)| one == id);
        assert!(!kept || matches!(delta.stage, Stage::Keeping | Stage::Laid), "{id:?}");
        // What waits is put aside and noted; nothing else is.
        let waits = delta.stage == Stage::Laid && delta.waits;
        assert_eq!(known.reserved.iter().any(|(one, _, _)| one == id), waits, "{id:?}");
        assert_eq!(known.noted.iter().any(|(one, _, _)| one == id), waits, "{id:?}");
    }
}

fn begin_block(number: u64) {
    System::set_block_number(number);
    AllPalletsWithSystem::on_initialize(number);
}

/// Makes a block with nothing left of its weight.
pub(crate) fn full_block() {
    let number = System::block_number();
    AllPalletsWithSystem::on_finalize(number);
    begin_block(number + 1);
}

/// Makes so many blocks.
pub(crate) fn run(blocks: u64) {
    for _ in 0..blocks {
        let now = System::block_number();
        AllPalletsWithSystem::on_idle(now, Weight::from_parts(u64::MAX / 2, u64::MAX / 2));
        full_block();
    }
}

pub(crate) fn now() -> Height {
    Clock::now()
}

/// A guard of an owner of its own, available.
pub(crate) fn join() -> ProviderId {
    let provider = ProviderId(pallet_cairn_providers::NextProvider::<Test>::get());
    let mut binding = [0; 32];
    binding[..8].copy_from_slice(&provider.0.to_le_bytes());
    let class = DeviceClass::Cpu;
    let offers = vec![Offer { kind: JobKind::Evaluate, price: 1 }];
    let profile = Profile {
        hardware: Hardware { class, memory_mib: 16_384, compute: 86, slots: 200, binding },
        region: Region(0x0101),
        offers: Offers(offers.try_into().unwrap()),
        payload_key: None,
        node: [0; 32],
        enclave: None,
    };
    let roles = [Role::Guard].into_iter().collect();
    let (owner, operator) = (owner(provider), operator(provider));
    assert_ok!(Providers::register(signed(owner), operator, Box::new(profile), roles, 100_000));
    assert_ok!(Providers::heartbeat(signed(operator), provider));
    provider
}

/// Two accounts are one party from now on.
pub(crate) fn link(one: AccountId, other: AccountId) {
    assert_ok!(Providers::link_account(signed(one), other, true));
    assert_ok!(Providers::link_account(signed(other), one, true));
}

pub(crate) fn head_of(place: &Place) -> Head {
    Register::head(&place.model, &place.component).expect("it is published")
}

/// A delta of an author on a component as it is.
pub(crate) fn header(author: AccountId, name: &[u8], artifact: u8) -> Header<AccountId> {
    let place = place(name);
    let file = File { id: ContentId([artifact; 32]), bytes: BYTES };
    let release = SemVer { major: 0, minor: 0, patch: 1 };
    let parent = head_of(&place).block;
    Header::delta(place.model, place.component, parent, file, release, author, 50_000)
}

pub(crate) fn digest(author: AccountId, artifact: ContentId) -> Digest {
    DeltaCommitment { author, artifact, salt: SALT }.digest(&Learning::genesis())
}

pub(crate) fn commit(header: &Header<AccountId>) -> DispatchResult {
    let (author, model) = (header.author, header.model.unwrap());
    let digest = digest(author, header.artifact.id);
    Learning::commit_delta(signed(author), model, header.component.clone(), digest)
}

/// Hands in what was committed to long enough ago. Says which delta it is.
pub(crate) fn submit(header: &Header<AccountId>) -> Result<DeltaId, DispatchError> {
    let id = DeltaId(crate::Submitted::<Test>::get());
    let boxed = Box::new(header.clone());
    frame_support::storage::with_storage_layer(|| {
        Learning::submit_delta(signed(header.author), boxed, SALT)
    })?;
    Ok(id)
}

/// Has deltas handed in, one after the other in one block.
pub(crate) fn hand_in(headers: &[Header<AccountId>]) -> Vec<DeltaId> {
    for header in headers {
        assert_ok!(commit(header));
    }
    run(5);
    headers.iter().map(|header| submit(header).expect("it may be")).collect()
}

/// One of Carol's on the first component.
pub(crate) fn handed_in() -> DeltaId {
    hand_in(&[header(CAROL, A, 20)])[0]
}

pub(crate) fn delta(id: DeltaId) -> Delta<AccountId> {
    crate::Deltas::<Test>::get(id).expect("it is kept")
}

pub(crate) fn stage(id: DeltaId) -> (Stage, Option<Reason>) {
    let delta = delta(id);
    (delta.stage, delta.reason)
}

fn measured(brief: &Brief, each: u64) -> Opinion {
    let count = u64::from(brief.count);
    let (baseline, loss) = (count * 2_000_000, count * each);
    let sum = excess(baseline, loss, brief.threshold);
    // All examples alike, but for a little.
    let squares = sum.unsigned_abs().pow(2) / u128::from(count) + 1_000_000_000_000_000;
    let artifact = match &brief.subject {
        Subject::Delta { artifact, component, .. } => (artifact.id, component.clone()),
        Subject::Heads(_) => unreachable!("it is a delta"),
    };
    // What a component becomes is another one with each delta and each base.
    let candidate = ContentId(sp_io::hashing::blake2_256(&(&brief.parts, artifact).encode()));
    Opinion::Measured(Evaluation {
        candidate,
        baseline,
        loss,
        count: brief.count,
        sum,
        squares: squares.into(),
        trace: [3; 32],
    })
}

/// The loss falls by a tenth.
pub(crate) fn better(brief: &Brief) -> Opinion {
    measured(brief, 1_800_000)
}

/// It falls, but not by as much as it has to.
pub(crate) fn no_better(brief: &Brief) -> Opinion {
    measured(brief, 1_990_000)
}

pub(crate) fn panel_of(id: DeltaId) -> PanelId {
    delta(id).panel.expect("it is judged")
}

pub(crate) fn brief_of(id: DeltaId) -> Brief {
    Panels::brief_of(panel_of(id)).expect("it is drawn")
}

/// Waits for the draw of a delta's guards.
pub(crate) fn await_draw(id: DeltaId) {
    while Panels::brief_of(panel_of(id)).is_none() {
        run(1);
    }
}

/// Has all guards of a panel say something each, by their places.
pub(crate) fn say(panel: PanelId, says: impl Fn(usize, &Brief) -> Opinion) {
    let brief = Panels::brief_of(panel).expect("it is drawn");
    let view = Panels::panel_view(panel).expect("it is under way");
    let genesis = Panels::genesis();
    let opinion = |place| says(place, &brief);
    for (place, seat) in view.guards.iter().enumerate() {
        let commitment = OpinionCommitment {
            panel,
            round: view.round,
            provider: seat.guard,
            opinion: opinion(place).digest(&genesis),
            salt: SALT,
        };
        let by = signed(operator(seat.guard));
        assert_ok!(Panels::commit(by, panel, commitment.digest(&genesis)));
    }
    for (place, seat) in view.guards.iter().enumerate() {
        let by = signed(operator(seat.guard));
        assert_ok!(Panels::reveal(by, panel, opinion(place), SALT));
    }
}

/// Has guards say that of a delta as soon as they may, and waits until it is heard.
pub(crate) fn judge(id: DeltaId, says: impl Fn(&Brief) -> Opinion) {
    await_draw(id);
    let panel = panel_of(id);
    say(panel, |_, brief| says(brief));
    while Panels::due(panel).is_some() {
        run(1);
    }
    run(2);
}

pub(crate) fn keep(id: DeltaId) {
    Learning::kept(id);
    run(2);
}

/// Has a delta judged, kept and laid.
pub(crate) fn lay(id: DeltaId) {
    judge(id, better);
    assert_eq!(stage(id), (Stage::Keeping, None));
    keep(id);
    assert_eq!(stage(id), (Stage::Laid, Some(Reason::Accepted)));
}

/// So many deltas are laid on a component, one on the other.
pub(crate) fn tower(name: &[u8], first: u8, count: u8) -> Vec<DeltaId> {
    (first..first + count)
        .map(|artifact| {
            let id = hand_in(&[header(CAROL, name, artifact)])[0];
            lay(id);
            id
        })
        .collect()
}

pub(crate) fn free(account: AccountId) -> Amount {
    Balances::free_balance(account)
}

pub(crate) fn held(account: AccountId) -> Amount {
    Balances::total_balance_on_hold(&account)
}

#[cfg(feature = "runtime-benchmarks")]
pub struct Helper;

#[cfg(feature = "runtime-benchmarks")]
impl crate::benchmarking::BenchmarkHelper<AccountId> for Helper {
    fn place(_: u32) -> Place {
        place(A)
    }

    fn author(nth: u32) -> AccountId {
        let author = 10_000 + u64::from(nth);
        assert_ok!(Balances::mint_into(&author, RICH));
        author
    }

    fn set_rules(rules: Rules) {
        LearningRules::set(rules);
    }

    fn seal() {
        OnRecords::set(true);
        Waits::set(true);
    }

    fn keep(_: &BlockId, _: DeltaId) {}
}

/// They are not measured here.
#[cfg(feature = "runtime-benchmarks")]
impl pallet_cairn_entropy::benchmarking::BenchmarkHelper<AccountId> for Helper {
    fn enlist(_: &AccountId) {}

    fn set_height(_: Height) {}
}

#[cfg(feature = "runtime-benchmarks")]
impl pallet_cairn_panels::benchmarking::BenchmarkHelper<AccountId> for Helper {
    fn enlist(_: u32) -> (ProviderId, AccountId) {
        let provider = join();
        (provider, operator(provider))
    }

    fn silence(_: ProviderId) {}

    fn evictions() -> u32 {
        0
    }

    fn case() -> PanelId {
        panel_of(handed_in())
    }

    fn set_rules(_: panels::Rules) {}

    fn make_seed(_: &panels::Ticket, _: Seed) {}
}
