//! What every pallet is configured to: one file a pallet or close family.

pub mod accounts;
pub mod assets;
pub mod balances;
pub mod consensus;
pub mod elections;
pub mod emergency;
pub mod fees;
pub mod governance;
pub mod learning;
pub mod learning_defaults;
pub mod market;
pub mod market_defaults;
pub mod migrations;
pub mod parameters;
pub mod staking;
pub mod system;
