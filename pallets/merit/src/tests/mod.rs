mod extremes;
mod flush;
mod invariants;
mod link_provider;
pub(crate) mod mock;
mod self_dealing;
mod try_state;
mod unlink_provider;
