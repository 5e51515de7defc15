//! Who gets what. Each function takes an amount apart and loses nothing of it.

use crate::{
    id::Amount,
    share::{mul_div, of, Ppm, WHOLE},
    wire::wire,
};

wire! {
    /// What a requester has put aside for a task.
    #[derive(Copy, Default)]
    pub struct Escrow {
        pub reward: Amount,
        pub tip: Amount,
        pub fee: Amount,
    }

    /// How what a task earned is shared; the creator has the rest.
    #[derive(Copy)]
    pub struct Shares {
        pub provider: Ppm,
        pub treasury: Ppm,
    }
}

/// Where the parts of an escrow go. Their sum is the escrow.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Split {
    /// To each worker that is paid.
    pub each: Amount,
    pub treasury: Amount,
    pub creator: Amount,
    pub burnt: Amount,
    /// Back to the requester.
    pub back: Amount,
}

impl Escrow {
    /// All of it, where it can be counted.
    pub fn total(&self) -> Option<Amount> {
        self.reward.checked_add(self.tip)?.checked_add(self.fee)
    }
}

impl Split {
    /// What it hands out if that many workers are paid.
    pub fn total(&self, workers: u8) -> Option<Amount> {
        self.each
            .checked_mul(workers.into())?
            .checked_add(self.treasury)?
            .checked_add(self.creator)?
            .checked_add(self.burnt)?
            .checked_add(self.back)
    }

    /// What left the requester for good and reached no worker.
    pub fn irrecoverable(&self) -> Amount {
        self.treasury.saturating_add(self.burnt)
    }
}

impl Shares {
    /// Whether they leave something, or nothing, to the creator.
    pub fn are_shares(&self) -> bool {
        self.provider.checked_add(self.treasury).is_some_and(|sum| sum <= WHOLE)
    }

    /// A task done: reward and tip are shared, equally among the workers; the fee is burnt. What
    /// cannot be divided goes to the treasury, and so does the share of a creator who is not.
    pub fn settle(&self, escrow: &Escrow, workers: u8, has_creator: bool) -> Split {
        let earned = escrow.reward.saturating_add(escrow.tip);
        let each = of(self.provider, earned).checked_div(workers.into()).unwrap_or(0);
        let paid = each.saturating_mul(workers.into());
        let left = earned.saturating_sub(paid);
        let share = WHOLE.saturating_sub(self.provider).saturating_sub(self.treasury);
        let creator = if has_creator { of(share, earned).min(left) } else { 0 };
        let treasury = left.saturating_sub(creator);
        Split { each, treasury, creator, burnt: escrow.fee, back: 0 }
    }
}

/// A task not done, by no fault of the requester: all of it goes back.
pub fn refund(escrow: &Escrow) -> Split {
    let back = escrow.reward.saturating_add(escrow.tip).saturating_add(escrow.fee);
    Split { back, ..Split::default() }
}

/// A task not done because of the requester: the fee goes to those who waited for it, and is
/// burnt where there is nobody.
pub fn forfeit(escrow: &Escrow, workers: u8) -> Split {
    let each = escrow.fee.checked_div(workers.into()).unwrap_or(0);
    let burnt = escrow.fee.saturating_sub(each.saturating_mul(workers.into()));
    Split { each, burnt, back: escrow.reward.saturating_add(escrow.tip), ..Split::default() }
}

/// The fee of a task: a fixed part, and a share of what is paid for the work.
pub fn fee(fixed: Amount, share: Ppm, reward: Amount, tip: Amount) -> Amount {
    let earned = reward.saturating_add(tip);
    fixed.saturating_add(mul_div(earned, share.into(), WHOLE.into()).unwrap_or(earned))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SHARES: Shares = Shares { provider: 800_000, treasury: 150_000 };

    #[test]
    fn settle_should_share_as_published() {
        let escrow = Escrow { reward: 900, tip: 100, fee: 7 };
        assert_eq!(
            SHARES.settle(&escrow, 1, true),
            Split { each: 800, treasury: 150, creator: 50, burnt: 7, back: 0 },
        );
        assert_eq!(
            SHARES.settle(&escrow, 3, false),
            Split { each: 266, treasury: 202, creator: 0, burnt: 7, back: 0 },
        );
    }

    #[test]
    fn forfeit_should_pay_the_fee_to_those_who_waited() {
        let escrow = Escrow { reward: 900, tip: 100, fee: 7 };
        assert_eq!(
            forfeit(&escrow, 3),
            Split { each: 2, burnt: 1, back: 1_000, ..Split::default() }
        );
        assert_eq!(forfeit(&escrow, 0), Split { burnt: 7, back: 1_000, ..Split::default() });
    }

    #[test]
    fn fee_should_saturate() {
        assert_eq!(fee(5, 10_000, 900, 100), 15);
        assert_eq!(fee(5, 10_000, Amount::MAX, 1), (Amount::MAX / 100).saturating_add(5));
        assert_eq!(fee(Amount::MAX, WHOLE, Amount::MAX, Amount::MAX), Amount::MAX);
    }

    prop_compose! {
        /// One that a requester could hold: the sum is an amount.
        fn escrows()(
            reward in 0..=Amount::MAX / 2,
            tip in 0..=Amount::MAX / 4,
            fee in 0..=Amount::MAX / 4,
        ) -> Escrow {
            Escrow { reward, tip, fee }
        }
    }

    prop_compose! {
        fn shares()(provider in 0..=WHOLE)(
            provider in Just(provider),
            treasury in 0..=WHOLE - provider,
        ) -> Shares {
            Shares { provider, treasury }
        }
    }

    proptest! {
        #[test]
        fn no_split_should_create_or_lose_a_unit(
            escrow in escrows(),
            shares in shares(),
            workers: u8,
            has_creator: bool,
        ) {
            let total = escrow.total();
            prop_assert!(total.is_some());
            prop_assert_eq!(shares.settle(&escrow, workers, has_creator).total(workers), total);
            prop_assert_eq!(forfeit(&escrow, workers).total(workers), total);
            prop_assert_eq!(refund(&escrow).total(workers), total);
        }

        #[test]
        fn settle_should_pay_no_more_than_the_shares(
            escrow in escrows(),
            shares in shares(),
            workers in 1u8..,
        ) {
            let split = shares.settle(&escrow, workers, true);
            let earned = escrow.reward + escrow.tip;
            prop_assert!(split.each * u128::from(workers) <= of(shares.provider, earned));
            prop_assert_eq!(split.burnt, escrow.fee);
            prop_assert_eq!(split.back, 0);
        }
    }
}
