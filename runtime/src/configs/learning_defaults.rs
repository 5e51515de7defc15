//! What the parameters of learning are until governance says otherwise.

use crate::units::*;
use cairn_protocol::learning::{
    delta::{Price, Terms},
    inference::MOST_GRANT,
    limits::Limits,
    panel::{PanelRules, MOST_GUARDS},
    reward::{Budgets, Curve, Decay, Emission},
};
use pallet_cairn_curation::types as curation;
use pallet_cairn_learning::types as deltas;
use pallet_cairn_panels::types as panels;
use pallet_cairn_rewards::Rules as RewardRules;

pub const PANEL_RULES: panels::Rules = panels::Rules {
    // With a tenth of all bonds colluders would have two of three seats one time in 36, and have five
    // of seven one time in 5,000.
    draws: PanelRules { guards: 7, most: MOST_GUARDS, sample: 64, again: 3 },
    clocks: panels::Clocks {
        // To fetch a delta of 256 MiB at 1 MiB a second, and then some.
        commit: 10 * MINUTES,
        reveal: MINUTES,
        window: 10 * MINUTES,
    },
    // What `cairn` registers a provider with where nothing is said of its memory: whatever the
    // model is, none of these is left out.
    memory_mib: 4_096,
    // A day's budget for judging pays nearly 2,000 verdicts of seven guards.
    pay: 2 * UNITS,
};

/// The same for networks that people try things on.
pub const QUICK_PANEL_RULES: panels::Rules = panels::Rules {
    // There are few guards.
    draws: PanelRules { guards: 3, ..PANEL_RULES.draws },
    clocks: panels::Clocks { commit: 30, reveal: 10, window: 10 },
    ..PANEL_RULES
};

pub const DELTA_RULES: deltas::Rules = deltas::Rules {
    terms: Terms {
        // A commitment is final by then, and whoever sees the delta in the pool comes this late.
        delay: 10,
        life: HOURS,
        commitment: deposit(1, 180),
        // What a false delta costs its author half of: more than it costs to judge.
        bond: Price { fixed: 30 * UNITS, byte: MICROUNITS },
        // What seven guards are paid, and a little more: whoever is wrong pays those who look.
        deposit: Price { fixed: 16 * UNITS, byte: MICROUNITS / 10 },
        mark: deposit(2, 250),
        most_bytes: 256 << 20,
    },
    clocks: deltas::Clocks { turn: 10 * MINUTES, keeping: 10 * MINUTES, record: 7 * DAYS },
    standard: deltas::Standard {
        // A hundredth of the loss.
        threshold: 10_000,
        decay: Decay { floor_loss: 0, least: 1_000 },
    },
    // With it a sample has 512 examples at least: with 64 one time in four none of them would be of
    // two in a hundred that a delta may ruin.
    sample: deltas::Sample { variance: 3_200, most: 1 << 12 },
    limits: Limits {
        // As much as guards are asked to have memory for.
        model: 4 << 30,
        // 4,096 records of 4,096 tokens.
        sample: 1 << 26,
        // About twenty seconds of the ten minutes that guards have.
        fuel: 1 << 34,
    },
    curve: Curve { hundredth: 500 * UNITS },
    forfeit: 500_000,
    pending: 4,
};

/// The same where people try things on: a head moves within a minute or two.
pub const QUICK_DELTA_RULES: deltas::Rules = deltas::Rules {
    terms: Terms { delay: 3, ..DELTA_RULES.terms },
    clocks: deltas::Clocks { turn: 10, keeping: MINUTES, record: HOURS },
    ..DELTA_RULES
};

pub const CUSTODY_RULES: pallet_cairn_custody::Rules = pallet_cairn_custody::Rules {
    keepers: 3,
    most: 8,
    gather: 10 * MINUTES,
    // Longer than a reward waits that is not put off: for the end of a second period at most.
    keep: 7 * DAYS,
    interval: HOURS,
    show: 10 * MINUTES,
    // Whoever lacks a third of a file shows four chunks of it one time in five.
    chunks: 4,
    pay: 100 * MILLIUNITS,
};

/// The same where people try things on, among few.
pub const QUICK_CUSTODY_RULES: pallet_cairn_custody::Rules = pallet_cairn_custody::Rules {
    keepers: 2,
    gather: MINUTES,
    interval: MINUTES,
    show: MINUTES,
    ..CUSTODY_RULES
};

pub const REWARD_RULES: RewardRules = RewardRules {
    emission: Emission {
        period: DAYS,
        // A hundred million a year.
        tokens: 273_972 * UNITS,
        budgets: Budgets {
            inference: 450_000,
            learning: 350_000,
            validation: 100_000,
            data: 100_000,
        },
        carry: 0,
    },
    grant: MOST_GRANT,
    claimable: 30,
    // The budget for data by that for learning.
    data: 285_714,
    expected: 24,
    least: 10 * UNITS,
    notice: 2 * DAYS,
};

pub const CURATION_RULES: curation::Rules = curation::Rules {
    curators: curation::Stakes {
        bond: 500 * UNITS,
        silence: 200_000,
        // Making a set takes about as long as ten verdicts.
        pay: 20 * UNITS,
    },
    sets: curation::Sets {
        least: 3,
        open: 4,
        ahead: 2,
        bytes: 64 << 20,
        examples: 1 << 12,
        // With three sets 72 verdicts, which a fifth of a day's budget for judging pays five times.
        steps: 24,
    },
    // Half an hour for each head, which is longer than a panel takes that agrees at once. It is half
    // a period, so that what waits for the trial does not wait for the one after the next.
    clocks: curation::Clocks { reveal: 2 * HOURS, judging: 12 * HOURS },
};
