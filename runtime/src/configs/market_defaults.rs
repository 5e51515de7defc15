//! What the market's parameters are until governance says otherwise.

use crate::units::*;
use cairn_protocol::{
    audit, challenge::initial_floor, matching, profile::DeviceClass, reputation, settlement,
    share::WHOLE,
};
use pallet_cairn_audits::types as audits;
use pallet_cairn_providers::{FaultShares, RoleBonds, ThroughputFloors};
use pallet_cairn_tasks::types::{Clocks, ComplaintRules, Draws, Prices, Rules};

/// By what a role can do wrong: a guard's word moves models and money.
pub const ROLE_BONDS: RoleBonds = RoleBonds {
    compute: 100 * UNITS,
    guard: 500 * UNITS,
    router: 100 * UNITS,
    storage: 200 * UNITS,
    entropy: 50 * UNITS,
};

/// In parts per million of the stake. Silence happens to the honest; a wrong result does not.
pub const FAULT_SHARES: FaultShares = FaultShares {
    silent: 5_000,
    unrevealed: 10_000,
    withheld: 50_000,
    // What a wrong answer costs on average who is the only worker, of whom one result in ten is
    // looked at. It brings nothing, so it need not cost more than an accident may.
    outvoted: 50_000,
    agreed_unread: 200_000,
    wrong: 500_000,
};

pub const THROUGHPUT_FLOORS: ThroughputFloors = ThroughputFloors {
    small_gpu: initial_floor(DeviceClass::SmallGpu),
    gpu: initial_floor(DeviceClass::Gpu),
    large_gpu: initial_floor(DeviceClass::LargeGpu),
    accelerator: initial_floor(DeviceClass::Accelerator),
};

/// One lucky task makes 555,555 of a newcomer's 500,000; nobody reaches more than 944,444.
/// Resting a month halves what is known, so a bad record is not shed by waiting.
pub const REPUTATION_RULES: reputation::Rules = reputation::Rules {
    prior: 500_000,
    inertia: 8,
    window: 64,
    fault_weight: 4,
    half_life: 30 * DAYS,
    weights: reputation::Weights { accuracy: 1, timeliness: 1, availability: 1 },
};

pub const TASK_RULES: Rules = Rules {
    clocks: Clocks {
        match_most: DAYS,
        work_least: 5,
        work_most: 7 * DAYS,
        keys_least: 10,
        keys_most: HOURS,
        reveal: MINUTES,
        // Time to fetch a result, look at it and object.
        window: 10 * MINUTES,
        rematch: 2 * MINUTES,
        record: HOURS,
    },
    prices: Prices {
        // Four fifths of it are near what an account may hold.
        reward_least: 10 * MILLIUNITS,
        fee_fixed: 10 * MILLIUNITS,
        fee_share: 10_000,
        shares: settlement::Shares { provider: 800_000, treasury: 150_000 },
        deposit_item: deposit(1, 0),
        deposit_byte: deposit(0, 1),
        terms_bytes: 3_072,
        // A tip of a CRN goes before a task that has waited a quarter of an hour.
        ageing: MILLIUNITS,
    },
    draws: Draws {
        sample: 16,
        // Who has done well counts for as much as all that is cheap, near and idle.
        weights: matching::Weights { fit: 2, reputation: 4, price: 2, load: 1, region: 1 },
        floor: 200_000,
        // Guards look at a tenth of what one worker gave, and convict 96.5 % of the liars there.
        // So a lie brings 0.9035 of the 80 % of what is offered, which is 0.723, and costs 0.0965
        // of half of the bond. At 66,700 that is as much. This is a tenth less.
        cover: 60_000,
        reassignments: 3,
        // So a task that nobody can do draws 630 times a day, not 5,000 times.
        rest: 2 * MINUTES,
    },
    complaints: ComplaintRules {
        // More than sending the chunks is worth, so that nobody complains about who is there.
        deposit: 100 * MILLIUNITS,
        most: 1,
        // Whoever lacks a third of a result shows four chunks of it one time in five.
        chunks: 4,
        // Time for a machine that restarts; the window waits meanwhile.
        show: 10 * MINUTES,
    },
};

/// The same for networks that people try things on: a result stands for seconds, not minutes.
pub const QUICK_TASK_RULES: Rules = Rules {
    clocks: Clocks {
        reveal: 10,
        window: 10,
        rematch: MINUTES,
        record: 5 * MINUTES,
        ..TASK_RULES.clocks
    },
    complaints: ComplaintRules { show: MINUTES, ..TASK_RULES.complaints },
    ..TASK_RULES
};

pub const AUDIT_RULES: audits::Rules = audits::Rules {
    // A lie with a majority is contested but by majorities of all seats, and half of a bond is what
    // fifty lies bring. Of what nobody contests, so many that liars with a fifth of all bonds, who
    // work where they do not hold every seat, make less than nothing.
    shares: audit::Shares { alone: 100_000, contested: WHOLE, unanimous: 40_000 },
    // Of three who look two decide. Some of 32 guards are strangers and can do the job.
    draws: audits::Draws { guards: 3, sample: 32, again: 2 },
    clocks: audits::Clocks {
        keys: 10 * MINUTES,
        // Beside what the work takes: time to fetch the input and be in a block.
        commit: MINUTES,
        reveal: MINUTES,
        unmask: 30 * SECONDS,
    },
    // 0.6 of a worker's reward for each of three, who do the same work. One audit in ten results then
    // costs the treasury 0.19 of a reward, planted ones with it, and it gets 0.20. They never get
    // more than `market::AuditsThatLose` allows, and the more they get the less grants may be.
    pay: audits::Pay { guards: 1_800_000, outcome: 150_000 },
    plants: audits::Plants {
        deposit: deposit(1, 108),
        note_life: DAYS,
        // What a task of that worth would have brought its worker.
        reward: UNITS,
        paid: 100,
        day: DAYS,
    },
};

/// The same where people try things on.
pub const QUICK_AUDIT_RULES: audits::Rules = audits::Rules {
    clocks: audits::Clocks { commit: 20, reveal: 10, unmask: 10, ..AUDIT_RULES.clocks },
    ..AUDIT_RULES
};

/// At full blocks and 2.5 % a year a point is worth 0.04 CRN, so whoever is its own customer gets
/// back 8 % of what counts, and 32 % at the highest emission there may be. What counts is the fifth
/// of what it burnt that no grant gives back. A lower price than `market::LEAST_POINT_PRICE` counts
/// as that.
pub const MERIT_RULES: pallet_cairn_merit::Rules = pallet_cairn_merit::Rules {
    share: 250_000,
    price: 500 * MILLIUNITS,
    // About what buys all that there is in an hour.
    most: 10_000 * UNITS,
};

/// Capability challenges on networks that people try things on.
pub mod quick_challenges {
    use crate::{units::*, BlockNumber};

    /// Five providers of a class are seen challenged within a minute or two.
    pub const INTERVAL: BlockNumber = MINUTES;
    pub const BLOCKS: BlockNumber = 20;
    pub const COMMIT: BlockNumber = MINUTES;
    pub const REVEAL: BlockNumber = 10;
}
