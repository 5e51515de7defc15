//! Measures every call and each step of the hook at its most expensive.

use crate::{types::*, *};
use alloc::{vec, vec::Vec};
use cairn_protocol::{
    audit::{Finding, Report},
    id::{Amount, Digest, Height, ProviderId, Seed, TaskId},
    job::{Policy, Requirements, WrappedKey, WRAPPED_KEY_BYTES},
    preimage::{AuditCommitment, PlantCommitment, Statement},
    profile::{DeviceClass, Role},
    result::{Fingerprint, FINGERPRINT_VALUES},
};
use cairn_seams::{Audits as _, Beacon, Brief, Clock, Lane, Registry, Survey};
use frame_benchmarking::v2::*;
use frame_support::{
    traits::{fungible::Mutate, EnsureOrigin, Get},
    weights::WeightMeter,
    BoundedVec,
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};

/// What the benchmarks need of the neighbours.
pub trait BenchmarkHelper<AccountId> {
    /// Registers an available provider of a party of its own that computes and guards, and has a
    /// payload key. Gives it and its operator.
    fn enlist(nth: u32) -> (ProviderId, AccountId);

    /// Lets a provider fall silent. It keeps its seats until it is drawn.
    fn silence(provider: ProviderId);

    /// Has a provider pause, which takes it out of every pool. It stays registered.
    fn pause(provider: ProviderId, operator: AccountId);

    /// How many of the silent lose their seat in a pool by one draw, at most.
    fn evictions() -> u32;

    /// Makes a task that waits for its audit, of nine workers at most.
    fn await_audit(task: TaskId, requester: &AccountId, workers: &[ProviderId]);

    /// Has these rules hold.
    fn set_rules(rules: Rules);

    /// Makes the seed of a ticket there.
    fn make_seed(ticket: &Ticket, seed: Seed);

    /// Gives whoever pays enough to pay.
    fn endow();
}

const TASK: TaskId = TaskId(0);
const SALT: Digest = [5; 32];
const ANSWER: Digest = [1; 32];
/// Providers looked at for one audit, at most.
const SAMPLE: u32 = 64;
/// The longest fingerprints are the longest reports.
const POLICY: Policy = Policy::Tolerance { within: u32::MAX };

type Staff<T> = Vec<(ProviderId, <T as frame_system::Config>::AccountId)>;

fn pass<T: Config>(blocks: Height) {
    let now = frame_system::Pallet::<T>::block_number();
    frame_system::Pallet::<T>::set_block_number(now + BlockNumberFor::<T>::from(blocks));
}

fn audit<T: Config>() -> AuditOf<T> {
    Audits::<T>::get(TASK).expect("it is under way")
}

/// Lets the stage end that the audit is in.
fn expire<T: Config>() {
    let due = audit::<T>().due;
    pass::<T>(due.saturating_add(1).saturating_sub(T::Clock::now()));
}

fn all_guards<T: Config>(sample: u32) {
    let mut rules = T::Rules::get();
    rules.shares.alone = u32::MAX;
    rules.shares.contested = u32::MAX;
    rules.draws.guards = MAX_GUARDS as u8;
    rules.draws.sample = sample as u8;
    T::BenchmarkHelper::set_rules(rules);
}

fn print() -> Fingerprint {
    Fingerprint(BoundedVec::truncate_from(vec![i32::MAX; FINGERPRINT_VALUES as usize]))
}

fn report() -> Report {
    Report { finding: Finding::Fingerprint(print()), trace: [0; 32] }
}

/// Results of so many workers wait for the seed of their audit. Gives the requester and workers.
fn begun<T: Config>(workers: u32, sealed: bool) -> (T::AccountId, Staff<T>) {
    pass::<T>(2);
    let (_, requester) = T::BenchmarkHelper::enlist(0);
    T::Currency::set_balance(&requester, Amount::MAX >> 16);
    T::BenchmarkHelper::endow();
    let staff: Staff<T> = (1..=workers).map(T::BenchmarkHelper::enlist).collect();
    let names: Vec<_> = staff.iter().map(|(provider, _)| *provider).collect();
    T::BenchmarkHelper::await_audit(TASK, &requester, &names);
    let requirements = Requirements::any(DeviceClass::Cpu);
    let brief = Brief {
        requester: requester.clone(),
        policy: POLICY,
        requirements,
        sealed,
        work_blocks: 1,
        offered: 1 << 60,
        redundancy: 1,
        workers: names,
        others: Vec::new(),
        contested: false,
        answer: ANSWER,
        fingerprint: Some(print()),
    };
    Pallet::<T>::begin(TASK, brief).expect("it is audited");
    (requester, staff)
}

fn seeded<T: Config>() {
    let ticket = audit::<T>().ticket.expect("it waits for it");
    T::BenchmarkHelper::make_seed(&ticket, [7; 32]);
}

/// Two samples of guards. The first half has fallen silent, and others have to take their places.
fn enlist_guards<T: Config>(sample: u32) {
    for nth in 0..2 * sample {
        let (guard, _) = T::BenchmarkHelper::enlist(100 + nth);
        if nth < sample {
            T::BenchmarkHelper::silence(guard);
        }
    }
}

/// Whom a draw of guards finds.
fn survey<T: Config>(sample: u32, seed: &Seed) -> Survey<T::AccountId> {
    T::Registry::survey(Lane::Holders(Role::Guard), DeviceClass::Cpu, sample, seed)
}

/// Makes a seed by which all of two samples are looked at, since the last of them is there.
fn seeded_for_all<T: Config>(sample: u32) {
    let ticket = audit::<T>().ticket.expect("it waits for it");
    let made = (0..=u8::MAX).any(|byte| {
        T::BenchmarkHelper::make_seed(&ticket, [byte; 32]);
        let seed = T::Beacon::seed(&ticket).expect("it was made");
        survey::<T>(sample, &seed).absent == sample
    });
    assert!(made, "by every second seed it is");
}

/// Nine guards are drawn for the results of so many workers. Gives guards and workers.
fn drawn<T: Config>(workers: u32, sealed: bool) -> (T::AccountId, Staff<T>, Staff<T>) {
    all_guards::<T>(SAMPLE);
    let (requester, workers) = begun::<T>(workers, sealed);
    let guards: Staff<T> = (100..100 + MAX_GUARDS).map(T::BenchmarkHelper::enlist).collect();
    seeded::<T>();
    Pallet::<T>::draw(TASK, audit::<T>());
    let names: Vec<_> = audit::<T>().guards.iter().map(|guard| guard.provider).collect();
    assert_eq!(names.len() as u32, MAX_GUARDS);
    let everyone = guards.into_iter();
    (requester, everyone.filter(|(one, _)| names.contains(one)).collect(), workers)
}

fn key() -> WrappedKey {
    WrappedKey::Inline(BoundedVec::truncate_from(vec![4; WRAPPED_KEY_BYTES as usize]))
}

/// The guards have their keys.
fn unsealed<T: Config>(workers: u32) -> (T::AccountId, Staff<T>, Staff<T>) {
    let (requester, guards, workers) = drawn::<T>(workers, true);
    for (guard, _) in &guards {
        Pallet::<T>::do_post_key(requester.clone(), TASK, *guard, key()).expect("it waits for it");
    }
    (requester, guards, workers)
}

fn commit<T: Config>(staff: &[(ProviderId, T::AccountId)]) {
    for (provider, operator) in staff {
        let digest = commitment::<T>(*provider);
        Pallet::<T>::do_commit(operator.clone(), TASK, digest).expect("it is in time");
    }
}

fn commitment<T: Config>(provider: ProviderId) -> Digest {
    let genesis = Pallet::<T>::genesis();
    let (answer, trace) = (report().digest(&genesis), report().trace);
    let round = audit::<T>().round;
    AuditCommitment { task: TASK, round, provider, answer, trace, salt: SALT }.digest(&genesis)
}

fn reveal<T: Config>(staff: &[(ProviderId, T::AccountId)]) {
    for (_, operator) in staff {
        Pallet::<T>::do_reveal(operator.clone(), TASK, report(), SALT).expect("it is what it was");
    }
}

/// Everything is known of the result of one worker, or of several.
fn reported<T: Config>(workers: u32) -> (T::AccountId, Staff<T>) {
    let (requester, guards, workers) = unsealed::<T>(workers);
    commit::<T>(&guards);
    commit::<T>(&workers);
    reveal::<T>(&guards);
    reveal::<T>(&workers);
    assert_eq!(audit::<T>().stage, Stage::Unmasking);
    (requester, workers)
}

/// A provider with a licence, and its operator, who can pay for notes.
fn planter<T: Config>() -> (ProviderId, T::AccountId) {
    let (planter, operator) = T::BenchmarkHelper::enlist(200);
    T::Currency::set_balance(&operator, Amount::MAX >> 16);
    Pallet::<T>::do_license(planter).expect("it has none");
    (planter, operator)
}

/// Leaves so many guards.
fn leave_but<T: Config>(guards: u32) {
    let mut audit = audit::<T>();
    let names: Vec<_> = audit.guards.iter().map(|guard| guard.provider).collect();
    for guard in names.into_iter().skip(guards as usize) {
        Pallet::<T>::leave(TASK, &mut audit, guard);
    }
    Audits::<T>::insert(TASK, audit);
}

#[benchmarks]
mod benches {
    use super::*;

    #[benchmark]
    fn license() -> Result<(), BenchmarkError> {
        let (planter, _) = T::BenchmarkHelper::enlist(0);
        let origin =
            T::LicenceOrigin::try_successful_origin().map_err(|()| BenchmarkError::Weightless)?;
        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, planter);
        assert!(Pallet::<T>::is_licensed(planter));
        Ok(())
    }

    #[benchmark]
    fn revoke_licence() -> Result<(), BenchmarkError> {
        let (planter, _) = super::planter::<T>();
        let origin =
            T::LicenceOrigin::try_successful_origin().map_err(|()| BenchmarkError::Weightless)?;
        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, planter);
        assert!(!Pallet::<T>::is_licensed(planter));
        Ok(())
    }

    #[benchmark]
    fn plant() {
        let (planter, operator) = super::planter::<T>();
        #[extrinsic_call]
        _(RawOrigin::Signed(operator), SALT);
        assert!(Notes::<T>::contains_key(planter, SALT));
    }

    #[benchmark]
    fn dig_up() {
        let (planter, operator) = super::planter::<T>();
        Pallet::<T>::do_plant(operator.clone(), SALT).expect("it is licensed");
        pass::<T>(T::Rules::get().plants.note_life.saturating_add(1));
        #[extrinsic_call]
        _(RawOrigin::Signed(operator), planter, SALT);
        assert!(!Notes::<T>::contains_key(planter, SALT));
    }

    /// Nine guards agreed unread.
    #[benchmark]
    fn unmask() {
        let (planter, operator) = super::planter::<T>();
        let (requester, workers) = reported::<T>(1);
        let (worker, answer) = (workers[0].0, ANSWER);
        let note = PlantCommitment { planter, task: TASK, worker, answer, salt: SALT };
        let digest = note.digest(&Pallet::<T>::genesis());
        Pallet::<T>::do_plant(operator, digest).expect("it is licensed");
        Notes::<T>::mutate(planter, digest, |note| {
            note.as_mut().expect("it was made").noted = audit::<T>().begun.saturating_sub(1);
        });
        #[extrinsic_call]
        _(RawOrigin::Signed(requester), TASK, planter, SALT);
        assert!(!Audits::<T>::contains_key(TASK));
    }

    /// The last of nine, whose clock starts.
    #[benchmark]
    fn post_key() {
        let (requester, guards, _) = drawn::<T>(1, true);
        for (guard, _) in guards.iter().skip(1) {
            Pallet::<T>::do_post_key(requester.clone(), TASK, *guard, key()).expect("it waits");
        }
        #[extrinsic_call]
        _(RawOrigin::Signed(requester), TASK, guards[0].0, key());
        assert_eq!(audit::<T>().stage, Stage::Commits);
    }

    /// The last who has not committed. What is done when too few are left is measured below.
    #[benchmark]
    fn reject_key() {
        let (_, guards, workers) = unsealed::<T>(1);
        super::commit::<T>(&workers);
        super::commit::<T>(&guards[1..]);
        #[extrinsic_call]
        _(RawOrigin::Signed(guards[0].1.clone()), TASK);
        assert_eq!(audit::<T>().stage, Stage::Reveals);
    }

    /// The last of all.
    #[benchmark]
    fn commit() {
        let (_, guards, workers) = unsealed::<T>(MAX_GUARDS);
        super::commit::<T>(&workers);
        super::commit::<T>(&guards[1..]);
        let digest = commitment::<T>(guards[0].0);
        #[extrinsic_call]
        _(RawOrigin::Signed(guards[0].1.clone()), TASK, digest);
        assert_eq!(audit::<T>().stage, Stage::Reveals);
    }

    /// The last of all.
    #[benchmark]
    fn reveal() {
        let (_, guards, workers) = unsealed::<T>(MAX_GUARDS);
        super::commit::<T>(&workers);
        super::commit::<T>(&guards);
        super::reveal::<T>(&workers);
        super::reveal::<T>(&guards[1..]);
        #[extrinsic_call]
        _(RawOrigin::Signed(guards[0].1.clone()), TASK, report(), SALT);
        assert_eq!(audit::<T>().stage, Stage::Unmasking);
    }

    /// One for which least is to be done; what is done for others is measured below.
    #[benchmark]
    fn poke() {
        let (requester, guards, workers) = unsealed::<T>(1);
        super::commit::<T>(&workers);
        super::commit::<T>(&guards[1..]);
        leave_but::<T>(0);
        expire::<T>();
        #[extrinsic_call]
        _(RawOrigin::Signed(requester), TASK);
        assert_eq!(audit::<T>().stage, Stage::Reveals);
    }

    /// A block in which nothing is due.
    #[benchmark]
    fn serve() {
        pass::<T>(1);
        let room = T::WeightInfo::serve().saturating_add(T::WeightInfo::find_due());
        let mut meter = WeightMeter::with_limit(room);
        #[block]
        {
            Pallet::<T>::serve(&mut meter);
        }
        assert_eq!(Served::<T>::get(), 1);
    }

    #[benchmark]
    fn find_due() {
        all_guards::<T>(SAMPLE);
        begun::<T>(MAX_GUARDS, true);
        let next = audit::<T>().next;
        let found;
        #[block]
        {
            found = Agenda::<T>::iter_key_prefix(next).next().and_then(Audits::<T>::get);
        }
        assert_eq!(found.map(|audit| audit.next), Some(next));
    }

    /// Nine are drawn of a full sample, for the results of nine, none of whom is looked at. As many
    /// silent ones are, in vain, and as many of these as may lose their seats.
    #[benchmark]
    fn draw(s: Linear<{ 2 * MAX_GUARDS }, SAMPLE>) {
        all_guards::<T>(s);
        let (requester, workers) = begun::<T>(MAX_GUARDS, true);
        let own = T::Registry::operated_by(&requester).expect("it operates one");
        for (provider, operator) in workers.into_iter().chain([(own, requester)]) {
            T::BenchmarkHelper::pause(provider, operator);
        }
        enlist_guards::<T>(s);
        seeded_for_all::<T>(s);
        let pool = || survey::<T>(0, &Seed::default()).pool;
        assert_eq!(pool(), u64::from(2 * s));
        let audit = audit::<T>();
        #[block]
        {
            Pallet::<T>::draw(TASK, audit);
        }
        assert_eq!(super::audit::<T>().guards.len() as u32, MAX_GUARDS);
        assert_eq!(pool(), u64::from(2 * s - T::BenchmarkHelper::evictions().min(s)));
    }

    /// Nobody has committed.
    #[benchmark]
    fn close(g: Linear<0, MAX_GUARDS>) {
        unsealed::<T>(1);
        leave_but::<T>(g);
        expire::<T>();
        let audit = audit::<T>();
        #[block]
        {
            Pallet::<T>::close_commits(TASK, audit);
        }
        assert_eq!(super::audit::<T>().stage, Stage::Unmasking);
    }

    /// All guards reported, and no worker did.
    #[benchmark]
    fn conclude(m: Linear<1, MAX_GUARDS>) {
        let (_, guards, _) = unsealed::<T>(m);
        leave_but::<T>(m);
        let left: Vec<_> = audit::<T>().guards.iter().map(|guard| guard.provider).collect();
        let guards: Vec<_> = guards.into_iter().filter(|(one, _)| left.contains(one)).collect();
        super::commit::<T>(&guards);
        expire::<T>();
        Pallet::<T>::close_commits(TASK, audit::<T>());
        super::reveal::<T>(&guards);
        expire::<T>();
        let audit = audit::<T>();
        #[block]
        {
            Pallet::<T>::judge(TASK, audit);
        }
        assert!(!Audits::<T>::contains_key(TASK));
    }

    impl_benchmark_test_suite!(
        Pallet,
        crate::tests::mock::externalities(),
        crate::tests::mock::Test
    );
}
