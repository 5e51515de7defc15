//! Who gets what. Each function takes an amount apart and loses nothing of it.

use crate::{
    id::Amount,
    job::{Policy, MAX_REDUNDANCY},
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
        /// What workers are paid with who are asked beyond those the reward is for.
        pub reserve: Amount,
        /// What the author of its model asks for a use, beside its share of what is earned.
        pub price: Amount,
    }

    /// How what a task earned is shared; the rest is the model's author's, as far as that one asks
    /// for it.
    #[derive(Copy)]
    pub struct Shares {
        pub provider: Ppm,
        pub treasury: Ppm,
    }
}

/// Whom a reward is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Pay {
    /// Those who agree share all of it, however many they are.
    Together,
    /// Each who agrees has its part of so many, however many are asked in the end. Were it
    /// shared, workers drawn because others contradict each other would be offered less than
    /// they ask, and only those be left who ask nothing.
    Apiece(u8),
}

impl Pay {
    pub fn of(policy: Policy, redundancy: u8) -> Self {
        match policy {
            Policy::Proven | Policy::Tolerance { .. } if redundancy > 1 => Self::Apiece(redundancy),
            _ => Self::Together,
        }
    }

    /// What is put aside beside a reward, so that the widest draw can be paid; none where it
    /// cannot be counted.
    pub fn reserve(self, reward: Amount) -> Option<Amount> {
        match self {
            Self::Together => Some(0),
            Self::Apiece(workers) => {
                let widest = MAX_REDUNDANCY.max(workers);
                mul_div(reward, widest.into(), workers.into())?.checked_sub(reward)
            }
        }
    }

    /// What so many workers have earned, the tip not among it.
    fn earned(self, escrow: &Escrow, paid: u8) -> Amount {
        match self {
            Self::Together => escrow.reward,
            Self::Apiece(workers) => {
                let most = escrow.reward.saturating_add(escrow.reserve);
                mul_div(escrow.reward, paid.into(), workers.into()).unwrap_or(most).min(most)
            }
        }
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
        let work = self.reward.checked_add(self.tip)?.checked_add(self.reserve)?;
        work.checked_add(self.fee)?.checked_add(self.price)
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

    /// What left the requester for good and reached neither a worker nor the model's author, who
    /// may be the requester itself.
    pub fn irrecoverable(&self) -> Amount {
        self.treasury.saturating_add(self.burnt)
    }
}

impl Shares {
    /// Whether they leave something, or nothing, to the creator.
    pub fn are_shares(&self) -> bool {
        self.provider.checked_add(self.treasury).is_some_and(|sum| sum <= WHOLE)
    }

    /// A task done: what was earned of the reward, and the tip, are shared, equally among the
    /// workers; the fee is burnt, and the rest goes back. What cannot be divided goes to the
    /// treasury. The model's author has its royalty, at most the share that is left for it, and all
    /// of the price, however little was earned. What it does not ask for is the treasury's; where
    /// there is no author the price goes back.
    pub fn settle(&self, escrow: &Escrow, pay: Pay, workers: u8, royalty: Option<Ppm>) -> Split {
        let pool = escrow.reward.saturating_add(escrow.reserve);
        let rewarded = pay.earned(escrow, workers);
        let unused = pool.saturating_sub(rewarded);
        let earned = rewarded.saturating_add(escrow.tip);
        let each = of(self.provider, earned).checked_div(workers.into()).unwrap_or(0);
        let paid = each.saturating_mul(workers.into());
        let left = earned.saturating_sub(paid);
        let most = WHOLE.saturating_sub(self.provider).saturating_sub(self.treasury);
        let share = royalty.map_or(0, |royalty| of(royalty.min(most), earned).min(left));
        let price = if royalty.is_some() { escrow.price } else { 0 };
        Split {
            each,
            treasury: left.saturating_sub(share),
            creator: share.saturating_add(price),
            burnt: escrow.fee,
            back: unused.saturating_add(escrow.price.saturating_sub(price)),
        }
    }
}

/// A task not done, by no fault of the requester: all of it goes back.
pub fn refund(escrow: &Escrow) -> Split {
    let back = unspent(escrow).saturating_add(escrow.fee);
    Split { back, ..Split::default() }
}

/// A task not done because of the requester: the fee goes to those who waited for it, and is
/// burnt where there is nobody.
pub fn forfeit(escrow: &Escrow, workers: u8) -> Split {
    let each = escrow.fee.checked_div(workers.into()).unwrap_or(0);
    let burnt = escrow.fee.saturating_sub(each.saturating_mul(workers.into()));
    Split { each, burnt, back: unspent(escrow), ..Split::default() }
}

/// What is paid for work and for the model, where neither is paid for.
fn unspent(escrow: &Escrow) -> Amount {
    let work = escrow.reward.saturating_add(escrow.tip).saturating_add(escrow.reserve);
    work.saturating_add(escrow.price)
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
    const ESCROW: Escrow = Escrow { reward: 900, tip: 100, fee: 7, reserve: 0, price: 0 };
    /// More than is ever left for a model's author.
    const ALL: Option<Ppm> = Some(WHOLE);

    #[test]
    fn settle_should_share_as_published() {
        assert_eq!(
            SHARES.settle(&ESCROW, Pay::Together, 1, ALL),
            Split { each: 800, treasury: 150, creator: 50, burnt: 7, back: 0 },
        );
        assert_eq!(
            SHARES.settle(&ESCROW, Pay::Together, 3, None),
            Split { each: 266, treasury: 202, creator: 0, burnt: 7, back: 0 },
        );
    }

    #[test]
    fn settle_should_pay_the_author_its_royalty_up_to_the_share_and_its_price_in_full() {
        let escrow = Escrow { price: 70, ..ESCROW };
        let settled = |royalty| SHARES.settle(&escrow, Pay::Together, 1, royalty);
        let split =
            |treasury, creator, back| Split { each: 800, treasury, creator, burnt: 7, back };
        // The share is 5 %; what the author does not ask for is the treasury's.
        assert_eq!(settled(Some(0)), split(200, 70, 0));
        assert_eq!(settled(Some(20_000)), split(180, 90, 0));
        assert_eq!(settled(Some(50_000)), split(150, 120, 0));
        assert_eq!(settled(Some(50_001)), split(150, 120, 0));
        assert_eq!(settled(None), split(200, 0, 70));
    }

    #[test]
    fn settle_should_pay_each_of_a_wider_draw_what_was_offered() {
        let pay = Pay::of(Policy::Proven, 3);
        let reserve = pay.reserve(900).unwrap();
        assert_eq!(reserve, 1_800);
        let escrow = Escrow { reserve, ..ESCROW };
        // 300 each, and of the tip what is left of it.
        let settled = |workers| SHARES.settle(&escrow, pay, workers, ALL);
        let split =
            |each, treasury, creator, back| Split { each, treasury, creator, burnt: 7, back };
        assert_eq!(settled(2), split(280, 105, 35, 2_100));
        assert_eq!(settled(3), split(266, 152, 50, 1_800));
        assert_eq!(settled(5), split(256, 240, 80, 1_200));
        assert_eq!(settled(9), split(248, 428, 140, 0));
    }

    #[test]
    fn a_reserve_should_be_held_where_more_may_be_asked() {
        let tolerance = Policy::Tolerance { within: 1 };
        for policy in [Policy::Proven, tolerance] {
            let of = |redundancy| Pay::of(policy, redundancy).reserve(9_000);
            assert_eq!([1, 3, 5, 7, 9].map(of), [0, 18_000, 7_200, 2_571, 0].map(Some));
        }
        let outcome = Policy::Outcome { target: 1, guards: 3 };
        for policy in [Policy::Replicated, outcome] {
            assert_eq!(Pay::of(policy, 3), Pay::Together);
        }
        assert_eq!(Pay::Together.reserve(9_000), Some(0));
        assert_eq!(Pay::Apiece(3).reserve(Amount::MAX), None);
    }

    #[test]
    fn forfeit_should_pay_the_fee_to_those_who_waited() {
        assert_eq!(
            forfeit(&ESCROW, 3),
            Split { each: 2, burnt: 1, back: 1_000, ..Split::default() }
        );
        assert_eq!(forfeit(&ESCROW, 0), Split { burnt: 7, back: 1_000, ..Split::default() });
        let priced = Escrow { price: 70, ..ESCROW };
        assert_eq!(forfeit(&priced, 0), Split { burnt: 7, back: 1_070, ..Split::default() });
        assert_eq!(refund(&priced), Split { back: 1_077, ..Split::default() });
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
            reward in 0..=Amount::MAX / 5,
            tip in 0..=Amount::MAX / 5,
            fee in 0..=Amount::MAX / 5,
            reserve in 0..=Amount::MAX / 5,
            price in 0..=Amount::MAX / 5,
        ) -> Escrow {
            Escrow { reward, tip, fee, reserve, price }
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

    fn royalties() -> impl Strategy<Value = Option<Ppm>> {
        prop::option::of(prop_oneof![0..=WHOLE, any::<Ppm>()])
    }

    fn pays() -> impl Strategy<Value = Pay> {
        prop_oneof![Just(Pay::Together), any::<u8>().prop_map(Pay::Apiece)]
    }

    proptest! {
        #[test]
        fn no_split_should_create_or_lose_a_unit(
            escrow in escrows(),
            shares in shares(),
            pay in pays(),
            workers: u8,
            royalty in royalties(),
        ) {
            let total = escrow.total();
            prop_assert!(total.is_some());
            let settled = shares.settle(&escrow, pay, workers, royalty);
            prop_assert_eq!(settled.total(workers), total);
            prop_assert_eq!(forfeit(&escrow, workers).total(workers), total);
            prop_assert_eq!(refund(&escrow).total(workers), total);
        }

        #[test]
        fn settle_should_pay_no_more_than_the_shares(
            escrow in escrows(),
            shares in shares(),
            workers in 1u8..,
        ) {
            let split = shares.settle(&escrow, Pay::Together, workers, ALL);
            let earned = escrow.reward + escrow.tip;
            prop_assert!(split.each * u128::from(workers) <= of(shares.provider, earned));
            prop_assert_eq!(split.burnt, escrow.fee);
            prop_assert_eq!(split.back, escrow.reserve);
        }

        /// A price that an author pays itself is worth nothing to anybody else: it moves between
        /// requester and author, and no other part depends on it.
        #[test]
        fn a_price_should_change_nothing_but_what_its_author_gets(
            escrow in escrows(),
            shares in shares(),
            pay in pays(),
            workers: u8,
            royalty in royalties(),
        ) {
            let priced = shares.settle(&escrow, pay, workers, royalty);
            let free = Escrow { price: 0, ..escrow };
            let free = shares.settle(&free, pay, workers, royalty);
            prop_assert_eq!(priced.irrecoverable(), free.irrecoverable());
            prop_assert_eq!(priced.each, free.each);
            let (paid, back) = if royalty.is_some() { (escrow.price, 0) } else { (0, escrow.price) };
            prop_assert_eq!((priced.creator, priced.back), (free.creator + paid, free.back + back));
        }

        /// However many are asked, each has what the first were offered, and the reserve is
        /// enough for it.
        #[test]
        fn settle_should_pay_the_same_to_each_however_many_are_asked(
            reward in 0..=Amount::MAX / 1_000,
            asked in prop::sample::select(vec![3u8, 5, 7, 9]),
            paid in 1u8..=9,
        ) {
            let pay = Pay::of(Policy::Proven, asked);
            let reserve = pay.reserve(reward).unwrap();
            let escrow = Escrow { reward, tip: 0, fee: 0, reserve, price: 0 };
            let all = Shares { provider: WHOLE, treasury: 0 };
            let split = all.settle(&escrow, pay, paid, None);
            let offered = reward / Amount::from(asked);
            prop_assert!(split.each == offered || split.each == offered + 1);
            prop_assert!(split.back + (offered + 1) * Amount::from(paid) >= reward + reserve);
        }
    }
}
