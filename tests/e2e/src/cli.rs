//! The command line of the chain, as its users have it.

use std::time::Duration;

use serde_json::Value;

use crate::{once::run_program_in, Failure, Outcome, TestNet};

/// More than any command takes that works, on a machine that has more to do.
const WITHIN: Duration = Duration::from_secs(420);

/// What a command said, in JSON, and what it ended with.
pub struct Said {
    pub exit: Option<i32>,
    pub json: Value,
    pub outcome: Outcome,
}

impl Said {
    pub fn amount(&self, name: &str) -> u128 {
        let found = self.json[name].as_str().and_then(|text| text.parse().ok());
        found.unwrap_or_else(|| panic!("{name} should be an amount: {:#?}", self.outcome))
    }

    pub fn number(&self, name: &str) -> u64 {
        let found = self.json[name].as_u64();
        found.unwrap_or_else(|| panic!("{name} should be a number: {:#?}", self.outcome))
    }

    /// Fails unless it ended so.
    pub fn ended(self, exit: i32) -> Self {
        assert_eq!(self.exit, Some(exit), "{:#?}", self.outcome);
        self
    }
}

/// Runs a program of this repository that says one object of JSON.
pub fn said(program: &str, arguments: &[&str]) -> Result<Said, Failure> {
    said_in(&[], program, arguments)
}

/// The same with these variables in its environment besides.
pub fn said_in(
    environment: &[(String, String)],
    program: &str,
    arguments: &[&str],
) -> Result<Said, Failure> {
    let outcome = run_program_in(environment, program, arguments, WITHIN)?;
    let exit = outcome.status.and_then(|status| status.code());
    let json = serde_json::from_str(&outcome.stdout)
        .map_err(|error| Failure::new(format!("{program} said no JSON: {error}: {outcome:#?}")))?;
    Ok(Said { exit, json, outcome })
}

/// Whoever has the account of a development seed, and calls `cairn` in its name, with what it keeps
/// in a folder of its own.
pub struct User {
    own: Vec<String>,
    environment: Vec<(String, String)>,
}

impl User {
    pub fn new(net: &TestNet, seed: &str) -> Self {
        let data = net.scratch().join(format!("cli-{seed}")).display().to_string();
        let (url, key) = (net.nodes[0].rpc_url(), format!("//{seed}"));
        let own = ["--url", &url, "--key", &key, "--data", &data, "--json"];
        Self { own: own.map(str::to_owned).into(), environment: Vec::new() }
    }

    /// The same with these variables in the environment besides.
    pub fn within(mut self, environment: Vec<(String, String)>) -> Self {
        self.environment = environment;
        self
    }

    pub fn cairn(&self, arguments: &[&str]) -> Result<Said, Failure> {
        let own = self.own.iter().map(String::as_str);
        let arguments = arguments.iter().copied().chain(own).collect::<Vec<_>>();
        said_in(&self.environment, "cairn", &arguments)
    }
}

/// The same, once.
pub fn cairn(net: &TestNet, who: &str, arguments: &[&str]) -> Result<Said, Failure> {
    User::new(net, who).cairn(arguments)
}
