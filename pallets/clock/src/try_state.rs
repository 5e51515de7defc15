//! What must hold between any two blocks. The README numbers and names these.

use super::*;
use frame_support::ensure;
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        let Stops { lost, stopped_in } = Stopped::<T>::get();
        let block = Self::block();
        ensure!(stopped_in.is_none_or(|stopped_in| stopped_in <= block), "stopped_in_is_past");
        ensure!(lost <= stopped_in.unwrap_or(block), "lost_is_past");
        Ok(())
    }
}
