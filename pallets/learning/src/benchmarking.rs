//! Measures every call and each step of the hook at its most expensive.

use crate::{types::*, *};
use alloc::{boxed::Box, vec::Vec};
use cairn_protocol::{
    dag::{Header, SemVer},
    id::{Amount, BlockId, ContentId, DeltaId, Digest, File, Height},
    learning::{
        evaluation::{excess, Evaluation, Opinion},
        panel::{Case, Outcome},
    },
    preimage::{DeltaCommitment, Statement},
};
use cairn_seams::{Clock, Judged, Kept, Lineage, OnReleased, Panels};
use frame_benchmarking::v2::*;
use frame_support::{
    traits::{EnsureOrigin, Get},
    weights::WeightMeter,
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};

/// What the benchmarks need of the neighbours.
pub trait BenchmarkHelper<AccountId> {
    /// A component of a model with as many as there may be, that is published, judged on a set, and
    /// paid for.
    fn place(nth: u32) -> Place;

    /// An account that can pay for deltas, is linked to as many as there may be, and keeps nobody
    /// from judging.
    fn author(nth: u32) -> AccountId;

    /// Has these rules hold.
    fn set_rules(rules: Rules);

    /// Has rewards wait for sealed sets.
    fn seal();

    /// Has as many keep what came of a delta as may.
    fn keep(model: &BlockId, delta: DeltaId);
}

const SALT: Digest = [5; 32];

fn pass<T: Config>(blocks: Height) {
    let now = frame_system::Pallet::<T>::block_number();
    frame_system::Pallet::<T>::set_block_number(now + BlockNumberFor::<T>::from(blocks));
}

/// Rules by which nobody has to wait, and everyone may do as much as there is room for.
fn ease<T: Config>() {
    let mut rules = T::Rules::get();
    rules.terms.delay = 0;
    rules.pending = u32::MAX;
    T::BenchmarkHelper::set_rules(rules);
}

fn header<T: Config>(author: &T::AccountId, place: &Place, nth: u32) -> Header<T::AccountId> {
    let mut artifact = [0; 32];
    artifact.iter_mut().zip(nth.to_le_bytes()).for_each(|(to, from)| *to = from);
    let file = File { id: ContentId(artifact), bytes: 1 };
    let head = T::Lineage::head(&place.model, &place.component).expect("it is published");
    let component = place.component.clone();
    let author = author.clone();
    Header::delta(place.model, component, head.block, file, SemVer::default(), author, 1)
}

fn digest<T: Config>(header: &Header<T::AccountId>) -> Digest {
    let (author, artifact) = (header.author.clone(), header.artifact.id);
    DeltaCommitment { author, artifact, salt: SALT }.digest(&Pallet::<T>::genesis())
}

fn commit<T: Config>(header: &Header<T::AccountId>, place: &Place) {
    let (author, digest) = (header.author.clone(), digest::<T>(header));
    Pallet::<T>::do_commit_delta(author, place.clone(), digest).expect("it can be paid");
}

fn submit<T: Config>(author: u32, place: &Place, artifact: u32) -> DeltaId {
    let author = T::BenchmarkHelper::author(author);
    let header = header::<T>(&author, place, artifact);
    commit::<T>(&header, place);
    let id = DeltaId(Submitted::<T>::get());
    Pallet::<T>::do_submit_delta(author, header, SALT).expect("it may be handed in");
    id
}

/// As many as may queue, of as many authors.
fn full_queue<T: Config>(place: &Place, but: u32) -> Vec<DeltaId> {
    (0..T::MaxQueue::get().saturating_sub(but)).map(|nth| submit::<T>(nth, place, nth)).collect()
}

fn delta<T: Config>(id: DeltaId) -> DeltaOf<T> {
    Deltas::<T>::get(id).expect("it is kept")
}

/// Guards are drawn for a delta, and say that it is better, or that it cannot be had.
fn hear<T: Config>(id: DeltaId, better: bool) {
    let case = Case::Delta(id);
    let panel = delta::<T>(id).panel.expect("it is judged");
    let brief = Pallet::<T>::brief(&case, 1, &[7; 32]).expect("it can be judged");
    T::Panels::close(panel);
    let each: u64 = 1_000_000;
    let (count, loss) = (u64::from(brief.count), each.saturating_sub(each / 4));
    let (baseline, loss) = (each.saturating_mul(count), loss.saturating_mul(count));
    let sum = excess(baseline, loss, brief.threshold);
    let one = sum.unsigned_abs() / u128::from(count);
    let opinion = if better {
        Opinion::Measured(Evaluation {
            candidate: ContentId([8; 32]),
            baseline,
            loss,
            count: brief.count,
            sum,
            squares: one
                .saturating_mul(one)
                .saturating_mul(count.into())
                .saturating_add(one)
                .into(),
            trace: [2; 32],
        })
    } else {
        Opinion::Unavailable(delta::<T>(id).header.artifact.id)
    };
    Pallet::<T>::judged(&case, Some(&brief), Outcome::Decided(opinion));
}

fn look<T: Config>(id: DeltaId) {
    let record = delta::<T>(id);
    let place = record.place().expect("it is of a component");
    match record.stage {
        Stage::Keeping => Pallet::<T>::look_at_kept(id, record, &place),
        _ => Pallet::<T>::look_at_judged(id, record, &place),
    }
}

fn lay<T: Config>(id: DeltaId) {
    hear::<T>(id, true);
    look::<T>(id);
    Pallet::<T>::kept(id);
    look::<T>(id);
    assert_eq!(delta::<T>(id).stage, Stage::Laid);
}

/// Nothing is found out of a delta.
fn lapse<T: Config>(id: DeltaId) {
    Pallet::<T>::end(id, delta::<T>(id), Turn::Undecided, Reason::NobodyFit);
    assert_eq!(delta::<T>(id).stage, Stage::Lapsed);
}

/// So many that are laid on one another, and whose rewards wait.
fn tower<T: Config>(place: &Place, count: u32) -> Vec<DeltaId> {
    T::BenchmarkHelper::seal();
    let add = |nth| {
        let id = submit::<T>(0, place, 1_000 + nth);
        lay::<T>(id);
        id
    };
    (0..count).map(add).collect()
}

#[benchmarks]
mod benches {
    use super::*;

    #[benchmark]
    fn commit_delta() {
        let author = T::BenchmarkHelper::author(0);
        let Place { model, component } = T::BenchmarkHelper::place(0);
        #[extrinsic_call]
        _(RawOrigin::Signed(author.clone()), model, component, SALT);
        assert!(Commitments::<T>::contains_key(author, SALT));
    }

    #[benchmark]
    fn withdraw_commit() {
        let author = T::BenchmarkHelper::author(0);
        let place = T::BenchmarkHelper::place(0);
        let header = header::<T>(&author, &place, 0);
        super::commit::<T>(&header, &place);
        pass::<T>(T::Rules::get().terms.life.saturating_add(1));
        let digest = super::digest::<T>(&header);
        #[extrinsic_call]
        _(RawOrigin::Signed(author.clone()), digest);
        assert!(!Commitments::<T>::contains_key(author, digest));
    }

    #[benchmark]
    fn forget_commit() {
        let author = T::BenchmarkHelper::author(0);
        let place = T::BenchmarkHelper::place(0);
        let header = header::<T>(&author, &place, 0);
        super::commit::<T>(&header, &place);
        pass::<T>(T::Rules::get().terms.life.saturating_add(1));
        let digest = super::digest::<T>(&header);
        let anyone = T::BenchmarkHelper::author(1);
        #[extrinsic_call]
        _(RawOrigin::Signed(anyone), author.clone(), digest);
        assert!(!Commitments::<T>::contains_key(author, digest));
    }

    /// The last that there is room for. It lapsed before, and is kept for its author.
    #[benchmark]
    fn submit_delta() {
        ease::<T>();
        let place = T::BenchmarkHelper::place(0);
        full_queue::<T>(&place, 1);
        lapse::<T>(submit::<T>(999, &place, 999));
        let author = T::BenchmarkHelper::author(999);
        let header = header::<T>(&author, &place, 999);
        super::commit::<T>(&header, &place);
        #[extrinsic_call]
        _(RawOrigin::Signed(author), Box::new(header), SALT);
        assert_eq!(Queues::<T>::get(&place).len() as u32, T::MaxQueue::get());
    }

    /// One for which nothing is to be done yet; what is done for others is measured below.
    #[benchmark]
    fn poke() {
        ease::<T>();
        let place = T::BenchmarkHelper::place(0);
        let ids = full_queue::<T>(&place, 0);
        let last = ids[ids.len() - 1];
        hear::<T>(last, true);
        pass::<T>(1);
        let anyone = T::BenchmarkHelper::author(0);
        #[extrinsic_call]
        _(RawOrigin::Signed(anyone), last);
        assert_eq!(delta::<T>(last).stage, Stage::Queued);
    }

    #[benchmark]
    fn invalidate() -> Result<(), BenchmarkError> {
        ease::<T>();
        let place = T::BenchmarkHelper::place(0);
        let ids = tower::<T>(&place, 1);
        let origin =
            T::ManagerOrigin::try_successful_origin().map_err(|()| BenchmarkError::Weightless)?;
        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, ids[0]);
        assert!(Rollbacks::<T>::contains_key(place));
        Ok(())
    }

    /// One whose record is kept, since that has to be found.
    #[benchmark]
    fn invalidate_block() -> Result<(), BenchmarkError> {
        ease::<T>();
        let place = T::BenchmarkHelper::place(0);
        let block = delta::<T>(tower::<T>(&place, 1)[0]).header.id();
        let Place { model, component } = place.clone();
        let origin =
            T::ManagerOrigin::try_successful_origin().map_err(|()| BenchmarkError::Weightless)?;
        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, model, component, block);
        assert!(Rollbacks::<T>::contains_key(place));
        Ok(())
    }

    /// The last one that was to be taken off; what is done for others is measured below.
    #[benchmark]
    fn cut() {
        ease::<T>();
        let place = T::BenchmarkHelper::place(0);
        let id = tower::<T>(&place, 1)[0];
        let record = delta::<T>(id);
        let block = record.header.id();
        Pallet::<T>::prune(id, record);
        Pallet::<T>::do_invalidate_block(place, block).expect("it is laid");
        let anyone = T::BenchmarkHelper::author(0);
        #[extrinsic_call]
        _(RawOrigin::Signed(anyone));
        assert!(!Cutting::<T>::exists());
    }

    #[benchmark]
    fn set_standard() -> Result<(), BenchmarkError> {
        let model = T::BenchmarkHelper::place(0).model;
        let standard = Some(T::Rules::get().standard);
        let origin =
            T::ManagerOrigin::try_successful_origin().map_err(|()| BenchmarkError::Weightless)?;
        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, model, standard);
        assert!(Standards::<T>::contains_key(model));
        Ok(())
    }

    /// A block in which nothing is due.
    #[benchmark]
    fn serve() {
        pass::<T>(1);
        let room = T::WeightInfo::serve().saturating_add(T::WeightInfo::find_due());
        let mut meter = WeightMeter::with_limit(room);
        let before = Served::<T>::get();
        #[block]
        {
            Pallet::<T>::serve(&mut meter);
        }
        assert!(Served::<T>::get() > before || before > T::Clock::now());
    }

    #[benchmark]
    fn find_due() {
        ease::<T>();
        let id = submit::<T>(0, &T::BenchmarkHelper::place(0), 0);
        let next = delta::<T>(id).next;
        let found;
        #[block]
        {
            found = Agenda::<T>::iter_key_prefix(next).next().and_then(Deltas::<T>::get);
        }
        assert_eq!(found.map(|delta| delta.next), Some(next));
    }

    /// The first of a full queue is rejected, of which two holds lose a part, and the next waits.
    #[benchmark]
    fn conclude() {
        ease::<T>();
        let place = T::BenchmarkHelper::place(0);
        let ids = full_queue::<T>(&place, 0);
        hear::<T>(ids[1], true);
        hear::<T>(ids[0], false);
        let record = delta::<T>(ids[0]);
        #[block]
        {
            Pallet::<T>::look_at_judged(ids[0], record, &place);
        }
        assert_eq!(delta::<T>(ids[0]).stage, Stage::Rejected);
        assert_eq!(delta::<T>(ids[1]).due, T::Clock::now());
    }

    /// On another delta, whose keepers are let go, of a full queue, and its reward waits, for which
    /// all heads of the model are taken down.
    #[benchmark]
    fn lay() {
        ease::<T>();
        let place = T::BenchmarkHelper::place(0);
        let below = tower::<T>(&place, 1)[0];
        Pallet::<T>::released(below);
        T::BenchmarkHelper::keep(&place.model, below);
        let ids = full_queue::<T>(&place, 0);
        hear::<T>(ids[1], true);
        hear::<T>(ids[0], true);
        look::<T>(ids[0]);
        Pallet::<T>::kept(ids[0]);
        let record = delta::<T>(ids[0]);
        #[block]
        {
            Pallet::<T>::look_at_kept(ids[0], record, &place);
        }
        let laid = delta::<T>(ids[0]);
        assert!(laid.stage == Stage::Laid && laid.waits);
    }

    /// All that is taken off had a reward that waited, and as many keepers as may be, and something
    /// waits in the queue.
    #[benchmark]
    fn roll_back(b: Linear<1, { T::UndoneAtOnce::get() }>) {
        ease::<T>();
        let place = T::BenchmarkHelper::place(0);
        let ids = tower::<T>(&place, b);
        ids.iter().for_each(|id| T::BenchmarkHelper::keep(&place.model, *id));
        let waits = submit::<T>(1, &place, 0);
        hear::<T>(waits, true);
        Pallet::<T>::do_invalidate(ids[0]).expect("it is laid");
        #[block]
        {
            Pallet::<T>::roll_back(ids[0], &place);
        }
        assert!(!Rollbacks::<T>::contains_key(&place));
        assert_eq!(delta::<T>(ids[0]).stage, Stage::RolledBack);
    }

    /// Of one that came to nothing, and whose artifact is kept for its author.
    #[benchmark]
    fn prune() {
        ease::<T>();
        let place = T::BenchmarkHelper::place(0);
        let id = submit::<T>(0, &place, 0);
        lapse::<T>(id);
        let record = delta::<T>(id);
        assert!(record.stakes.deposit > Amount::default());
        #[block]
        {
            Pallet::<T>::prune(id, record);
        }
        assert!(!Deltas::<T>::contains_key(id));
        assert!(Artifacts::<T>::iter_keys().next().is_none());
    }

    impl_benchmark_test_suite!(
        Pallet,
        crate::tests::mock::externalities(),
        crate::tests::mock::Test
    );
}
