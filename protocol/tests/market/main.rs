//! A market with Sybils, self-dealers and lazy auditors in it, by the rules that the chain calls.
//!
//! `docs/market-simulation.md` says what is modelled, and has the tables that this prints.

mod audit;
mod auditors;
mod books;
#[path = "../shared/chance.rs"]
mod chance;
mod course;
mod dealers;
mod market;
mod purpose;
mod rules;
mod scenario;
mod sybils;
#[path = "../shared/table.rs"]
mod table;

/// The page that has to say what is found here.
const PAGE: &str = include_str!("../../../docs/market-simulation.md");
