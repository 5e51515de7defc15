//! The whole runtime, in one binary: each links all of it, which takes longer than its tests.

mod appeals;
mod audits;
mod batches;
mod challenges;
mod experts;
mod fees;
mod governance;
mod interface;
mod learning;
mod market;
mod merit;
mod offences;
mod simulation;
mod staking;
