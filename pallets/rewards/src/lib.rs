#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod admission;
#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod books;
mod grants;
mod periods;
mod purse;
mod sponsoring;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
mod views;
pub mod weights;

pub use pallet::*;
pub use types::{Expulsion, PeriodView, Rules, Sums, SupportView};
pub use weights::WeightInfo;

#[frame_support::pallet]
pub mod pallet {
    use super::{types::*, WeightInfo};
    use cairn_protocol::{
        id::{Amount, BlockId, DeltaId, Height, ProviderId},
        share::Ppm,
    };
    use cairn_seams::{Clock, Lineage, OnPeriod, Registry, Reputation};
    use frame_support::{pallet_prelude::*, traits::fungible, weights::WeightMeter};
    use frame_system::pallet_prelude::*;

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// What the calls and hooks cost.
        type WeightInfo: WeightInfo;

        /// The market's time, which periods are cut from.
        type Clock: Clock;

        /// Knows whose a provider is.
        type Registry: Registry<Self::AccountId>;

        /// Knows how well providers do.
        type Reputation: Reputation<Self::AccountId>;

        /// The register of models and data sets.
        type Lineage: Lineage<Self::AccountId>;

        /// Hears when a period has ended.
        type OnPeriod: OnPeriod;

        /// Mints, and holds what sponsors put aside.
        type Currency: fungible::Mutate<Self::AccountId>
            + fungible::Inspect<Self::AccountId, Balance = Amount>
            + fungible::MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;

        /// The reasons for which an account's funds can be held.
        type RuntimeHoldReason: From<HoldReason>;

        /// Says which models and data sets draw on the budgets.
        type AdmitOrigin: EnsureOrigin<Self::RuntimeOrigin>;

        /// What governance may tune. Budgets, the most that grants may be and what makes rewards
        /// higher hold for a whole period, as they are when it begins.
        type Rules: Get<Rules>;

        /// The most that grants may be of what was paid for good, whatever the rules say: what
        /// leaves a loss to whoever deals with itself, and is one of the guards who look at that.
        type MostGrant: Get<Ppm>;

        /// What a verdict on a delta costs at most. Sponsors put it aside when one is handed in.
        type JudgingCost: Get<Amount>;

        /// What it costs to have measured on sealed sets what a delta gained, where panels are
        /// asked about each of its heads once. Sponsors put it aside with the other.
        type MeasuringCost: Get<Amount>;

        /// Fees of old periods that are forgotten in one block.
        #[pallet::constant]
        type ForgottenPerBlock: Get<u32>;

        /// Makes the neighbours what the benchmarks need.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: crate::benchmarking::BenchmarkHelper<Self::AccountId>;
    }

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// Why funds are held.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// A sponsor pays for what a model gains.
        #[codec(index = 0)]
        Sponsorship,
    }

    /// The period that goes on; none before the first block.
    #[pallet::storage]
    pub type Current<T> = StorageValue<_, Period>;

    /// What there is, is held and was minted of each period: of the one that goes on, of those
    /// whose grants may be claimed, and of those that rewards are held of.
    #[pallet::storage]
    pub type Ledgers<T> = StorageMap<_, Twox64Concat, u32, Ledger>;

    /// Of every period before this one nothing can be claimed any more.
    #[pallet::storage]
    pub type Retired<T> = StorageValue<_, u32, ValueQuery>;

    /// All that periods were given to mint since the first one, what was carried over not counted
    /// again.
    #[pallet::storage]
    pub type Allotted<T> = StorageValue<_, Sums, ValueQuery>;

    /// All that was ever minted.
    #[pallet::storage]
    pub type Issued<T> = StorageValue<_, Sums, ValueQuery>;

    /// Models and data sets that draw on the budgets, each up to that share of one.
    #[pallet::storage]
    pub type Admissions<T> = StorageMap<_, Blake2_128Concat, BlockId, Ppm>;

    /// What each model and data set drew in the last period it was heard of in. They are kept as
    /// long as the block, which has its deposit.
    #[pallet::storage]
    pub type Books<T> = StorageMap<_, Blake2_128Concat, BlockId, Book>;

    /// Who pays for what a model gains that is not admitted.
    #[pallet::storage]
    pub type Sponsors<T: Config> =
        StorageMap<_, Blake2_128Concat, BlockId, SponsorsOf<T::AccountId>, ValueQuery>;

    /// Rewards that are put aside.
    #[pallet::storage]
    pub type Reserves<T: Config> = StorageMap<_, Twox64Concat, DeltaId, Reserve<T::AccountId>>;

    /// What sponsors put aside for those who judge a delta, until they have.
    #[pallet::storage]
    pub type Judging<T: Config> = StorageMap<_, Twox64Concat, DeltaId, Pot<T::AccountId>>;

    /// What they put aside for those who measure it on sealed sets, until its reward is released.
    #[pallet::storage]
    pub type Measuring<T: Config> = StorageMap<_, Twox64Concat, DeltaId, Pot<T::AccountId>>;

    /// The delta that a model is measured for now on sealed sets, if anything is put aside for it.
    #[pallet::storage]
    pub type Measured<T> = StorageMap<_, Blake2_128Concat, BlockId, DeltaId>;

    /// What was paid for good for a provider's work in a period, until its grant is claimed.
    #[pallet::storage]
    pub type Fees<T> =
        StorageDoubleMap<_, Twox64Concat, u32, Twox64Concat, ProviderId, Paid, ValueQuery>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// So much may be minted in this period, what was carried over among it.
        #[codec(index = 0)]
        PeriodBegan { period: u32, ends: Height, budgets: Sums },
        /// So much was minted in the period, and so much is put aside of it. Grants for serving in
        /// it can be claimed from now on.
        #[codec(index = 1)]
        PeriodEnded { period: u32, minted: Sums, held: Sums },
        /// The model or data set draws on the budgets, up to that share of each period's.
        #[codec(index = 2)]
        Admitted { block: BlockId, cap: Ppm },
        /// It does no longer, for this reason, until it is admitted again. What was put aside is
        /// still paid.
        #[codec(index = 3)]
        Expelled { block: BlockId, reason: Expulsion },
        /// The sponsor put so much aside for what the model gains.
        #[codec(index = 4)]
        Sponsored { model: BlockId, sponsor: T::AccountId, amount: Amount },
        /// The sponsor can take back what is left from then on.
        #[codec(index = 5)]
        NoticeGiven { model: BlockId, sponsor: T::AccountId, from: Height },
        /// The sponsor has back what was left: it asked for it, or another one offered more for its
        /// place.
        #[codec(index = 6)]
        Withdrawn { model: BlockId, sponsor: T::AccountId, amount: Amount },
        /// So much is put aside for a delta's author, and for the author of the set it is judged
        /// on.
        #[codec(index = 7)]
        Reserved { delta: DeltaId, amount: Amount, data: Amount },
        /// Of what was put aside so much was paid: to the delta's author, and to the set's.
        #[codec(index = 8)]
        Released { delta: DeltaId, paid: Amount, data: Amount },
        /// Those who judged a model's deltas, or kept what came of them, got so much together.
        #[codec(index = 9)]
        JudgesPaid { model: BlockId, paid: Amount },
        /// The provider's owner got a grant for serving in a period.
        #[codec(index = 10)]
        Granted { period: u32, provider: ProviderId, to: T::AccountId, amount: Amount },
        /// Nothing of the period can be claimed any more, and so much never was.
        #[codec(index = 11)]
        PeriodRetired { period: u32, unclaimed: Amount },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// There is no such model. Create it first, or name its META block.
        #[codec(index = 0)]
        UnknownModel,
        /// There is no such data set. Register it first, or name its DATA block.
        #[codec(index = 1)]
        UnknownData,
        /// The cap is no share of a budget. Name one in parts per million, from 1 to 1,000,000.
        #[codec(index = 2)]
        NotAShare,
        /// The model or data set does not draw on the budgets, so it cannot be expelled. Name one
        /// that does.
        #[codec(index = 3)]
        NotAdmitted,
        /// A sponsorship is worth more than that. Put aside as much as the rules ask for at least.
        #[codec(index = 4)]
        TooLittle,
        /// The model has as many sponsors as it may, and each has put something aside or has as much
        /// left. Offer more than the least of them, or wait until one has paid all it had, or left.
        #[codec(index = 5)]
        TooManySponsors,
        /// The account cannot put so much aside and keep itself alive. Fund it, or offer less.
        #[codec(index = 6)]
        NotEnoughBalance,
        /// The account sponsors no such model. Name one that it does sponsor.
        #[codec(index = 7)]
        NotASponsor,
        /// The sponsor has given notice, and its time is not over. Try again at the height that
        /// `NoticeGiven` named.
        #[codec(index = 8)]
        NoticeRuns,
        /// All that is left is put aside for deltas. Try again when they have been paid.
        #[codec(index = 9)]
        AllPutAside,
        /// The period goes on, and nobody knows yet what others served. Claim when it has ended.
        #[codec(index = 10)]
        PeriodGoesOn,
        /// The time to claim for that period is over. Claim for a later one.
        #[codec(index = 11)]
        ClaimedTooLate,
        /// Nothing was paid for that provider's work in that period, or its grant was claimed. Name
        /// another provider or period.
        #[codec(index = 12)]
        NothingToClaim,
        /// There is no such provider any more, so nobody can be paid. Claim before a provider is
        /// gone.
        #[codec(index = 13)]
        UnknownProvider,
        /// The owner's account cannot be paid: it does not exist, and so little would not keep it
        /// alive. Fund it first.
        #[codec(index = 14)]
        CannotBePaid,
        /// The chain is stopped, and with it every clock. Try again when it goes on.
        #[codec(index = 15)]
        ChainStopped,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        /// A period ends in the block it ends in, however full that is.
        fn on_initialize(_: BlockNumberFor<T>) -> Weight {
            Self::turn()
        }

        fn on_idle(_: BlockNumberFor<T>, limit: Weight) -> Weight {
            let mut meter = WeightMeter::with_limit(limit);
            Self::retire(&mut meter);
            meter.consumed()
        }

        fn integrity_test() {
            assert!(T::ForgottenPerBlock::get() > 0, "fees of old periods would stay for good");
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Lets a model draw on the budgets for learning and for judging, up to that share of each
        /// in a period; or changes its share.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::admit())]
        pub fn admit(origin: OriginFor<T>, model: BlockId, cap: Ppm) -> DispatchResult {
            T::AdmitOrigin::ensure_origin(origin)?;
            Self::do_admit(model, cap)
        }

        /// Lets the author of a data set draw on the budget for data, up to that share of it in a
        /// period; or changes its share. Only gains that are measured on a set that is admitted
        /// are paid from budgets.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::admit_data())]
        pub fn admit_data(origin: OriginFor<T>, data: BlockId, cap: Ppm) -> DispatchResult {
            T::AdmitOrigin::ensure_origin(origin)?;
            Self::do_admit_data(data, cap)
        }

        /// Takes the admission of a model or data set back. What is put aside is still paid.
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::expel())]
        pub fn expel(origin: OriginFor<T>, block: BlockId) -> DispatchResult {
            T::AdmitOrigin::ensure_origin(origin)?;
            Self::do_expel(block)
        }

        /// Puts an amount aside for what a model gains whose deltas no budget pays, and for those
        /// who judge them. Whoever sponsors it already adds to that, and takes its notice back. Where
        /// all places are taken, whoever offers more than one has left gets its place.
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::sponsor())]
        pub fn sponsor(origin: OriginFor<T>, model: BlockId, amount: Amount) -> DispatchResult {
            let sponsor = ensure_signed(origin)?;
            Self::do_sponsor(sponsor, model, amount)
        }

        /// Gives notice, so that whoever works for the reward can count on it; and when the notice
        /// is over, called once more, takes back what is left.
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::withdraw_sponsorship())]
        pub fn withdraw_sponsorship(origin: OriginFor<T>, model: BlockId) -> DispatchResult {
            let sponsor = ensure_signed(origin)?;
            Self::do_withdraw(sponsor, model)
        }

        /// Pays a provider's owner its grant for serving in a period that has ended. Anyone may
        /// claim it for it.
        #[pallet::call_index(5)]
        #[pallet::weight(T::WeightInfo::claim())]
        pub fn claim(origin: OriginFor<T>, period: u32, provider: ProviderId) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_claim(period, provider)
        }
    }
}
