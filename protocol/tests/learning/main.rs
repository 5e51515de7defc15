//! Deltas that deserve nothing, and guards who collude, by the rules that the chain calls.
//!
//! `docs/learning-simulation.md` says what is modelled, and has the tables that this prints.

mod capture;
#[path = "../shared/chance.rs"]
mod chance;
mod committee;
mod held;
mod kinds;
mod language;
mod luck;
mod odds;
mod rare;
#[path = "../shared/rate.rs"]
mod rate;
mod rules;
mod slices;
#[path = "../shared/table.rs"]
mod table;
mod trial;
mod world;

/// The page that has to say what is found here.
const PAGE: &str = include_str!("../../../docs/learning-simulation.md");
