//! What the chain's state says, after one block.

use crate::{
    floors::Floors,
    work::{Part, Seat, Standing},
};
use cairn_protocol::{
    dag::Header,
    id::{BlockId, DeltaId, Digest, Height, PanelId, ProviderId, TaskId},
    job::{Terms, WrappedKey},
    learning::{
        self,
        brief::{Brief, Subject},
        delta::{DeltaView, Place},
        model::Parts,
    },
    result::Output,
};
use cairn_sdk::{
    chain::{
        self,
        runtime_types::cairn_runtime::configs::parameters::{
            dynamic_params::market, RuntimeParametersKey, RuntimeParametersValue,
        },
    },
    AccountId32, At, Learning, Market, Result, Static,
};
use cairn_store::NodeId;

/// What a profile says that names no node.
pub(crate) const NO_NODE: Digest = [0; 32];

/// The market's time.
pub(crate) async fn now(at: &At) -> Result<Height> {
    let address = chain::storage().market_clock().stopped();
    let stops = at.storage().fetch(address, ()).await?.decode()?;
    let block = u32::try_from(at.block_number()).unwrap_or(u32::MAX);
    Ok(height(block, stops.lost, stops.stopped_in))
}

/// The height of a block when so many did not count, as `pallet-cairn-clock` has it.
fn height(block: u32, lost: u32, stopped_in: Option<u32>) -> Height {
    stopped_in.map_or(block, |stopped| stopped.min(block)).saturating_sub(lost)
}

/// The author's clock when it made the block, in milliseconds since 1970.
pub(crate) async fn timestamp(at: &At) -> Result<u64> {
    Ok(at.storage().fetch(chain::storage().timestamp().now(), ()).await?.decode()?)
}

/// What a task asks for; none where it is not kept any more.
pub(crate) async fn terms(at: &At, task: TaskId) -> Result<Option<Terms>> {
    let address = chain::storage().tasks().terms_of();
    let found = at.storage().try_fetch(address, (Static(task),)).await?;
    let Some(found) = found else { return Ok(None) };
    Ok(Some(found.decode()?.0))
}

/// The key to a sealed payload that was posted for a piece of work, and who posted it; none where
/// it is not kept any more.
pub(crate) async fn key(
    at: &At,
    seat: Seat,
    provider: ProviderId,
) -> Result<Option<(WrappedKey, AccountId32)>> {
    let (task, both) = ((Static(seat.task()),), (Static(seat.task()), Static(provider)));
    if seat.part == Part::Worker {
        let key = at.storage().try_fetch(chain::storage().tasks().keys(), both).await?;
        let record = at.storage().try_fetch(chain::storage().tasks().tasks(), task).await?;
        let Some((key, record)) = key.zip(record) else { return Ok(None) };
        return Ok(Some((key.decode()?.0, record.decode()?.0.requester)));
    }
    let key = at.storage().try_fetch(chain::storage().audits().keys(), both).await?;
    let record = at.storage().try_fetch(chain::storage().audits().audits(), task).await?;
    let Some((key, record)) = key.zip(record) else { return Ok(None) };
    Ok(Some((key.decode()?.0, record.decode()?.0.requester)))
}

/// The first block of a model; none where there is no such model.
pub(crate) async fn model(at: &At, model: BlockId) -> Result<Option<Header<AccountId32>>> {
    Market::new(at.clone()).model(model).await
}

/// What was delivered for a task, of those who have seats there; none where nothing is kept of it.
/// Where one works at it, that is its one result.
pub(crate) async fn delivered(market: &Market, task: TaskId) -> Result<Option<Output>> {
    let view = market.task(task).await?;
    let first = view.and_then(|view| view.answers.into_iter().next());
    Ok(first.map(|(_, answer)| answer.output))
}

/// The nodes of those who have seats at a task, as their profiles name them; of those who name one.
pub(crate) async fn nodes(market: &Market, task: TaskId) -> Result<Vec<NodeId>> {
    let seats = market.task(task).await?.into_iter().flat_map(|view| view.seats);
    nodes_of(market, seats.map(|seat| seat.provider)).await
}

/// The same of those who have seats on a panel.
pub(crate) async fn guards(market: &Market, panel: PanelId) -> Result<Vec<NodeId>> {
    let view = Learning::new(market.at().clone()).panel(panel).await?;
    let seats = view.into_iter().flat_map(|view| view.guards);
    nodes_of(market, seats.map(|seat| seat.guard)).await
}

async fn nodes_of(
    market: &Market,
    providers: impl Iterator<Item = ProviderId>,
) -> Result<Vec<NodeId>> {
    let mut nodes = Vec::new();
    for provider in providers {
        let found = market.provider(provider).await?;
        nodes.extend(found.map(|found| NodeId(found.profile.0.node)));
    }
    nodes.retain(|node| node.0 != NO_NODE);
    Ok(nodes)
}

/// What a delta makes of the component that it was laid on, as whoever is to keep that lays it on
/// once more; none where the chain does not know any more what that was.
pub(crate) async fn laid(learning: &Learning, delta: DeltaId) -> Result<Option<Brief>> {
    let Some(DeltaView { delta, .. }) = learning.delta(delta).await? else { return Ok(None) };
    let found = delta.place().zip(delta.parent()).zip(delta.trial);
    let Some(((Place { model, component }, parent), trial)) = found else { return Ok(None) };
    let base = learning.lineage_page(parent).await?.into_iter().next();
    let set = learning.data(trial.data).await?;
    let known = learning.model(model).await?.zip(base).zip(set);
    let Some(((view, base), set)) = known else { return Ok(None) };
    let part = learning::model::Part { component: component.clone(), file: trial.file };
    let artifact = delta.header.artifact;
    Ok(Some(Brief {
        model,
        bundle: view.bundle,
        judge: view.card.judge,
        parts: Parts::truncate_from(vec![part]),
        subject: Subject::Delta { component, artifact, base: base.file.id },
        source: set.source,
        count: trial.count,
        threshold: trial.threshold,
        attempts: trial.attempts,
        // Nothing is drawn.
        seed: Default::default(),
    }))
}

/// How fast devices of each class have to be.
pub(crate) async fn floors(at: &At) -> Result<Floors> {
    let key = market::ParametersKey::ThroughputFloors(market::ThroughputFloors);
    let key = RuntimeParametersKey::Market(key);
    let address = chain::storage().parameters().parameters();
    let Some(found) = at.storage().try_fetch(address, (key,)).await? else {
        return Ok(Floors::default());
    };
    Ok(match found.decode()? {
        RuntimeParametersValue::Market(market::ParametersValue::ThroughputFloors(set)) => Floors {
            small_gpu: set.small_gpu,
            gpu: set.gpu,
            large_gpu: set.large_gpu,
            accelerator: set.accelerator,
        },
        // No value is kept under another's key.
        _ => Floors::default(),
    })
}

/// Who operates a registration, and how it stands; none where it is gone.
pub(crate) async fn standing(
    at: &At,
    provider: ProviderId,
) -> Result<Option<(AccountId32, Standing)>> {
    let address = chain::storage().providers().providers();
    let found = at.storage().try_fetch(address, (Static(provider),)).await?;
    let Some(found) = found else { return Ok(None) };
    let record = found.decode()?;
    let standing = Standing {
        class: record.hardware.0.class,
        heartbeat: record.heartbeat,
        missed: record.missed,
        leaving: record.leaving,
    };
    Ok(Some((record.operator, standing)))
}

/// The registrations that name an account as their operator. One of them at most it has confirmed.
pub(crate) async fn operated_by(at: &At, account: &AccountId32) -> Result<Vec<ProviderId>> {
    let address = chain::storage().providers().operators();
    if let Some(found) = at.storage().try_fetch(address, (*account,)).await? {
        return Ok(vec![found.decode()?.0]);
    }
    let mut named = Vec::new();
    let address = chain::storage().providers().providers();
    let mut all = at.storage().iter(address, ()).await?;
    while let Some(entry) = all.next().await {
        let entry = entry?;
        let (provider, record) = (entry.key()?.decode()?.0, entry.value().decode()?);
        if record.operator == *account && !record.leaving {
            named.push(provider.0);
        }
    }
    Ok(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn height_should_not_count_blocks_of_stops() {
        assert_eq!(height(100, 0, None), 100);
        assert_eq!(height(100, 30, None), 70);
        assert_eq!(height(100, 30, Some(90)), 60);
    }
}
