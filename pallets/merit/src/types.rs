//! What is stored, what is asked of consensus, and the rules that need no storage.

use alloc::vec::Vec;
use cairn_protocol::{
    id::{Amount, ProviderId},
    share::{mul_div, of, Ppm},
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// What everything stored or shown here derives.
macro_rules! stored {
    ($($item:item)*) => {$(
        #[derive(
            Clone,
            Copy,
            Debug,
            Decode,
            DecodeWithMemTracking,
            Encode,
            Eq,
            MaxEncodedLen,
            PartialEq,
            TypeInfo,
        )]
        $item
    )*};
}

/// The most that an era's points may sum up to after points for work were added. The other half
/// of what fits is left to authors.
pub const ERA_MOST: u32 = u32::MAX >> 1;

/// Consensus: who makes blocks, and how an era's reward is shared.
pub trait EraPoints<AccountId> {
    /// Who may make blocks in this session. While one ends, these are still its own.
    fn validators() -> Vec<AccountId>;

    /// What the author of a block gets for it.
    fn per_block() -> u32;

    /// All points given in this era so far; none if there is no era to give them in.
    fn given() -> Option<u32>;

    /// Gives points, which neither the sum nor anyone's own may overflow by.
    fn give(points: Vec<(AccountId, u32)>);
}

stored! {
    /// What work is worth. Governance may tune it.
    pub struct Rules {
        /// The most that work gets of what authors get in a session, in parts per million of it;
        /// more than the whole counts as that.
        pub share: Ppm,
        /// What has to be paid irrecoverably for a point; nothing counts as the smallest unit.
        pub price: Amount,
        /// What counts in a session of one validator's work.
        pub most: Amount,
    }

    /// A validator's provider.
    pub struct Link {
        pub provider: ProviderId,
        /// What is held for it.
        pub deposit: Amount,
        /// The session that `work` was done in.
        pub session: u32,
        /// What was irrecoverably paid for the provider's work.
        pub work: Amount,
    }

    /// A session, as this pallet counts them.
    #[derive(Default)]
    pub struct Session<BlockNumber> {
        pub number: u32,
        /// Authors' blocks are counted from this one on.
        pub began: BlockNumber,
    }
}

impl Link {
    /// Adds work that was settled in a session.
    pub fn add(&mut self, session: u32, paid: Amount, most: Amount) {
        self.work = self.of(session).saturating_add(paid).min(most);
        self.session = session;
    }

    /// What was done in a session.
    pub fn of(&self, session: u32) -> Amount {
        if self.session == session {
            self.work
        } else {
            0
        }
    }
}

impl Rules {
    /// Points for all work of a session with so many blocks, where an era has so many already.
    pub fn pool(&self, blocks: u64, per_block: u32, given: u32) -> u32 {
        let authored = blocks.saturating_mul(per_block.into());
        let share = u32::try_from(of(self.share, authored.into())).unwrap_or(u32::MAX);
        share.min(ERA_MOST.saturating_sub(given))
    }

    /// What work would get if there were enough for everyone.
    pub fn worth(&self, work: Amount) -> u32 {
        let points = work.checked_div(self.price.max(1)).unwrap_or(0);
        u32::try_from(points).unwrap_or(u32::MAX)
    }
}

/// What each gets of a pool who earned so much: that, or where all earned more than there is its
/// part in proportion.
pub fn shared(pool: u32, earned: u32, by_all: u64) -> u32 {
    let (pool, earned, by_all) = (u128::from(pool), u128::from(earned), u128::from(by_all));
    let part = if by_all > pool { mul_div(pool, earned, by_all).unwrap_or(0) } else { earned };
    u32::try_from(part).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RULES: Rules = Rules { share: 250_000, price: 10, most: 1_000 };

    #[test]
    fn pool_should_be_a_share_of_what_authors_got() {
        assert_eq!(RULES.pool(0, 20, 0), 0);
        assert_eq!(RULES.pool(1, 20, 0), 5);
        assert_eq!(RULES.pool(60, 20, 7_000), 300);
        assert_eq!(Rules { share: 1_000_000, ..RULES }.pool(60, 20, 0), 1_200);
        assert_eq!(Rules { share: 1_000_001, ..RULES }.pool(60, 20, 0), 1_200);
        assert_eq!(Rules { share: u32::MAX, ..RULES }.pool(60, 20, 0), 1_200);
        assert_eq!(Rules { share: 0, ..RULES }.pool(60, 20, 0), 0);
    }

    #[test]
    fn pool_should_leave_half_of_an_era_to_authors() {
        assert_eq!(RULES.pool(u64::MAX, u32::MAX, 0), ERA_MOST);
        assert_eq!(RULES.pool(60, 20, ERA_MOST - 299), 299);
        assert_eq!(RULES.pool(60, 20, ERA_MOST), 0);
        assert_eq!(RULES.pool(60, 20, u32::MAX), 0);
    }

    #[test]
    fn worth_should_be_whole_points_at_any_price() {
        assert_eq!(RULES.worth(9), 0);
        assert_eq!(RULES.worth(10), 1);
        assert_eq!(RULES.worth(29), 2);
        assert_eq!(Rules { price: 0, ..RULES }.worth(29), 29);
        assert_eq!(RULES.worth(u128::MAX), u32::MAX);
        assert_eq!(Rules { price: u128::MAX, ..RULES }.worth(u128::MAX), 1);
    }

    #[test]
    fn add_should_begin_anew_in_each_session_and_stop_at_the_most() {
        let mut link = Link { provider: ProviderId(1), deposit: 5, session: 3, work: 700 };
        link.add(3, 299, 1_000);
        assert_eq!((link.session, link.work), (3, 999));
        link.add(3, u128::MAX, 1_000);
        assert_eq!((link.of(3), link.of(4)), (1_000, 0));
        link.add(4, 7, 1_000);
        assert_eq!((link.of(3), link.of(4)), (0, 7));
        link.add(4, u128::MAX, u128::MAX);
        assert_eq!(link.of(4), u128::MAX);
    }

    #[test]
    fn shared_should_be_in_proportion_when_there_is_too_little() {
        assert_eq!(shared(300, 100, 300), 100);
        assert_eq!(shared(300, 100, 301), 99);
        assert_eq!(shared(300, 200, 600), 100);
        assert_eq!(shared(0, 200, 600), 0);
        assert_eq!(shared(300, 0, 0), 0);
        assert_eq!(shared(u32::MAX, u32::MAX, u64::MAX), 0);
    }

    proptest! {
        #[test]
        fn shared_should_never_be_more_than_the_pool_or_than_what_was_earned(
            pool: u32, earned in prop::collection::vec(any::<u32>(), 0..300),
        ) {
            let by_all: u64 = earned.iter().copied().map(u64::from).sum();
            let given: Vec<u32> = earned.iter().map(|own| shared(pool, *own, by_all)).collect();
            let sum: u64 = given.iter().copied().map(u64::from).sum();
            prop_assert!(sum <= pool.into());
            prop_assert!(given.iter().zip(&earned).all(|(given, earned)| given <= earned));
            // No more is lost than a point each by rounding.
            prop_assert!(sum + earned.len() as u64 >= by_all.min(pool.into()));
        }

        /// Whatever is paid, a point costs its price.
        #[test]
        fn worth_should_never_be_more_than_was_paid(work: u128, price in 1..=u128::MAX) {
            let points = Rules { price, ..RULES }.worth(work);
            prop_assert!(u128::from(points).checked_mul(price).is_some_and(|cost| cost <= work));
        }

        #[test]
        fn pool_should_never_outweigh_authors(
            share: u32, blocks in 0..1_000_000_000u64, per_block in 0..100u32, given: u32,
        ) {
            let pool = Rules { share, ..RULES }.pool(blocks, per_block, given);
            prop_assert!(u64::from(pool) <= blocks * u64::from(per_block));
            prop_assert!(pool == 0 || given.checked_add(pool).is_some_and(|sum| sum <= ERA_MOST));
        }
    }
}
