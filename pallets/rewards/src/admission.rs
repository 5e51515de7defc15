//! Which models and data sets draw on the budgets.

use crate::{pallet::*, types::*};
use cairn_protocol::{
    id::BlockId,
    share::{Ppm, WHOLE},
};
use cairn_seams::{Lineage, Purse};
use frame_support::{ensure, pallet_prelude::DispatchResult};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_admit(model: BlockId, cap: Ppm) -> DispatchResult {
        ensure!(T::Lineage::bundle(&model).is_some(), Error::<T>::UnknownModel);
        Self::put_admission(model, cap)
    }

    pub(crate) fn do_admit_data(data: BlockId, cap: Ppm) -> DispatchResult {
        ensure!(T::Lineage::data(&data).is_some(), Error::<T>::UnknownData);
        Self::put_admission(data, cap)
    }

    fn put_admission(block: BlockId, cap: Ppm) -> DispatchResult {
        ensure!((1..=WHOLE).contains(&cap), Error::<T>::NotAShare);
        Admissions::<T>::insert(block, cap);
        Self::open_book(block);
        Self::deposit_event(Event::Admitted { block, cap });
        Ok(())
    }

    /// Notes since when a model is heard of.
    pub(crate) fn open_book(block: BlockId) {
        if !Books::<T>::contains_key(block) {
            Books::<T>::insert(block, Book::since(Self::period()));
        }
    }

    pub(crate) fn do_expel(block: BlockId) -> DispatchResult {
        Admissions::<T>::take(block).ok_or(Error::<T>::NotAdmitted)?;
        Self::deposit_event(Event::Expelled { block });
        Ok(())
    }

    /// Whether gains of a model that are measured on a set are paid from budgets.
    pub(crate) fn draws(model: &BlockId, data: &BlockId) -> bool {
        Admissions::<T>::contains_key(model) && Admissions::<T>::contains_key(data)
    }
}
