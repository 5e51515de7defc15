//! What clients ask. Nothing here is asked by the chain itself.

use crate::{types::*, *};
use alloc::vec::Vec;
use cairn_protocol::{
    id::{BlockId, ProviderId},
    learning::{
        model::{Component, ModelCard},
        quality::quality,
        reward::gain,
    },
    view::{HeadView, LossesView, ModelView, Step},
};
use cairn_seams::{Clock, Lineage, Registry};

/// Blocks of a lineage that are told at once.
pub const STEPS: usize = 64;
/// Declarations that are looked at, of those there are for a model.
const LOOKED_AT: usize = 4_096;

impl<T: Config> Pallet<T> {
    /// A model as clients see it. What no model loses less than, on the set that it is judged on,
    /// others know, if anyone does.
    pub fn model_view(model: &BlockId, floor: Option<u64>) -> Option<ModelView<T::AccountId>> {
        let first = Self::meta(model)?;
        let card = Cards::<T>::get(model)?;
        let announced = Announced::<T>::get(model).filter(|next| next.from > T::Clock::now());
        let losses = LossesOf::<T>::get(model);
        Some(ModelView {
            author: first.author,
            bundle: first.artifact,
            release: first.release,
            announced: announced.map(|next| (next.access, next.from)),
            heads: Self::heads(model),
            validation: Validation::<T>::get(model),
            uses: Uses::<T>::get(model),
            quality: losses.and_then(|Losses { first, last }| quality(first, last, floor)),
            losses: losses.map(|Losses { first, last }| LossesView {
                first,
                last,
                gain: gain(first, last),
                floor,
            }),
            card: ModelCard { access: Self::access(model, &card), ..card },
        })
    }

    /// How the components of a model stand, in the order of their names; without those of which
    /// nothing was published.
    pub fn heads(model: &BlockId) -> Vec<HeadView> {
        let names = Cards::<T>::get(model).map(|card| card.components).unwrap_or_default();
        let view = |component: Component| {
            let head = <Self as Lineage<_>>::head(model, &component)?;
            Some(HeadView { component, head })
        };
        names.into_iter().filter_map(view).collect()
    }

    /// A block and what it stands on, down to the block that began its model: as many as fit on a
    /// page. The next page begins with what the last of them was laid on.
    pub fn lineage(from: &BlockId) -> Vec<Step<T::AccountId>> {
        let step = |id: &BlockId| {
            let block = Blocks::<T>::get(id)?;
            let onto = block.onto.or_else(|| block.header.parents.first().copied());
            Some(Step {
                block: *id,
                kind: block.header.kind,
                release: block.release,
                author: block.header.author,
                file: block.file,
                gain: block.header.gain,
                judged: block.judged,
                onto,
            })
        };
        let below = |one: &Step<T::AccountId>| one.onto.as_ref().and_then(step);
        core::iter::successors(step(from), below).take(STEPS).collect()
    }

    /// Who says that it serves a component, and is registered; at most those among the first few
    /// thousand who say so of the model.
    pub fn servers(model: &BlockId, component: &Component) -> Vec<ProviderId> {
        let now = T::Clock::now();
        let serves = |(provider, serving): (ProviderId, Serving<T::AccountId>)| {
            let counts = now <= serving.until && serving.components.contains(component);
            (counts && T::Registry::owner(provider).is_some()).then_some(provider)
        };
        Servers::<T>::iter_prefix(model).take(LOOKED_AT).filter_map(serves).collect()
    }
}
