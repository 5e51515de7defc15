//! Looks at everything that a worker needs before it takes work, since whoever cannot do what it
//! was drawn for is penalised for it.

mod chain;
mod files;
mod local;

use crate::{
    config::{Config, ConfigError},
    detect::{self, Machine},
    node::list,
};
use cairn_sandbox::{Groups, Means};
use serde::Serialize;
use std::{fmt::Write, net::SocketAddr};
use tokio::task::spawn_blocking;

/// What was found.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    pub machine: Machine,
    /// Multiply-accumulates a second of the kernel, in all threads that jobs are given.
    pub throughput: Option<u64>,
    pub sandbox: Confinement,
    /// What other workers have to be told; none where there is no node.
    pub node: Option<Node>,
    /// The registration that it would work for; none where there is none.
    pub provider: Option<Registration>,
    /// What keeps it from working, or from being given work.
    pub wrong: Vec<Wrong>,
}

/// What there is to hold jobs with.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Confinement {
    /// Whether jobs become users of their own.
    pub root: bool,
    pub landlock: bool,
    pub seccomp: bool,
    /// Which control groups there are.
    pub groups: String,
}

/// By what others know this worker's node.
#[derive(Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Node {
    pub id: String,
    /// Where others reach it, if that is where they are told; none where it only asks.
    pub listens: Vec<SocketAddr>,
    /// How many others it deals with.
    pub peers: usize,
}

/// What the chain knows of the provider.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Registration {
    pub id: u64,
    pub roles: Vec<String>,
    /// Kinds of jobs that it offers.
    pub serves: Vec<String>,
    pub class: String,
    /// In the smallest unit.
    pub bond: String,
}

/// Something that is wrong, and what to do about it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Wrong {
    pub what: String,
    pub mend: String,
}

impl Wrong {
    fn new(what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { what: what.into(), mend: mend.into() }
    }
}

/// Looks at all of it, however much is wrong.
pub async fn preflight(machine: Machine, config: Result<Config, ConfigError>) -> Report {
    let means = Means::detect();
    let sandbox = Confinement {
        root: means.root,
        landlock: means.landlock,
        seccomp: means.seccomp,
        groups: groups(&means),
    };
    let threads = config.as_ref().map_or(machine.cores, |config| config.threads.into());
    let measured = spawn_blocking(move || detect::throughput(threads)).await;
    let throughput = measured.ok().flatten();
    let (mut node, mut provider, mut wrong) = (None, None, Vec::new());
    match config {
        // It says what to do itself.
        Err(error) => wrong.push(Wrong::new("the settings cannot be used", error.to_string())),
        Ok(config) => {
            wrong.extend(local::look(&machine, &config, means));
            wrong.extend(files::archive(&config).await);
            wrong.extend(files::quota(&config));
            node = files::node(&config, &mut wrong);
            provider = chain::look(&config, &mut wrong).await;
        }
    }
    Report { machine, throughput, sandbox, node, provider, wrong }
}

/// Which version of control groups there is.
fn groups(means: &Means) -> String {
    let version = match means.groups {
        Groups::None => "none",
        Groups::V1 { .. } => "1",
        Groups::V2 { .. } => "2",
    };
    version.into()
}

impl Report {
    pub fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let Machine { processor, cores, memory_mib, features, path } = &self.machine;
        writeln!(out, "processor   {processor}, {cores} cores, {memory_mib} MiB")?;
        writeln!(out, "kernel      {path}, by {}", features.join(" "))?;
        match self.throughput {
            Some(speed) => writeln!(out, "throughput  {} million a second", speed / 1_000_000)?,
            None => writeln!(out, "throughput  not measured")?,
        }
        let Confinement { root, landlock, seccomp, groups } = &self.sandbox;
        let yes = |there: &bool| if *there { "yes" } else { "no" };
        let (root, landlock, seccomp) = (yes(root), yes(landlock), yes(seccomp));
        writeln!(
            out,
            "sandbox     landlock {landlock}, seccomp {seccomp}, control groups {groups}, \
             own users {root}"
        )?;
        if let Some(Node { id, listens, peers }) = &self.node {
            let place = match listens.as_slice() {
                [] => "listens nowhere".to_owned(),
                listens => format!("listens at {}", list(listens)),
            };
            writeln!(out, "node        {id}, {place}; deals with {peers} others")?;
        }
        if let Some(Registration { id, roles, serves, class, .. }) = &self.provider {
            let (roles, serves) = (roles.join(" "), serves.join(" "));
            writeln!(out, "provider    {id}, {class}: {roles}; serves {serves}")?;
        }
        for Wrong { what, mend } in &self.wrong {
            writeln!(out, "wrong       {what}: {mend}")?;
        }
        if self.wrong.is_empty() {
            writeln!(out, "all is well")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
