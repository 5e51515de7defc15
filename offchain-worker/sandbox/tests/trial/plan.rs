//! What a test has a worker do, and what the worker says came of it.

use cairn_sandbox::{End, Limits, Profile};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

#[derive(Debug, Deserialize, Serialize)]
pub struct Plan {
    /// Control groups are used where there are any.
    pub groups: bool,
    pub profile: Profile,
    pub limits: Limits,
    pub read: Vec<PathBuf>,
    pub scratch: PathBuf,
    pub order: String,
}

#[derive(Debug, Deserialize, Serialize)]
pub struct Report {
    pub end: End,
    /// What became of an honest job that ran beside it.
    pub neighbour: End,
}
