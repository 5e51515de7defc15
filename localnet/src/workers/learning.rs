//! The workers' model, ready for others to better it: its components are published, its deltas are
//! judged on text that nobody has seen, and a referendum has tokens minted for gains.

use std::{collections::BTreeMap, path::Path, time::Duration};

use cairn_artifact::store::Store;
use cairn_protocol::{
    dag::{BlockKind, Component, Header},
    id::{BlockId, File},
    learning::source::{Generator, Purpose, Source},
    share::WHOLE,
    spec::{Records, TOKEN_BYTES},
};
use cairn_sdk::{governance::Track, learning::calls, Chain};
use cairn_text::generator::{FUEL, MODULE, TOKENS};

use super::{referendum, register, Market};
use crate::{
    keys,
    wait::{until, Seen},
    Error, Result,
};

/// Records of text for each seed.
const RECORDS: u64 = 1 << 20;
/// How long a referendum may take that nobody votes against: a few dozen blocks.
const ADMITTED_WITHIN: Duration = Duration::from_secs(240);

/// What deltas of the workers' model are judged on, and who pays for what it gains.
#[derive(Clone, Copy, Debug, Default)]
pub struct Course {
    /// Examples that everyone knows, in the archive; none is text that nobody has seen.
    pub records: Option<Records>,
    /// Nothing is minted for gains: somebody has to sponsor them.
    pub sponsored: bool,
}

/// Does what was not done before. Components that are named here are published as these files, and
/// not as the bundle has them. Gives the set that deltas are judged on.
pub(crate) async fn prepare(
    chain: &Chain,
    outboxes: &Path,
    market: &Market,
    instead: &BTreeMap<Component, File>,
    course: &Course,
) -> Result<BlockId> {
    let source = match course.records {
        Some(records) => Source::Records(records),
        None => generated(&market.archive)?,
    };
    let data = publish(chain, outboxes, market, instead, source).await?;
    if !course.sponsored {
        admit(chain, outboxes, market.model, data).await?;
    }
    Ok(data)
}

/// Publishes the components, and the set.
async fn publish(
    chain: &Chain,
    outboxes: &Path,
    market: &Market,
    instead: &BTreeMap<Component, File>,
    source: Source,
) -> Result<BlockId> {
    let (model, author) = (market.model, register::account(keys::MODELLER)?);
    let learning = chain.learning().await?;
    let known = learning.model(model).await?;
    let known = known.ok_or_else(|| Error::Task { reason: format!("{model:?} is not there") })?;
    let set = Header::data(model, source.file(), register::RELEASE, author);
    let data = set.id();
    let is_registered = learning.data(data).await?.is_some();

    register::fund(chain, outboxes, &[keys::MODELLER.into()]).await?;
    let outbox = register::outbox(chain, outboxes, keys::MODELLER)?;
    // One behind the other, so that all of them are final together.
    let mut sent = Vec::new();
    for (component, file) in &market.published.components {
        if known.heads.iter().any(|head| head.component == *component) {
            continue;
        }
        let (kind, file) = (BlockKind::Expert, instead.get(component).unwrap_or(file));
        let (name, release) = (component.clone(), register::RELEASE);
        let part = Header::component(kind, model, name, model, *file, release, author);
        let purpose = format!("publish {:?}", part.id());
        sent.push(outbox.submit(&purpose, &calls::publish(part)).await?);
    }
    if !is_registered {
        let call = calls::register_data(set, source, Purpose::Validation);
        sent.push(outbox.submit(&format!("register {data:?}"), &call).await?);
    }
    if known.validation != Some(data) {
        let call = calls::choose_validation(model, data);
        sent.push(outbox.submit(&format!("choose {data:?} for {model:?}"), &call).await?);
    }
    for ticket in sent {
        ticket.succeeded().await?;
    }
    outbox.close().await;
    Ok(data)
}

/// The text that the model learned from, with other seeds. What makes it is in the archive then.
fn generated(archive: &Path) -> Result<Source> {
    let failed = |error: cairn_artifact::Error| Error::Task { reason: error.to_string() };
    let module = Store::at(archive).and_then(|store| store.put(MODULE)).map_err(failed)?;
    let record_bytes = TOKENS.saturating_mul(TOKEN_BYTES);
    Ok(Source::Generator(Generator { module, record_bytes, fuel: FUEL, count: RECORDS }))
}

/// Has gains of the model minted, up to all that there is in a period.
async fn admit(chain: &Chain, outboxes: &Path, model: BlockId, data: BlockId) -> Result<()> {
    if is_admitted(chain, model, data).await? {
        return Ok(());
    }
    let both = [
        chain.encode(&calls::admit(model, WHOLE)).await?,
        chain.encode(&calls::admit_data(data, WHOLE)).await?,
    ];
    referendum::approve(chain, outboxes, Track::Treasurer, &both).await?;
    until("the model to be admitted", ADMITTED_WITHIN, || async {
        let admitted = is_admitted(chain, model, data).await?;
        Ok(Seen::when(admitted, admitted))
    })
    .await?;
    Ok(())
}

/// Whether there are tokens for both: each is admitted by a referendum of its own.
async fn is_admitted(chain: &Chain, model: BlockId, data: BlockId) -> Result<bool> {
    let learning = chain.learning().await?;
    let of_model = learning.support_of(model).await?.cap;
    Ok(of_model.is_some() && learning.support_of(data).await?.cap.is_some())
}
