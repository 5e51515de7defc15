//! The parameters of the market that is simulated.

use cairn_protocol::{
    audit,
    fault::Fault,
    id::{Amount, Height},
    matching, reputation,
    settlement::Shares,
    share::{Ppm, WHOLE},
};

/// One CRN.
pub const UNIT: Amount = 1_000_000_000_000;

pub const SHARES: Shares = Shares { provider: 800_000, treasury: 150_000 };
pub const FEE_FIXED: Amount = UNIT / 100;
pub const FEE_SHARE: Ppm = 10_000;
/// The least reward of one worker.
pub const REWARD_LEAST: Amount = UNIT / 100;

pub const SAMPLE: usize = 16;
pub const WEIGHTS: matching::Weights =
    matching::Weights { fit: 2, reputation: 4, price: 2, load: 1, region: 1 };
pub const FLOOR: Ppm = 200_000;
/// What one worker is offered at most, as a share of its bond.
pub const COVER: Ppm = 60_000;
/// How often vacant seats are filled again.
pub const REASSIGNMENTS: u8 = 3;

pub const REPUTATION: reputation::Rules = reputation::Rules {
    prior: 500_000,
    inertia: 8,
    window: 64,
    fault_weight: 4,
    half_life: 30 * 86_400,
    weights: reputation::Weights { accuracy: 1, timeliness: 1, availability: 1 },
};

pub const COMPUTE_BOND: Amount = 100 * UNIT;
pub const GUARD_BOND: Amount = 500 * UNIT;

/// What the first fault of late costs of the bond.
pub fn fault_share(fault: Fault) -> Ppm {
    match fault {
        Fault::Silent => 5_000,
        Fault::Unrevealed => 10_000,
        Fault::Withheld => 50_000,
        Fault::Outvoted => 50_000,
        Fault::AgreedUnread => 200_000,
        Fault::Wrong => 500_000,
    }
}

/// When guards look at a result.
#[derive(Clone, Copy, Debug)]
pub struct Audits {
    pub shares: audit::Shares,
    /// Of the results that guards are shown, those that are planted and false.
    pub planted: Ppm,
}

/// A tenth where one worker answers. Where several compare hashes, all that was contradicted and
/// one in twenty-five of the rest.
pub const AUDITS: Audits = Audits {
    shares: audit::Shares { alone: 100_000, contested: WHOLE, unanimous: 40_000 },
    planted: 50_000,
};
/// Guards on an audit.
pub const GUARDS: u8 = 3;
/// What guards get together for an audit, from the treasury, as a share of what a worker is offered.
pub const GUARDS_PAY: Ppm = 1_800_000;

/// What a worker is offered, and what honest work on it costs.
pub const REWARD: Amount = UNIT;
pub const WORK: Amount = UNIT / 2;
/// How much work it is, so that asked prices are shares of what is offered.
pub const UNITS: u64 = 1_000;

/// How often the honest fail, by no intent.
pub const FAILS_SILENT: Ppm = 2_000;
pub const FAILS_UNREVEALED: Ppm = 500;
pub const FAILS_WRONG: Ppm = 500;

/// Tasks that come together; a seat is taken until the next ones come, an hour later.
pub const TASKS_A_TICK: u64 = 64;
/// The market's clock is read every four hours, since records hardly fade in less.
pub const TICKS_A_READING: u32 = 4;
pub const READING: Height = 4 * 3_600;
