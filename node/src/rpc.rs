//! The RPC methods that Substrate's service does not bring itself.
//!
//! `chainHead`, `transaction`, `transactionWatch`, `chainSpec`, `archive` and the older `chain`,
//! `state`, `author` and `system` methods come with the service, and must not be added twice.

mod market;

use std::{error::Error, sync::Arc};

use cairn_runtime::{
    market::MarketApi, opaque::Block, AccountId, Balance, BlockNumber, Hash, Nonce,
};
use jsonrpsee::RpcModule;
use pallet_transaction_payment_rpc::{
    TransactionPayment, TransactionPaymentApiServer, TransactionPaymentRuntimeApi,
};
use sc_consensus_babe::BabeWorkerHandle;
use sc_consensus_babe_rpc::{Babe, BabeApiServer};
use sc_consensus_grandpa::{
    FinalityProofProvider, GrandpaJustificationStream, SharedAuthoritySet, SharedVoterState,
};
use sc_consensus_grandpa_rpc::{Grandpa, GrandpaApiServer};
use sc_rpc::SubscriptionTaskExecutor;
use sc_service::ChainSpec;
use sc_sync_state_rpc::{SyncState, SyncStateApiServer};
use sc_transaction_pool_api::TransactionPool;
use sp_api::ProvideRuntimeApi;
use sp_block_builder::BlockBuilder;
use sp_blockchain::HeaderBackend;
use substrate_frame_rpc_system::{AccountNonceApi, System, SystemApiServer};

use self::market::{MarketRpc, MarketServer};
use crate::service::{Chain, ConsensusParts, FullBackend};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// What the methods answer from. The service asks for the module twice: for its server, and for
/// queries within the process.
pub struct Sources {
    chain: Chain,
    chain_spec: Box<dyn ChainSpec>,
    babe_worker: BabeWorkerHandle<Block>,
    authority_set: SharedAuthoritySet<Hash, BlockNumber>,
    justifications: GrandpaJustificationStream<Block>,
    finality_proofs: Arc<FinalityProofProvider<FullBackend, Block>>,
    voter_state: SharedVoterState,
}

impl Sources {
    pub fn new(
        chain: Chain,
        chain_spec: Box<dyn ChainSpec>,
        consensus: &ConsensusParts,
        voter_state: SharedVoterState,
    ) -> Self {
        let authority_set = consensus.grandpa_link.shared_authority_set().clone();
        Self {
            chain_spec,
            babe_worker: consensus.babe_worker.clone(),
            justifications: consensus.grandpa_link.justification_stream(),
            finality_proofs: FinalityProofProvider::new_for_service(
                chain.backend.clone(),
                Some(authority_set.clone()),
            ),
            authority_set,
            voter_state,
            chain,
        }
    }

    pub fn module(&self, executor: SubscriptionTaskExecutor) -> Outcome<RpcModule<()>> {
        let Chain { client, pool, select_chain, keystore, .. } = self.chain.clone();
        let mut module = RpcModule::new(());
        merge_account_queries(&mut module, client.clone(), pool)?;
        // Refuses itself where unsafe methods are not served: it tells who will author when.
        let babe = Babe::new(client.clone(), self.babe_worker.clone(), keystore, select_chain);
        module.merge(babe.into_rpc())?;
        let grandpa = Grandpa::new(
            executor,
            self.authority_set.clone(),
            self.voter_state.clone(),
            self.justifications.clone(),
            self.finality_proofs.clone(),
        );
        module.merge(grandpa.into_rpc())?;
        let sync_state = SyncState::new(
            self.chain_spec.cloned_box(),
            client,
            self.authority_set.clone(),
            self.babe_worker.clone(),
        )?;
        module.merge(sync_state.into_rpc())?;
        Ok(module)
    }
}

/// Next nonces, dry runs and fees, and the market. Generic, so that the bounds name the runtime's types.
fn merge_account_queries<Client, Pool>(
    module: &mut RpcModule<()>,
    client: Arc<Client>,
    pool: Arc<Pool>,
) -> Outcome<()>
where
    Client: ProvideRuntimeApi<Block> + HeaderBackend<Block> + Send + Sync + 'static,
    Client::Api: AccountNonceApi<Block, AccountId, Nonce>,
    Client::Api: TransactionPaymentRuntimeApi<Block, Balance>,
    Client::Api: BlockBuilder<Block>,
    Client::Api: MarketApi<Block>,
    Pool: TransactionPool + 'static,
{
    module.merge(System::new(client.clone(), pool).into_rpc())?;
    module.merge(TransactionPayment::new(client.clone()).into_rpc())?;
    module.merge(MarketRpc(client).into_rpc())?;
    Ok(())
}
