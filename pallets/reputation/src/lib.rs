#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

mod observation;
mod reading;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;

pub use pallet::*;
pub use types::{Card, Entry};

#[frame_support::pallet]
pub mod pallet {
    use cairn_protocol::{
        id::ProviderId,
        job::JobKind,
        reputation::{Record, Rules},
        share::Ppm,
    };
    use cairn_seams::{Clock, Registry};
    use frame_support::pallet_prelude::*;
    #[cfg(feature = "try-runtime")]
    use frame_system::pallet_prelude::*;

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// Who is registered, and who is one party.
        type Registry: Registry<Self::AccountId>;

        /// The time that records fade in.
        type Clock: Clock;

        /// How records are weighed.
        type Rules: Get<Rules>;
    }

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// What was seen of each provider at each kind of job, as of when it was seen. The chain gives
    /// out the ids, so nobody can choose keys to unbalance the trie with.
    #[pallet::storage]
    pub type Records<T: Config> =
        StorageDoubleMap<_, Twox64Concat, ProviderId, Twox64Concat, JobKind, Record, ValueQuery>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// Some work of a provider was judged, and this is what it stands at now.
        #[codec(index = 0)]
        Observed { provider: ProviderId, kind: JobKind, standing: Ppm },
        /// The records of a provider are gone.
        #[codec(index = 1)]
        Forgotten { provider: ProviderId },
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<frame_system::pallet_prelude::BlockNumberFor<T>> for Pallet<T> {
        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }
}
