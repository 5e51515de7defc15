//! The chain, as soon as it is known that it is the right one.

use std::{sync::Arc, time::Duration};

use subxt::{
    backend::LegacyBackend,
    metadata::{PalletMetadata, RuntimeApiMetadata},
    rpcs::RpcClient,
    tx::Payload,
    Metadata, OnlineClient,
};

use crate::{
    chain,
    config::{AccountId32, At, CairnConfig, Rpc, H256},
    endpoints::Endpoints,
    Finalized, Market, Result,
};

/// What [`crate::chain`] was made from.
pub(crate) static METADATA: &[u8] = include_bytes!("../metadata.scale");

/// Pallets of others that only some programs use and that grow with the runtime: each call to them
/// is checked when it is made, and nobody who makes none is turned away.
const CHECKED_BY_CALL: [&str; 3] = ["ConvictionVoting", "Preimage", "Referenda"];

/// Holds the events of all pallets, and so changes with each of them.
const EVENTS: (&str, &str) = ("System", "Events");

/// How a chain is connected to.
#[derive(Clone, Debug)]
pub struct Options {
    /// The hash of the chain's first block; none takes that of the first endpoint that answers.
    pub genesis: Option<H256>,
    /// How long all endpoints may be gone before a question fails.
    pub patience: Duration,
    /// Whether a machine elsewhere may be spoken to without encryption.
    pub insecure: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { genesis: None, patience: Duration::from_secs(30), insecure: false }
    }
}

/// What an account has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Balance {
    /// It can be spent or bonded.
    pub free: u128,
    /// Bonds, escrows and deposits.
    pub held: u128,
}

/// A chain. Copies share one connection.
#[derive(Clone)]
pub struct Chain {
    client: OnlineClient<CairnConfig>,
    rpc: RpcClient,
    endpoints: Endpoints,
}

impl Chain {
    /// Connects to the first of the endpoints that can be used, and checks that this program was
    /// made for what runs there.
    pub async fn connect(urls: &[impl AsRef<str>], options: &Options) -> Result<Self> {
        let endpoints = Endpoints::new(urls, options)?;
        endpoints.open().await?;
        let rpc = RpcClient::new(endpoints.clone());
        let backend = LegacyBackend::<CairnConfig>::builder().build(rpc.clone());
        let config = CairnConfig::new();
        let client = OnlineClient::from_backend_with_config(config, Arc::new(backend)).await?;
        let chain = Self { client, rpc, endpoints };

        let ours = Metadata::decode_from(METADATA).map_err(subxt::Error::from)?;
        let differs = differing(&ours, chain.at_finalized().await?.metadata_ref());
        if differs.is_empty() {
            Ok(chain)
        } else {
            Err(crate::Error::OtherRuntime { differs })
        }
    }

    /// The hash of the chain's first block, which is part of all that is signed.
    pub fn genesis(&self) -> H256 {
        self.client.genesis_hash()
    }

    /// The chain as it was after the last block that is final now.
    pub async fn at_finalized(&self) -> Result<At> {
        Ok(self.client.at_current_block().await?)
    }

    /// The chain as it was after this block. A node forgets what was 256 blocks ago, unless it is
    /// told to keep it.
    pub async fn at(&self, block: H256) -> Result<At> {
        Ok(self.client.at_block(block).await?)
    }

    /// The chain as it was after the final block of this height.
    pub async fn at_number(&self, number: u64) -> Result<At> {
        Ok(self.client.at_block(number).await?)
    }

    /// Finalized blocks from the next one on.
    pub async fn follow(&self) -> Result<Finalized> {
        Finalized::begin(self.clone()).await
    }

    /// The market as it was after the last block that is final now.
    pub async fn market(&self) -> Result<Market> {
        Ok(Market::new(self.at_finalized().await?))
    }

    /// What an account can spend or bond.
    pub async fn free_balance(&self, account: &AccountId32) -> Result<u128> {
        Ok(self.balance(account).await?.free)
    }

    /// What an account has.
    pub async fn balance(&self, account: &AccountId32) -> Result<Balance> {
        let at = self.at_finalized().await?;
        let address = chain::storage().system().account();
        let found = at.storage().fetch(address, (*account,)).await?.decode()?.data;
        Ok(Balance { free: found.free, held: found.reserved })
    }

    /// What a call's bytes are, as a proposal or a multisig wants them.
    pub async fn encode(&self, call: &impl Payload) -> Result<Vec<u8>> {
        Ok(self.at_finalized().await?.tx().call_data(call)?)
    }

    pub(crate) fn client(&self) -> &RpcClient {
        &self.rpc
    }

    pub(crate) fn rpc(&self) -> Rpc {
        Rpc::new(self.rpc.clone())
    }

    /// See [`Endpoints::generation`].
    pub(crate) fn generation(&self) -> u64 {
        self.endpoints.generation()
    }

    /// The height of the last block that is final for the node that is asked.
    pub(crate) async fn finalized_number(&self) -> Result<u64> {
        let rpc = self.rpc();
        let head = rpc.chain_get_finalized_head().await?;
        let header = rpc.chain_get_header(Some(head)).await?;
        Ok(header.map_or(0, |header| header.number))
    }
}

/// The pallets and runtime APIs of ours that the other runtime has not, or has otherwise. What it
/// has besides does no harm.
fn differing(ours: &Metadata, theirs: &Metadata) -> Vec<String> {
    let pallets = ours
        .pallets()
        .filter(|pallet| !CHECKED_BY_CALL.contains(&pallet.name()))
        .filter(|pallet| !has_pallet(ours, theirs, pallet))
        .map(|pallet| pallet.name().to_owned());
    let apis = ours
        .runtime_api_traits()
        .filter(|api| !has_api(theirs, api))
        .map(|api| api.name().to_owned());
    pallets.chain(apis).collect()
}

/// Whether all methods of a runtime API are there as we know them.
fn has_api(theirs: &Metadata, api: &RuntimeApiMetadata<'_>) -> bool {
    let Some(other) = theirs.runtime_api_trait_by_name(api.name()) else { return false };
    let mut methods = api.methods();
    methods.all(|method| {
        let found = other.method_by_name(method.name());
        found.is_some_and(|found| found.hash() == method.hash())
    })
}

/// Whether all calls, entries of the storage and events of a pallet are there as we know them.
fn has_pallet(ours: &Metadata, theirs: &Metadata, pallet: &PalletMetadata<'_>) -> bool {
    let Some(other) = theirs.pallet_by_name(pallet.name()) else { return false };
    let mut calls = pallet.call_variants().into_iter().flatten();
    let entries = pallet.storage().into_iter().flat_map(|storage| storage.entries());
    let mut entries = entries.filter(|entry| (pallet.name(), entry.name()) != EVENTS);
    let mut events = pallet.event_variants().into_iter().flatten();
    calls.all(|call| pallet.call_hash(&call.name) == other.call_hash(&call.name))
        && entries
            .all(|entry| pallet.storage_hash(entry.name()) == other.storage_hash(entry.name()))
        && events.all(|event| {
            let mut others = other.event_variants().into_iter().flatten();
            others.find(|one| one.name == event.name).is_some_and(|found| {
                event.fields.len() == found.fields.len()
                    && event.fields.iter().zip(&found.fields).all(|(field, one)| {
                        field.name == one.name
                            && ours.type_hash(field.ty.id) == theirs.type_hash(one.ty.id)
                    })
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use scale_info::TypeDef;

    fn metadata() -> Metadata {
        Metadata::decode_from(METADATA).unwrap()
    }

    /// Changes the type of this path.
    fn change(metadata: &mut Metadata, path: &str, change: impl Fn(&mut TypeDef<Portable>)) {
        let types = &mut metadata.types_mut().types;
        let found = types.iter_mut().find(|one| one.ty.path.segments.join("::") == path);
        change(&mut found.expect("the type is there").ty.type_def);
    }

    type Portable = scale_info::form::PortableForm;

    #[test]
    fn differing_should_name_nothing_when_the_runtime_is_the_same() {
        assert_eq!(differing(&metadata(), &metadata()), Vec::<String>::new());
    }

    #[test]
    fn differing_should_name_who_uses_it_when_a_type_is_another() {
        let mut theirs = metadata();
        change(&mut theirs, "cairn_protocol::job::Terms", |terms| {
            let TypeDef::Composite(terms) = terms else { panic!("it has fields") };
            terms.fields.pop();
        });
        let differs = differing(&metadata(), &theirs);
        assert!(differs.contains(&"Tasks".into()), "{differs:?}");
        assert!(differs.contains(&"MarketApi".into()), "{differs:?}");
        assert!(!differs.contains(&"Balances".into()), "{differs:?}");
    }

    #[test]
    fn differing_should_name_nothing_when_a_call_or_an_event_was_added() {
        for path in ["pallet_cairn_tasks::pallet::Call", "pallet_cairn_tasks::pallet::Event"] {
            let mut theirs = metadata();
            change(&mut theirs, path, |calls| {
                let TypeDef::Variant(calls) = calls else { panic!("it has variants") };
                let mut added = calls.variants[0].clone();
                added.name = "added".into();
                added.index = 200;
                calls.variants.push(added);
            });
            assert_eq!(differing(&metadata(), &theirs), Vec::<String>::new(), "{path}");
        }
    }
}
