//! What is stored, what clients are shown of it, and what governance may tune.

use cairn_protocol::{
    id::{Amount, BlockId, Height},
    learning::reward::{Cause, Emission},
    share::{of, Ppm},
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;

/// What everything stored or shown here derives.
macro_rules! stored {
    ($($item:item)*) => {$(
        #[derive(
            Clone,
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

/// Sponsors of one model.
pub const MOST_SPONSORS: u32 = 8;
/// Accounts that are paid at once for judging.
pub const MOST_JUDGES: usize = 16;

/// Who sponsors a model, in the order in which they came.
pub type SponsorsOf<AccountId> = BoundedVec<Sponsor<AccountId>, ConstU32<MOST_SPONSORS>>;
/// What each sponsor put aside for one delta.
pub type Parts<AccountId> = BoundedVec<(AccountId, Amount), ConstU32<MOST_SPONSORS>>;

stored! {
    /// An amount for each cause that tokens are minted for.
    #[derive(Copy, Default)]
    pub struct Sums {
        pub inference: Amount,
        pub learning: Amount,
        pub validation: Amount,
        pub data: Amount,
    }

    /// A period: a day, as the market's clock has it.
    #[derive(Copy)]
    pub struct Period {
        pub number: u32,
        /// The next one begins at this height.
        pub ends: Height,
    }

    /// What became of a period's budgets.
    #[derive(Copy)]
    pub struct Ledger {
        /// What could be minted, what was carried over among it.
        pub budgets: Sums,
        pub minted: Sums,
        /// Put aside for rewards that are not decided yet.
        pub held: Sums,
        /// What can still be minted or put aside.
        pub left: Sums,
        /// What all fees of the period count for.
        pub weights: Amount,
        /// The most that a grant may be of a provider's fees.
        pub grant: Ppm,
        /// Deltas of a model in the period before that make rewards no higher.
        pub expected: u32,
    }

    /// What a model or a data set drew.
    #[derive(Copy, Default)]
    pub struct Book {
        /// The period that the rest of it is about.
        pub period: u32,
        /// The first one it was heard of in.
        pub since: u32,
        /// Put aside, or minted.
        pub learning: Amount,
        pub validation: Amount,
        pub data: Amount,
        /// Deltas that were laid in the period, and in the one before it.
        pub successes: u32,
        pub before: u32,
    }

    /// Who pays for what a model gains.
    pub struct Sponsor<AccountId> {
        pub account: AccountId,
        /// What can still be put aside.
        pub left: Amount,
        /// What is put aside for deltas, and for those who judge them.
        pub held: Amount,
        /// Has given notice, and can take back what is left from then on.
        pub leaves: Option<Height>,
    }

    /// A reward that is put aside.
    pub struct Reserve<AccountId> {
        pub model: BlockId,
        pub author: AccountId,
        pub amount: Amount,
        pub payer: Payer<AccountId>,
    }

    /// What a model's sponsors put aside for those who judge one delta of it, or measure it.
    pub struct Pot<AccountId> {
        pub model: BlockId,
        pub parts: Parts<AccountId>,
    }

    /// Who pays a reward.
    pub enum Payer<AccountId> {
        /// It is minted of that period's budget, and so is what the author of the data set gets.
        #[codec(index = 0)]
        Budget { period: u32, data: Option<DataPart<AccountId>> },
        /// Sponsors, each its part.
        #[codec(index = 1)]
        Sponsors(Parts<AccountId>),
    }

    /// What is put aside for the author of a data set.
    pub struct DataPart<AccountId> {
        pub data: BlockId,
        pub author: AccountId,
        pub amount: Amount,
    }

    /// Why a model or a data set draws on the budgets no longer.
    #[derive(Copy)]
    pub enum Expulsion {
        /// Governance took the admission back.
        #[codec(index = 0)]
        Governance,
        /// The model's author published a component of it by hand, so that it is not what was
        /// admitted.
        #[codec(index = 1)]
        Published,
    }

    /// What was paid for a provider's work in a period.
    #[derive(Copy, Default)]
    pub struct Paid {
        /// Irrecoverably.
        pub fees: Amount,
        /// What they count for: half to one and a half times as much.
        pub weight: Amount,
    }

    /// What governance may tune.
    #[derive(Copy)]
    pub struct Rules {
        pub emission: Emission,
        /// The most that a grant may be of what was irrecoverably paid; never more than
        /// [`cairn_protocol::learning::inference::MOST_GRANT`], and less where guards are paid so
        /// much that dealing with oneself would pay.
        pub grant: Ppm,
        /// Periods in which grants can be claimed, after theirs.
        pub claimable: u32,
        /// What the author of a data set gets, as a share of the rewards measured on it.
        pub data: Ppm,
        /// Deltas of a model that are laid in a period if it is neither hard nor easy to better.
        pub expected: u32,
        /// The least that a sponsor puts aside at once.
        pub least: Amount,
        /// Blocks from a sponsor's notice until it can take back what is left.
        pub notice: Height,
    }
}

/// A period as clients are shown it.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, PartialEq, TypeInfo)]
pub struct PeriodView {
    pub number: u32,
    pub ends: Height,
    pub ledger: Ledger,
    /// All that was ever minted.
    pub issued: Sums,
}

/// Who pays for what a model gains, and how much there is.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, PartialEq, TypeInfo)]
pub struct SupportView {
    /// Its share of the budgets; none where it is not admitted.
    pub cap: Option<Ppm>,
    /// What can still be put aside for it of this period's budget for learning.
    pub learning: Amount,
    /// What judges can still get of this period's budget for validation.
    pub validation: Amount,
    /// What its sponsors have left.
    pub escrow: Amount,
    pub sponsors: u32,
    /// What rewards are multiplied by in this period.
    pub difficulty: Ppm,
}

impl Sums {
    pub fn of(&self, cause: Cause) -> Amount {
        match cause {
            Cause::Inference => self.inference,
            Cause::Learning => self.learning,
            Cause::Validation => self.validation,
            Cause::Data => self.data,
        }
    }

    pub fn of_mut(&mut self, cause: Cause) -> &mut Amount {
        match cause {
            Cause::Inference => &mut self.inference,
            Cause::Learning => &mut self.learning,
            Cause::Validation => &mut self.validation,
            Cause::Data => &mut self.data,
        }
    }

    pub fn add(&mut self, cause: Cause, amount: Amount) {
        let sum = self.of_mut(cause);
        *sum = sum.saturating_add(amount);
    }

    /// Takes an amount away, and says how much was there of it.
    pub fn take(&mut self, cause: Cause, amount: Amount) -> Amount {
        let sum = self.of_mut(cause);
        let taken = amount.min(*sum);
        *sum = sum.saturating_sub(taken);
        taken
    }

    pub fn plus(mut self, other: &Self) -> Self {
        Cause::ALL.into_iter().for_each(|cause| self.add(cause, other.of(cause)));
        self
    }
}

impl Rules {
    /// What a period is given to mint for each cause. Shares that are more than the whole together
    /// are cut, the last ones first.
    pub fn budgets(&self) -> Sums {
        let mut left = self.emission.tokens;
        let mut budgets = Sums::default();
        for cause in Cause::ALL {
            let budget = self.emission.budget(cause).min(left);
            left = left.saturating_sub(budget);
            budgets.add(cause, budget);
        }
        budgets
    }
}

impl Ledger {
    /// Of a period that begins, in which grants may be no more than that of what is paid for good.
    pub fn of(budgets: Sums, rules: &Rules, most_grant: Ppm) -> Self {
        Self {
            budgets,
            minted: Sums::default(),
            held: Sums::default(),
            left: budgets,
            weights: 0,
            grant: rules.grant.min(most_grant),
            expected: rules.expected,
        }
    }

    /// More can be minted, since it was not elsewhere.
    pub fn carry(&mut self, cause: Cause, amount: Amount) {
        self.budgets.add(cause, amount);
        self.left.add(cause, amount);
    }

    /// Whether anything may yet be minted of it once nothing can be claimed.
    pub fn is_settled(&self) -> bool {
        self.held == Sums::default()
    }
}

impl Book {
    /// Of whoever is heard of first in that period.
    pub fn since(period: u32) -> Self {
        Self { period, since: period, ..Self::default() }
    }

    /// As it is in that period, which is not before the one that it is about.
    pub fn at(self, period: u32) -> Self {
        if self.period == period {
            return self;
        }
        let is_next = self.period.checked_add(1) == Some(period);
        let before = if is_next { self.successes } else { 0 };
        Self { period, since: self.since, before, ..Self::default() }
    }

    pub fn drawn(&self, cause: Cause) -> Amount {
        match cause {
            Cause::Inference => 0,
            Cause::Learning => self.learning,
            Cause::Validation => self.validation,
            Cause::Data => self.data,
        }
    }

    /// What may still be drawn of a budget by whoever may draw that share of it.
    pub fn room(&self, cause: Cause, cap: Ppm, ledger: &Ledger) -> Amount {
        let most = of(cap, ledger.budgets.of(cause));
        most.saturating_sub(self.drawn(cause)).min(ledger.left.of(cause))
    }

    pub fn draw(&mut self, cause: Cause, amount: Amount) {
        if let Some(drawn) = self.drawn_mut(cause) {
            *drawn = drawn.saturating_add(amount);
        }
    }

    /// Some of it was not needed.
    pub fn give_back(&mut self, cause: Cause, amount: Amount) {
        if let Some(drawn) = self.drawn_mut(cause) {
            *drawn = drawn.saturating_sub(amount);
        }
    }

    fn drawn_mut(&mut self, cause: Cause) -> Option<&mut Amount> {
        match cause {
            Cause::Inference => None,
            Cause::Learning => Some(&mut self.learning),
            Cause::Validation => Some(&mut self.validation),
            Cause::Data => Some(&mut self.data),
        }
    }
}
