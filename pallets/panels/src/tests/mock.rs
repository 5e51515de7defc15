//! A chain of the pallet with its real neighbours but for the cases and the purse, which are told by
//! hand what to say; of the chain below there is the block number, and authors whose VRFs are hashes.

use crate::{self as pallet_cairn_panels, types::*};
use cairn_doubles::{afresh, endowed};
use cairn_protocol::{
    id::{Amount, BlockId, ContentId, DeltaId, Digest, File, PanelId, ProviderId, Seed},
    job::JobKind,
    learning::{
        brief::{Brief, Subject},
        evaluation::{Evaluation, Opinion},
        panel::{Case, Outcome, PanelRules},
        source::{Generator, Source},
        sums::{tree, Leaf},
    },
    preimage::{OpinionCommitment, Statement},
    profile::{DeviceClass, Hardware, Profile, Role},
    share::Ppm,
};
use cairn_seams::{Judged, Panels as _, Purse};
use frame_support::{assert_ok, parameter_types, traits::ConstU32};

pub(crate) use cairn_doubles::{operator, owner};

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
}

cairn_doubles::money!(Test, ExistentialDeposit = 100);
cairn_doubles::market!(Test, Helper, OnSlash = ());

parameter_types! {
    pub static PanelsRules: Rules = RULES;
    /// Cases that are judged now.
    pub static Cases: Vec<Case> = Vec::new();
    /// Bytes that guards have to hold, as long as there is no brief.
    pub static Held: u64 = 0;
    /// The case is off when it comes to its draw.
    pub static Off: bool = false;
    /// The rounds that briefs were asked for.
    pub static Briefed: Vec<u16> = Vec::new();
    /// What came of panels, and whether there was a brief.
    pub static Heard: Vec<(Case, bool, Outcome)> = Vec::new();
    /// Who was paid, and how much each.
    pub static Paid: Vec<(AccountId, Amount)> = Vec::new();
}

pub(crate) const RULES: Rules = Rules {
    draws: PanelRules { guards: 3, most: 9, sample: 16, again: 2 },
    clocks: Clocks { commit: 20, reveal: 10, window: 15 },
    memory_mib: 8_000,
    pay: 700,
};

/// Cases that do nothing but wait.
pub struct ByHand;
impl Judged for ByHand {
    fn held(case: &Case) -> u64 {
        assert!(Cases::get().contains(case), "it waits");
        Held::get()
    }

    fn brief(case: &Case, round: u16, seed: &Seed) -> Option<Brief> {
        assert!(Cases::get().contains(case), "it waits");
        Briefed::mutate(|all| all.push(round));
        if Off::get() {
            Cases::mutate(|all| all.retain(|one| one != case));
            return None;
        }
        Some(brief_with(*seed))
    }

    fn judged(case: &Case, brief: Option<&Brief>, outcome: Outcome) {
        assert!(Cases::get().contains(case), "it waits, and is judged once");
        Cases::mutate(|all| all.retain(|one| one != case));
        Heard::mutate(|all| all.push((*case, brief.is_some(), outcome)));
    }
}

/// Pays whatever is asked for, and notes whom. The rest of it is for others.
pub struct Notes;
impl Purse<AccountId> for Notes {
    fn period() -> u32 {
        0
    }

    fn pays_for(_: &BlockId, _: &BlockId) -> bool {
        true
    }

    fn difficulty(_: &BlockId) -> Ppm {
        1_000_000
    }

    fn reserve(_: DeltaId, _: &BlockId, _: &BlockId, _: &AccountId, _: Amount) -> Amount {
        0
    }

    fn release(_: DeltaId, _: Ppm) -> Amount {
        0
    }

    fn pay_guards(model: &BlockId, guards: &[AccountId], each: Amount) -> Amount {
        assert_eq!(*model, MODEL);
        Paid::mutate(|all| all.extend(guards.iter().map(|guard| (*guard, each))));
        each * guards.len() as Amount
    }

    fn note_success(_: &BlockId) {}
}

impl pallet_cairn_panels::Config for Test {
    type Beacon = Entropy;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = Helper;
    type Cases = ByHand;
    type Clock = Clock;
    type Purse = Notes;
    type Registry = Providers;
    type Reputation = Reputation;
    type Rules = PanelsRules;
    type ServedPerBlock = ConstU32<16>;
    type WeightInfo = ();
}

pub(crate) const ALICE: AccountId = 1;
pub(crate) const BOB: AccountId = 2;
pub(crate) const RICH: Amount = 10_000_000;
/// Providers that can be registered.
pub(crate) const MOST: u64 = 200;
pub(crate) const SALT: Digest = [5; 32];
pub(crate) const MODEL: BlockId = BlockId([6; 32]);
pub(crate) const CASE: Case = Case::Delta(DeltaId(7));
/// The panel that most tests are about.
pub(crate) const PANEL: PanelId = PanelId(0);
/// Blocks until one has drawn with a seed that is asked for now.
pub(crate) const SEED: u64 = 18;

pub(crate) fn signed(account: AccountId) -> RuntimeOrigin {
    RuntimeOrigin::signed(account)
}

pub(crate) fn by(provider: ProviderId) -> RuntimeOrigin {
    signed(operator(provider))
}

pub(crate) fn externalities() -> sp_io::TestExternalities {
    Luck::set(0);
    Held::set(0);
    Off::set(false);
    PanelsRules::set(RULES);
    Cases::set(Vec::new());
    Briefed::set(Vec::new());
    Heard::set(Vec::new());
    Paid::set(Vec::new());
    let owners = (0..MOST).flat_map(|n| [owner(ProviderId(n)), operator(ProviderId(n))]);
    afresh(endowed::<Test>(owners.chain([ALICE, BOB]), RICH))
}

cairn_doubles::execute!();

pub(crate) fn check() {
    Clock::do_try_state().unwrap();
    Entropy::do_try_state().unwrap();
    Providers::do_try_state().unwrap();
    Reputation::do_try_state().unwrap();
    Panels::do_try_state().unwrap();
    let panels: Vec<_> = crate::Panels::<Test>::iter().map(|(_, panel)| panel).collect();
    let cases: Vec<_> = panels.iter().map(|panel| panel.case).collect();
    assert!(Cases::get().iter().all(|case| cases.contains(case)), "every case has its panel");
    assert_eq!(cases.len(), Cases::get().len(), "and one alone");
    for provider in (0..pallet_cairn_providers::NextProvider::<Test>::get()).map(ProviderId) {
        let Some(card) = Providers::card(provider) else { continue };
        let seats = || {
            let all = panels.iter().flat_map(|panel| &panel.guards);
            all.filter(|seat| seat.guard == provider)
        };
        // Guards work until they have revealed, and are engaged until all is judged.
        let working = seats().filter(|seat| seat.opinion().is_none()).count();
        assert_eq!(card.load as usize, working, "the load of {provider:?}");
        assert_eq!(card.engagements as usize, seats().count(), "{provider:?}");
    }
}

cairn_doubles::blocks!();

/// A provider of an owner of its own, available.
pub(crate) fn join(roles: &[Role]) -> ProviderId {
    let provider = ProviderId(pallet_cairn_providers::NextProvider::<Test>::get());
    let profile = cairn_doubles::profile(provider.0, DeviceClass::Cpu, 2, &[JobKind::Evaluate]);
    let roles = roles.iter().copied().collect();
    let (owner, operator) = (owner(provider), operator(provider));
    assert_ok!(Providers::register(signed(owner), operator, Box::new(profile), roles, 100_000));
    assert_ok!(Providers::heartbeat(signed(operator), provider));
    provider
}

/// A provider has so much memory from now on.
pub(crate) fn give_memory(provider: ProviderId, memory_mib: u32) {
    let plain = cairn_doubles::profile(provider.0, DeviceClass::Cpu, 2, &[JobKind::Evaluate]);
    let hardware = Hardware { memory_mib, ..plain.hardware };
    let profile = Profile { hardware, ..plain };
    assert_ok!(Providers::update_profile(signed(owner(provider)), provider, Box::new(profile)));
}

/// So many guards.
pub(crate) fn crowd(count: u64) -> Vec<ProviderId> {
    (0..count).map(|_| join(&[Role::Guard])).collect()
}

/// Two accounts are one party from now on.
pub(crate) fn link(one: AccountId, other: AccountId) {
    assert_ok!(Providers::link_account(signed(one), other, true));
    assert_ok!(Providers::link_account(signed(other), one, true));
}

/// Has a case judged, whose author is Alice.
pub(crate) fn open(case: Case) -> PanelId {
    Cases::mutate(|all| all.push(case));
    Panels::open(case, vec![ALICE]).expect("there is room")
}

/// Examples of each sample.
const COUNT: u32 = 64;
const THRESHOLD: Ppm = 10_000;

fn file(byte: u8) -> File {
    File { id: ContentId([byte; 32]), bytes: 1_000 }
}

pub(crate) fn brief_with(seed: Seed) -> Brief {
    Brief {
        model: MODEL,
        bundle: file(1),
        judge: ContentId([2; 32]),
        parts: Default::default(),
        subject: Subject::Delta {
            component: Default::default(),
            artifact: file(3),
            base: ContentId([4; 32]),
        },
        source: Source::Generator(Generator {
            module: file(5),
            record_bytes: 64,
            fuel: 1_000,
            count: 1_000,
        }),
        count: COUNT,
        threshold: THRESHOLD,
        attempts: 0,
        seed,
    }
}

/// What guards measure of a candidate, of which there are some; none of it depends on the seed.
pub(crate) fn measured(candidate: u8) -> Opinion {
    measured_on(candidate, COUNT)
}

pub(crate) fn measured_on(candidate: u8, count: u32) -> Opinion {
    let leaf = |record| Leaf {
        record,
        baseline: 2_000_000,
        loss: 1_900_000 + 1_000 * u64::from(candidate) + record,
        trace: [0; 32],
    };
    let leaves: Vec<_> = (0..u64::from(count)).map(leaf).collect();
    let tree = tree(&leaves, THRESHOLD).expect("they add up");
    Opinion::Measured(Evaluation::of(ContentId([candidate; 32]), tree.root()))
}

pub(crate) fn unavailable() -> Opinion {
    Opinion::Unavailable(file(3).id)
}

pub(crate) fn panel() -> Panel<AccountId> {
    crate::Panels::<Test>::get(PANEL).expect("it is under way")
}

pub(crate) fn guards() -> Vec<ProviderId> {
    panel().guards.iter().map(|seat| seat.guard).collect()
}

/// A panel of three of so many guards.
pub(crate) fn drawn_of(count: u64) -> Vec<ProviderId> {
    crowd(count);
    assert_eq!(open(CASE), PANEL);
    run(SEED);
    assert_eq!(panel().stage, Stage::Commits);
    guards()
}

/// A panel of three of twelve guards.
pub(crate) fn drawn() -> Vec<ProviderId> {
    drawn_of(12)
}

/// What a guard commits to for that opinion.
pub(crate) fn commitment_of(id: PanelId, guard: ProviderId, opinion: &Opinion) -> Digest {
    let genesis = Panels::genesis();
    let round = crate::Panels::<Test>::get(id).map_or(0, |panel| panel.round);
    let opinion = opinion.digest(&genesis);
    OpinionCommitment { panel: id, round, provider: guard, opinion, salt: SALT }.digest(&genesis)
}

pub(crate) fn commit(guard: ProviderId, opinion: &Opinion) {
    assert_ok!(Panels::commit(by(guard), PANEL, commitment_of(PANEL, guard, opinion)));
}

pub(crate) fn reveal(guard: ProviderId, opinion: &Opinion) {
    assert_ok!(Panels::reveal(by(guard), PANEL, *opinion, SALT));
}

/// Has each of them say that, in time.
pub(crate) fn all_say(opinions: &[(ProviderId, Opinion)]) {
    opinions.iter().for_each(|(guard, opinion)| commit(*guard, opinion));
    assert_eq!(panel().stage, Stage::Reveals);
    opinions.iter().for_each(|(guard, opinion)| reveal(*guard, opinion));
}

/// Has every guard of the panel say what it is told to by its place.
pub(crate) fn all_say_by_place(says: impl Fn(usize) -> Opinion) {
    let said: Vec<_> = guards().into_iter().enumerate().map(|(n, one)| (one, says(n))).collect();
    all_say(&said);
}

/// Lets the stage pass.
pub(crate) fn expire() {
    run(u64::from(panel().due.saturating_sub(now())) + 2);
}

/// What came of the only panel there was, and whether there was a brief.
pub(crate) fn heard() -> (bool, Outcome) {
    let heard = Heard::get();
    assert_eq!(heard.len(), 1);
    assert_eq!(heard[0].0, CASE);
    (heard[0].1, heard[0].2)
}

pub(crate) fn pending(provider: ProviderId) -> Amount {
    Providers::card(provider).unwrap().pending
}

pub(crate) fn score(provider: ProviderId) -> cairn_protocol::reputation::Score {
    Reputation::score(provider, KIND)
}

#[cfg(feature = "runtime-benchmarks")]
pub struct Helper;

#[cfg(feature = "runtime-benchmarks")]
impl crate::benchmarking::BenchmarkHelper<AccountId> for Helper {
    fn enlist(_: u32) -> (ProviderId, AccountId) {
        let provider = join(&[Role::Guard]);
        (provider, operator(provider))
    }

    fn silence(provider: ProviderId) {
        pallet_cairn_providers::Providers::<Test>::mutate(provider, |record| {
            record.as_mut().expect("it is registered").missed = true;
        });
    }

    fn evictions() -> u32 {
        use frame_support::traits::Get;
        <Test as pallet_cairn_providers::Config>::MaxEvictions::get()
    }

    fn case() -> PanelId {
        open(CASE)
    }

    fn set_rules(rules: Rules) {
        PanelsRules::set(rules);
    }

    fn make_seed(ticket: &cairn_seams::Ticket, seed: Seed) {
        pallet_cairn_entropy::benchmarking::close::<Test>(ticket, seed);
    }
}
