//! A validator's two duties: authoring blocks with BABE, and voting on them with GRANDPA.

use std::{sync::Arc, time::Duration};

use cairn_runtime::{opaque::Block, BlockNumber};
use sc_basic_authorship::ProposerFactory;
use sc_consensus_babe::{BabeLink, BabeParams, SlotProportion};
use sc_consensus_grandpa::{
    BeforeBestBlockBy, GrandpaParams, LinkHalf, SharedVoterState, VotingRule, VotingRulesBuilder,
};
use sc_consensus_slots::BackoffAuthoringOnFinalizedHeadLagging;
use sc_network::service::traits::NetworkService;
use sc_network_sync::SyncingService;
use sc_service::{error::Error as ServiceError, Configuration, Role, TaskManager};
use sc_telemetry::TelemetryHandle;
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use substrate_prometheus_endpoint::Registry;

use super::{
    links::Votes,
    parts::{
        Chain, FullBlockImport, FullClient, FullSelectChain, InherentProviders,
        JUSTIFICATION_PERIOD,
    },
};
use crate::cli::ConsensusOptions;

/// The part of a slot that a block may be filled for.
///
/// Measured with transfers: four fifths carry more than the usual two thirds, and leave the
/// last fifth for sealing the block and sending it to the next author.
const PROPOSAL_PORTION: f32 = 0.8;

/// The same for an author before whom slots stayed empty, who gets more time in case a block
/// needs it. Unbounded, as Substrate has it, an overloaded machine fills blocks for ten seconds,
/// all others wait for them, and the more slots that costs, the longer the next ones take.
const MOST_PORTION: f32 = 2.0;

/// What the duties need of the configuration, which the RPC server takes for itself.
pub struct Duties {
    pub role: Role,
    node_name: String,
    force_authoring: bool,
    registry: Option<Registry>,
    telemetry: Option<TelemetryHandle>,
    options: ConsensusOptions,
}

impl Duties {
    pub fn new(
        config: &Configuration,
        telemetry: Option<TelemetryHandle>,
        options: ConsensusOptions,
    ) -> Self {
        Self {
            role: config.role,
            node_name: config.network.node_name.clone(),
            force_authoring: config.force_authoring,
            registry: config.prometheus_registry().cloned(),
            telemetry,
            options,
        }
    }

    /// Authors a block in each slot that BABE gives to a key of the keystore.
    pub fn start_authoring(
        &self,
        task_manager: &TaskManager,
        chain: &Chain,
        sync: &Arc<SyncingService<Block>>,
        block_import: FullBlockImport,
        babe_link: BabeLink<Block>,
        inherents: InherentProviders,
    ) -> Result<(), ServiceError> {
        let proposer = ProposerFactory::new(
            task_manager.spawn_handle(),
            chain.client.clone(),
            chain.pool.clone(),
            self.registry.as_ref(),
            self.telemetry.clone(),
        );
        let authoring = sc_consensus_babe::start_babe(BabeParams {
            keystore: chain.keystore.clone(),
            client: chain.client.clone(),
            select_chain: chain.select_chain.clone(),
            env: proposer,
            block_import,
            sync_oracle: sync.clone(),
            justification_sync_link: sync.clone(),
            create_inherent_data_providers: inherents,
            force_authoring: self.force_authoring,
            // A chain that cannot finalize grows ever more slowly, so that the validators who
            // come back have less to catch up with.
            backoff_authoring_blocks: (!self.options.no_authoring_backoff)
                .then(BackoffAuthoringOnFinalizedHeadLagging::<BlockNumber>::default),
            babe_link,
            block_proposal_slot_portion: SlotProportion::new(PROPOSAL_PORTION),
            max_block_proposal_slot_portion: Some(SlotProportion::new(MOST_PORTION)),
            telemetry: self.telemetry.clone(),
        })?;
        task_manager.spawn_essential_handle().spawn_blocking(
            "babe-proposer",
            Some("block-authoring"),
            authoring,
        );
        Ok(())
    }

    /// Votes where the keystore holds an authority's key, and follows the votes elsewhere.
    ///
    /// Two votes of one validator in a round are reported to the runtime through the pool.
    pub fn start_voting(
        &self,
        task_manager: &TaskManager,
        chain: &Chain,
        (network, sync): (Arc<dyn NetworkService>, Arc<SyncingService<Block>>),
        Votes { protocol_name, notifications }: Votes,
        link: LinkHalf<Block, FullClient, FullSelectChain>,
        voter_state: SharedVoterState,
    ) -> Result<(), ServiceError> {
        let config = sc_consensus_grandpa::Config {
            gossip_duration: Duration::from_millis(self.options.grandpa_gossip_ms),
            justification_generation_period: JUSTIFICATION_PERIOD,
            observer_enabled: false,
            local_role: self.role,
            name: Some(self.node_name.clone()),
            keystore: self.role.is_authority().then(|| chain.keystore.clone()),
            telemetry: self.telemetry.clone(),
            protocol_name,
        };
        let voting = sc_consensus_grandpa::run_grandpa_voter(GrandpaParams {
            config,
            link,
            network,
            sync,
            notification_service: notifications,
            voting_rule: voting_rule(self.options.finality_lag),
            prometheus_registry: self.registry.clone(),
            shared_voter_state: voter_state,
            telemetry: self.telemetry.clone(),
            offchain_tx_pool_factory: OffchainTransactionPoolFactory::new(chain.pool.clone()),
        })?;
        task_manager.spawn_essential_handle().spawn_blocking("grandpa-voter", None, voting);
        Ok(())
    }
}

/// Without a lag no rule restricts the vote: a best block is as good a target as an older one,
/// since GRANDPA finalizes only what two thirds of the votes descend from.
fn voting_rule(lag: BlockNumber) -> impl VotingRule<Block, FullClient> + Clone {
    let rules = VotingRulesBuilder::<Block, FullClient>::new();
    let rules = if lag == 0 { rules } else { rules.add(BeforeBestBlockBy(lag)) };
    rules.build()
}
