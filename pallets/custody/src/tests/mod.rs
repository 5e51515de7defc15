mod ask;
mod attest;
mod challenge;
mod invariants;
pub(crate) mod mock;
mod poke;
mod show;
mod try_state;
mod views;
