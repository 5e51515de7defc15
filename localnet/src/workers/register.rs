//! Who works, and on what, as the chain knows it.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use cairn_protocol::{
    dag::{Header, SemVer},
    id::{Amount, BlockId, ProviderId, Region},
    job::JobKind,
    learning::model::Access,
    profile::{DeviceClass, Hardware, Offer, Offers, PayloadKey, Profile, Role},
    share::Ppm,
};
use cairn_runtime::units::{MICROUNITS, UNITS};
use cairn_sdk::{
    calls, subxt::tx::Payload, AccountId32, Chain, Included, Options, Outbox, Published, Signer,
};
use sp_crypto_hashing::blake2_256;
use tokio::task::JoinSet;

use super::{setup::Setup, MEMORY_MIB};
use crate::{keys, Error, Result};

/// Who has money on every local chain, and pays those who have none.
pub(super) const RICH: &str = "Alice";
/// What owners put up who work alone. A worker may be offered 6 % of it for a task.
const BOND: Amount = 200 * UNITS;
/// What owners of those put up who are drawn as guards too.
const GUARD_BOND: Amount = 1_000 * UNITS;
/// What an account has at least before it begins, and is paid where it has less.
const PURSE: Amount = 2 * GUARD_BOND;
/// What a unit of any work costs.
const PRICE: Amount = MICROUNITS;
/// Of the demo model, whose author gets all that the chain leaves to authors.
const LICENCE: &str = "Apache-2.0";
const ROYALTY: Ppm = 50_000;
pub(super) const RELEASE: SemVer = SemVer { major: 1, minor: 0, patch: 0 };
/// How long the only endpoint may be gone.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a worker is registered with.
pub(super) struct Declared {
    pub setup: Setup,
    pub payload_key: PayloadKey,
    /// By what others know its node.
    pub node: [u8; 32],
}

pub(super) async fn connect(url: &str) -> Result<Chain> {
    let options = Options { patience: PATIENCE, ..Options::default() };
    Ok(Chain::connect(&[url], &options).await?)
}

/// The demo model's id, under which it is registered by now.
pub(super) async fn model(
    chain: &Chain,
    outboxes: &Path,
    published: &Published,
) -> Result<BlockId> {
    let author = account(keys::MODELLER)?;
    let header = Header::meta(author, published.bundle, RELEASE);
    let id = header.id();
    if chain.market().await?.model(id).await?.is_none() {
        fund(chain, outboxes, &[keys::MODELLER.into()]).await?;
        let purpose = format!("model {id:?}");
        let many = || Error::Task { reason: "the model has too many components".into() };
        let card = published.card(LICENCE, ROYALTY, Access::Open).ok_or_else(many)?;
        let call = calls::create_model(header, card);
        send(chain, outboxes, keys::MODELLER, &purpose, &call).await?;
    }
    Ok(id)
}

/// Has the accounts of so many workers be able to pay.
pub(super) async fn fund_workers(chain: &Chain, outboxes: &Path, count: usize) -> Result<()> {
    let accounts = (0..count).flat_map(|n| [keys::worker_owner(n), keys::worker_operator(n)]);
    fund(chain, outboxes, &accounts.collect::<Vec<_>>()).await
}

/// The registrations of the owners of these workers, who can pay and are registered by now.
pub(super) async fn providers(
    chain: &Chain,
    outboxes: &Path,
    workers: Vec<Declared>,
) -> Result<Vec<ProviderId>> {
    let count = workers.len();
    // At once, since each waits for finality.
    let mut registering = JoinSet::new();
    for (index, worker) in workers.into_iter().enumerate() {
        registering.spawn(provider(chain.clone(), outboxes.to_owned(), index, worker));
    }
    let mut registered = Vec::with_capacity(count);
    while let Some(joined) = registering.join_next().await {
        // Nothing aborts these tasks, so that one that was not joined has panicked.
        registered.push(joined.map_err(|error| Error::Task { reason: error.to_string() })??);
    }
    registered.sort_unstable();
    Ok(registered.into_iter().map(|(_, provider)| provider).collect())
}

async fn provider(
    chain: Chain,
    outboxes: PathBuf,
    index: usize,
    declared: Declared,
) -> Result<(usize, ProviderId)> {
    let seed = keys::worker_owner(index);
    let owner = account(&seed)?;
    if let Some(known) = chain.market().await?.providers_of(&owner).await?.into_iter().max() {
        return Ok((index, known));
    }
    let operator = account(&keys::worker_operator(index))?;
    let guard = declared.setup.guard.then_some(Role::Guard);
    let bond = if guard.is_some() { GUARD_BOND } else { BOND };
    let roles = [Role::Compute].into_iter().chain(guard).collect();
    let call = calls::register(&operator, profile(index, &declared)?, roles, bond);
    send(&chain, &outboxes, &seed, "register", &call).await?;
    let known = chain.market().await?.providers_of(&owner).await?.into_iter().max();
    let missing = || Error::Task { reason: format!("//{seed} was registered and has no provider") };
    Ok((index, known.ok_or_else(missing)?))
}

fn profile(index: usize, declared: &Declared) -> Result<Profile> {
    // What tells one machine from another, as far as anybody knows.
    let own = blake2_256(format!("cairn-localnet {}", keys::worker_name(index)).as_bytes());
    let offers = JobKind::ALL.map(|kind| Offer { kind, price: PRICE }).to_vec();
    Ok(Profile {
        hardware: Hardware {
            class: DeviceClass::Cpu,
            memory_mib: MEMORY_MIB,
            compute: 0,
            slots: declared.setup.slots,
            binding: own,
        },
        region: Region(0x0101),
        offers: Offers(offers.try_into().map_err(|_| Error::Task {
            reason: "more kinds of jobs are offered than there are".into(),
        })?),
        payload_key: Some(declared.payload_key),
        node: declared.node,
        enclave: None,
    })
}

/// Pays those of these accounts who have too little, as on a chain that began without them.
pub(super) async fn fund(chain: &Chain, outboxes: &Path, seeds: &[String]) -> Result<()> {
    for seed in seeds {
        let balance = chain.balance(&account(seed)?).await?;
        let has = balance.free.saturating_add(balance.held);
        if has < PURSE {
            let purpose = format!("fund {seed}, who has {has}");
            let call = calls::transfer(&account(seed)?, PURSE.saturating_sub(has));
            send(chain, outboxes, RICH, &purpose, &call).await?;
        }
    }
    Ok(())
}

pub(super) fn account(seed: &str) -> Result<AccountId32> {
    Ok(Signer::dev(seed).map_err(cairn_sdk::Error::from)?.account())
}

/// Makes a call once, whatever became of the runs before, and waits until it is final.
pub(super) async fn send(
    chain: &Chain,
    outboxes: &Path,
    seed: &str,
    purpose: &str,
    call: &impl Payload,
) -> Result<Included> {
    let outbox = outbox(chain, outboxes, seed)?;
    let sent = finish(&outbox, purpose, call).await;
    outbox.close().await;
    Ok(sent?)
}

async fn finish(
    outbox: &Outbox,
    purpose: &str,
    call: &impl Payload,
) -> cairn_sdk::Result<Included> {
    outbox.submit(purpose, call).await?.succeeded().await
}

/// What an account sends, as long as nobody else has it open.
pub(super) fn outbox(chain: &Chain, outboxes: &Path, seed: &str) -> Result<Outbox> {
    let signer = Signer::dev(seed).map_err(cairn_sdk::Error::from)?;
    let path = outboxes.join(format!("{}.redb", seed.replace('/', "-").to_lowercase()));
    Ok(Outbox::open(&path, signer, chain.clone())?)
}
