//! The pallets, wired as in the runtime, with times short enough to pass within fifty calls.

mod learning;

pub(crate) use learning::{DELTA_RULES, PERIOD, REWARD_RULES};

use crate::{
    market::{owner, ALICE, TREASURY},
    *,
};
use cairn_protocol::{
    audit::Shares,
    id::{Digest, Seed},
    matching::Weights,
    profile::DeviceClass,
    settlement,
};
use frame_support::{
    parameter_types,
    traits::{tokens::imbalance::ResolveTo, ConstU128, ConstU32},
};
use frame_system::EnsureRoot;
use pallet_cairn_audits::types as audits;
use pallet_cairn_capability::{Job, Work};
use pallet_cairn_tasks::types::{Clocks, ComplaintRules, Draws, Prices, Rules};

cairn_doubles::money!(Mock, ExistentialDeposit = 100);

impl pallet_cairn_clock::Config for Mock {}

parameter_types! {
    /// What validators got for blocks and for work.
    pub static Points: u32 = 0;
}

/// Authors who have to take part in a window.
pub(crate) const ENOUGH_AUTHORS: u64 = 3;

/// What is moved by hand stands where it stood.
pub(crate) fn reset() {
    Luck::set(0);
    Authors::set(ENOUGH_AUTHORS);
    Points::set(0);
}

cairn_doubles::authors!();
cairn_doubles::beacon!(Mock);
cairn_doubles::standards!();

parameter_types! {
    pub const Treasury: AccountId = TREASURY;
    pub ReputationRules: cairn_protocol::reputation::Rules = cairn_protocol::reputation::Rules {
        prior: 500_000,
        inertia: 8,
        window: 32,
        fault_weight: 4,
        half_life: 1_000,
        weights: cairn_protocol::reputation::Weights { accuracy: 2, timeliness: 1, availability: 1 },
    };
    pub const TaskRules: Rules = RULES;
    pub const AuditRules: audits::Rules = AUDIT_RULES;
    pub const MeritRules: pallet_cairn_merit::Rules =
        pallet_cairn_merit::Rules { share: 250_000, price: 10, most: 10_000 };
}

const RULES: Rules = Rules {
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
        shares: settlement::Shares { provider: 800_000, treasury: 150_000 },
        deposit_item: 5,
        deposit_byte: 1,
        terms_bytes: 2_048,
        ageing: 10,
    },
    draws: Draws {
        sample: 16,
        weights: Weights { fit: 2, reputation: 4, price: 2, load: 1, region: 1 },
        floor: 200_000,
        // Most bonds cover the dearest tasks, and the least do not.
        cover: 4_000_000,
        reassignments: 2,
        rest: 30,
    },
    complaints: ComplaintRules { deposit: 200, most: 1, chunks: 4, show: 15 },
};

const AUDIT_RULES: audits::Rules = audits::Rules {
    // Every other result of one worker, so that both are common.
    shares: Shares { alone: 500_000, contested: 1_000_000, unanimous: 100_000 },
    draws: audits::Draws { guards: 3, sample: 16, again: 2 },
    clocks: audits::Clocks { keys: 10, commit: 10, reveal: 10, unmask: 15 },
    pay: audits::Pay { guards: 1_200_000, outcome: 150_000 },
    plants: audits::Plants { deposit: 50, note_life: 100, reward: 700, paid: 2, day: 200 },
};

impl pallet_cairn_providers::Config for Mock {
    type AppealOrigin = EnsureRoot<AccountId>;
    type AppealWindow = ConstU32<20>;
    type ByteDeposit = ConstU128<1>;
    type Clock = Clock;
    type Currency = Balances;
    type FaultMemory = ConstU32<100>;
    type FaultShares = FaultShares;
    type HeartbeatPeriod = ConstU32<150>;
    type HeartbeatTimeout = ConstU32<400>;
    type ItemDeposit = ConstU128<5>;
    type MaxEvictions = ConstU32<2>;
    type MaxLinks = ConstU32<2>;
    type MaxRegistrations = ConstU32<3>;
    type MaxSample = ConstU32<32>;
    type MaxSlashesPerBlock = ConstU32<2>;
    type OnSlash = ResolveTo<Treasury, Balances>;
    type Reputation = Reputation;
    type RoleBonds = RoleBonds;
    type RuntimeHoldReason = RuntimeHoldReason;
    type ThroughputFloors = ThroughputFloors;
    // Shorter than a task or a challenge.
    type UnbondingPeriod = ConstU32<30>;
    type WeightInfo = ();
}

impl pallet_cairn_reputation::Config for Mock {
    type Clock = Clock;
    type Registry = Providers;
    type Rules = ReputationRules;
}

impl pallet_cairn_experts::Config for Mock {
    type ByteDeposit = ConstU128<1>;
    type Clock = Clock;
    type Currency = Balances;
    type ItemDeposit = ConstU128<5>;
    type Judging = Learning;
    type MaxServed = ConstU32<2>;
    type OnPublished = Rewards;
    type PriceNotice = ConstU32<20>;
    type Registry = Providers;
    type RuntimeHoldReason = RuntimeHoldReason;
    type ServeBlocks = ConstU32<60>;
    type WeightInfo = ();
}

impl pallet_cairn_tasks::Config for Mock {
    type Audits = Audits;
    type Beacon = Entropy;
    type Clock = Clock;
    type Currency = Balances;
    type Models = Experts;
    type OnSettled = learning::GrantsThenPoints;
    type Registry = Providers;
    type Reputation = Reputation;
    type Rules = TaskRules;
    type RuntimeHoldReason = RuntimeHoldReason;
    type ServedPerBlock = ConstU32<4>;
    type Treasury = Treasury;
    type WeightInfo = ();
}

cairn_doubles::measured!();

/// A job whose answer costs nothing to find.
pub struct EasyJob;
impl Job for EasyJob {
    /// Twenty blocks of what the class must reach.
    fn cost(class: DeviceClass) -> u64 {
        let work = Work {
            cpu: 1_000,
            small_gpu: 2_000,
            gpu: 20_000,
            large_gpu: 200_000,
            accelerator: 2_000_000,
        };
        work.of(class)
    }

    fn solve(seed: &Seed, units: u64) -> Digest {
        sp_io::hashing::blake2_256(&[seed.as_slice(), &units.to_le_bytes()].concat())
    }
}

impl pallet_cairn_capability::Config for Mock {
    type Beacon = Entropy;
    type Clock = Clock;
    type CommitBlocks = ConstU32<40>;
    type Interval = ConstU32<100>;
    type Job = EasyJob;
    type MaxOpen = ConstU32<4>;
    type Measured = Register;
    type Registry = Providers;
    type Reputation = Reputation;
    type RevealBlocks = ConstU32<10>;
    type Sample = ConstU32<8>;
    type ServedPerBlock = ConstU32<2>;
    type WeightInfo = ();
}

impl pallet_cairn_audits::Config for Mock {
    type Beacon = Entropy;
    type Clock = Clock;
    type Currency = Balances;
    type LicenceOrigin = EnsureRoot<AccountId>;
    type MaxNotes = ConstU32<4>;
    type Patron = pallet_cairn_audits::PaidFrom<Balances, Treasury>;
    type Registry = Providers;
    type Reputation = Reputation;
    type Rules = AuditRules;
    type RuntimeHoldReason = RuntimeHoldReason;
    type ServedPerBlock = ConstU32<4>;
    type Tasks = Tasks;
    type WeightInfo = ();
}

/// Blocks in a session.
pub(crate) const SESSION: u64 = 50;
const PER_BLOCK: u32 = 20;

/// Who validates, whatever happens, and a sum of points that never begins anew.
pub struct Validators;
impl pallet_cairn_merit::EraPoints<AccountId> for Validators {
    fn validators() -> Vec<AccountId> {
        vec![owner(0), owner(1), owner(2), ALICE]
    }

    fn per_block() -> u32 {
        PER_BLOCK
    }

    fn given() -> Option<u32> {
        Some(Points::get())
    }

    fn give(points: Vec<(AccountId, u32)>) {
        let sum: u32 = points.into_iter().map(|(_, points)| points).sum();
        let authored = PER_BLOCK * SESSION as u32;
        assert!(sum <= authored / 4, "work outweighs blocks with {sum} points");
        Points::mutate(|all| *all += sum);
    }
}

impl pallet_cairn_merit::Config for Mock {
    type Currency = Balances;
    type Deposit = ConstU128<100>;
    type EraPoints = Validators;
    type MaxValidators = ConstU32<3>;
    type Registry = Providers;
    type Rules = MeritRules;
    type RuntimeHoldReason = RuntimeHoldReason;
    type WeightInfo = ();
}
