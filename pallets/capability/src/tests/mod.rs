mod commit;
mod draw;
mod invariants;
mod judge;
pub(crate) mod mock;
mod reveal;
mod rounds;
mod try_state;
