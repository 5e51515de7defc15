//! What the node, and through it every client, may ask the runtime.

use crate::{
    batch, configs::consensus::BABE_GENESIS_EPOCH, learning, market, AccountId, Audits,
    AuthorityDiscovery, Babe, Balance, Block, Curation, Custody, Executive, Experts, Grandpa,
    Historical, InherentDataExt, Learning, Nonce, Panels, Providers, Rewards, Runtime, RuntimeCall,
    RuntimeGenesisConfig, SessionKeys, Staking, System, Tasks, TransactionPayment, VERSION,
};
use alloc::vec::Vec;
use cairn_protocol::{
    audit::record::AuditView,
    dag::Component,
    id::{BlockId, DeltaId, File, Height, PanelId, ProviderId, TaskId},
    job::Terms,
    learning::{
        brief::Brief,
        committee::{Duty, PanelView},
        curation::{CuratorView, SetView, TrialView},
        delta::{DeltaView, Preview},
        source::DataSet,
    },
    view::{ModelView, Quote, Step, TaskView},
};
use cairn_seams::Lineage;
use frame_support::{
    genesis_builder_helper::{build_state, get_preset},
    traits::{Get, KeyOwnerProofSystem},
    weights::Weight,
};
use pallet_grandpa::{fg_primitives, AuthorityId as GrandpaId};
use sp_api::impl_runtime_apis;
use sp_authority_discovery::AuthorityId as DiscoveryId;
use sp_consensus_babe::AuthorityId as BabeId;
use sp_core::{crypto::KeyTypeId, OpaqueMetadata};
use sp_runtime::{
    traits::{Block as BlockT, NumberFor},
    transaction_validity::{TransactionSource, TransactionValidity},
    ApplyExtrinsicResult, ExtrinsicInclusionMode, OpaqueExtrinsic,
};
use sp_session::OpaqueGeneratedSessionKeys;
use sp_version::RuntimeVersion;

impl_runtime_apis! {
    impl sp_api::Core<Block> for Runtime {
        fn version() -> RuntimeVersion {
            VERSION
        }

        fn execute_block(block: <Block as BlockT>::LazyBlock) {
            Executive::execute_block(block);
        }

        fn initialize_block(header: &<Block as BlockT>::Header) -> ExtrinsicInclusionMode {
            Executive::initialize_block(header)
        }
    }

    impl sp_api::Metadata<Block> for Runtime {
        fn metadata() -> OpaqueMetadata {
            OpaqueMetadata::new(Runtime::metadata().into())
        }

        fn metadata_at_version(version: u32) -> Option<OpaqueMetadata> {
            Runtime::metadata_at_version(version)
        }

        fn metadata_versions() -> Vec<u32> {
            Runtime::metadata_versions()
        }
    }

    impl frame_support::view_functions::runtime_api::RuntimeViewFunction<Block> for Runtime {
        fn execute_view_function(
            id: frame_support::view_functions::ViewFunctionId,
            input: Vec<u8>,
        ) -> Result<Vec<u8>, frame_support::view_functions::ViewFunctionDispatchError> {
            Runtime::execute_view_function(id, input)
        }
    }

    impl sp_block_builder::BlockBuilder<Block> for Runtime {
        fn apply_extrinsic(extrinsic: <Block as BlockT>::Extrinsic) -> ApplyExtrinsicResult {
            Executive::apply_extrinsic(extrinsic)
        }

        fn finalize_block() -> <Block as BlockT>::Header {
            Executive::finalize_block()
        }

        fn inherent_extrinsics(
            data: sp_inherents::InherentData,
        ) -> Vec<<Block as BlockT>::Extrinsic> {
            data.create_extrinsics()
        }

        fn check_inherents(
            block: <Block as BlockT>::LazyBlock,
            data: sp_inherents::InherentData,
        ) -> sp_inherents::CheckInherentsResult {
            data.check_extrinsics(&block)
        }
    }

    impl sp_transaction_pool::runtime_api::TaggedTransactionQueue<Block> for Runtime {
        fn validate_transaction(
            source: TransactionSource,
            transaction: <Block as BlockT>::Extrinsic,
            block_hash: <Block as BlockT>::Hash,
        ) -> TransactionValidity {
            Executive::validate_transaction(source, transaction, block_hash)
        }
    }

    impl market::MarketApi<Block> for Runtime {
        fn quote(requester: AccountId, terms: Terms) -> Result<Quote, market::Refusal> {
            market::quote(&requester, &terms)
        }

        fn task(task: TaskId) -> Option<TaskView<AccountId>> {
            Tasks::view(task)
        }

        fn audit(task: TaskId) -> Option<AuditView> {
            Audits::audit_of(task)
        }

        fn tasks_of(requester: AccountId, after: Option<TaskId>) -> Vec<TaskId> {
            Tasks::tasks_of(&requester, after)
        }

        fn provider(provider: ProviderId) -> Option<market::ProviderView> {
            market::provider(provider)
        }

        fn providers_of(owner: AccountId) -> Vec<ProviderId> {
            Providers::providers_of(&owner)
        }

        fn check(who: AccountId, call: Vec<u8>) -> Result<(), market::Refusal> {
            market::check(who, &call)
        }
    }

    impl learning::LearningApi<Block> for Runtime {
        fn model(model: BlockId) -> Option<ModelView<AccountId>> {
            Experts::model_view(&model, Learning::floor_of(&model))
        }

        fn lineage(from: BlockId) -> Vec<Step<AccountId>> {
            Experts::lineage(&from)
        }

        fn servers(model: BlockId, component: Component) -> Vec<ProviderId> {
            Experts::servers(&model, &component)
        }

        fn data(block: BlockId) -> Option<DataSet<AccountId>> {
            <Experts as Lineage<AccountId>>::data(&block)
        }

        fn preview(model: BlockId, component: Component) -> Option<Preview> {
            Learning::preview(model, component)
        }

        fn delta(delta: DeltaId) -> Option<DeltaView<AccountId>> {
            Learning::delta_view(delta)
        }

        fn deltas_of(author: AccountId, after: Option<DeltaId>) -> Vec<DeltaId> {
            Learning::deltas_of(&author, after)
        }

        fn queue_of(model: BlockId, component: Component) -> Vec<DeltaId> {
            Learning::queue_of(model, component)
        }

        fn panel(panel: PanelId) -> Option<PanelView> {
            Panels::panel_view(panel)
        }

        fn brief(panel: PanelId) -> Option<Brief> {
            Panels::brief_of(panel)
        }

        fn panels_of(guard: ProviderId) -> Vec<(PanelId, Duty, Height)> {
            Panels::panels_of(guard)
        }

        fn wanted() -> Vec<(DeltaId, File, Option<Height>)> {
            Custody::wanted()
        }

        fn keepings_of(provider: ProviderId) -> Vec<learning::Keeping> {
            Custody::keepings_of(provider)
        }

        fn period() -> Option<learning::PeriodView> {
            Rewards::period_view()
        }

        fn support_of(model: BlockId) -> learning::SupportView {
            Rewards::support_of(&model)
        }

        fn grants_of(provider: ProviderId) -> Vec<(u32, Balance)> {
            Rewards::grants_of(provider)
        }

        fn trial(model: BlockId, period: u32) -> Option<TrialView> {
            Curation::trial_view(model, period)
        }

        fn sets_of(model: BlockId, period: u32) -> Vec<SetView<AccountId>> {
            Curation::sets_of(model, period)
        }

        fn curator(account: AccountId) -> Option<CuratorView> {
            Curation::curator_view(&account)
        }
    }

    impl batch::BatchValidation<Block> for Runtime {
        fn validate_transactions(
            source: TransactionSource,
            transactions: Vec<OpaqueExtrinsic>,
            at: <Block as BlockT>::Hash,
        ) -> Vec<TransactionValidity> {
            let one = |transaction| batch::validate(source, transaction, at);
            transactions.into_iter().map(one).collect()
        }
    }

    impl sp_offchain::OffchainWorkerApi<Block> for Runtime {
        fn offchain_worker(header: &<Block as BlockT>::Header) {
            Executive::offchain_worker(header)
        }
    }

    impl sp_session::SessionKeys<Block> for Runtime {
        fn generate_session_keys(
            owner: Vec<u8>,
            seed: Option<Vec<u8>>,
        ) -> OpaqueGeneratedSessionKeys {
            SessionKeys::generate(&owner, seed).into()
        }

        fn decode_session_keys(encoded: Vec<u8>) -> Option<Vec<(Vec<u8>, KeyTypeId)>> {
            SessionKeys::decode_into_raw_public_keys(&encoded)
        }
    }

    impl sp_consensus_babe::BabeApi<Block> for Runtime {
        fn configuration() -> sp_consensus_babe::BabeConfiguration {
            let epoch = Babe::epoch_config().unwrap_or(BABE_GENESIS_EPOCH);
            sp_consensus_babe::BabeConfiguration {
                slot_duration: Babe::slot_duration(),
                epoch_length: <Runtime as pallet_babe::Config>::EpochDuration::get(),
                c: epoch.c,
                authorities: Babe::authorities().to_vec(),
                randomness: Babe::randomness(),
                allowed_slots: epoch.allowed_slots,
            }
        }

        fn current_epoch_start() -> sp_consensus_babe::Slot {
            Babe::current_epoch_start()
        }

        fn current_epoch() -> sp_consensus_babe::Epoch {
            Babe::current_epoch()
        }

        fn next_epoch() -> sp_consensus_babe::Epoch {
            Babe::next_epoch()
        }

        fn generate_key_ownership_proof(
            _slot: sp_consensus_babe::Slot,
            authority_id: BabeId,
        ) -> Option<sp_consensus_babe::OpaqueKeyOwnershipProof> {
            use codec::Encode;
            Historical::prove((sp_consensus_babe::KEY_TYPE, authority_id))
                .map(|proof| proof.encode())
                .map(sp_consensus_babe::OpaqueKeyOwnershipProof::new)
        }

        fn submit_report_equivocation_unsigned_extrinsic(
            equivocation_proof: sp_consensus_babe::EquivocationProof<<Block as BlockT>::Header>,
            key_owner_proof: sp_consensus_babe::OpaqueKeyOwnershipProof,
        ) -> Option<()> {
            let key_owner_proof = key_owner_proof.decode()?;
            Babe::submit_unsigned_equivocation_report(equivocation_proof, key_owner_proof)
        }
    }

    impl fg_primitives::GrandpaApi<Block> for Runtime {
        fn grandpa_authorities() -> fg_primitives::AuthorityList {
            Grandpa::grandpa_authorities()
        }

        fn current_set_id() -> fg_primitives::SetId {
            pallet_grandpa::CurrentSetId::<Runtime>::get()
        }

        fn generate_key_ownership_proof(
            _set_id: fg_primitives::SetId,
            authority_id: GrandpaId,
        ) -> Option<fg_primitives::OpaqueKeyOwnershipProof> {
            use codec::Encode;
            Historical::prove((fg_primitives::KEY_TYPE, authority_id))
                .map(|proof| proof.encode())
                .map(fg_primitives::OpaqueKeyOwnershipProof::new)
        }

        fn submit_report_equivocation_unsigned_extrinsic(
            equivocation_proof: fg_primitives::EquivocationProof<
                <Block as BlockT>::Hash,
                NumberFor<Block>,
            >,
            key_owner_proof: fg_primitives::OpaqueKeyOwnershipProof,
        ) -> Option<()> {
            let key_owner_proof = key_owner_proof.decode()?;
            Grandpa::submit_unsigned_equivocation_report(equivocation_proof, key_owner_proof)
        }
    }

    impl sp_authority_discovery::AuthorityDiscoveryApi<Block> for Runtime {
        fn authorities() -> Vec<DiscoveryId> {
            AuthorityDiscovery::authorities()
        }
    }

    impl pallet_staking_runtime_api::StakingApi<Block, Balance, AccountId> for Runtime {
        fn nominations_quota(balance: Balance) -> u32 {
            Staking::api_nominations_quota(balance)
        }

        fn eras_stakers_page_count(
            era: sp_staking::EraIndex,
            account: AccountId,
        ) -> sp_staking::Page {
            Staking::api_eras_stakers_page_count(era, account)
        }

        fn pending_rewards(era: sp_staking::EraIndex, account: AccountId) -> bool {
            Staking::api_pending_rewards(era, account)
        }
    }

    impl frame_system_rpc_runtime_api::AccountNonceApi<Block, AccountId, Nonce> for Runtime {
        fn account_nonce(account: AccountId) -> Nonce {
            System::account_nonce(account)
        }
    }

    impl pallet_transaction_payment_rpc_runtime_api::TransactionPaymentApi<Block, Balance>
        for Runtime
    {
        fn query_info(
            extrinsic: <Block as BlockT>::Extrinsic,
            length: u32,
        ) -> pallet_transaction_payment_rpc_runtime_api::RuntimeDispatchInfo<Balance> {
            TransactionPayment::query_info(extrinsic, length)
        }

        fn query_fee_details(
            extrinsic: <Block as BlockT>::Extrinsic,
            length: u32,
        ) -> pallet_transaction_payment::FeeDetails<Balance> {
            TransactionPayment::query_fee_details(extrinsic, length)
        }

        fn query_weight_to_fee(weight: Weight) -> Balance {
            TransactionPayment::weight_to_fee(weight)
        }

        fn query_length_to_fee(length: u32) -> Balance {
            TransactionPayment::length_to_fee(length)
        }
    }

    impl pallet_transaction_payment_rpc_runtime_api::TransactionPaymentCallApi<
        Block, Balance, RuntimeCall,
    > for Runtime {
        fn query_call_info(
            call: RuntimeCall,
            length: u32,
        ) -> pallet_transaction_payment::RuntimeDispatchInfo<Balance> {
            TransactionPayment::query_call_info(call, length)
        }

        fn query_call_fee_details(
            call: RuntimeCall,
            length: u32,
        ) -> pallet_transaction_payment::FeeDetails<Balance> {
            TransactionPayment::query_call_fee_details(call, length)
        }

        fn query_weight_to_fee(weight: Weight) -> Balance {
            TransactionPayment::weight_to_fee(weight)
        }

        fn query_length_to_fee(length: u32) -> Balance {
            TransactionPayment::length_to_fee(length)
        }
    }

    impl sp_genesis_builder::GenesisBuilder<Block> for Runtime {
        fn build_state(config: Vec<u8>) -> sp_genesis_builder::Result {
            build_state::<RuntimeGenesisConfig>(config)
        }

        fn get_preset(id: &Option<sp_genesis_builder::PresetId>) -> Option<Vec<u8>> {
            get_preset::<RuntimeGenesisConfig>(id, crate::genesis::preset)
        }

        fn preset_names() -> Vec<sp_genesis_builder::PresetId> {
            crate::genesis::preset_names()
        }
    }

    #[cfg(feature = "try-runtime")]
    impl frame_try_runtime::TryRuntime<Block> for Runtime {
        fn on_runtime_upgrade(checks: frame_try_runtime::UpgradeCheckSelect) -> (Weight, Weight) {
            // Run by a tool on a developer's machine: a failed check has to stop it.
            let weight = Executive::try_runtime_upgrade(checks).unwrap();
            (weight, crate::configs::system::RuntimeBlockWeights::get().max_block)
        }

        fn execute_block(
            block: <Block as BlockT>::LazyBlock,
            state_root_check: bool,
            signature_check: bool,
            select: frame_try_runtime::TryStateSelect,
        ) -> Weight {
            // As above: on a developer's machine, and a failed check has to stop the tool.
            Executive::try_execute_block(block, state_root_check, signature_check, select).unwrap()
        }
    }

    #[cfg(feature = "runtime-benchmarks")]
    impl frame_benchmarking::Benchmark<Block> for Runtime {
        fn benchmark_metadata(extra: bool) -> (
            Vec<frame_benchmarking::BenchmarkList>,
            Vec<frame_support::traits::StorageInfo>,
        ) {
            use crate::*;
            use frame_benchmarking::{baseline::Pallet as BaselineBench, BenchmarkList};
            use frame_support::traits::StorageInfoTrait;
            use frame_system_benchmarking::{
                extensions::Pallet as SystemExtensionsBench, Pallet as SystemBench,
            };

            let mut list = Vec::<BenchmarkList>::new();
            list_benchmarks!(list, extra);
            (list, AllPalletsWithSystem::storage_info())
        }

        fn dispatch_benchmark(
            config: frame_benchmarking::BenchmarkConfig,
        ) -> Result<Vec<frame_benchmarking::BenchmarkBatch>, alloc::string::String> {
            use crate::*;
            use frame_benchmarking::{baseline::Pallet as BaselineBench, BenchmarkBatch};
            use frame_support::traits::WhitelistedStorageKeys;
            use frame_system_benchmarking::{
                extensions::Pallet as SystemExtensionsBench, Pallet as SystemBench,
            };
            use sp_storage::TrackedStorageKey;

            let whitelist: Vec<TrackedStorageKey> =
                AllPalletsWithSystem::whitelisted_storage_keys();
            let mut batches = Vec::<BenchmarkBatch>::new();
            let params = (&config, &whitelist);
            add_benchmarks!(params, batches);
            Ok(batches)
        }
    }
}
