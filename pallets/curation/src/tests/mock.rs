//! A chain of the pallet with real balances and the real clock. Models and their heads, panels,
//! what is held, and who is linked to whom is set by hand.

use crate::{self as pallet_cairn_curation, types::*, *};
use cairn_doubles::{endowed, Known, Register};
use cairn_protocol::{
    dag::{Component, Header},
    id::{Amount, BlockId, ContentId, DeltaId, Digest, File, Height, PanelId, Seed},
    learning::{
        brief::Brief,
        evaluation::{Evaluation, Opinion},
        model::{content_of, Access, Head, ModelCard, Part, Parts},
        panel::{Case, Outcome},
        source::{DataSet, Generator, Purpose, Source},
        sums::{tree, Leaf},
    },
    preimage::{SetCommitment, Statement},
    share::{of, Ppm},
    spec::Records,
};
use cairn_seams::{
    Authors, Judged as _, Lineage, OnPeriod as _, OnReleased, Panels, Purse, Sealing as _,
};
use frame_support::{
    assert_ok,
    dispatch::DispatchResult,
    parameter_types,
    traits::{
        fungible::{Inspect, InspectHold},
        ConstU8, OnIdle, SafeModeNotify,
    },
    weights::Weight,
    BoundedVec,
};
use sp_runtime::DispatchError;
use std::collections::{BTreeMap, BTreeSet};

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
    pub type MarketClock = pallet_cairn_clock;
    #[runtime::pallet_index(3)]
    pub type Curation = pallet_cairn_curation;
}

cairn_doubles::money!(Test, ExistentialDeposit = 1);

impl pallet_cairn_clock::Config for Test {}

pub(crate) const ALICE: AccountId = 1;
pub(crate) const BOB: AccountId = 2;
pub(crate) const CAROL: AccountId = 3;
pub(crate) const DAVE: AccountId = 4;
/// Has no bond.
pub(crate) const EVE: AccountId = 5;
pub(crate) const CURATORS: [AccountId; 4] = [ALICE, BOB, CAROL, DAVE];
pub(crate) const ACCOUNTS: [AccountId; 5] = [ALICE, BOB, CAROL, DAVE, EVE];
pub(crate) const FUNDS: Amount = 100_000;
pub(crate) const BOND: Amount = 10_000;
pub(crate) const PAY: Amount = 40;
/// Judged on records.
pub(crate) const MODEL: BlockId = BlockId([1; 32]);
pub(crate) const OTHER: BlockId = BlockId([2; 32]);
/// Judged on what a generator makes.
pub(crate) const GENERATED: BlockId = BlockId([3; 32]);
pub(crate) const UNKNOWN: BlockId = BlockId([9; 32]);
pub(crate) const RECORD_BYTES: u32 = 64;
pub(crate) const COUNT: u64 = 100;
pub(crate) const SEED: Seed = [7; 32];
/// Put aside for each delta.
pub(crate) const REWARD: Amount = 1_000_000;
/// Of each example, before anything was gained.
pub(crate) const LOSS: u64 = 1_000_000;

pub(crate) const RULES: Rules = Rules {
    curators: Stakes { bond: BOND, silence: 100_000, pay: PAY },
    sets: Sets { least: 3, open: 3, ahead: 2, bytes: 10_000, examples: 80, steps: 2 },
    clocks: Clocks { reveal: 10, judging: 20 },
};

parameter_types! {
    pub static CurrentRules: Rules = RULES;
    /// Steps in a block.
    pub static Steps: u32 = 16;
    /// Whose deltas are being judged.
    pub static Pending: Vec<AccountId> = Vec::new();
    /// Who is one party with whom.
    pub static Links: Vec<(AccountId, AccountId)> = Vec::new();
    /// The heads of each model, by the number of their last change.
    pub static Heads: BTreeMap<BlockId, u64> = BTreeMap::new();
    /// Panels that are at work, on what, and who may not be on them.
    pub static Asked: BTreeMap<PanelId, (Case, Vec<AccountId>)> = BTreeMap::new();
    pub static NextPanel: u64 = 0;
    /// Panels that were called off.
    pub static CalledOff: Vec<PanelId> = Vec::new();
    /// Whether nobody can be asked.
    pub static NoPanels: bool = false;
    /// What is put aside.
    pub static Reserved: BTreeMap<DeltaId, Amount> = BTreeMap::new();
    /// What became of it.
    pub static Released: BTreeMap<DeltaId, Amount> = BTreeMap::new();
    /// Whose rewards are held no more, as was told.
    pub static Told: Vec<DeltaId> = Vec::new();
    /// For which deltas models were measured.
    pub static MeasuredFor: Vec<(BlockId, DeltaId)> = Vec::new();
    /// Who was paid for sets.
    pub static Paid: Vec<AccountId> = Vec::new();
}

impl Config for Test {
    type Authors = Hand;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = Hand;
    type Clock = MarketClock;
    type Currency = Balances;
    type Lineage = Hand;
    type MaxSets = ConstU8<4>;
    type OnReleased = Hand;
    type OnSlash = ();
    type Panels = Hand;
    type Purse = Hand;
    type Registry = Register<Hand>;
    type Rules = CurrentRules;
    type RuntimeHoldReason = RuntimeHoldReason;
    type ServedPerBlock = Steps;
    type WeightInfo = ();
}

/// Neighbours that say what the statics above say.
pub struct Hand;

impl Authors<AccountId> for Hand {
    fn is_pending(who: &AccountId) -> bool {
        Pending::get().contains(who)
    }
}

impl Known<AccountId> for Hand {
    fn kin(names: Vec<AccountId>) -> Vec<AccountId> {
        let linked = |name: &AccountId| {
            let pairs = Links::get().into_iter().flat_map(|(a, b)| [(a, b), (b, a)]);
            let of_name = pairs.filter(|(one, _)| one == name).map(|(_, other)| other);
            of_name.collect::<Vec<_>>()
        };
        let all: BTreeSet<_> = names.iter().flat_map(linked).chain(names.clone()).collect();
        all.into_iter().collect()
    }
}

pub(crate) fn file(first: u8, bytes: u64) -> File {
    File { id: ContentId([first; 32]), bytes }
}

pub(crate) fn layer() -> Component {
    BoundedVec::truncate_from(b"layer".to_vec())
}

impl Lineage<AccountId> for Hand {
    fn bundle(model: &BlockId) -> Option<File> {
        Heads::get().contains_key(model).then(|| file(40, 1_000))
    }

    fn file(_: &BlockId) -> Option<File> {
        None
    }

    fn card(model: &BlockId) -> Option<ModelCard> {
        Heads::get().contains_key(model).then(|| ModelCard {
            configuration: ContentId([41; 32]),
            tokenizer: None,
            judge: ContentId([42; 32]),
            components: BoundedVec::truncate_from(vec![layer()]),
            royalty: 0,
            price_hint: 0,
            licence: BoundedVec::truncate_from(b"Apache-2.0".to_vec()),
            access: Access::Open,
        })
    }

    fn author(_: &BlockId) -> Option<AccountId> {
        None
    }

    fn head(_: &BlockId, _: &Component) -> Option<Head> {
        None
    }

    fn parts(model: &BlockId) -> Parts {
        heads(Heads::get().get(model).copied().expect("the model is known"))
    }

    fn data(block: &BlockId) -> Option<DataSet<AccountId>> {
        let source = match *block {
            GENERATED => Source::Generator(Generator {
                module: file(43, 100),
                record_bytes: RECORD_BYTES,
                fuel: 1,
                count: COUNT,
            }),
            _ => Source::Records(Records { file: file(44, 6_400), record_bytes: RECORD_BYTES }),
        };
        Some(DataSet { model: *block, source, purpose: Purpose::Validation, author: EVE })
    }

    fn validation(model: &BlockId) -> Option<BlockId> {
        // It goes by the model's own name here.
        Heads::get().contains_key(model).then_some(*model)
    }

    fn note_judged(_: &BlockId, _: &Component) {}

    fn check(_: &Header<AccountId>) -> DispatchResult {
        Ok(())
    }

    fn deposit(_: &Header<AccountId>) -> Amount {
        0
    }

    fn lay(_: Header<AccountId>, _: File, _: &AccountId) -> DispatchResult {
        Ok(())
    }

    fn carries(_: &BlockId, _: &Component, _: &BlockId) -> bool {
        false
    }

    fn unlay(_: &BlockId, _: &Component) -> Option<BlockId> {
        None
    }

    fn note_loss(_: &BlockId, _: &BlockId, _: u64, _: u64) {}
}

impl Panels<AccountId> for Hand {
    fn open(case: Case, barred: Vec<AccountId>) -> Result<PanelId, DispatchError> {
        if NoPanels::get() {
            return Err(DispatchError::Unavailable);
        }
        let panel = PanelId(NextPanel::get());
        NextPanel::set(panel.0 + 1);
        Asked::mutate(|asked| asked.insert(panel, (case, barred)));
        Ok(panel)
    }

    fn due(_: PanelId) -> Option<Height> {
        None
    }

    fn close(panel: PanelId) {
        let case = Asked::mutate(|asked| asked.remove(&panel));
        assert!(case.is_some(), "{panel:?} is not at work");
        CalledOff::mutate(|all| all.push(panel));
    }
}

impl Purse<AccountId> for Hand {
    fn period() -> u32 {
        Period::<Test>::get()
    }

    fn pays_for(_: &BlockId, _: &BlockId) -> bool {
        true
    }

    fn difficulty(_: &BlockId) -> Ppm {
        1_000_000
    }

    fn reserve(delta: DeltaId, _: &BlockId, _: &BlockId, _: &AccountId, amount: Amount) -> Amount {
        Reserved::mutate(|all| all.insert(delta, amount));
        amount
    }

    fn release(delta: DeltaId, share: Ppm) -> Amount {
        let reserved = Reserved::mutate(|all| all.remove(&delta));
        let paid = of(share, reserved.expect("each is released once"));
        Released::mutate(|all| all.insert(delta, paid));
        paid
    }

    fn pay_guards(_: &BlockId, guards: &[AccountId], each: Amount) -> Amount {
        Paid::mutate(|paid| paid.extend(guards));
        each * guards.len() as Amount
    }

    fn measure(model: &BlockId, delta: DeltaId) {
        MeasuredFor::mutate(|all| all.push((*model, delta)));
    }

    fn note_success(_: &BlockId) {}
}

impl OnReleased for Hand {
    fn released(delta: DeltaId) {
        assert!(!WaitsFor::<Test>::contains_key(delta), "{delta:?} waits still");
        Told::mutate(|all| all.push(delta));
    }
}

#[cfg(feature = "runtime-benchmarks")]
impl benchmarking::BenchmarkHelper<AccountId> for Hand {
    fn model() -> BlockId {
        MODEL
    }

    fn account(nth: u32) -> AccountId {
        let account = 1_000 + AccountId::from(nth);
        <Balances as frame_support::traits::fungible::Mutate<_>>::set_balance(&account, FUNDS);
        account
    }

    fn reserve(model: &BlockId, delta: DeltaId) {
        <Self as Purse<_>>::reserve(delta, model, model, &EVE, REWARD);
    }

    fn seat(panel: PanelId) {
        assert!(Asked::get().contains_key(&panel), "{panel:?} is not at work");
    }

    fn set_height(height: Height) {
        System::set_block_number(height.into());
    }
}

pub(crate) fn externalities() -> sp_io::TestExternalities {
    CurrentRules::set(RULES);
    Steps::set(16);
    Pending::set(vec![]);
    Links::set(vec![]);
    Heads::set([MODEL, OTHER, GENERATED].map(|model| (model, 0)).into());
    Asked::set(BTreeMap::new());
    NextPanel::set(0);
    CalledOff::set(vec![]);
    NoPanels::set(false);
    Reserved::set(BTreeMap::new());
    Released::set(BTreeMap::new());
    Told::set(vec![]);
    MeasuredFor::set(vec![]);
    Paid::set(vec![]);
    endowed::<Test>(ACCOUNTS, FUNDS).into()
}

/// Runs a test in block one and period nought. All but Eve are curators.
pub(crate) fn execute<R>(test: impl FnOnce() -> R) -> R {
    externalities().execute_with(|| {
        System::set_block_number(1);
        for curator in CURATORS {
            assert_ok!(Curation::register(signed(curator)));
        }
        let result = test();
        check();
        result
    })
}

/// What must hold at any time, in the pallet and around it.
pub(crate) fn check() {
    Curation::do_try_state().unwrap();
    let owned: Amount = ACCOUNTS.iter().map(Balances::total_balance).sum();
    assert_eq!(Balances::total_issuance(), owned);
    let held: BTreeSet<_> = WaitsFor::<Test>::iter_keys().collect();
    let reserved: BTreeSet<_> = Reserved::get().into_keys().collect();
    assert_eq!(held, reserved, "what is put aside waits, and nothing else");
    let mut told = Told::get();
    told.sort_unstable();
    assert!(told.into_iter().eq(Released::get().into_keys()), "each is told of, once");
    let judging = |set: &SetOf<Test>| matches!(set.progress, Progress::Judging { .. });
    let panels = SealedSets::<Test>::iter_values().filter(judging).count();
    assert_eq!(Asked::get().len(), panels, "a panel is at work on each set that is judged");
}

pub(crate) fn signed(account: AccountId) -> RuntimeOrigin {
    RuntimeOrigin::signed(account)
}

pub(crate) fn full_block() {
    System::set_block_number(System::block_number() + 1);
}

/// Makes so many blocks that have room.
pub(crate) fn run(blocks: u32) {
    for _ in 0..blocks {
        let now = System::block_number();
        Curation::on_idle(now, Weight::from_parts(u64::MAX / 2, u64::MAX / 2));
        check();
        full_block();
    }
}

/// Ends the period, and makes the block in which trials hear of it.
pub(crate) fn end_period() {
    Curation::ended(Period::<Test>::get());
    run(1);
}

pub(crate) fn stop() {
    MarketClock::entered();
}

pub(crate) fn go_on() {
    MarketClock::exited();
}

/// The parts of a model after so many changes.
pub(crate) fn heads(changes: u64) -> Parts {
    let mut id = [0; 32];
    id[..8].copy_from_slice(&changes.to_le_bytes());
    let part = Part { component: layer(), file: File { id: ContentId(id), bytes: 500 } };
    BoundedVec::truncate_from(vec![part])
}

pub(crate) fn move_head(model: BlockId) {
    Heads::mutate(|all| *all.entry(model).or_default() += 1);
}

/// A delta is laid whose reward waits.
pub(crate) fn lay(model: BlockId, delta: u64, gain: u64) -> DeltaId {
    let delta = DeltaId(delta);
    Hand::reserve(delta, &model, &model, &EVE, REWARD);
    let changes = Heads::get().get(&model).copied().expect("the model is known");
    let laid = heads(changes + 1).first().cloned().expect("there is one");
    Curation::note(&model, delta, gain, laid);
    move_head(model);
    delta
}

/// A delta is taken off, and its reward given up.
pub(crate) fn take_off(model: BlockId, delta: DeltaId) {
    Curation::forget(&model, delta);
    Reserved::mutate(|all| all.remove(&delta));
    move_head(model);
}

/// What a curator keeps secret about its set for a period.
pub(crate) fn opening(curator: AccountId, period: u32) -> Opening {
    let first = u8::try_from(curator * 16).unwrap() + u8::try_from(period).unwrap();
    Opening { root: ContentId([first; 32]), key: [first; 32], salt: [8; 32] }
}

pub(crate) fn commitment(curator: AccountId, model: BlockId, period: u32) -> Digest {
    let Opening { root, key, salt } = opening(curator, period);
    let set = SetCommitment { period, model, curator, root, key, salt };
    set.digest(&Curation::genesis())
}

pub(crate) fn try_commit(curator: AccountId, model: BlockId, period: u32) -> DispatchResult {
    let commitment = commitment(curator, model, period);
    let encrypted = file(100, u64::from(RECORD_BYTES) * COUNT + 28);
    let origin = signed(curator);
    Curation::commit_set(origin, model, period, commitment, encrypted, RECORD_BYTES, COUNT)
}

#[track_caller]
pub(crate) fn commit(curator: AccountId, model: BlockId, period: u32) {
    assert_ok!(try_commit(curator, model, period));
}

pub(crate) fn try_reveal(
    curator: AccountId,
    model: BlockId,
    period: u32,
) -> Result<(), DispatchError> {
    let Opening { root, key, salt } = opening(curator, period);
    let done = Curation::reveal_set(signed(curator), model, period, root, key, salt);
    done.map(|_| ()).map_err(|failed| failed.error)
}

#[track_caller]
pub(crate) fn reveal(curator: AccountId, model: BlockId, period: u32) {
    assert_ok!(try_reveal(curator, model, period));
}

/// The panel that is at work on a curator's set.
pub(crate) fn panel_of(curator: AccountId, model: BlockId, period: u32) -> Option<PanelId> {
    let mut sets = Curation::sets_of(model, period).into_iter();
    let found = sets.find(|view| view.sealed.curator == curator)?;
    match found.sealed.progress {
        Progress::Judging { panel, .. } => Some(panel),
        _ => None,
    }
}

/// What guards find who measure such losses, of each example.
pub(crate) fn found(brief: &Brief, baseline: u64, loss: u64) -> Evaluation {
    let leaf = |record| Leaf { record, baseline, loss, trace: [0; 32] };
    let leaves: Vec<_> = (0..brief.count.into()).map(leaf).collect();
    let tree = tree(&leaves, brief.threshold).unwrap();
    Evaluation::of(content_of(&heads(0)), tree.root())
}

/// A panel comes to an end.
#[track_caller]
pub(crate) fn conclude(panel: PanelId, say: impl FnOnce(&Brief) -> Outcome) {
    let (case, _) = Asked::mutate(|asked| asked.remove(&panel)).expect("it is at work");
    let brief = Curation::brief(&case, 1, &SEED).expect("the case is on");
    Curation::judged(&case, Some(&brief), say(&brief));
}

/// The panels of Alice's, Bob's and Carol's sets find these losses at one head after the other.
#[track_caller]
pub(crate) fn measure_heads(model: BlockId, period: u32, losses: &[[u64; 3]]) {
    for round in losses {
        for (curator, loss) in [ALICE, BOB, CAROL].into_iter().zip(round) {
            measure(curator, model, period, *loss);
        }
        run(1);
    }
}

/// The share of its reward that a delta was found to hold, and what it gained on sealed sets.
pub(crate) fn found_of(delta: DeltaId) -> Option<(u64, Ppm)> {
    events().into_iter().find_map(|event| match event {
        Event::GainHeld { delta: one, sealed, share, .. } if one == delta => Some((sealed, share)),
        _ => None,
    })
}

/// The panel of a curator's set finds that the loss of each example fell to this.
#[track_caller]
pub(crate) fn measure(curator: AccountId, model: BlockId, period: u32, loss: u64) {
    let panel = panel_of(curator, model, period).expect("its set is judged");
    conclude(panel, |brief| Outcome::Decided(Opinion::Measured(found(brief, LOSS, loss))));
}

pub(crate) fn trial(model: BlockId, period: u32) -> Option<Trial> {
    Trials::<Test>::get(TrialId { model, period })
}

pub(crate) fn stage(model: BlockId, period: u32) -> Option<Stage> {
    trial(model, period).map(|trial| trial.stage)
}

pub(crate) fn held(account: AccountId) -> Amount {
    Balances::balance_on_hold(&HoldReason::Bond.into(), &account)
}

pub(crate) fn events() -> Vec<Event<Test>> {
    System::read_events_for_pallet()
}

/// Alice, Bob and Carol have sealed sets for period one, it goes on, and one delta of it is laid.
pub(crate) fn running(gain: u64) -> DeltaId {
    for curator in [ALICE, BOB, CAROL] {
        commit(curator, MODEL, 1);
    }
    end_period();
    lay(MODEL, 1, gain)
}

/// The same, after the period.
pub(crate) fn revealing(gain: u64) -> DeltaId {
    let delta = running(gain);
    end_period();
    assert_eq!(stage(MODEL, 1), Some(Stage::Reveals));
    delta
}

/// The same, and panels are at work on all three sets.
pub(crate) fn judging(gain: u64) -> DeltaId {
    let delta = revealing(gain);
    for curator in [ALICE, BOB, CAROL] {
        reveal(curator, MODEL, 1);
    }
    run(2);
    assert_eq!(stage(MODEL, 1), Some(Stage::Judging));
    delta
}
