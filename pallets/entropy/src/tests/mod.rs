pub(crate) mod mock;

mod commit;
mod invariants;
mod reveal;
mod rounds;
mod try_state;
mod windows;
