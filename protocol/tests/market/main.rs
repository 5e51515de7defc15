//! A market with Sybils, self-dealers and lazy auditors in it, by the rules that the chain calls.
//!
//! `docs/market-simulation.md` says what is modelled, and has the tables that this prints.

mod audit;
mod auditors;
mod books;
mod chance;
mod course;
mod dealers;
mod market;
mod rules;
mod scenario;
mod sybils;
mod table;
