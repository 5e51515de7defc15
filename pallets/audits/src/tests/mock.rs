//! A chain of the pallet with its real neighbours but for the tasks, which are told by hand what to
//! have audited; of the chain below there is the block number, and authors whose VRFs are hashes.

use crate::{self as pallet_cairn_audits, types::*, PaidFrom};
use cairn_doubles::{afresh, endowed};
use cairn_protocol::{
    audit::{Finding, Report, Shares, Verdict},
    id::{Amount, Digest, Height, ProviderId, TaskId},
    job::{JobKind, Policy, Requirements, WrappedKey},
    preimage::{AuditCommitment, PlantCommitment, Statement},
    profile::{DeviceClass, Profile, Role},
    result::Fingerprint,
};
use cairn_seams::{Audited, Audits as _, Brief};
use frame_support::{assert_ok, dispatch::DispatchResult, parameter_types, traits::ConstU32};
use frame_system::EnsureRoot;

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
    pub type Audits = pallet_cairn_audits;
}

cairn_doubles::money!(Test, ExistentialDeposit = 100);
cairn_doubles::market!(Test, Helper, OnSlash = ());

parameter_types! {
    pub static AuditRules: Rules = RULES;
    pub const Treasury: AccountId = TREASURY;
    /// Tasks whose results are audited, and who gave them.
    pub static Awaiting: Vec<(TaskId, Vec<ProviderId>)> = Vec::new();
    /// What came of audits.
    pub static Heard: Vec<(TaskId, Verdict, Vec<ProviderId>)> = Vec::new();
}

/// Every result of one worker is audited, so that tests need not wait for a lot to fall.
pub(crate) const RULES: Rules = Rules {
    shares: Shares { alone: 1_000_000, contested: 1_000_000, unanimous: 20_000 },
    draws: Draws { guards: 3, sample: 16, again: 2 },
    clocks: Clocks { keys: 10, commit: 5, reveal: 10, unmask: 15 },
    pay: Pay { guards: 1_200_000, outcome: 150_000 },
    plants: Plants { deposit: 50, note_life: 200, reward: 700, paid: 2, day: 1_000 },
};

/// Tasks that do nothing but wait.
pub struct ByHand;
impl Audited for ByHand {
    fn judged(id: TaskId, verdict: Verdict, silent: &[ProviderId]) {
        let known = Awaiting::get().into_iter().find(|(one, _)| *one == id);
        let (_, workers) = known.expect("it waits, and is judged once");
        workers.into_iter().for_each(<Providers as cairn_seams::Registry<_>>::disengage);
        Awaiting::mutate(|all| all.retain(|(one, _)| *one != id));
        Heard::mutate(|all| all.push((id, verdict, silent.to_vec())));
    }

    fn awaits(id: TaskId) -> bool {
        Awaiting::get().iter().any(|(one, _)| *one == id)
    }
}

impl pallet_cairn_audits::Config for Test {
    type Beacon = Entropy;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = Helper;
    type Clock = Clock;
    type Currency = Balances;
    type LicenceOrigin = EnsureRoot<AccountId>;
    type MaxNotes = ConstU32<4>;
    type Patron = PaidFrom<Balances, Treasury>;
    type Registry = Providers;
    type Reputation = Reputation;
    type Rules = AuditRules;
    type RuntimeHoldReason = RuntimeHoldReason;
    type ServedPerBlock = ConstU32<16>;
    type Tasks = ByHand;
    type WeightInfo = ();
}

pub(crate) const ALICE: AccountId = 1;
pub(crate) const BOB: AccountId = 2;
pub(crate) const TREASURY: AccountId = 3;
pub(crate) const RICH: Amount = 10_000_000;
/// Providers that can be registered.
pub(crate) const MOST: u64 = 160;
pub(crate) const SALT: Digest = [5; 32];
/// What the worker says.
pub(crate) const CLAIM: Digest = [1; 32];
pub(crate) const TRACE: Digest = [2; 32];
/// The task that most tests are about.
pub(crate) const TASK: TaskId = TaskId(7);
pub(crate) const REWARD: Amount = 9_000;
/// With them guards have twenty blocks to commit.
pub(crate) const WORK_BLOCKS: Height = 15;
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
    AuditRules::set(RULES);
    Awaiting::set(Vec::new());
    Heard::set(Vec::new());
    let owners = (0..MOST).flat_map(|n| [owner(ProviderId(n)), operator(ProviderId(n))]);
    afresh(endowed::<Test>(owners.chain([ALICE, BOB, TREASURY]), RICH))
}

cairn_doubles::execute!();

pub(crate) fn check() {
    Clock::do_try_state().unwrap();
    Entropy::do_try_state().unwrap();
    Providers::do_try_state().unwrap();
    Reputation::do_try_state().unwrap();
    Audits::do_try_state().unwrap();
    let audits: Vec<_> = crate::Audits::<Test>::iter().collect();
    assert_eq!(audits.len(), Awaiting::get().len(), "every task that waits is audited");
    for provider in (0..pallet_cairn_providers::NextProvider::<Test>::get()).map(ProviderId) {
        let Some(card) = Providers::card(provider) else { continue };
        let guards = || {
            let all = audits.iter().flat_map(|(_, audit)| &audit.guards);
            all.filter(|guard| guard.provider == provider)
        };
        // Guards work until they have revealed, and are engaged until all is judged.
        let working = guards().filter(|guard| guard.report().is_none()).count();
        let awaiting = Awaiting::get();
        let gave = awaiting.iter().filter(|(_, workers)| workers.contains(&provider)).count();
        assert_eq!(card.load as usize, working, "the load of {provider:?}");
        assert_eq!(card.engagements as usize, guards().count() + gave, "{provider:?}");
    }
}

cairn_doubles::blocks!();

pub(crate) fn profile(n: u64, class: DeviceClass) -> Profile {
    let plain = cairn_doubles::profile(n, class, 2, &[JobKind::Simulate]);
    Profile { payload_key: Some([9; 1_216]), ..plain }
}

/// A provider of an owner of its own, available.
pub(crate) fn join_with(class: DeviceClass, roles: &[Role]) -> ProviderId {
    let provider = ProviderId(pallet_cairn_providers::NextProvider::<Test>::get());
    enlist(provider, owner(provider), class, roles);
    provider
}

pub(crate) fn enlist(provider: ProviderId, owner: AccountId, class: DeviceClass, roles: &[Role]) {
    let profile = Box::new(profile(provider.0, class));
    let roles = roles.iter().copied().collect();
    let operator = operator(provider);
    assert_ok!(Providers::register(signed(owner), operator, profile, roles, 100_000));
    assert_ok!(Providers::heartbeat(signed(operator), provider));
}

pub(crate) fn worker() -> ProviderId {
    join_with(DeviceClass::Gpu, &[Role::Compute])
}

/// So many guards.
pub(crate) fn crowd(count: u64) -> Vec<ProviderId> {
    (0..count).map(|_| join_with(DeviceClass::Gpu, &[Role::Guard])).collect()
}

/// What one worker gave to Alice.
pub(crate) fn brief(policy: Policy, workers: &[ProviderId]) -> Brief<AccountId> {
    Brief {
        requester: ALICE,
        policy,
        requirements: Requirements::any(DeviceClass::Cpu),
        sealed: false,
        work_blocks: WORK_BLOCKS,
        offered: REWARD,
        redundancy: workers.len() as u8,
        others: Vec::new(),
        workers: workers.to_vec(),
        contested: false,
        answer: CLAIM,
        fingerprint: matches!(policy, Policy::Tolerance { .. }).then(|| print(0)),
    }
}

pub(crate) fn print(value: i32) -> Fingerprint {
    Fingerprint(vec![1_000_000, value].try_into().unwrap())
}

/// Has a result audited, or not.
pub(crate) fn begin(id: TaskId, brief: Brief<AccountId>) -> Option<Height> {
    let workers = brief.workers.clone();
    let due = Audits::begin(id, brief);
    if due.is_some() {
        workers.iter().copied().for_each(<Providers as cairn_seams::Registry<_>>::engage);
        Awaiting::mutate(|all| all.push((id, workers)));
    }
    due
}

pub(crate) fn audit() -> Audit<AccountId> {
    crate::Audits::<Test>::get(TASK).expect("it is under way")
}

pub(crate) fn guards() -> Vec<ProviderId> {
    audit().guards.iter().map(|guard| guard.provider).collect()
}

/// A worker whose result is audited by three guards of five.
pub(crate) fn drawn(policy: Policy) -> (ProviderId, Vec<ProviderId>) {
    let worker = worker();
    crowd(5);
    begin(TASK, brief(policy, &[worker])).expect("it may be audited");
    run(SEED);
    assert_eq!(audit().stage, Stage::Commits);
    (worker, guards())
}

pub(crate) fn report(answer: u8, trace: u8) -> Report {
    Report { finding: Finding::Answer([answer; 32]), trace: [trace; 32] }
}

/// The same as the worker's.
pub(crate) fn same() -> Report {
    Report { finding: Finding::Answer(CLAIM), trace: TRACE }
}

/// The worker's answer, by somebody who did not find its trace.
pub(crate) fn unread() -> Report {
    Report { trace: [0; 32], ..same() }
}

pub(crate) fn measured(loss: u64) -> Report {
    Report { finding: Finding::Loss(loss), trace: [0; 32] }
}

pub(crate) fn resembling(value: i32) -> Report {
    Report { finding: Finding::Fingerprint(print(value)), trace: [0; 32] }
}

/// What a provider commits to for that report.
pub(crate) fn commitment(provider: ProviderId, report: &Report) -> Digest {
    let genesis = Audits::genesis();
    AuditCommitment {
        task: TASK,
        round: audit().round,
        provider,
        answer: report.digest(&genesis),
        trace: report.trace,
        salt: SALT,
    }
    .digest(&genesis)
}

pub(crate) fn commit(provider: ProviderId, report: &Report) {
    assert_ok!(Audits::commit(by(provider), TASK, commitment(provider, report)));
}

pub(crate) fn reveal(provider: ProviderId, report: &Report) {
    assert_ok!(Audits::reveal(by(provider), TASK, report.clone(), SALT));
}

/// Has each of them commit, then reveal; whoever is late is.
pub(crate) fn all_report(reports: &[(ProviderId, Report)]) {
    reports.iter().for_each(|(provider, report)| commit(*provider, report));
    if audit().stage == Stage::Commits {
        run(u64::from(RULES.clocks.commit + WORK_BLOCKS) + 1);
    }
    assert_eq!(audit().stage, Stage::Reveals);
    reports.iter().for_each(|(provider, report)| reveal(*provider, report));
    if audit().stage == Stage::Reveals {
        run(u64::from(RULES.clocks.reveal) + 2);
    }
    assert_eq!(audit().stage, Stage::Unmasking);
}

/// Lets the last stage pass.
pub(crate) fn conclude() {
    run(u64::from(audit().due.saturating_sub(now())) + 2);
}

/// What came of the only audit there was.
pub(crate) fn heard() -> (Verdict, Vec<ProviderId>) {
    let heard = Heard::get();
    assert_eq!(heard.len(), 1);
    assert_eq!(heard[0].0, TASK);
    (heard[0].1, heard[0].2.clone())
}

/// Licenses a new provider to plant.
pub(crate) fn planter() -> ProviderId {
    let planter = join_with(DeviceClass::Gpu, &[Role::Guard]);
    assert_ok!(Audits::license(RuntimeOrigin::root(), planter));
    planter
}

/// The note that the worker's claim will be false.
pub(crate) fn note(planter: ProviderId, worker: ProviderId) -> Digest {
    PlantCommitment { planter, task: TASK, worker, answer: CLAIM, salt: SALT }
        .digest(&Audits::genesis())
}

pub(crate) fn unmask(planter: ProviderId) -> DispatchResult {
    Audits::unmask(signed(ALICE), TASK, planter, SALT)
}

pub(crate) fn key() -> WrappedKey {
    WrappedKey::Inline(vec![4; 1_168].try_into().unwrap())
}

pub(crate) fn free(account: AccountId) -> Amount {
    Balances::free_balance(account)
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
        let provider = join_with(DeviceClass::Gpu, &[Role::Compute, Role::Guard]);
        (provider, operator(provider))
    }

    fn silence(provider: ProviderId) {
        pallet_cairn_providers::Providers::<Test>::mutate(provider, |record| {
            record.as_mut().expect("it is registered").missed = true;
        });
    }

    fn pause(provider: ProviderId, operator: AccountId) {
        let paused = cairn_protocol::profile::Availability::Paused;
        assert_ok!(Providers::set_availability(signed(operator), provider, paused));
    }

    fn evictions() -> u32 {
        use frame_support::traits::Get;
        <Test as pallet_cairn_providers::Config>::MaxEvictions::get()
    }

    fn await_audit(task: TaskId, _: &AccountId, workers: &[ProviderId]) {
        workers.iter().copied().for_each(<Providers as cairn_seams::Registry<_>>::engage);
        Awaiting::mutate(|all| all.push((task, workers.to_vec())));
    }

    fn set_rules(rules: Rules) {
        AuditRules::set(rules);
    }

    fn make_seed(ticket: &cairn_seams::Ticket, seed: cairn_protocol::id::Seed) {
        pallet_cairn_entropy::benchmarking::close::<Test>(ticket, seed);
    }

    fn endow() {}
}
