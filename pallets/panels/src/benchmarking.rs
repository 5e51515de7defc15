//! Measures every call and each step of the hook at its most expensive.

use crate::{types::*, *};
use alloc::vec::Vec;
use cairn_protocol::{
    id::{ContentId, Digest, Height, PanelId, ProviderId, Seed},
    learning::{
        evaluation::{excess, Evaluation, Opinion},
        panel::MOST_GUARDS,
    },
    preimage::{OpinionCommitment, Statement},
    profile::{DeviceClass, Role},
};
use cairn_seams::{Beacon, Clock, Judged, Lane, Registry, Survey};
use frame_benchmarking::v2::*;
use frame_support::{traits::Get, weights::WeightMeter};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};

/// What the benchmarks need of the neighbours.
pub trait BenchmarkHelper<AccountId> {
    /// Registers an available guard of a party of its own. Gives it and its operator.
    fn enlist(nth: u32) -> (ProviderId, AccountId);

    /// Lets a provider fall silent. It keeps its seats until it is drawn.
    fn silence(provider: ProviderId);

    /// How many of the silent lose their seat in a pool by one draw, at most.
    fn evictions() -> u32;

    /// Opens the panel of a case that bars as many as there may be, of a model with as many
    /// components, and whose pay there is enough for.
    fn case() -> PanelId;

    /// Has these rules hold.
    fn set_rules(rules: Rules);

    /// Makes the seed of a ticket there.
    fn make_seed(ticket: &Ticket, seed: Seed);
}

/// Seats nine guards who are on no other panel on one that waits for its seed, for benchmarks of
/// those who asked for it.
pub fn seat<T: Config>(id: PanelId) {
    let first = u32::try_from(id.0).expect("panels are few").saturating_mul(MAX_GUARDS);
    let enlist = |nth: u32| T::BenchmarkHelper::enlist(first.saturating_add(nth)).0;
    let guards = (0..MAX_GUARDS).map(enlist).collect();
    let mut panel = panel::<T>(id);
    T::Beacon::release(panel.ticket.take().expect("it waits for it"));
    panel.size = MOST_GUARDS;
    let brief = T::Cases::brief(&panel.case, panel.round, &[7; 32]).expect("it can be judged");
    Briefs::<T>::insert(id, brief);
    Pallet::<T>::convene(id, panel, &T::Rules::get().clocks, guards);
}

const SALT: Digest = [5; 32];
/// Providers looked at for one panel, at most.
const SAMPLE: u32 = 64;

type Staff<T> = Vec<(ProviderId, <T as frame_system::Config>::AccountId)>;

fn pass<T: Config>(blocks: Height) {
    let now = frame_system::Pallet::<T>::block_number();
    frame_system::Pallet::<T>::set_block_number(now + BlockNumberFor::<T>::from(blocks));
}

fn panel<T: Config>(id: PanelId) -> PanelOf<T> {
    Panels::<T>::get(id).expect("it is under way")
}

/// Lets the stage end that the panel is in.
fn expire<T: Config>(id: PanelId) {
    let due = panel::<T>(id).due;
    pass::<T>(due.saturating_add(1).saturating_sub(T::Clock::now()));
}

/// A panel of nine that waits for its seed.
fn opened<T: Config>(sample: u32) -> PanelId {
    pass::<T>(2);
    let mut rules = T::Rules::get();
    rules.draws.guards = MOST_GUARDS;
    rules.draws.most = MOST_GUARDS;
    rules.draws.sample = sample as u8;
    T::BenchmarkHelper::set_rules(rules);
    T::BenchmarkHelper::case()
}

/// Two samples of guards. The first half has fallen silent, and others have to take their places.
fn enlist_guards<T: Config>(sample: u32) {
    for nth in 0..2 * sample {
        let (guard, _) = T::BenchmarkHelper::enlist(nth);
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
fn seeded_for_all<T: Config>(id: PanelId, sample: u32) {
    let ticket = panel::<T>(id).ticket.expect("it waits for it");
    let made = (0..=u8::MAX).any(|byte| {
        T::BenchmarkHelper::make_seed(&ticket, [byte; 32]);
        let seed = T::Beacon::seed(&ticket).expect("it was made");
        survey::<T>(sample, &seed).absent == sample
    });
    assert!(made, "by every second seed it is");
}

/// Nine guards are drawn. Gives the panel and them.
fn drawn<T: Config>() -> (PanelId, Staff<T>) {
    let everyone: Staff<T> = (0..MAX_GUARDS).map(T::BenchmarkHelper::enlist).collect();
    let id = opened::<T>(SAMPLE);
    let ticket = panel::<T>(id).ticket.expect("it waits for it");
    T::BenchmarkHelper::make_seed(&ticket, [7; 32]);
    Pallet::<T>::draw(id, panel::<T>(id));
    assert_eq!(panel::<T>(id).guards.len() as u32, MAX_GUARDS);
    (id, everyone)
}

/// What answers the brief, so that it is compared with it.
fn opinion<T: Config>(id: PanelId) -> Opinion {
    let brief = Briefs::<T>::get(id).expect("it is drawn");
    let (baseline, loss) = (1 << 40, 1 << 39);
    Opinion::Measured(Evaluation {
        candidate: ContentId([1; 32]),
        baseline,
        loss,
        count: brief.count,
        sum: excess(baseline, loss, brief.threshold),
        squares: (u128::MAX >> 8).into(),
        trace: [2; 32],
    })
}

fn commitment<T: Config>(id: PanelId, guard: ProviderId) -> Digest {
    let genesis = Pallet::<T>::genesis();
    let round = panel::<T>(id).round;
    let opinion = opinion::<T>(id).digest(&genesis);
    OpinionCommitment { panel: id, round, provider: guard, opinion, salt: SALT }.digest(&genesis)
}

fn commit<T: Config>(id: PanelId, staff: &[(ProviderId, T::AccountId)]) {
    for (guard, operator) in staff {
        let digest = commitment::<T>(id, *guard);
        Pallet::<T>::do_commit(operator.clone(), id, digest).expect("it is in time");
    }
}

fn reveal<T: Config>(id: PanelId, staff: &[(ProviderId, T::AccountId)]) {
    let opinion = opinion::<T>(id);
    for (_, operator) in staff {
        Pallet::<T>::do_reveal(operator.clone(), id, opinion, SALT).expect("it is what it was");
    }
}

/// Leaves so many guards, and as many seats.
fn leave_but<T: Config>(id: PanelId, guards: u32) {
    let mut panel = panel::<T>(id);
    for seat in panel.guards.iter().skip(guards as usize) {
        T::Registry::end_work(seat.guard);
        Pallet::<T>::leave(id, seat.guard);
    }
    panel.guards.truncate(guards as usize);
    panel.size = (guards as u8).max(1);
    Panels::<T>::insert(id, panel);
}

#[benchmarks]
mod benches {
    use super::*;

    /// The last of all.
    #[benchmark]
    fn commit() {
        let (id, guards) = drawn::<T>();
        super::commit::<T>(id, &guards[1..]);
        let digest = commitment::<T>(id, guards[0].0);
        #[extrinsic_call]
        _(RawOrigin::Signed(guards[0].1.clone()), id, digest);
        assert_eq!(panel::<T>(id).stage, Stage::Reveals);
    }

    /// The last of all, who decides it.
    #[benchmark]
    fn reveal() {
        let (id, guards) = drawn::<T>();
        super::commit::<T>(id, &guards);
        super::reveal::<T>(id, &guards[1..]);
        let opinion = opinion::<T>(id);
        #[extrinsic_call]
        _(RawOrigin::Signed(guards[0].1.clone()), id, opinion, SALT);
        assert_eq!(panel::<T>(id).stage, Stage::Window);
    }

    /// One for which least is to be done; what is done for others is measured below.
    #[benchmark]
    fn poke() {
        let (id, guards) = drawn::<T>();
        super::commit::<T>(id, &guards);
        super::reveal::<T>(id, &guards[..8]);
        let mut panel = panel::<T>(id);
        panel.guards.retain(|seat| seat.opinion().is_some());
        Panels::<T>::insert(id, panel);
        Pallet::<T>::leave(id, guards[8].0);
        expire::<T>(id);
        #[extrinsic_call]
        _(RawOrigin::Signed(guards[0].1.clone()), id);
        assert_eq!(super::panel::<T>(id).stage, Stage::Window);
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
        let (id, _) = drawn::<T>();
        let next = panel::<T>(id).next;
        let found;
        #[block]
        {
            found = Agenda::<T>::iter_key_prefix(next).next().and_then(Panels::<T>::get);
        }
        assert_eq!(found.map(|panel| panel.next), Some(next));
    }

    /// Nine are drawn of a full sample. As many silent ones are, in vain, and as many of these as
    /// may lose their seats.
    #[benchmark]
    fn draw(s: Linear<{ 2 * MAX_GUARDS }, SAMPLE>) {
        enlist_guards::<T>(s);
        let id = opened::<T>(s);
        seeded_for_all::<T>(id, s);
        let pool = || survey::<T>(0, &Seed::default()).pool;
        let before = pool();
        let panel = panel::<T>(id);
        #[block]
        {
            Pallet::<T>::draw(id, panel);
        }
        assert_eq!(super::panel::<T>(id).guards.len() as u32, MAX_GUARDS);
        assert_eq!(pool(), before - u64::from(T::BenchmarkHelper::evictions().min(s)));
    }

    /// All have committed, nobody shows what to, and nobody is drawn again.
    #[benchmark]
    fn close(g: Linear<1, MAX_GUARDS>) {
        let (id, guards) = drawn::<T>();
        leave_but::<T>(id, g);
        let left: Vec<_> = panel::<T>(id).guards.iter().map(|seat| seat.guard).collect();
        let guards: Vec<_> = guards.into_iter().filter(|(one, _)| left.contains(one)).collect();
        super::commit::<T>(id, &guards);
        Panels::<T>::mutate(id, |panel| panel.as_mut().expect("it is there").spare = 0);
        expire::<T>(id);
        let panel = panel::<T>(id);
        #[block]
        {
            Pallet::<T>::close_reveals(id, panel);
        }
        assert!(!Panels::<T>::contains_key(id));
    }

    /// All guards agreed, and are paid.
    #[benchmark]
    fn conclude(g: Linear<2, MAX_GUARDS>) {
        let (id, guards) = drawn::<T>();
        leave_but::<T>(id, g);
        let left: Vec<_> = panel::<T>(id).guards.iter().map(|seat| seat.guard).collect();
        let guards: Vec<_> = guards.into_iter().filter(|(one, _)| left.contains(one)).collect();
        super::commit::<T>(id, &guards);
        super::reveal::<T>(id, &guards);
        expire::<T>(id);
        let panel = panel::<T>(id);
        #[block]
        {
            Pallet::<T>::conclude(id, panel);
        }
        assert!(!Panels::<T>::contains_key(id));
    }

    impl_benchmark_test_suite!(
        Pallet,
        crate::tests::mock::externalities(),
        crate::tests::mock::Test
    );
}
