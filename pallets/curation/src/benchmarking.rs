//! Measures every call and every step of the hook at its worst.

use crate::{pallet::*, types::*, WeightInfo};
use alloc::vec::Vec;
use cairn_protocol::{
    id::{BlockId, ContentId, DeltaId, Digest, File, Height, PanelId, Seed},
    learning::{
        brief::Brief,
        evaluation::{Evaluation, Opinion},
        panel::{Case, Outcome},
        sums::{tree, Leaf},
    },
    preimage::{SetCommitment, Statement},
};
use cairn_seams::{Clock, Judged, Lineage, OnPeriod, Sealing};
use frame_benchmarking::v2::*;
use frame_support::{pallet_prelude::Get, traits::fungible::InspectHold, weights::WeightMeter};
use frame_system::RawOrigin;

/// What the benchmarks need of the neighbours.
pub trait BenchmarkHelper<AccountId> {
    /// Registers a model with as many heads as may be, which is judged on records.
    fn model() -> BlockId;

    /// An account that can pay any bond, and has as many links as may be.
    fn account(nth: u32) -> AccountId;

    /// Puts a reward aside for a delta of the model, which is no head any more and kept by as many
    /// as may.
    fn reserve(model: &BlockId, delta: DeltaId);

    /// Has as many guards at work on a panel as there may be, of whom none is on another one.
    fn seat(panel: PanelId);

    /// Goes on to a height.
    fn set_height(height: Height);
}

const ENCRYPTED: File = File { id: ContentId([9; 32]), bytes: 1 << 20 };
const RECORD_BYTES: u32 = 64;
const COUNT: u64 = 64;
const PERIOD: u32 = 1;

/// Deltas of a trial beside the first, as a benchmark's second number counts them.
const MORE_STEPS: u32 = MOST_STEPS - 1;

fn opening(nth: u32) -> Opening {
    let byte = u8::try_from(nth).unwrap_or(u8::MAX);
    Opening { root: ContentId([byte; 32]), key: [byte; 32], salt: [byte; 32] }
}

fn trial<T: Config>(model: BlockId) -> (TrialId, Trial) {
    let id = TrialId { model, period: PERIOD };
    (id, Trials::<T>::get(id).expect("it is not over"))
}

fn commitment<T: Config>(model: BlockId, curator: &T::AccountId, nth: u32) -> Digest {
    let Opening { root, key, salt } = opening(nth);
    let curator = curator.clone();
    SetCommitment { period: PERIOD, model, curator, root, key, salt }
        .digest(&Pallet::<T>::genesis())
}

fn curator<T: Config>(nth: u32) -> T::AccountId {
    let account = T::BenchmarkHelper::account(nth);
    Pallet::<T>::do_register(account.clone()).expect("it can pay");
    account
}

fn set<T: Config>(model: BlockId, curator: T::AccountId, nth: u32) -> SetOf<T> {
    SealedSet {
        commitment: commitment::<T>(model, &curator, nth),
        curator,
        encrypted: ENCRYPTED,
        record_bytes: RECORD_BYTES,
        count: COUNT,
        progress: Progress::Sealed,
    }
}

/// So many curators have sealed a set each.
fn announced<T: Config>(sets: u32) -> (BlockId, Vec<T::AccountId>) {
    T::BenchmarkHelper::set_height(1);
    let model = T::BenchmarkHelper::model();
    let seal = |nth| {
        let curator = curator::<T>(nth);
        let id = TrialId { model, period: PERIOD };
        let set = set::<T>(model, curator.clone(), nth);
        Pallet::<T>::do_commit_set(id, set).expect("there is room");
        curator
    };
    (model, (0..sets).map(seal).collect())
}

fn note<T: Config>(model: &BlockId, delta: u64) {
    let mut laid = T::Lineage::parts(model).first().cloned().expect("it has a head");
    laid.file.id = ContentId([u8::try_from(delta).unwrap_or(u8::MAX); 32]);
    Pallet::<T>::note(model, DeltaId(delta), 1_000, laid);
}

fn lay<T: Config>(model: &BlockId, delta: u64) {
    T::BenchmarkHelper::reserve(model, DeltaId(delta));
    note::<T>(model, delta);
}

/// The period goes on, and a reward waits.
fn running<T: Config>(sets: u32) -> (BlockId, Vec<T::AccountId>) {
    let (model, curators) = announced::<T>(sets);
    Pallet::<T>::ended(PERIOD - 1);
    Pallet::<T>::turn(model, PERIOD);
    lay::<T>(&model, 1);
    (model, curators)
}

/// The period is over, and all but `silent` have opened their sets.
fn revealed<T: Config>(sets: u32, silent: u32) -> (BlockId, Vec<T::AccountId>) {
    let (model, curators) = running::<T>(sets);
    Pallet::<T>::ended(PERIOD);
    Pallet::<T>::turn(model, PERIOD + 1);
    let (id, _) = trial::<T>(model);
    for (nth, curator) in (0..sets).zip(&curators).skip(silent as usize) {
        Pallet::<T>::do_reveal_set(curator.clone(), id, opening(nth)).expect("it is in time");
    }
    (model, curators)
}

/// All sets are open, and the first delta is chosen.
fn chosen<T: Config>(sets: u32) -> BlockId {
    let (model, _) = revealed::<T>(sets, 0);
    look::<T>(model, Pallet::<T>::close_reveals);
    look::<T>(model, Pallet::<T>::judge_next);
    model
}

/// Panels are at work on all sets.
fn judged<T: Config>(sets: u32) -> BlockId {
    let model = chosen::<T>(sets);
    look::<T>(model, Pallet::<T>::judge_next);
    model
}

fn look<T: Config>(model: BlockId, step: impl FnOnce(TrialId, Trial)) {
    let (id, known) = trial::<T>(model);
    step(id, known);
}

fn case(model: BlockId, set: u8) -> Case {
    Case::Sealed { model, period: PERIOD, set }
}

fn found(brief: &Brief) -> Outcome {
    let leaf = |record| Leaf { record, baseline: 1_000_000, loss: 900_000, trace: [0; 32] };
    let leaves: Vec<_> = (0..brief.count.into()).map(leaf).collect();
    let tree = tree(&leaves, brief.threshold).expect("it has leaves");
    let candidate = ContentId(Seed::default());
    Outcome::Decided(Opinion::Measured(Evaluation::of(candidate, tree.root())))
}

/// So many sets are measured, and the round is over.
fn measured<T: Config>(sets: u32) -> BlockId {
    let model = judged::<T>(sets);
    for set in 0..trial::<T>(model).1.sets {
        let brief = Pallet::<T>::brief(&case(model, set), 1, &[0; 32]).expect("it is judged");
        Pallet::<T>::judged(&case(model, set), Some(&brief), found(&brief));
    }
    look::<T>(model, Pallet::<T>::judge_next);
    model
}

/// The trial is decided, and its rewards are released.
fn releasing<T: Config>() -> BlockId {
    let model = measured::<T>(LEAST_SETS.into());
    look::<T>(model, Pallet::<T>::judge_next);
    model
}

/// Heads of a delta that no other one has files with.
fn own_heads<T: Config>(model: &BlockId, nth: u32) -> [SnapshotId; 2] {
    let nth = u8::try_from(nth).unwrap_or(u8::MAX);
    let mut parts = T::Lineage::parts(model);
    for (at, part) in (0..).zip(parts.iter_mut()) {
        part.file.id = ContentId([[nth, at]; 16].concat().try_into().expect("32 bytes"));
    }
    let before = parts.clone();
    if let Some(part) = parts.iter_mut().next() {
        part.file.id = ContentId([[nth, u8::MAX]; 16].concat().try_into().expect("32 bytes"));
    }
    [before, parts].map(|parts| Pallet::<T>::take_down(model, parts))
}

/// Has so many more deltas measured, which have nothing in common.
fn add_steps<T: Config>(model: BlockId, steps: u32) {
    let (id, _) = trial::<T>(model);
    let round = Rounds::<T>::iter_prefix_values(id).next().expect("a head was measured");
    for nth in 1..=steps {
        let delta = DeltaId(u64::from(nth).saturating_add(1_000));
        let [before, after] = own_heads::<T>(&model, nth);
        for head in [before, after] {
            Pallet::<T>::keep(head);
            Rounds::<T>::insert(id, head, round.clone());
        }
        let place = trial::<T>(model).1.end;
        let (waited, put_off, finding) = (false, 0, Finding::Open);
        let held = Holding { gain: 1, place, before, after, waited, put_off, finding };
        Held::<T>::insert(id, delta, held);
        WaitsFor::<T>::insert(delta, id);
        Line::<T>::insert(model, place, delta);
        Courses::<T>::mutate(id, |course| {
            course.try_push(Step { delta, before, after }).expect("there is room");
        });
        Trials::<T>::mutate(id, |trial| {
            let trial = trial.as_mut().expect("it is not over");
            (trial.first, trial.end) = (place + 1, place + 1);
        });
    }
}

#[benchmarks]
mod benches {
    use super::*;

    #[benchmark]
    fn register() {
        let caller = T::BenchmarkHelper::account(0);
        #[extrinsic_call]
        _(RawOrigin::Signed(caller.clone()));
        assert!(Curators::<T>::contains_key(caller));
    }

    #[benchmark]
    fn leave() {
        let caller = curator::<T>(0);
        #[extrinsic_call]
        _(RawOrigin::Signed(caller.clone()));
        assert_eq!(T::Currency::balance_on_hold(&HoldReason::Bond.into(), &caller), 0);
    }

    #[benchmark]
    fn commit_set(s: Linear<1, MOST_SETS>) {
        let sets = s.min(T::MaxSets::get().into());
        let (model, _) = announced::<T>(sets - 1);
        let caller = curator::<T>(sets);
        let SealedSet { commitment, .. } = set::<T>(model, caller.clone(), sets);
        #[extrinsic_call]
        _(RawOrigin::Signed(caller), model, PERIOD, commitment, ENCRYPTED, RECORD_BYTES, COUNT);
        assert_eq!(u32::from(trial::<T>(model).1.sets), sets);
    }

    /// The last to open one.
    #[benchmark]
    fn reveal_set(s: Linear<{ LEAST_SETS.into() }, MOST_SETS>) {
        let sets = s.min(T::MaxSets::get().into());
        let (model, curators) = revealed::<T>(sets, 1);
        let Opening { root, key, salt } = opening(0);
        #[extrinsic_call]
        _(RawOrigin::Signed(curators[0].clone()), model, PERIOD, root, key, salt);
        assert_eq!(trial::<T>(model).1.due, T::Clock::now());
    }

    /// One for which least is to be done; what is done for others is measured below.
    #[benchmark]
    fn poke() {
        let model = releasing::<T>();
        let (id, known) = trial::<T>(model);
        Pallet::<T>::release_next(id, known);
        let caller = T::BenchmarkHelper::account(50);
        #[extrinsic_call]
        _(RawOrigin::Signed(caller), model, PERIOD);
        assert!(!Trials::<T>::contains_key(id));
    }

    /// A block in which nothing is due.
    #[benchmark]
    fn serve() {
        T::BenchmarkHelper::set_height(2);
        let empty = T::WeightInfo::find_due().saturating_mul(8);
        let mut meter = WeightMeter::with_limit(T::WeightInfo::serve().saturating_add(empty));
        #[block]
        {
            Pallet::<T>::serve(&mut meter);
        }
        assert!(Served::<T>::get() > 0);
    }

    #[benchmark]
    fn find_due() {
        let (model, _) = revealed::<T>(LEAST_SETS.into(), 0);
        let next = trial::<T>(model).1.next;
        let found;
        #[block]
        {
            found = Agenda::<T>::iter_key_prefix(next).next().and_then(Trials::<T>::get);
        }
        assert_eq!(found.map(|trial| trial.next), Some(next));
    }

    /// One ends of which nobody needs anything, and one begins.
    #[benchmark]
    fn turn(s: Linear<0, { 2 * MOST_SETS }>) {
        let sets = (s / 2).min(T::MaxSets::get().into());
        let (model, _) = announced::<T>(sets);
        Pallet::<T>::ended(PERIOD - 1);
        Pallet::<T>::turn(model, PERIOD);
        let next = TrialId { model, period: PERIOD + 1 };
        Trials::<T>::insert(next, Trial::announced());
        Pallet::<T>::ended(PERIOD);
        #[block]
        {
            Pallet::<T>::turn(model, PERIOD + 1);
        }
        assert_eq!(Latest::<T>::get(model), Some(PERIOD + 1));
        assert!(!Trials::<T>::contains_key(TrialId { model, period: PERIOD }));
    }

    /// Some are silent, and panels are asked to measure the others' sets. Each may be as many as it
    /// is whatever the other is.
    #[benchmark]
    fn close_reveals(s: Linear<0, 4>, o: Linear<{ LEAST_SETS.into() }, { MOST_SETS - 4 }>) {
        let most = u32::from(T::MaxSets::get());
        let opened = o.min(most);
        let silent = s.min(most - opened);
        let (model, _) = revealed::<T>(silent + opened, silent);
        let (id, known) = trial::<T>(model);
        #[block]
        {
            Pallet::<T>::close_reveals(id, known);
        }
        assert_eq!(trial::<T>(model).1.stage, Stage::Judging);
    }

    /// Panels are asked for all sets.
    #[benchmark]
    fn open_round(s: Linear<{ LEAST_SETS.into() }, MOST_SETS>) {
        let model = chosen::<T>(s.min(T::MaxSets::get().into()));
        let (id, known) = trial::<T>(model);
        #[block]
        {
            Pallet::<T>::judge_next(id, known);
        }
        let (_, known) = trial::<T>(model);
        assert!(known.at.is_some() && known.judging == known.sets);
    }

    /// No panel came to an end. Each is called off, which frees its guards, and costs more than a
    /// set does whose curator is at fault.
    #[benchmark]
    fn close_round(s: Linear<{ LEAST_SETS.into() }, MOST_SETS>) {
        let model = judged::<T>(s.min(T::MaxSets::get().into()));
        let (id, known) = trial::<T>(model);
        for (_, set) in Pallet::<T>::sets(id) {
            let Progress::Judging { panel, .. } = set.progress else { panic!("it is judged") };
            T::BenchmarkHelper::seat(panel);
        }
        T::BenchmarkHelper::set_height(known.due + 1);
        #[block]
        {
            Pallet::<T>::judge_next(id, known);
        }
        let (_, known) = trial::<T>(model);
        assert!(known.at.is_none() && known.judging == 0);
    }

    /// All sets were measured, and all deltas but the first were taken off since, which costs more
    /// than to say what holds of them.
    #[benchmark]
    fn conclude(s: Linear<{ LEAST_SETS.into() }, MOST_SETS>, n: Linear<0, MORE_STEPS>) {
        let model = measured::<T>(s.min(T::MaxSets::get().into()));
        add_steps::<T>(model, n);
        let added = Held::<T>::iter_keys().map(|(_, delta)| delta).filter(|delta| delta.0 > 1_000);
        let added: Vec<_> = added.collect();
        added.into_iter().for_each(|delta| Pallet::<T>::forget(&model, delta));
        let (id, known) = trial::<T>(model);
        #[block]
        {
            Pallet::<T>::conclude(id, known);
        }
        assert_eq!(trial::<T>(model).1.stage, Stage::Releasing);
    }

    #[benchmark]
    fn release() {
        let model = releasing::<T>();
        let (id, known) = trial::<T>(model);
        #[block]
        {
            Pallet::<T>::release_next(id, known);
        }
        assert!(Pallet::<T>::holds_nothing(id));
    }

    /// The next trial has to begin for it.
    #[benchmark]
    fn carry() {
        let (model, _) = running::<T>(0);
        Pallet::<T>::ended(PERIOD);
        Pallet::<T>::turn(model, PERIOD + 1);
        let (id, known) = trial::<T>(model);
        #[block]
        {
            Pallet::<T>::carry_next(id, known);
        }
        let next = TrialId { model, period: PERIOD + 1 };
        assert!(!Pallet::<T>::holds_nothing(next));
    }

    #[benchmark]
    fn finish() {
        let model = releasing::<T>();
        let (id, known) = trial::<T>(model);
        Pallet::<T>::release_next(id, known);
        let (_, known) = trial::<T>(model);
        #[block]
        {
            Pallet::<T>::finish(id, known);
        }
        assert!(!Trials::<T>::contains_key(id));
    }

    impl_benchmark_test_suite!(
        Pallet,
        crate::tests::mock::externalities(),
        crate::tests::mock::Test
    );
}
