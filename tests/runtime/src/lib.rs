//! A chain without a network: genesis from a preset, then real blocks through `Executive`, with
//! signed transactions, inherents and BABE digests, as a node would build them.

pub mod market;

use cairn_runtime::{
    genesis, AccountId, Address, Babe, Balance, BlockNumber, Executive, Hash, Header, Runtime,
    RuntimeCall, RuntimeEvent, RuntimeGenesisConfig, Signature, SignedPayload, System, TxExtension,
    UncheckedExtrinsic,
};
use codec::Encode;
use serde_json::Value;
use sp_consensus_babe::{
    digests::{PreDigest, SecondaryVRFPreDigest},
    make_vrf_sign_data,
};
use sp_core::{
    crypto::VrfSecret,
    sr25519::{self, vrf::VrfSignature},
    Pair,
};
use sp_runtime::{
    generic::Era, traits::IdentifyAccount, ApplyExtrinsicResult, BuildStorage, Digest, DigestItem,
    MultiSigner,
};

/// Milliseconds of a slot.
pub const SLOT_MILLIS: u64 = cairn_runtime::units::SLOT_MILLIS;
/// The first block's slot: any will do that is not zero.
const FIRST_SLOT: u64 = 1_000_000;
/// The seeds of the local network's validators.
const VALIDATORS: [&str; 4] = ["Alice", "Bob", "Charlie", "Dave"];

pub fn pair(seed: &str) -> sr25519::Pair {
    sr25519::Pair::from_string(&format!("//{seed}"), None).expect("a development seed")
}

pub fn account(seed: &str) -> AccountId {
    MultiSigner::from(pair(seed).public()).into_account()
}

/// A chain that tests drive block by block.
pub struct Chain {
    storage: sp_io::TestExternalities,
    parent: Hash,
    number: BlockNumber,
    slot: u64,
}

impl Chain {
    /// Four validators at the local network's pace.
    pub fn local() -> Self {
        Self::with(serde_json::json!({}))
    }

    /// The same with a patch over the genesis.
    pub fn with(patch: Value) -> Self {
        let mut config = serde_json::to_value(RuntimeGenesisConfig::default()).expect("json");
        sc_chain_spec::json_merge(&mut config, genesis::local_testnet());
        sc_chain_spec::json_merge(&mut config, patch);
        let config: RuntimeGenesisConfig = serde_json::from_value(config).expect("genesis");
        let storage = config.build_storage().expect("genesis builds");
        let mut storage = sp_io::TestExternalities::new(storage);
        let parent = storage.execute_with(|| {
            let root = sp_io::storage::root(sp_runtime::StateVersion::V1);
            Header {
                parent_hash: Hash::zero(),
                number: 0,
                state_root: Hash::from_slice(&root),
                extrinsics_root: Hash::zero(),
                digest: Digest::default(),
            }
            .hash()
        });
        storage.execute_with(|| {
            frame_system::BlockHash::<Runtime>::insert(0, parent);
        });
        Self { storage, parent, number: 0, slot: FIRST_SLOT }
    }

    pub fn number(&self) -> BlockNumber {
        self.number
    }

    pub fn slot(&self) -> u64 {
        self.slot
    }

    /// Looks at, or changes, the state between two blocks.
    pub fn state<R>(&mut self, look: impl FnOnce() -> R) -> R {
        self.storage.execute_with(look)
    }

    /// A signed transaction with the account's next nonce.
    pub fn signed(&mut self, seed: &str, call: impl Into<RuntimeCall>) -> UncheckedExtrinsic {
        self.signed_with_tip(seed, call, 0)
    }

    pub fn signed_with_tip(
        &mut self,
        seed: &str,
        call: impl Into<RuntimeCall>,
        tip: Balance,
    ) -> UncheckedExtrinsic {
        let nonce = self.state(|| System::account_nonce(account(seed)));
        self.signed_at(seed, call, tip, nonce)
    }

    /// A signed transaction with a nonce of the caller's choice.
    pub fn signed_at(
        &mut self,
        seed: &str,
        call: impl Into<RuntimeCall>,
        tip: Balance,
        nonce: u32,
    ) -> UncheckedExtrinsic {
        let call = call.into();
        self.state(|| {
            let extension = extension(nonce, tip);
            let payload = SignedPayload::new(call.clone(), extension.clone()).expect("signable");
            let signature = payload.using_encoded(|bytes| Signature::from(pair(seed).sign(bytes)));
            UncheckedExtrinsic::new_signed(call, Address::Id(account(seed)), signature, extension)
        })
    }

    /// Makes one block in the next slot.
    pub fn block(&mut self, extrinsics: Vec<UncheckedExtrinsic>) -> Vec<ApplyExtrinsicResult> {
        self.block_in(self.slot + 1, extrinsics)
    }

    /// Makes one block in a slot of the caller's choice, which may lie after a long sleep.
    pub fn block_in(
        &mut self,
        slot: u64,
        extrinsics: Vec<UncheckedExtrinsic>,
    ) -> Vec<ApplyExtrinsicResult> {
        assert!(slot > self.slot, "slots only grow");
        self.slot = slot;
        self.number += 1;
        let header = self.fresh_header();
        let (results, hash) = self.storage.execute_with(|| {
            Executive::initialize_block(&header);
            let now = pallet_timestamp::Call::set { now: slot * SLOT_MILLIS };
            let inherent = UncheckedExtrinsic::new_bare(RuntimeCall::Timestamp(now));
            Executive::apply_extrinsic(inherent).expect("valid").expect("timestamp set");
            let results = extrinsics.into_iter().map(Executive::apply_extrinsic).collect();
            (results, Executive::finalize_block().hash())
        });
        self.parent = hash;
        results
    }

    /// Whose turn it is; a disabled validator is passed over, as it would be by its own node.
    fn author(&mut self) -> u32 {
        let disabled = self.state(cairn_runtime::Session::disabled_validators);
        (0..4)
            .map(|turn| ((self.slot + turn) % 4) as u32)
            .find(|index| !disabled.contains(index))
            .expect("an enabled validator")
    }

    /// What only this author could put into its block: a VRF over the slot.
    fn vrf(&mut self, authority_index: u32) -> VrfSignature {
        let slot = self.slot.into();
        let (authority, data) = self.state(|| {
            let authorities = Babe::authorities();
            let (authority, _) = authorities[authority_index as usize].clone();
            (authority, make_vrf_sign_data(&Babe::randomness(), slot, Babe::epoch_index()))
        });
        VALIDATORS
            .into_iter()
            .map(pair)
            .find(|pair| pair.public() == authority.clone().into_inner())
            .expect("a validator of the local network")
            .vrf_sign(&data)
    }

    fn fresh_header(&mut self) -> Header {
        let authority_index = self.author();
        let digest = PreDigest::SecondaryVRF(SecondaryVRFPreDigest {
            authority_index,
            slot: self.slot.into(),
            vrf_signature: self.vrf(authority_index),
        });
        let item = DigestItem::PreRuntime(sp_consensus_babe::BABE_ENGINE_ID, digest.encode());
        Header {
            parent_hash: self.parent,
            number: self.number,
            state_root: Default::default(),
            extrinsics_root: Default::default(),
            digest: Digest { logs: vec![item] },
        }
    }

    /// Makes `count` empty blocks.
    pub fn blocks(&mut self, count: u32) {
        for _ in 0..count {
            self.block(vec![]);
        }
    }

    /// One block with one transaction of `seed`, which must be valid; what its call returned.
    pub fn submit(
        &mut self,
        seed: &str,
        call: impl Into<RuntimeCall>,
    ) -> Result<(), sp_runtime::DispatchError> {
        let extrinsic = self.signed(seed, call);
        self.block(vec![extrinsic]).remove(0).expect("a valid transaction")
    }

    pub fn events(&mut self) -> Vec<RuntimeEvent> {
        self.state(|| System::events().into_iter().map(|record| record.event).collect())
    }

    pub fn free(&mut self, seed: &str) -> Balance {
        self.state(|| cairn_runtime::Balances::free_balance(account(seed)))
    }

    pub fn issuance(&mut self) -> Balance {
        self.state(cairn_runtime::Balances::total_issuance)
    }
}

fn extension(nonce: u32, tip: Balance) -> TxExtension {
    (
        frame_system::CheckNonZeroSender::new(),
        frame_system::CheckSpecVersion::new(),
        frame_system::CheckTxVersion::new(),
        frame_system::CheckGenesis::new(),
        frame_system::CheckMortality::from(Era::Immortal),
        frame_system::CheckNonce::from(nonce),
        frame_system::CheckWeight::new(),
        pallet_transaction_payment::ChargeTransactionPayment::from(tip),
        frame_metadata_hash_extension::CheckMetadataHash::new(false),
        frame_system::WeightReclaim::new(),
    )
}

/// A transfer of CRN.
pub fn transfer(to: &str, value: Balance) -> RuntimeCall {
    RuntimeCall::Balances(pallet_balances::Call::transfer_keep_alive {
        dest: Address::Id(account(to)),
        value,
    })
}
