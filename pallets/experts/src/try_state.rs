//! What must hold between any two blocks. The README numbers and names these.

use crate::{types::*, *};
use alloc::collections::{BTreeMap, BTreeSet};
use cairn_protocol::{
    dag::BlockKind,
    id::{Amount, BlockId},
    learning::{model::Component, source::Purpose},
};
use frame_support::{ensure, traits::fungible::InspectHold};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
    /// Every invariant of the pallet.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        for (id, block) in Blocks::<T>::iter() {
            ensure!(block.header.id() == id, "blocks_are_named_by_their_headers");
            ensure!(block.header.check().is_ok(), "blocks_break_no_rule");
            Self::check_parents(&block)?;
            Self::check_beside(&id, &block)?;
        }
        Self::check_heads()?;
        Self::check_sets()?;
        Self::check_servers()?;
        Self::check_belongings()?;
        Self::check_deposits()
    }

    /// What a block stands on is there, and is of the same model and component.
    fn check_parents(block: &Block<T::AccountId>) -> Result<(), TryRuntimeError> {
        let header = &block.header;
        for parent in header.parents.iter().chain(&block.onto) {
            let below = Blocks::<T>::get(parent).ok_or("parents_are_there")?.header;
            let is_model = header.model == Some(*parent) && below.kind == BlockKind::Meta;
            let is_own = below.model == header.model && below.component == header.component;
            ensure!(is_model || is_own, "parents_are_of_the_same_component");
        }
        Ok(())
    }

    /// A model has its card, a set of examples says where they come from, and only a component is
    /// laid on something.
    fn check_beside(id: &BlockId, block: &Block<T::AccountId>) -> Result<(), TryRuntimeError> {
        let kind = block.header.kind;
        let is_model = kind == BlockKind::Meta;
        ensure!(Cards::<T>::contains_key(id) == is_model, "models_have_cards");
        let is_data = kind == BlockKind::Data;
        ensure!(DataSets::<T>::contains_key(id) == is_data, "sets_have_sources");
        let is_component = !is_model && !is_data;
        ensure!(block.onto.is_some() == is_component, "components_are_chains");
        if kind != BlockKind::Delta {
            let same = block.file == block.header.artifact && block.release == block.header.release;
            ensure!(same, "blocks_are_what_their_headers_say");
        }
        Ok(())
    }

    /// From each head blocks lead down to the model, each of a newer release than the one below it;
    /// and every block of a component lies below its head.
    fn check_heads() -> Result<(), TryRuntimeError> {
        let mut chained = BTreeSet::new();
        for (model, component, top) in Heads::<T>::iter() {
            let card = Cards::<T>::get(model).ok_or("heads_are_of_models")?;
            ensure!(card.has(&component), "heads_are_of_models");
            let head = Blocks::<T>::get(top.block).ok_or("heads_are_blocks")?;
            ensure!(head.release <= top.latest, "releases_are_given_once");
            ensure!(head.release.series() == top.latest.series(), "releases_are_given_once");
            Self::check_chain(model, &component, top.block, &mut chained)?;
        }
        for (id, block) in Blocks::<T>::iter() {
            let is_below = block.onto.is_none() || chained.contains(&id);
            ensure!(is_below, "components_are_chains");
        }
        Ok(())
    }

    fn check_chain(
        model: BlockId,
        component: &Component,
        head: BlockId,
        chained: &mut BTreeSet<BlockId>,
    ) -> Result<(), TryRuntimeError> {
        let (mut next, mut above) = (head, None);
        while next != model {
            let block = Blocks::<T>::get(next).ok_or("components_are_chains")?;
            let own = block.header.model == Some(model) && block.header.component == *component;
            ensure!(own, "heads_are_of_their_component");
            ensure!(above.is_none_or(|above| block.release < above), "releases_grow");
            ensure!(chained.insert(next), "components_are_chains");
            above = Some(block.release);
            next = block.onto.ok_or("components_are_chains")?;
        }
        Ok(())
    }

    /// A model is judged on a set of its own that is meant for it, and on nothing else it was
    /// measured.
    fn check_sets() -> Result<(), TryRuntimeError> {
        for (model, data) in Validation::<T>::iter() {
            let examples = DataSets::<T>::get(data).ok_or("models_are_judged_on_their_sets")?;
            let of = Blocks::<T>::get(data).and_then(|block| block.header.model);
            let fits = of == Some(model) && examples.purpose == Purpose::Validation;
            ensure!(fits, "models_are_judged_on_their_sets");
        }
        for (data, Examples { source, .. }) in DataSets::<T>::iter() {
            let named = Blocks::<T>::get(data).map(|block| block.header.artifact);
            ensure!(named == Some(source.file()), "sets_have_sources");
            ensure!(source.check().is_ok(), "sets_have_sources");
        }
        Ok(())
    }

    /// What a provider serves is listed with it once, and made of components of that model.
    fn check_servers() -> Result<(), TryRuntimeError> {
        let mut listed = BTreeSet::new();
        for (provider, models) in Served::<T>::iter() {
            ensure!(!models.is_empty(), "servers_are_listed");
            for model in models {
                ensure!(listed.insert((model, provider)), "servers_are_listed");
            }
        }
        for (model, provider, serving) in Servers::<T>::iter() {
            ensure!(listed.remove(&(model, provider)), "servers_are_listed");
            let card = Cards::<T>::get(model).ok_or("servers_serve_components")?;
            let names = &serving.components;
            let sorted = names.iter().is_sorted_by(|one, next| one < next);
            let known = names.iter().all(|component| card.has(component));
            ensure!(sorted && known && !names.is_empty(), "servers_serve_components");
        }
        ensure!(listed.is_empty(), "servers_are_listed");
        Ok(())
    }

    /// What is kept of models is of models that there are.
    fn check_belongings() -> Result<(), TryRuntimeError> {
        let is_model = Cards::<T>::contains_key;
        ensure!(Cards::<T>::iter_keys().all(Blocks::<T>::contains_key), "models_have_cards");
        ensure!(Cards::<T>::iter_values().all(|card| card.check().is_ok()), "models_have_cards");
        let kept = Uses::<T>::iter_keys()
            .chain(LossesOf::<T>::iter_keys())
            .chain(Announced::<T>::iter_keys())
            .chain(Validation::<T>::iter_keys())
            .chain(Licences::<T>::iter_keys().map(|(model, _)| model));
        for model in kept {
            ensure!(is_model(model), "belongings_are_of_models");
        }
        let is_judged = LossesOf::<T>::iter_keys().all(Validation::<T>::contains_key);
        ensure!(is_judged, "losses_are_of_a_set");
        Ok(())
    }

    /// Of each account is held what its blocks, its licences and its declarations cost, each under
    /// its name.
    fn check_deposits() -> Result<(), TryRuntimeError> {
        let blocks = Blocks::<T>::iter_values().map(|block| (block.payer, block.deposit));
        Self::check_held(HoldReason::Block, blocks)?;
        let licences = Licences::<T>::iter()
            .filter_map(|(model, _, deposit)| Some((Self::meta(&model)?.author, deposit)));
        Self::check_held(HoldReason::Licence, licences)?;
        let serving = Servers::<T>::iter_values().map(|serving| (serving.payer, serving.deposit));
        Self::check_held(HoldReason::Serving, serving)
    }

    fn check_held(
        reason: HoldReason,
        deposits: impl Iterator<Item = (T::AccountId, Amount)>,
    ) -> Result<(), TryRuntimeError> {
        let mut sums = BTreeMap::<T::AccountId, Amount>::new();
        for (payer, deposit) in deposits {
            let sum = sums.entry(payer).or_default();
            *sum = sum.saturating_add(deposit);
        }
        let reason = reason.into();
        for account in frame_system::Account::<T>::iter_keys() {
            let held = T::Currency::balance_on_hold(&reason, &account);
            let deposit = sums.remove(&account).unwrap_or_default();
            ensure!(held == deposit, "deposits_are_held");
        }
        // A payer without an account has nothing that could be held.
        ensure!(sums.values().all(|deposit| *deposit == 0), "deposits_are_held");
        Ok(())
    }
}
