//! How this chain differs from what the client library takes for granted, which is in no way:
//! accounts, headers and hashes are Substrate's, and the variants of our own signature have the
//! names and indices of the usual ones.

use subxt::{
    config::{substrate::SubstrateHeader, RpcConfigFor, SubstrateConfig},
    rpcs::LegacyRpcMethods,
    OnlineClientAtBlock,
};

pub use subxt::utils::{AccountId32, H256};

pub type CairnConfig = SubstrateConfig;

/// The chain as it was after one block.
pub type At = OnlineClientAtBlock<CairnConfig>;

pub type Header = SubstrateHeader<H256>;

/// Plain questions to a node.
pub(crate) type Rpc = LegacyRpcMethods<RpcConfigFor<CairnConfig>>;

/// The number that addresses of this chain begin with.
pub const SS58_PREFIX: u16 = 2883;
