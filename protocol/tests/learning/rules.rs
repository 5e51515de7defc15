//! The parameters of what is simulated. A test of the runtime holds them to what the chain begins
//! with.

use cairn_protocol::{
    id::Amount,
    learning::reward::{Budgets, Cause, Curve, Emission},
    share::{of, Ppm, WHOLE},
};

/// One CRN.
pub const UNIT: Amount = 1_000_000_000_000;

/// By how much a loss has to fall.
pub const THRESHOLD: Ppm = 10_000;
/// How much examples are thought to differ at least.
pub const VARIANCE: u64 = 3_200;
/// Examples of one verdict, at most.
pub const MOST: u32 = 1 << 12;
pub const CURVE: Curve = Curve { hundredth: 500 * UNIT };
/// The difficulty where as many deltas succeed as are expected to.
pub const DIFFICULTY: Ppm = WHOLE;
/// What is lost with a small delta that is not better.
pub const DEPOSIT: Amount = 16 * UNIT;

/// Guards of a panel at first.
pub const GUARDS: u8 = 7;
/// Guards that are looked at for a draw.
pub const SAMPLE: usize = 64;
pub const GUARD_BOND: Amount = 500 * UNIT;
/// Sets on which a head has to be measured.
pub const LEAST_SETS: u64 = 3;
/// Deltas that are measured on the sets of a trial, at most.
pub const STEPS: u64 = 24;
/// A newcomer's standing, and that of a guard whose record is good.
pub const NEWCOMER: Ppm = 500_000;
pub const KNOWN: Ppm = 940_000;

pub const EMISSION: Emission = Emission {
    period: 86_400,
    tokens: 273_972 * UNIT,
    budgets: Budgets { inference: 450_000, learning: 350_000, validation: 100_000, data: 100_000 },
    carry: 0,
};
/// What a model may draw of a budget that is admitted as one of five.
pub const CAP: Ppm = WHOLE / 5;

/// Submissions of each kind.
pub const SUBMISSIONS: u64 = 1_000;

/// In CRN.
pub fn crn(amount: Amount) -> f64 {
    amount as f64 / UNIT as f64
}

/// What such a model's deltas may be paid in a period.
pub fn room() -> Amount {
    of(CAP, EMISSION.budget(Cause::Learning))
}
