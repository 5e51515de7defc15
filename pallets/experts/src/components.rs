//! What components are, and what is laid on them.

use crate::{deposits::Footprint, types::*, *};
use cairn_protocol::{
    dag::{BlockKind, Header},
    id::{Amount, BlockId, File},
    learning::{
        model::{Component, Head, ModelCard, Part, Parts},
        source::DataSet,
    },
};
use cairn_seams::{Lineage, OnPublished};
use frame_support::{dispatch::DispatchResult, ensure, traits::Defensive, BoundedVec};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_publish(author: T::AccountId, header: Header<T::AccountId>) -> DispatchResult {
        let is_component = matches!(header.kind, BlockKind::Expert | BlockKind::Router);
        ensure!(is_component, Error::<T>::NotAComponent);
        let (model, parent) = Self::place(&header)?;
        ensure!(header.author == author, Error::<T>::NotTheAuthor);
        Self::ensure_author(&author, &model)?;
        let component = header.component.clone();
        let top = Heads::<T>::get(model, &component);
        ensure!(parent == top.map_or(model, |top| top.block), Error::<T>::NotOnTheHead);
        let is_newer = top.is_none_or(|top| header.release.series() > top.latest.series());
        ensure!(is_newer, Error::<T>::ReleaseNotNewer);

        let beside = match top {
            None => Footprint::beside_first(&component),
            Some(_) => Footprint::default(),
        };
        let (block, release) = (header.id(), header.release);
        Self::keep(Block { onto: Some(parent), ..Block::apart(header) }, beside)?;
        Heads::<T>::insert(model, &component, Top { block, latest: release });
        Self::deposit_event(Event::Published { model, component, block, release });
        T::OnPublished::published(&model);
        Ok(())
    }

    /// The model that a header is of and the block that it stands on, if its component is one of
    /// that model's.
    fn place(header: &Header<T::AccountId>) -> Result<(BlockId, BlockId), Error<T>> {
        header.check().map_err(Error::<T>::from)?;
        let model = header.model.ok_or(Error::<T>::NamesNoModel)?;
        let card = Cards::<T>::get(model).ok_or(Error::<T>::UnknownModel)?;
        ensure!(card.has(&header.component), Error::<T>::UnknownComponent);
        let parent = header.parents.first().ok_or(Error::<T>::NotOnOneBlock)?;
        Ok((model, *parent))
    }

    /// Where a delta would be laid, if one may be that says this of itself.
    fn bed(header: &Header<T::AccountId>) -> Result<(BlockId, Top), Error<T>> {
        ensure!(header.kind == BlockKind::Delta, Error::<T>::NotADelta);
        let (model, parent) = Self::place(header)?;
        let top = Heads::<T>::get(model, &header.component).ok_or(Error::<T>::NothingPublished)?;
        let parent = Blocks::<T>::get(parent).ok_or(Error::<T>::UnknownParent)?;
        let same =
            parent.header.model == header.model && parent.header.component == header.component;
        ensure!(same, Error::<T>::OfAnotherComponent);
        // Whatever was published anew has other scales, and a change of the old means nothing.
        ensure!(parent.release.series() == top.latest.series(), Error::<T>::Superseded);
        ensure!(!Blocks::<T>::contains_key(header.id()), Error::<T>::AlreadyThere);
        Ok((model, top))
    }
}

impl<T: Config> Lineage<T::AccountId> for Pallet<T> {
    fn bundle(model: &BlockId) -> Option<File> {
        Self::meta(model).map(|header| header.artifact)
    }

    fn card(model: &BlockId) -> Option<ModelCard> {
        let card = Cards::<T>::get(model)?;
        Some(ModelCard { access: Self::access(model, &card), ..card })
    }

    fn author(block: &BlockId) -> Option<T::AccountId> {
        Blocks::<T>::get(block).map(|block| block.header.author)
    }

    fn head(model: &BlockId, component: &Component) -> Option<Head> {
        let block = Heads::<T>::get(model, component)?.block;
        let Block { file, release, judged, .. } = Blocks::<T>::get(block).defensive()?;
        Some(Head { block, file, release, judged })
    }

    fn file(block: &BlockId) -> Option<File> {
        let block = Blocks::<T>::get(block)?;
        block.onto.is_some().then_some(block.file)
    }

    fn parts(model: &BlockId) -> Parts {
        let names = Cards::<T>::get(model).map(|card| card.components).unwrap_or_default();
        let part = |component: Component| {
            let file = Self::head(model, &component)?.file;
            Some(Part { component, file })
        };
        BoundedVec::truncate_from(names.into_iter().filter_map(part).collect())
    }

    fn data(block: &BlockId) -> Option<DataSet<T::AccountId>> {
        let Examples { source, purpose } = DataSets::<T>::get(block)?;
        let header = Blocks::<T>::get(block).defensive()?.header;
        Some(DataSet { model: header.model?, source, purpose, author: header.author })
    }

    fn validation(model: &BlockId) -> Option<BlockId> {
        Validation::<T>::get(model)
    }

    fn note_judged(model: &BlockId, component: &Component) {
        let Some(top) = Heads::<T>::get(model, component) else { return };
        Blocks::<T>::mutate_extant(top.block, |head| {
            head.judged = head.judged.saturating_add(1);
        });
    }

    fn check(header: &Header<T::AccountId>) -> DispatchResult {
        Self::bed(header)?;
        Ok(())
    }

    fn deposit(header: &Header<T::AccountId>) -> Amount {
        // It is as long whatever it is laid on.
        let onto = header.parents.first().copied();
        let block = Block { onto, ..Block::apart(header.clone()) };
        Self::price_of_block(&block, Footprint::default())
    }

    fn lay(header: Header<T::AccountId>, file: File, payer: &T::AccountId) -> DispatchResult {
        let (model, top) = Self::bed(&header)?;
        let release = top.latest.patched().ok_or(Error::<T>::PatchesExhausted)?;
        let (block, component) = (header.id(), header.component.clone());
        let laid = Block {
            payer: payer.clone(),
            onto: Some(top.block),
            file,
            release,
            ..Block::apart(header)
        };
        Self::keep(laid, Footprint::default())?;
        Heads::<T>::insert(model, &component, Top { block, latest: release });
        Self::deposit_event(Event::Laid { model, component, block, release });
        Ok(())
    }

    fn carries(model: &BlockId, component: &Component, block: &BlockId) -> bool {
        let top = Heads::<T>::get(model, component);
        top.zip(Blocks::<T>::get(block)).is_some_and(|(top, Block { header, release, .. })| {
            header.kind == BlockKind::Delta
                && header.model == Some(*model)
                && header.component == *component
                && release.series() == top.latest.series()
        })
    }

    fn unlay(model: &BlockId, component: &Component) -> Option<BlockId> {
        let top = Heads::<T>::get(model, component)?;
        let block = Blocks::<T>::get(top.block).defensive()?;
        if block.header.kind != BlockKind::Delta {
            return None;
        }
        let below = block.onto.defensive()?;
        Blocks::<T>::remove(top.block);
        Self::release(HoldReason::Block, &block.payer, block.deposit);
        Heads::<T>::insert(model, component, Top { block: below, ..top });
        let (model, component) = (*model, component.clone());
        Self::deposit_event(Event::Unlaid { model, component, block: top.block, head: below });
        Some(top.block)
    }

    fn note_loss(model: &BlockId, data: &BlockId, before: u64, since: u64) {
        // It may be judged on another set by now, of which this says nothing.
        if Validation::<T>::get(model).as_ref() == Some(data) {
            LossesOf::<T>::mutate(model, |losses| {
                let first = losses.map_or(before, |losses| losses.first);
                *losses = Some(Losses { first, last: since });
            });
        }
    }
}
