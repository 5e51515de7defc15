//! Models that are improved, stone upon stone, and what is paid for it.
//!
//! ```text
//! model ─── ModelCard, Head, Parts: what there is ────┐
//! source ── Source, DataSet: examples ── sample ──────┼─▶ brief ── Brief: what guards are to judge
//! panel ─── Case, choose: who judges ─────────────────┘      │
//!                                                            ▼
//! acceptance ◀── Evaluation: what a guard found ◀── sums: of which examples
//!     │                     ▲
//!     │                   panel ── tally: what most of them found
//!     ▼
//! reward ── gain, Curve: what it is worth ◀── sealed, curation: what of it holds on examples
//!                                             nobody knew
//! quality ─ how far a model has come
//! limits ── how much guards can be asked to judge
//! inference ── grant: what those get who serve models
//! ```
//!
//! What a guard judges is a function of the [`brief::Brief`] alone, and all numbers are whole, so
//! that every guard comes to the same. A loss is in millionths of a nat, a gain in millionths of
//! the logarithm of old over new.

pub mod acceptance;
pub mod brief;
pub mod committee;
pub mod curation;
pub mod delta;
pub mod evaluation;
pub mod inference;
pub mod limits;
mod logarithm;
pub mod model;
pub mod panel;
pub mod quality;
#[cfg(test)]
mod reference;
pub mod reward;
pub mod sample;
pub mod sealed;
pub mod source;
pub mod sums;
