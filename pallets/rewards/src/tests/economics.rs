//! What the numbers that the chain begins with come to.

use super::{mock::*, page::*, rules::*};
use cairn_protocol::{
    id::Amount,
    learning::reward::{difficulty, Cause},
};
use cairn_seams::Purse as _;

#[test]
fn budgets_should_be_what_the_page_says() {
    let budgets = AT_FIRST.budgets();
    let mut table = Table::new(&["budget", "of the period's tokens, %", "CRN a period", "for"]);
    let causes = [
        (Cause::Inference, "serving models"),
        (Cause::Learning, "bettering them"),
        (Cause::Validation, "judging that, and keeping what was judged"),
        (Cause::Data, "what it is judged on"),
    ];
    let mut sum = 0;
    for (cause, what) in causes {
        let (share, budget) = (AT_FIRST.emission.budgets.share(cause), budgets.of(cause));
        let name = format!("{cause:?}").to_lowercase();
        table.row(&[&name, &percent(share, 0), &crn(owed(budget), 1), &what]);
        sum += budget;
    }
    table.row(&[&"all", &"100", &crn(owed(sum), 1), &""]);
    assert_eq!(sum, AT_FIRST.emission.tokens);
    table.close();
}

#[test]
fn rewards_should_be_what_the_page_says() {
    let mut table = Table::new(&[
        "the loss falls by",
        "gain",
        "laid in the period before, of 24 expected",
        "factor",
        "CRN",
    ]);
    // The logarithm of old over new, in millionths.
    let (one, five) = (("1 %", 10_050), ("5 %", 51_293));
    for ((falls, gain), laid) in [(one, 24), (one, 12), (one, 0), (five, 24)] {
        let factor = difficulty(laid, AT_FIRST.expected);
        table.row(&[
            &falls,
            &decimal(gain.into(), 5),
            &laid,
            &decimal(factor.into(), 1),
            &crn(owed(CURVE.reward(gain, factor)), 1),
        ]);
    }
    table.close();
}

/// Two sponsors, an author and two deltas of which one holds by half.
#[test]
fn escrow_should_be_what_the_page_says() {
    let mut table = Table::new(&[
        "step",
        "the first has left",
        "and put aside",
        "the second has left",
        "and put aside",
        "the author got",
    ]);
    let mut step = |what: &str| {
        let of = |account| {
            let sponsors = Rewards::sponsors_of(&MODEL);
            let known = sponsors.into_iter().find(|one| one.account == account);
            known.map_or((0, 0), |one| (one.left, one.held))
        };
        let plain = |amount: Amount| decimal(owed(amount) * 1_000_000, 0);
        let ((one, aside), (other, others_aside)) = (of(BOB), of(CAROL));
        let got = free(ALICE) - FUNDS;
        let amounts = [one, aside, other, others_aside, got].map(plain);
        let cells: Vec<&dyn core::fmt::Display> =
            core::iter::once(&what as &dyn core::fmt::Display)
                .chain(amounts.iter().map(|cell| cell as &dyn core::fmt::Display))
                .collect();
        table.row(&cells);
    };
    execute(|| {
        sponsor(BOB, 1_000);
        sponsor(CAROL, 1_500);
        step("they put aside 1,000 and 1,500");
        assert_eq!(reserve(1, 1_200), 1_200);
        step("a delta is laid that is worth 1,200");
        assert_eq!(release(1, 500_000), 600);
        step("half of its gain holds");
        assert_eq!(Rewards::pay_guards(&MODEL, &[DAVE], 40), 40);
        step("a guard is paid 40");
        assert_eq!(reserve(2, 9_000), 1_860);
        step("a delta is laid that is worth 9,000");
        assert_eq!(release(2, 1_000_000), 1_860);
        step("all of its gain holds");
    });
    table.close();
}
