//! A model that its author made easy to better, and everything that its author can try to be paid
//! for that.

use super::{mock::*, page::*, rate::Rate, rules::*};
use crate::{types::*, Issued};
use cairn_protocol::{
    id::{Amount, BlockId, DeltaId},
    learning::{
        panel::Case,
        reward::{Cause, Emission},
    },
    share::WHOLE,
};
use cairn_seams::{OnPublished as _, Purse as _};
use frame_support::{assert_ok, traits::fungible::Inspect as _};

/// Of each kind.
const SUBMISSIONS: u64 = 1_000;
const DELTA: DeltaId = DeltaId(0);

/// What is bettered, on what that is measured, and what its author does before.
#[derive(Clone, Copy)]
struct Attempt {
    name: &'static str,
    model: BlockId,
    data: BlockId,
    publishes: bool,
    sponsors: bool,
}

impl Attempt {
    const fn new(name: &'static str, model: BlockId, data: BlockId) -> Self {
        Self { name, model, data, publishes: false, sponsors: false }
    }
}

/// `MODEL` and `DATA` are admitted.
const ATTEMPTS: [Attempt; 5] = [
    Attempt::new("its own, on a set of its own", OTHER, OTHER_DATA),
    Attempt::new("its own, on a set that is admitted", OTHER, DATA),
    Attempt::new("one that is admitted, on a set of its own", MODEL, OTHER_DATA),
    Attempt {
        publishes: true,
        ..Attempt::new("one that was admitted, and was then published worse", MODEL, DATA)
    },
    Attempt { sponsors: true, ..Attempt::new("its own, sponsored by itself", OTHER, OTHER_DATA) },
];

/// What came of a delta.
struct Found {
    /// By the curve.
    worth: Amount,
    minted: Amount,
    /// What its author has more than before; less than nothing where it lost.
    gained: i128,
}

fn wealth() -> i128 {
    owed(Balances::total_balance(&ALICE))
}

/// Alice made the model and the delta, judges it and keeps what comes of it.
fn submit(attempt: Attempt, nth: u64) -> Found {
    let Attempt { model, data, publishes, sponsors, .. } = attempt;
    externalities().execute_with(|| {
        let emission = Emission { period: 2, ..AT_FIRST.emission };
        CurrentRules::set(Rules { emission, least: 1, ..AT_FIRST });
        JudgingCost::set(1_000);
        JudgedOn::set(Some(data));
        begin_block(1);
        admit_both();
        // The model that is admitted is hard by now: nothing was laid of it.
        next_period();
        let before = wealth();
        if publishes {
            Rewards::published(&model);
        }
        if sponsors {
            let amount = 2_000 + 100 * Amount::from(nth);
            assert_ok!(Rewards::sponsor(signed(ALICE), model, amount));
        }
        assert_eq!(Rewards::pays_for(&model, &data), sponsors);
        assert_eq!(Rewards::set_aside_for_judging(DELTA, &model), sponsors);
        // The loss falls by one part in a hundred at the least, and by nineteen of twenty at most.
        let worth = CURVE.reward(10_000 + 3_000 * nth, Rewards::difficulty(&model));
        Rewards::pay_panel(&Case::Delta(DELTA), &model, &[ALICE], 100);
        Rewards::reserve(DELTA, &model, &data, &ALICE, worth);
        Rewards::note_success(&model);
        Rewards::release(DELTA, WHOLE);
        Rewards::pay_guards(&model, &[ALICE], 100);
        check();
        let issued = Issued::<Test>::get();
        let minted = Cause::ALL.into_iter().map(|cause| issued.of(cause)).sum();
        Found { worth, minted, gained: wealth() - before }
    })
}

#[test]
fn an_easy_model_should_be_paid_nothing_when_its_author_made_it() {
    let mut table = Table::new(&[
        "what is bettered by its author",
        "submissions",
        "CRN each by the curve",
        "minted, CRN",
        "paid more than was put aside",
        "paid more, % (95 %)",
    ]);
    for attempt in ATTEMPTS {
        let found: Vec<Found> = (0..SUBMISSIONS).map(|nth| submit(attempt, nth)).collect();
        let worth: Amount = found.iter().map(|one| one.worth).sum();
        let minted: Amount = found.iter().map(|one| one.minted).sum();
        let paid = found.iter().filter(|one| one.gained > 0).count();
        let rate = Rate { times: paid as u64, of: SUBMISSIONS };
        table.row(&[
            &attempt.name,
            &decimal(i128::from(SUBMISSIONS) * 1_000_000, 0),
            &crn(owed(worth / Amount::from(SUBMISSIONS)), 0),
            &crn(owed(minted), 0),
            &paid,
            &rate,
        ]);
        assert_eq!((minted, paid), (0, 0), "{}", attempt.name);
    }
    table.close();
}
