//! The rules that the chain begins with, as far as what is learnt and served is paid by them. A test
//! of the whole runtime holds them against its own.

use super::Rules;
use cairn_protocol::{
    id::Amount,
    learning::{
        inference::MOST_GRANT,
        reward::{Budgets, Curve, Emission},
    },
    settlement::Shares,
    share::Ppm,
};

/// One CRN.
pub(crate) const CRN: Amount = 1_000_000_000_000;

pub(crate) const AT_FIRST: Rules = Rules {
    emission: Emission {
        period: 86_400,
        tokens: 273_972 * CRN,
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
    data: 285_714,
    expected: 24,
    least: 10 * CRN,
    notice: 2 * 86_400,
};
/// What a hundredth of gain is worth.
pub(crate) const CURVE: Curve = Curve { hundredth: 500 * CRN };

/// What a point of an era costs whoever works for it, and what it costs at least, whatever
/// governance says.
pub(crate) const POINT_PRICE: Amount = CRN / 2;
pub(crate) const LEAST_POINT_PRICE: Amount = 320 * CRN / 1_000;
/// What a point is worth at most: at the highest emission there may be, and as many blocks as there
/// can be, to a validator without nominators.
pub(crate) const POINT_WORTH: Amount = 160 * CRN / 1_000;

pub(crate) const SHARES: Shares = Shares { provider: 800_000, treasury: 150_000 };
pub(crate) const FEE_FIXED: Amount = CRN / 100;
pub(crate) const FEE_SHARE: Ppm = 10_000;
/// How many results of one worker guards look at, and what they get for it of what that one was
/// offered, together.
pub(crate) const AUDITED: Ppm = 100_000;
pub(crate) const GUARDS_PAY: Ppm = 1_800_000;
/// And where guards measure all that such tasks are paid for.
pub(crate) const OUTCOMES_PAY: Ppm = 150_000;
/// What grants may be by that, and by the shares and the fee above.
pub(crate) const GRANT: Ppm = 515_000;
/// What a worker loses of its bond whom guards find wrong and others have outvoted, and what it may
/// be offered of it at most.
pub(crate) const OUTVOTED: Ppm = 50_000;
pub(crate) const COVER: Ppm = 60_000;
