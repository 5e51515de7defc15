mod create_model;
mod invariants;
pub(crate) mod mock;
mod models;
mod try_state;
