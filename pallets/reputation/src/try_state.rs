//! What must hold between any two blocks. The README numbers and names these.

use crate::{Config, Pallet, Records};
use cairn_protocol::share::WHOLE;
use cairn_seams::{Clock, Registry};
use frame_support::{ensure, traits::Get};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        let (rules, now) = (T::Rules::get(), T::Clock::now());
        for (provider, _, record) in Records::<T>::iter() {
            let score = record.score(&rules, now);
            let highest = score.accuracy.max(score.timeliness).max(score.availability);
            let bounded = record.is_bounded() && highest <= WHOLE && score.standing <= WHOLE;
            ensure!(bounded, "dimensions_are_bounded");
            ensure!(record.updated() <= now, "updates_are_past");
            ensure!(T::Registry::owner(provider).is_some(), "providers_are_registered");
        }
        Ok(())
    }
}
