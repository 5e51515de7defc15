//! The chain, as soon as it is known that it is the right one.

use std::{
    collections::{btree_map::Entry, BTreeMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

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
    endpoints::{head_of, Endpoints},
    Finalized, Learning, Market, Result,
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
    /// What differs from what this program was made for, by the version of a runtime. None is met
    /// twice with one number on one chain.
    met: Arc<Mutex<BTreeMap<u32, Vec<String>>>>,
}

impl Chain {
    /// Connects to the first of the endpoints that can be used, and checks that this program was
    /// made for what runs there.
    pub async fn connect(urls: &[impl AsRef<str>], options: &Options) -> Result<Self> {
        Self::over(Endpoints::new(urls, options)?).await
    }

    pub(crate) async fn over(endpoints: Endpoints) -> Result<Self> {
        endpoints.open().await?;
        let rpc = RpcClient::new(endpoints.clone());
        let backend = LegacyBackend::<CairnConfig>::builder().build(rpc.clone());
        let config = CairnConfig::new();
        let client = OnlineClient::from_backend_with_config(config, Arc::new(backend)).await?;
        let chain = Self { client, rpc, endpoints, met: Arc::default() };
        chain.at_finalized().await?;
        Ok(chain)
    }

    /// Refuses what this program was not made for: the runtime may be another one since it was
    /// connected to, or a node behind have the one before.
    pub(crate) fn checked(&self, at: At) -> Result<At> {
        let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        let differs = match met.entry(at.spec_version()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => {
                let ours = Metadata::decode_from(METADATA).map_err(subxt::Error::from)?;
                unknown.insert(differing(&ours, at.metadata_ref()))
            }
        };
        if differs.is_empty() {
            Ok(at)
        } else {
            Err(crate::Error::OtherRuntime { differs: differs.clone() })
        }
    }

    /// The hash of the chain's first block, which is part of all that is signed.
    pub fn genesis(&self) -> H256 {
        self.client.genesis_hash()
    }

    /// The chain as it was after the last block that is final now. Fails where its runtime is not
    /// the one that this program was made for.
    pub async fn at_finalized(&self) -> Result<At> {
        self.checked(self.at_head().await?)
    }

    /// The same, for whoever asks of each call by itself whether the runtime knows it.
    pub(crate) async fn at_head(&self) -> Result<At> {
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

    /// The last block that the node has. Until it is final another one may take its place.
    pub async fn best(&self) -> Result<H256> {
        let best = self.rpc().chain_get_block_hash(None).await?;
        Ok(best.unwrap_or_else(|| self.genesis()))
    }

    /// Finalized blocks from the next one on.
    pub async fn follow(&self) -> Result<Finalized> {
        Finalized::begin(self.clone()).await
    }

    /// The market as it was after the last block that is final now.
    pub async fn market(&self) -> Result<Market> {
        Ok(Market::new(self.at_finalized().await?))
    }

    /// Models and their deltas as they were after the last block that is final now.
    pub async fn learning(&self) -> Result<Learning> {
        Ok(Learning::new(self.at_finalized().await?))
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
        Ok(head_of(&self.rpc).await?)
    }

    /// See [`Endpoints::overtake`].
    pub(crate) async fn overtake(&self, generation: u64, height: u64) {
        self.endpoints.overtake(generation, height).await;
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
    use crate::{
        stub::{hash, World},
        Error,
    };
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

    /// Whether it is refused for the pallet that the other runtime has otherwise.
    fn is_refused<T>(result: crate::Result<T>) -> bool {
        let Err(Error::OtherRuntime { differs }) = result else { return false };
        let has = |pallet: &str| differs.iter().any(|one| one == pallet);
        has("Balances") && !has("Tasks")
    }

    #[tokio::test]
    async fn connect_should_refuse_when_the_runtime_is_another_one() {
        let world = World::new(&["a"]);
        assert!(world.connect().await.is_ok());
        world.node("a", |node| node.upgrade());
        assert!(is_refused(world.connect().await));
    }

    #[tokio::test]
    async fn best_should_be_another_block_when_the_node_has_one_more() {
        let world = World::new(&["a"]);
        let chain = world.connect().await.unwrap();
        let before = chain.best().await.unwrap();
        world.node("a", |node| node.head += 1);
        assert_eq!((before, chain.best().await.unwrap()), (hash(10), hash(11)));
    }

    #[tokio::test]
    async fn chain_should_refuse_when_the_runtime_has_become_another_one() {
        let world = World::new(&["a"]);
        let chain = world.connect().await.unwrap();
        world.node("a", |node| node.spec += 1);
        assert!(chain.at_finalized().await.is_ok());
        world.node("a", |node| node.upgrade());
        assert!(is_refused(chain.at_finalized().await));
        assert!(is_refused(chain.market().await));
        let block = crate::Block { number: 3, hash: hash(3), parent: hash(2) };
        assert!(is_refused(block.at(&chain).await));
    }

    #[tokio::test]
    async fn chain_should_refuse_when_another_endpoint_has_another_runtime() {
        let world = World::new(&["a", "b"]);
        world.node("b", |node| node.upgrade());
        let chain = world.connect().await.unwrap();
        world.state().nodes.remove("a");
        assert!(is_refused(chain.at_finalized().await));
    }
}
