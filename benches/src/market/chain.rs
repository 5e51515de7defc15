//! A chain without a network, on which a market is set up: blocks of the native runtime, one
//! validator, state in memory.

use cairn_localnet::keys;
use cairn_protocol::{id::ProviderId, job::Terms, reputation::Observation};
use cairn_runtime::{
    units::SLOT_MILLIS, AccountId, Babe, Balances, BlockNumber, Executive, Hash, Header, Providers,
    Reputation, Runtime, RuntimeCall, RuntimeGenesisConfig, RuntimeOrigin, Tasks,
    UncheckedExtrinsic,
};
use cairn_seams::Reputation as _;
use codec::Encode;
use frame_support::traits::fungible::Mutate;
use sp_consensus_babe::{
    digests::{PreDigest, SecondaryVRFPreDigest},
    make_vrf_sign_data, BABE_ENGINE_ID,
};
use sp_core::{
    crypto::VrfSecret,
    sr25519,
    storage::{well_known_keys, Storage},
};
use sp_io::TestExternalities;
use sp_runtime::{
    traits::{BlakeTwo256, Hash as _},
    BuildStorage, Digest, DigestItem, StateVersion,
};

use super::work::{self, FUNDS};
use crate::Error;

/// The first block's slot: any will do that is not zero.
const FIRST_SLOT: u64 = 1_000_000;
const VALIDATOR: &str = "Alice";
/// Providers registered between two writes of the changes into the state.
const CHUNK: u64 = 10_000;

pub struct Chain {
    state: TestExternalities,
    validator: sr25519::Pair,
    parent: Hash,
    number: BlockNumber,
    slot: u64,
}

/// An account that is nobody's.
pub fn account(name: &str, number: u64) -> AccountId {
    AccountId::new(BlakeTwo256::hash_of(&(name, number)).0)
}

/// The state a local network of one validator is born with, without its runtime.
pub fn genesis() -> Result<Storage, Error> {
    let failed = |error: serde_json::Error| Error::Setup(error.to_string());
    let mut config = serde_json::to_value(RuntimeGenesisConfig::default()).map_err(failed)?;
    let patch = cairn_runtime::genesis::local(&[VALIDATOR], Vec::new());
    sc_chain_spec::json_merge(&mut config, patch);
    let config: RuntimeGenesisConfig = serde_json::from_value(config).map_err(failed)?;
    config.build_storage().map_err(Error::Setup)
}

/// What begins a block: consensus and the time.
pub fn begin(header: &Header, slot: u64) {
    Executive::initialize_block(header);
    let applied = Executive::apply_extrinsic(timestamp(slot));
    assert!(matches!(applied, Ok(Ok(()))), "the time is set: {applied:?}");
}

/// The inherent that says when a block is.
pub fn timestamp(slot: u64) -> UncheckedExtrinsic {
    let now = pallet_timestamp::Call::set { now: slot * SLOT_MILLIS };
    UncheckedExtrinsic::new_bare(RuntimeCall::Timestamp(now))
}

impl Chain {
    pub fn new() -> Result<Self, Error> {
        let mut state = TestExternalities::new(genesis()?);
        let parent = state.execute_with(|| {
            let root = sp_io::storage::root(StateVersion::V1);
            let parent = header(0, Hash::zero(), Hash::from_slice(&root), Digest::default()).hash();
            frame_system::BlockHash::<Runtime>::insert(0, parent);
            parent
        });
        Ok(Self { state, validator: keys::signer(VALIDATOR)?, parent, number: 0, slot: FIRST_SLOT })
    }

    pub fn state<R>(&mut self, look: impl FnOnce() -> R) -> R {
        self.state.execute_with(look)
    }

    /// Registers so many providers, each of its own owner, there and with a record.
    pub fn register(&mut self, providers: u64) -> Result<(), Error> {
        let stranger = account("stranger", 0);
        for from in (0..providers).step_by(CHUNK as usize) {
            self.state.execute_with(|| {
                (from..providers.min(from + CHUNK)).try_for_each(|n| register(n, &stranger))
            })?;
            self.commit()?;
        }
        Ok(())
    }

    /// Begins a block, has this done in it, and ends it.
    pub fn block<R>(&mut self, inside: impl FnOnce() -> R) -> Result<R, Error> {
        let done = self.open(inside);
        self.parent = self.state.execute_with(|| Executive::finalize_block().hash());
        self.commit()?;
        Ok(done)
    }

    pub fn blocks(&mut self, count: u32) -> Result<(), Error> {
        (0..count).try_for_each(|_| self.block(|| ()))
    }

    /// Begins a block and has this done in it.
    pub fn open<R>(&mut self, inside: impl FnOnce() -> R) -> R {
        let header = self.next_header();
        self.number += 1;
        self.slot += 1;
        let slot = self.slot;
        self.state.execute_with(|| {
            begin(&header, slot);
            inside()
        })
    }

    /// The header of the next block as its author begins it.
    pub fn next_header(&mut self) -> Header {
        let slot = self.next_slot().into();
        let data = self
            .state
            .execute_with(|| make_vrf_sign_data(&Babe::randomness(), slot, Babe::epoch_index()));
        let digest = PreDigest::SecondaryVRF(SecondaryVRFPreDigest {
            authority_index: 0,
            slot,
            vrf_signature: self.validator.vrf_sign(&data),
        });
        let item = DigestItem::PreRuntime(BABE_ENGINE_ID, digest.encode());
        header(self.number + 1, self.parent, Hash::zero(), Digest { logs: vec![item] })
    }

    pub fn next_slot(&self) -> u64 {
        self.slot + 1
    }

    /// Everything in the state, with the runtime that nodes run.
    pub fn storage(&mut self) -> Result<Storage, Error> {
        let code = cairn_runtime::WASM_BINARY
            .ok_or_else(|| Error::Setup("this build has no WASM runtime".into()))?;
        let top = self.state.execute_with(|| entries(&[]).collect());
        let mut storage = Storage { top, ..Default::default() };
        storage.top.insert(well_known_keys::CODE.to_vec(), code.to_vec());
        Ok(storage)
    }

    fn commit(&mut self) -> Result<(), Error> {
        self.state.commit_all().map_err(Error::Setup)
    }
}

/// All entries whose keys begin so.
pub fn entries(prefix: &[u8]) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
    let prefix = prefix.to_vec();
    let first = sp_io::storage::exists(&prefix).then(|| prefix.clone());
    let first = first.or_else(|| sp_io::storage::next_key(&prefix));
    std::iter::successors(first, |key| sp_io::storage::next_key(key))
        .take_while(move |key| key.starts_with(&prefix))
        .map(|key| {
            let value = frame_support::storage::unhashed::get_raw(&key).unwrap_or_default();
            (key, value)
        })
}

/// Submits a task, as its transaction would.
pub fn submit(requester: &AccountId, terms: Terms) -> Result<(), Error> {
    Tasks::submit(RuntimeOrigin::signed(requester.clone()), Box::new(terms))
        .map_err(|error| Error::Setup(format!("the task was refused: {error:?}")))
}

/// Gives an account more than it will spend.
pub fn endow(who: &AccountId) -> Result<(), Error> {
    Balances::mint_into(who, FUNDS).map(|_| ()).map_err(refused)
}

fn register(number: u64, stranger: &AccountId) -> Result<(), Error> {
    let owner = account("provider", number);
    let provider = ProviderId(number);
    endow(&owner)?;
    let origin = || RuntimeOrigin::signed(owner.clone());
    let profile = Box::new(work::profile(number));
    Providers::register(origin(), owner.clone(), profile, work::roles(), work::BOND)
        .map_err(refused)?;
    Providers::heartbeat(origin(), provider).map_err(|failure| refused(failure.error))?;
    let well = Observation { accurate: Some(true), timely: Some(true), available: Some(true) };
    Reputation::observe_for(provider, work::KIND, well, stranger);
    Ok(())
}

/// What a call was refused with.
pub fn refused(error: sp_runtime::DispatchError) -> Error {
    Error::Setup(format!("{error:?}"))
}

fn header(number: BlockNumber, parent_hash: Hash, state_root: Hash, digest: Digest) -> Header {
    Header { parent_hash, number, state_root, extrinsics_root: Hash::zero(), digest }
}
