mod card;
mod forget;
mod invariants;
pub mod mock;
mod observe;
mod observe_for;
