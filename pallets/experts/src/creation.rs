//! Models begin, and tasks look them up.

use crate::{types::*, *};
use cairn_protocol::{
    dag::{BlockKind, Flaw, Header},
    id::{Amount, BlockId},
};
use cairn_seams::Models;
use codec::{Encode, MaxEncodedLen};
use frame_support::{
    dispatch::DispatchResult,
    ensure,
    traits::{fungible::MutateHold, Get},
};

/// Bytes of a block's key: a hash of 16 bytes before its id.
const KEY_BYTES: usize = 48;

impl<T> From<Flaw> for Error<T> {
    fn from(flaw: Flaw) -> Self {
        match flaw {
            Flaw::Version { .. } => Self::UnknownVersion,
            Flaw::NotAMeta(_) => Self::NotAMeta,
            Flaw::OfAModel(_) | Flaw::OfAComponent | Flaw::HasParents(_) => Self::NotTheFirst,
            Flaw::NoArtifact => Self::NoArtifact,
            Flaw::ClaimsGain(_) => Self::ClaimsGain,
        }
    }
}

impl<T: Config> Pallet<T> {
    pub(crate) fn do_create_model(
        author: T::AccountId,
        header: Header<T::AccountId>,
    ) -> DispatchResult {
        header.check_meta().map_err(Error::<T>::from)?;
        ensure!(header.author == author, Error::<T>::NotTheAuthor);
        let model = header.id();
        ensure!(!Blocks::<T>::contains_key(model), Error::<T>::AlreadyThere);

        let deposit = Self::deposit_of(&header);
        T::Currency::hold(&HoldReason::Block.into(), &author, deposit)
            .map_err(|_| Error::<T>::InsufficientBalance)?;
        Blocks::<T>::insert(model, Block { header, deposit });
        Self::deposit_event(Event::ModelCreated { model, author });
        Ok(())
    }

    /// For what a block occupies.
    pub(crate) fn deposit_of(header: &Header<T::AccountId>) -> Amount {
        let bytes = header.encoded_size().saturating_add(Amount::max_encoded_len());
        let bytes = Amount::try_from(bytes.saturating_add(KEY_BYTES)).unwrap_or(Amount::MAX);
        T::ItemDeposit::get().saturating_add(T::ByteDeposit::get().saturating_mul(bytes))
    }

    /// The block that began a model.
    fn meta(model: &BlockId) -> Option<Header<T::AccountId>> {
        let block = Blocks::<T>::get(model)?;
        (block.header.kind == BlockKind::Meta).then_some(block.header)
    }
}

impl<T: Config> Models<T::AccountId> for Pallet<T> {
    fn exists(model: &BlockId) -> bool {
        Self::meta(model).is_some()
    }

    fn may_use(model: &BlockId, _: &T::AccountId) -> bool {
        Self::exists(model)
    }

    fn creator(model: &BlockId) -> Option<T::AccountId> {
        Self::meta(model).map(|header| header.author)
    }
}
