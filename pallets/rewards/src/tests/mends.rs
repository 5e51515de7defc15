//! A model is mended by two names that work together: however they cut a mend, in whatever order and
//! how often they hand its slices in, a period mints no more for it than the model may draw.

use super::mock::*;
use cairn_protocol::{
    id::{Amount, DeltaId},
    learning::reward::{gain, Curve},
    share::{of, Ppm, WHOLE},
};
use cairn_seams::Purse as _;
use proptest::{collection::vec, prelude::*, sample::Index};
use std::collections::BTreeMap;

const NAMES: [AccountId; 2] = [ALICE, BOB];
/// The largest mend is worth about twice what a period has, or more where it is hard.
const CURVE: Curve = Curve { hundredth: 500 };

/// A slice is handed in, whether it was before or not.
#[derive(Clone, Debug)]
struct Act {
    slice: Index,
    second: bool,
    /// Such a share of something that was put aside is paid then.
    pays: Option<(Index, Ppm)>,
    turns: bool,
}

fn act() -> impl Strategy<Value = Act> {
    let pays = prop::option::of((any::<Index>(), 0..=WHOLE));
    (any::<Index>(), any::<bool>(), pays, prop::bool::weighted(0.1))
        .prop_map(|(slice, second, pays, turns)| Act { slice, second, pays, turns })
}

/// Losses on the way of a mend, from the highest on.
fn way() -> impl Strategy<Value = Vec<u64>> {
    vec(1_000_000..4_000_000u64, 2..10).prop_map(|mut losses| {
        losses.sort_unstable_by(|one, other| other.cmp(one));
        losses
    })
}

fn slices(way: &[u64]) -> Vec<u64> {
    way.windows(2).map(|two| gain(two[0], two[1])).collect()
}

fn admit_up_to(cap: Ppm) {
    admit(MODEL, cap);
    admit_data(DATA, WHOLE);
}

/// What the two names have been paid.
fn got() -> Amount {
    NAMES.into_iter().map(|name| free(name) - FUNDS).sum()
}

proptest! {
    #[test]
    fn mends_should_mint_no_more_than_the_cap_however_they_are_handed_in(
        cap in 1..=WHOLE,
        way in way(),
        acts in vec(act(), 1..40),
    ) {
        let slices = slices(&way);
        execute(|| {
            admit_up_to(cap);
            let (mut minted, mut most) = (BTreeMap::<u32, Amount>::new(), BTreeMap::new());
            let mut pay = |(delta, period): (u64, u32), share| {
                *minted.entry(period).or_default() += release(delta, share);
            };
            let mut waiting = vec![];
            for (delta, act) in (0u64..).zip(&acts) {
                let gain = slices[act.slice.index(slices.len())];
                let worth = CURVE.reward(gain, Rewards::difficulty(&MODEL));
                let name = NAMES[usize::from(act.second)];
                Rewards::reserve(DeltaId(delta), &MODEL, &DATA, &name, worth);
                Rewards::note_success(&MODEL);
                let period = Rewards::period();
                waiting.push((delta, period));
                if let Some((which, share)) = &act.pays {
                    pay(waiting.swap_remove(which.index(waiting.len())), *share);
                }
                // What came free of earlier periods makes it more.
                most.insert(period, of(cap, ledger(period).budgets.learning));
                if act.turns {
                    next_period();
                }
            }
            waiting.into_iter().for_each(|one| pay(one, WHOLE));
            assert_eq!(got(), minted.values().sum::<Amount>());
            for (period, minted) in minted {
                assert!(minted <= most[&period], "period {period}: {minted} of {most:?}");
            }
        });
    }

    /// In any order and by either name, slices are paid what the whole is, but for what is rounded.
    #[test]
    fn slices_should_be_paid_as_the_mend_whoever_hands_them_in(
        cap in 1..=WHOLE,
        way in way(),
        order in vec(any::<(u8, bool)>(), 9),
    ) {
        let whole = execute(|| {
            admit_up_to(cap);
            let worth = CURVE.reward(gain(way[0], way[way.len() - 1]), WHOLE);
            assert_eq!(reserve(0, worth), worth.min(of(cap, ledger(0).budgets.learning)));
            release(0, WHOLE)
        });
        let mut slices: Vec<_> = order.into_iter().zip(slices(&way)).collect();
        slices.sort_unstable();
        let sliced = execute(|| {
            admit_up_to(cap);
            for (delta, ((_, second), gain)) in (0u64..).zip(&slices) {
                let name = NAMES[usize::from(*second)];
                let worth = CURVE.reward(*gain, WHOLE);
                Rewards::reserve(DeltaId(delta), &MODEL, &DATA, &name, worth);
                release(delta, WHOLE);
            }
            got()
        });
        assert!(sliced <= whole, "{sliced} for slices, {whole} for the whole");
        assert!(whole - sliced <= 2 * slices.len() as Amount, "{sliced} of {whole}");
    }
}
