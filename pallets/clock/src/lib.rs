#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

pub use pallet::*;
pub use stops::Stops;

mod stops;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;

use cairn_protocol::id::Height;
use cairn_seams::Clock;
use frame_support::traits::SafeModeNotify;
use sp_runtime::SaturatedConversion;

#[frame_support::pallet]
pub mod pallet {
    use super::*;
    use frame_support::pallet_prelude::*;
    use frame_system::pallet_prelude::*;

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::config]
    pub trait Config: frame_system::Config {}

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// The stops so far. Written only when safe-mode is entered or left.
    #[pallet::storage]
    pub type Stopped<T: Config> = StorageValue<_, Stops, ValueQuery>;

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }
}

impl<T: Config> Pallet<T> {
    /// The number of this block. Numbers that are no height any more stay at the last one.
    fn block() -> u32 {
        frame_system::Pallet::<T>::block_number().saturated_into()
    }

    /// Writes only what is new.
    fn note(change: fn(&mut Stops, u32)) {
        let before = Stopped::<T>::get();
        let mut after = before;
        change(&mut after, Self::block());
        if after != before {
            Stopped::<T>::put(after);
        }
    }
}

impl<T: Config> Clock for Pallet<T> {
    fn now() -> Height {
        Stopped::<T>::get().height(Self::block())
    }

    fn is_stopped() -> bool {
        Stopped::<T>::get().stopped_in.is_some()
    }
}

impl<T: Config> SafeModeNotify for Pallet<T> {
    fn entered() {
        Self::note(Stops::enter);
    }

    fn exited() {
        Self::note(Stops::exit);
    }
}
