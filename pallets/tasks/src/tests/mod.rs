mod audit;
#[cfg(feature = "runtime-benchmarks")]
pub(crate) mod benchmarks;
mod commit;
mod complaint;
mod draw;
mod footprint;
mod invariants;
mod longest;
pub(crate) mod mock;
mod model;
mod queue;
mod quote;
mod reveal;
mod seal;
mod settle;
mod submit;
mod try_state;
mod wording;
