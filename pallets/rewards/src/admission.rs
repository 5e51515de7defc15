//! Which models and data sets draw on the budgets.

use crate::{pallet::*, types::*};
use cairn_protocol::{
    id::BlockId,
    share::{Ppm, WHOLE},
};
use cairn_seams::{Lineage, OnPublished, Purse};
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
        ensure!(Self::take_admission(block, Expulsion::Governance), Error::<T>::NotAdmitted);
        Ok(())
    }

    /// Ends an admission, and says whether there was one.
    fn take_admission(block: BlockId, reason: Expulsion) -> bool {
        let was_admitted = Admissions::<T>::take(block).is_some();
        if was_admitted {
            Self::deposit_event(Event::Expelled { block, reason });
        }
        was_admitted
    }

    /// Whether gains of a model that are measured on a set are paid from budgets.
    pub(crate) fn draws(model: &BlockId, data: &BlockId) -> bool {
        Admissions::<T>::contains_key(model) && Admissions::<T>::contains_key(data)
    }
}

/// Governance admitted a model as it was. An author who could publish a worse component and be paid
/// for bettering it again would draw all that the model's cap leaves, period after period.
impl<T: Config> OnPublished for Pallet<T> {
    fn published(model: &BlockId) {
        Self::take_admission(*model, Expulsion::Published);
    }
}
