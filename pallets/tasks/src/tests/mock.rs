//! A market of real pallets; of the chain below them there is the block number, and authors whose
//! VRFs are hashes.

use crate::{self as pallet_cairn_tasks, types::*};
use cairn_protocol::{
    audit::{may_be, Verdict},
    id::{Amount, BlockId, Digest, EngineId, Height, ProviderId, Seed, TaskId},
    job::{Job, JobKind, Payload, Policy, Requirements, Terms},
    matching::Weights,
    preimage::{ResultCommitment, Statement},
    profile::{DeviceClass, Profile, Role},
    result::{Answer, Output},
    settlement::Shares,
    share::{Ppm, WHOLE},
};
use cairn_seams::Clock as _;
use frame_support::{
    assert_ok, parameter_types,
    traits::{ConstU32, OnFinalize, OnIdle, OnInitialize},
    weights::Weight,
};
use frame_system::EnsureRoot;
use pallet_cairn_entropy::BlockVrf;
use std::{cell::RefCell, collections::BTreeMap};

pub type AccountId = u64;

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
    pub type Tasks = pallet_cairn_tasks;
}

cairn_doubles::money!(Test, ExistentialDeposit = 100);

impl pallet_cairn_clock::Config for Test {}

/// Three authors take turns.
pub struct Turns;
impl BlockVrf<AccountId> for Turns {
    fn author_vrf() -> Option<(AccountId, Seed)> {
        let number = System::block_number();
        Some((number % 3, sp_io::hashing::blake2_256(&number.to_le_bytes())))
    }

    fn active_authors() -> u32 {
        3
    }
}

cairn_doubles::beacon!(Test, super::benchmarks::Helper);
cairn_doubles::standards!();
cairn_doubles::reputation!(Test);

parameter_types! {
    pub const ItemDeposit: Amount = 5;
    pub const ByteDeposit: Amount = 1;
    pub const Treasury: AccountId = TREASURY;
    pub static TaskRules: Rules = RULES;
    pub static PerBlock: u32 = SERVED;
}

pub const RULES: Rules = Rules {
    clocks: Clocks {
        match_most: 1_000,
        work_least: 5,
        work_most: 500,
        keys_least: 5,
        keys_most: 50,
        reveal: 10,
        window: 20,
        rematch: 60,
        record: 30,
    },
    prices: Prices {
        reward_least: 100,
        fee_fixed: 10,
        fee_share: 10_000,
        shares: Shares { provider: 800_000, treasury: 150_000 },
        deposit_item: 5,
        deposit_byte: 1,
        terms_bytes: 2_048,
        ageing: 10,
    },
    draws: Draws {
        sample: 16,
        weights: Weights { fit: 2, reputation: 4, price: 2, load: 1, region: 1 },
        floor: 200_000,
        // Twenty bonds: more than most tests offer.
        cover: 20_000_000,
        reassignments: 2,
        rest: 30,
    },
    complaints: ComplaintRules { deposit: 200, most: 1, chunks: 4, show: 15 },
};

impl pallet_cairn_providers::Config for Test {
    type AppealOrigin = EnsureRoot<AccountId>;
    type AppealWindow = ConstU32<50>;
    type ByteDeposit = ByteDeposit;
    type Clock = Clock;
    type Currency = Balances;
    type FaultMemory = ConstU32<1_000>;
    type FaultShares = FaultShares;
    type HeartbeatPeriod = ConstU32<5_000>;
    type HeartbeatTimeout = ConstU32<10_000>;
    type ItemDeposit = ItemDeposit;
    type MaxEvictions = ConstU32<2>;
    type MaxLinks = ConstU32<4>;
    type MaxRegistrations = ConstU32<8>;
    type MaxSample = ConstU32<64>;
    type MaxSlashesPerBlock = ConstU32<4>;
    type OnSlash = ();
    type Reputation = Reputation;
    type RoleBonds = RoleBonds;
    type RuntimeHoldReason = RuntimeHoldReason;
    type ThroughputFloors = ThroughputFloors;
    type UnbondingPeriod = ConstU32<200>;
    type WeightInfo = ();
}

/// A model that is open, and whose author asks for all that is left for it.
pub const MODEL: BlockId = BlockId([7; 32]);
/// One that only Bob has a licence for.
pub const LICENSED: BlockId = BlockId([8; 32]);
/// One with a price for each use, and a royalty of 2 %.
pub const PRICED: BlockId = BlockId([6; 32]);
pub const PRICE: Amount = 700;
/// Who made them.
pub const CREATOR: AccountId = 900;
pub const TREASURY: AccountId = 901;

parameter_types! {
    /// The models that settled tasks ran on.
    pub static Uses: Vec<BlockId> = Vec::new();
    /// What the author of the model with a price asks.
    pub static CurrentPrice: Amount = PRICE;
}

pub struct ThreeModels;
impl cairn_seams::Models<AccountId> for ThreeModels {
    fn exists(model: &BlockId) -> bool {
        [MODEL, LICENSED, PRICED].contains(model)
    }

    fn price(model: &BlockId, who: &AccountId) -> Option<Amount> {
        match *model {
            MODEL => Some(0),
            PRICED => Some(CurrentPrice::get()),
            LICENSED => (*who == BOB).then_some(0),
            _ => None,
        }
    }

    fn creator(model: &BlockId) -> Option<AccountId> {
        Self::exists(model).then_some(CREATOR)
    }

    fn royalty(model: &BlockId) -> Ppm {
        if *model == PRICED {
            20_000
        } else {
            WHOLE
        }
    }

    fn note_use(model: &BlockId) {
        Uses::mutate(|all| all.push(*model));
    }
}

parameter_types! {
    /// What was settled, provider by provider.
    pub static Settlements: Vec<(ProviderId, JobKind, Amount)> = Vec::new();
}

pub struct Ledger;
impl cairn_seams::OnSettled for Ledger {
    fn settled(provider: ProviderId, kind: JobKind, irrecoverable: Amount) {
        Settlements::mutate(|all| all.push((provider, kind, irrecoverable)));
    }
}

parameter_types! {
    /// The audits that nobody has judged yet, and by when that should be done.
    pub static Pending: Vec<(TaskId, Height)> = Vec::new();
    /// What was said of the last one.
    pub static LastBrief: Option<cairn_seams::Brief<AccountId>> = None;
    pub static Auditing: bool = true;
}

/// How long an audit should take.
pub const AUDIT: Height = 40;

/// Audits all that may be, by hand: a test is to judge it.
pub struct ByHand;
impl cairn_seams::Audits<AccountId> for ByHand {
    fn begin(task: TaskId, brief: cairn_seams::Brief<AccountId>) -> Option<Height> {
        assert!(may_be(brief.policy, brief.redundancy), "{task:?} is never audited: {brief:?}");
        if !Auditing::get() {
            return None;
        }
        let due = now() + AUDIT;
        Pending::mutate(|all| all.push((task, due)));
        LastBrief::set(Some(brief));
        Some(due)
    }

    fn pending(task: TaskId) -> Option<Height> {
        Pending::get().iter().find(|(one, _)| *one == task).map(|(_, due)| *due)
    }
}

/// Ends an audit.
pub fn judge_audit(id: TaskId, verdict: Verdict, silent: &[ProviderId]) {
    Pending::mutate(|all| all.retain(|(one, _)| *one != id));
    <Tasks as cairn_seams::Audited>::judged(id, verdict, silent);
}

impl pallet_cairn_tasks::Config for Test {
    type Audits = ByHand;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = super::benchmarks::Helper;
    type Beacon = Entropy;
    type Clock = Clock;
    type Currency = Balances;
    type Models = ThreeModels;
    type OnSettled = Ledger;
    type Registry = Providers;
    type Reputation = Reputation;
    type Rules = TaskRules;
    type RuntimeHoldReason = RuntimeHoldReason;
    type ServedPerBlock = PerBlock;
    type Treasury = Treasury;
    type WeightInfo = ();
}

/// Tasks that a block moves on.
pub const SERVED: u32 = 64;
pub const ALICE: AccountId = 1;
pub const BOB: AccountId = 2;
pub const RICH: Amount = 10_000_000;
/// Provider n has owner 100 + n and operator 200 + n.
pub const PROVIDERS: u64 = 24;
pub const ENGINE: EngineId = EngineId([1; 32]);

pub fn owner(provider: ProviderId) -> AccountId {
    100 + provider.0
}

pub fn operator(provider: ProviderId) -> AccountId {
    200 + provider.0
}

type Stored = Vec<(Vec<u8>, Vec<u8>)>;

thread_local! {
    /// What is stored when a market of so many providers opens. It is made once a thread.
    static OPENED: RefCell<BTreeMap<u64, Stored>> = const { RefCell::new(BTreeMap::new()) };
}

/// Runs a test in a market of `providers`, and checks every pallet's invariants at its end.
pub fn market(providers: u64, test: impl FnOnce()) {
    let opened = OPENED.with_borrow_mut(|opened| {
        opened.entry(providers).or_insert_with(|| open(providers)).clone()
    });
    // All of it is a change to an empty chain: what lies in a trie is slow to go through.
    sp_io::TestExternalities::new_empty().execute_with(|| {
        TaskRules::set(RULES);
        PerBlock::set(SERVED);
        Settlements::set(Vec::new());
        Uses::set(Vec::new());
        CurrentPrice::set(PRICE);
        Pending::set(Vec::new());
        Auditing::set(true);
        opened.iter().for_each(|(key, value)| sp_io::storage::set(key, value));
        test();
        check();
    });
}

fn open(providers: u64) -> Stored {
    let people = [ALICE, BOB, TREASURY, CREATOR].into_iter();
    let owners = (0..providers).flat_map(|n| [owner(ProviderId(n)), operator(ProviderId(n))]);
    let storage = cairn_doubles::endowed::<Test>(people.chain(owners), RICH);
    sp_io::TestExternalities::from(storage).execute_with(|| {
        System::set_block_number(1);
        (0..providers).for_each(|n| register(ProviderId(n)));
        let keys = std::iter::successors(sp_io::storage::next_key(&[]), |key| {
            sp_io::storage::next_key(key)
        });
        keys.filter_map(|key| Some((key.clone(), sp_io::storage::get(&key)?.to_vec()))).collect()
    })
}

pub fn check() {
    Clock::do_try_state().expect("the clock is right");
    Entropy::do_try_state().expect("the beacon is right");
    Providers::do_try_state().expect("the registry is right");
    Reputation::do_try_state().expect("reputation is right");
    Tasks::do_try_state().expect("tasks are right");
}

pub fn profile(n: u64) -> Profile {
    // The kinds that are asked for here: each is a seat more that every check looks at.
    let kinds = [JobKind::Infer, JobKind::Train, JobKind::Simulate];
    let plain = cairn_doubles::profile(n, DeviceClass::Gpu, 4, &kinds);
    Profile { payload_key: Some([9; 1_216]), ..plain }
}

pub fn register(provider: ProviderId) {
    let signed = RuntimeOrigin::signed;
    let roles = [Role::Compute].into_iter().collect();
    assert_ok!(Providers::register(
        signed(owner(provider)),
        operator(provider),
        Box::new(profile(provider.0)),
        roles,
        20_000,
    ));
    assert_ok!(Providers::heartbeat(signed(operator(provider)), provider));
}

/// Makes blocks until the chain has that number.
pub fn run_to(number: u64) {
    while System::block_number() < number {
        let now = System::block_number();
        AllPalletsWithSystem::on_idle(now, Weight::from_parts(u64::MAX / 2, u64::MAX / 2));
        AllPalletsWithSystem::on_finalize(now);
        System::set_block_number(now + 1);
        AllPalletsWithSystem::on_initialize(now + 1);
    }
}

pub fn run(blocks: u64) {
    run_to(System::block_number() + blocks);
}

/// Makes blocks until the stage a task is in now is over, and the chain has moved it on.
pub fn expire(id: TaskId) {
    let due = task(id).due;
    while now() < due + 2 {
        run(1);
    }
}

pub fn now() -> Height {
    Clock::now()
}

/// A simulation that any provider may do.
pub fn terms(redundancy: u8) -> Terms {
    Terms {
        job: Job {
            kind: JobKind::Simulate,
            model: None,
            engine: ENGINE,
            input: Payload::Inline(vec![1, 2, 3].try_into().expect("it is short")),
            parameters: Default::default(),
            seed: [0; 32],
            units: 10,
            sampled: false,
        },
        policy: Policy::Replicated,
        redundancy,
        requirements: Requirements::any(DeviceClass::Cpu),
        reward: 9_000,
        tip: 900,
        match_by: now() + 100,
        work_blocks: 20,
        seal: None,
        output_bytes: 64,
        auditable: false,
    }
}

/// The same as exact inference on the model.
pub fn proven(redundancy: u8) -> Terms {
    let mut terms = terms(redundancy);
    terms.job.kind = JobKind::Infer;
    terms.job.model = Some(MODEL);
    terms.policy = Policy::Proven;
    terms
}

/// The same on the model with a price.
pub fn priced(redundancy: u8) -> Terms {
    let mut terms = proven(redundancy);
    terms.job.model = Some(PRICED);
    terms
}

pub fn submit(terms: Terms) -> TaskId {
    let id = TaskId(pallet_cairn_tasks::Submitted::<Test>::get());
    assert_ok!(Tasks::submit(RuntimeOrigin::signed(ALICE), Box::new(terms)));
    id
}

pub fn task(id: TaskId) -> Task<AccountId> {
    pallet_cairn_tasks::Tasks::<Test>::get(id).expect("the task is kept")
}

/// Submits a task and waits for its workers.
pub fn assigned(terms: Terms) -> (TaskId, Vec<ProviderId>) {
    let id = submit(terms);
    run(18);
    (id, workers(id))
}

pub fn workers(id: TaskId) -> Vec<ProviderId> {
    task(id).seats.iter().map(|seat| seat.provider).collect()
}

pub fn answer(output: u8) -> Answer {
    Answer {
        engine: ENGINE,
        output: Output::Inline(vec![output].try_into().expect("it is short")),
        fingerprint: None,
        units: 10,
    }
}

pub const SALT: Digest = [5; 32];

/// What a worker commits to for that answer.
pub fn commitment(id: TaskId, provider: ProviderId, answer: &Answer) -> Digest {
    let task = task(id);
    let seat = task.seat(provider).expect("it has a seat");
    let genesis = Tasks::genesis();
    ResultCommitment {
        task: id,
        round: seat.round,
        provider,
        generation: seat.generation,
        answer: answer.digest(&genesis),
        salt: SALT,
    }
    .digest(&genesis)
}

pub fn commit(id: TaskId, provider: ProviderId, answer: &Answer) {
    let commitment = commitment(id, provider, answer);
    assert_ok!(Tasks::commit(RuntimeOrigin::signed(operator(provider)), id, commitment));
}

pub fn reveal(id: TaskId, provider: ProviderId, answer: &Answer) {
    let origin = RuntimeOrigin::signed(operator(provider));
    assert_ok!(Tasks::reveal(origin, id, Box::new(answer.clone()), SALT));
}

/// Has the workers of a task give these outputs.
pub fn deliver(id: TaskId, outputs: &[u8]) {
    let workers = workers(id);
    let round: Vec<_> = workers.into_iter().zip(outputs.iter().copied().map(answer)).collect();
    round.iter().for_each(|(provider, answer)| commit(id, *provider, answer));
    round.iter().for_each(|(provider, answer)| reveal(id, *provider, answer));
}

pub fn free(account: AccountId) -> Amount {
    pallet_balances::Pallet::<Test>::free_balance(account)
}
