//! Models begin, and sets of examples for them are registered.

use crate::{deposits::Footprint, types::*, *};
use cairn_protocol::{
    dag::{BlockKind, Flaw, Header},
    id::BlockId,
    learning::{
        model::{CardFlaw, ModelCard},
        source::{Purpose, Source, SourceFlaw},
    },
};
use cairn_seams::Judging;
use frame_support::{dispatch::DispatchResult, ensure};

impl<T> From<Flaw> for Error<T> {
    fn from(flaw: Flaw) -> Self {
        match flaw {
            Flaw::Version { .. } => Self::UnknownVersion,
            Flaw::NotAMeta(_) => Self::NotAMeta,
            Flaw::OfAModel(_) | Flaw::OfAComponent | Flaw::HasParents(_) => Self::NotTheFirst,
            Flaw::NoArtifact => Self::NoArtifact,
            Flaw::ClaimsGain(_) => Self::ClaimsGain,
            Flaw::OfNoModel => Self::NamesNoModel,
            Flaw::OfNoComponent => Self::NamesNoComponent,
            Flaw::NotOnOne(_) => Self::NotOnOneBlock,
            Flaw::NotOnItsModel(_) => Self::NotOnItsModel,
            Flaw::ClaimsNoGain => Self::ClaimsNoGain,
        }
    }
}

impl<T> From<CardFlaw> for Error<T> {
    fn from(flaw: CardFlaw) -> Self {
        match flaw {
            CardFlaw::NoComponents | CardFlaw::Nameless => Self::NoComponents,
            CardFlaw::Unsorted => Self::ComponentsUnsorted,
            CardFlaw::Royalty { .. } => Self::RoyaltyTooHigh,
            CardFlaw::NoLicence => Self::LicenceUnreadable,
        }
    }
}

impl<T> From<SourceFlaw> for Error<T> {
    fn from(flaw: SourceFlaw) -> Self {
        match flaw {
            SourceFlaw::BrokenTokens { .. } | SourceFlaw::Tokens { .. } => Self::RecordLengthWrong,
            SourceFlaw::Ragged { .. } => Self::RecordsRagged,
            SourceFlaw::TooFew { .. } => Self::TooFewRecords,
            SourceFlaw::Fuel { .. } => Self::FuelOutOfRange,
            SourceFlaw::NoModule => Self::NoArtifact,
        }
    }
}

impl<T: Config> Pallet<T> {
    pub(crate) fn do_create_model(
        author: T::AccountId,
        header: Header<T::AccountId>,
        card: ModelCard,
    ) -> DispatchResult {
        header.check_meta().map_err(Error::<T>::from)?;
        card.check().map_err(Error::<T>::from)?;
        ensure!(header.author == author, Error::<T>::NotTheAuthor);
        let model = header.id();
        Self::keep(Block::apart(header), Footprint::beside_model(&card))?;
        Cards::<T>::insert(model, card);
        Self::deposit_event(Event::ModelCreated { model, author });
        Ok(())
    }

    pub(crate) fn do_register_data(
        author: T::AccountId,
        header: Header<T::AccountId>,
        source: Source,
        purpose: Purpose,
    ) -> DispatchResult {
        ensure!(header.kind == BlockKind::Data, Error::<T>::NotASet);
        header.check().map_err(|flaw| match flaw {
            // There it may also be that of a model's first block.
            Flaw::OfAComponent => Error::<T>::NamesAComponent,
            flaw => flaw.into(),
        })?;
        source.check().map_err(Error::<T>::from)?;
        ensure!(header.author == author, Error::<T>::NotTheAuthor);
        ensure!(header.artifact == source.file(), Error::<T>::NotTheSource);
        let model = header.model.ok_or(Error::<T>::NamesNoModel)?;
        ensure!(Cards::<T>::contains_key(model), Error::<T>::UnknownModel);

        let data = header.id();
        Self::keep(Block::apart(header), Footprint::beside_data())?;
        DataSets::<T>::insert(data, Examples { source, purpose });
        Self::deposit_event(Event::DataRegistered { data, model, author, purpose });
        Ok(())
    }

    pub(crate) fn do_choose_validation(
        author: T::AccountId,
        model: BlockId,
        data: BlockId,
    ) -> DispatchResult {
        Self::ensure_author(&author, &model)?;
        let examples = DataSets::<T>::get(data).ok_or(Error::<T>::UnknownData)?;
        let block = Blocks::<T>::get(data).ok_or(Error::<T>::UnknownData)?;
        let fits = block.header.model == Some(model) && examples.purpose == Purpose::Validation;
        ensure!(fits, Error::<T>::NotForValidation);
        if Validation::<T>::get(model) == Some(data) {
            return Ok(());
        }
        ensure!(T::Judging::takes(&examples.source), Error::<T>::TooMuchToJudge);
        Validation::<T>::insert(model, data);
        // What was lost on another set says nothing of this one.
        LossesOf::<T>::remove(model);
        Self::deposit_event(Event::ValidationChosen { model, data });
        Ok(())
    }

    /// The block that began a model.
    pub(crate) fn meta(model: &BlockId) -> Option<Header<T::AccountId>> {
        let block = Blocks::<T>::get(model)?;
        (block.header.kind == BlockKind::Meta).then_some(block.header)
    }

    /// Only who made a model decides about it.
    pub(crate) fn ensure_author(who: &T::AccountId, model: &BlockId) -> Result<(), Error<T>> {
        let meta = Self::meta(model).ok_or(Error::<T>::UnknownModel)?;
        ensure!(meta.author == *who, Error::<T>::NotTheModelsAuthor);
        Ok(())
    }
}
