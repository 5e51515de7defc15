//! Who draws on budgets, who pays where nobody does, and grants for serving.

use crate::{
    calls::{learning, tasks},
    config::PERIOD,
    course::{any_provider, Course},
    dice::Dice,
    market::{any_model, run_block, ALICE, BOB, POOR},
    Mock,
};
use cairn_protocol::id::{BlockId, ProviderId};
use pallet_cairn_experts::DataSets;
use pallet_cairn_rewards::{Call, Current, Fees};

/// What is done about money.
#[derive(Clone, Copy)]
enum What {
    /// A delta that is to be paid.
    Learn,
    /// Work that a grant is given for.
    Serve,
    /// To the end of the period.
    Wait,
    Admit,
    AdmitData,
    Expel,
    Sponsor,
    Withdraw,
    Claim,
}

pub(crate) fn make(course: &mut Course, dice: &mut Dice) {
    let what = dice.weighted(&[
        (4, What::Learn),
        (4, What::Serve),
        (3, What::Wait),
        (1, What::Admit),
        (1, What::AdmitData),
        (1, What::Expel),
        (3, What::Sponsor),
        (3, What::Withdraw),
        (6, What::Claim),
    ]);
    let model = any_model(dice);
    match what {
        What::Learn => learning::bring(course, dice),
        What::Serve => tasks::bring(course, dice),
        What::Wait => course.blocks(u64::from(PERIOD), run_block),
        What::Admit => {
            let model = dice.usually(model, &[BlockId([9; 32])]);
            let call = Call::<Mock>::admit { model, cap: cap(dice) };
            govern(course, dice, call);
        }
        What::AdmitData => {
            let data = any_data(dice, model);
            let call = Call::<Mock>::admit_data { data, cap: cap(dice) };
            govern(course, dice, call);
        }
        What::Expel => {
            let block = if dice.once_in(2) { model } else { any_data(dice, model) };
            govern(course, dice, Call::<Mock>::expel { block });
        }
        What::Sponsor => {
            let amount = dice.mostly(&[100, 5_000, 30_000], &[0, 99, u128::MAX]);
            let who = dice.mostly(&[ALICE, BOB], &[POOR]);
            course.call(who, Call::<Mock>::sponsor { model, amount });
        }
        What::Withdraw => {
            let who = dice.mostly(&[ALICE, BOB], &[POOR]);
            let call = || Call::<Mock>::withdraw_sponsorship { model };
            // Once to give notice, and once more when that is over.
            if course.call(who, call()) && dice.once_in(2) {
                course.blocks(dice.usually(20, &[1, 60]), run_block);
                course.call(who, call());
            }
        }
        What::Claim => claim(course, dice),
    }
}

fn cap(dice: &mut Dice) -> u32 {
    dice.mostly(&[1_000_000, 300_000, 1], &[0, 1_000_001, u32::MAX])
}

fn govern(course: &mut Course, dice: &mut Dice, call: Call<Mock>) {
    if dice.once_in(8) {
        course.call(ALICE, call);
    } else {
        course.govern(call);
    }
}

/// A set of examples, or once in a while something else.
fn any_data(dice: &mut Dice, model: BlockId) -> BlockId {
    let mut all: Vec<_> = DataSets::<Mock>::iter_keys().collect();
    all.sort_unstable();
    let some = dice.one(&all);
    dice.usually(some, &[model, BlockId([9; 32])])
}

/// Whatever was paid in a period that has ended, or something else.
fn claim(course: &mut Course, dice: &mut Dice) {
    let now = Current::<Mock>::get().map_or(0, |period| period.number);
    let paid = Fees::<Mock>::iter_keys().filter(|(period, _)| *period < now);
    let mut paid: Vec<(u32, ProviderId)> = paid.collect();
    paid.sort_unstable();
    let known = paid.get(dice.below(paid.len().max(1))).copied();
    let (period, provider) = known.unwrap_or_else(|| (now, any_provider(dice)));
    let period = dice.usually(period, &[now, now.saturating_sub(1), u32::MAX]);
    let other = any_provider(dice);
    let provider = dice.usually(provider, &[other]);
    course.call(ALICE, Call::<Mock>::claim { period, provider });
}
