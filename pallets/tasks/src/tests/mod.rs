mod audit;
#[cfg(feature = "runtime-benchmarks")]
pub(crate) mod benchmarks;
mod commit;
mod complaint;
mod draw;
mod invariants;
pub(crate) mod mock;
mod model;
mod quote;
mod reveal;
mod seal;
mod settle;
mod submit;
