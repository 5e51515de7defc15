//! Looks at everything that a worker needs before it takes work, since whoever cannot do what it
//! was drawn for is penalised for it.

mod chain;
mod clock;
mod files;
mod gpu;
mod local;
mod promise;
mod reach;

use crate::{
    config::{Config, ConfigError},
    declare::{self, Declared},
    detect::{self, Gpu, Machine},
    floors::Floors,
    node::list,
};
use cairn_sandbox::{Groups, Means};
use cairn_store::NodeId;
pub use reach::{Reach, Tried};
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
    /// Cards that NVIDIA's driver knows.
    pub gpus: Vec<Gpu>,
    /// What the jobs' program calls the GPUs that it can compute on; none unless jobs are lent any.
    pub usable: Option<Vec<String>>,
    /// How fast it solves challenges on the GPU; none where jobs are lent none, or it fails.
    pub challenges: Option<Speed>,
    pub sandbox: Confinement,
    /// What other workers have to be told; none where there is no node.
    pub node: Option<Node>,
    /// Whether others reach it where it listens; none where it listens nowhere, or cannot.
    pub reach: Option<Reach>,
    /// What it can serve, as it would be registered; none where settings are bad.
    pub can: Option<Declared>,
    /// The registration that it would work for; none where there is none.
    pub provider: Option<Registration>,
    /// What keeps it from working, or from being given work.
    pub wrong: Vec<Wrong>,
}

/// How fast challenges are solved.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Speed {
    /// Units a second.
    pub units: u64,
    /// The class that is kept by it.
    pub class: &'static str,
}

impl Speed {
    fn of(units: u64, floors: &Floors) -> Self {
        Self { units, class: declare::name(floors.kept(units)) }
    }
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
    /// The relays that others find it by: those that it was told of and that let nodes in.
    pub relays: Vec<String>,
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
    /// Whether payloads can be sealed to it.
    pub sealed: bool,
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
    let cards = detect::gpus();
    let (mut node, mut can, mut usable, mut provider) = (None, None, None, None);
    let (mut reach, mut challenges, mut wrong) = (None, None, Vec::new());
    match config {
        // It says what to do itself.
        Err(error) => wrong.push(Wrong::new("the settings cannot be used", error.to_string())),
        Ok(config) => {
            wrong.extend(local::look(&machine, &config, means.clone()));
            wrong.extend(files::archive(&config).await);
            wrong.extend(files::quota(&config));
            let relays = files::relays(&config, &mut wrong).await;
            node = files::node(&config, relays, &mut wrong);
            reach = reach::look(&config, node.as_ref(), &mut wrong).await;
            let lent = gpu::look(&config, &cards, means.clone(), &mut wrong);
            let device = lent.as_ref().and_then(|usable| usable.device);
            let speed = gpu::speed(&config, means, device, &mut wrong);
            usable = lent.map(|usable| usable.names);
            let (cards, named) = (cards.as_deref(), usable.as_deref());
            let declared =
                Declared::of(&config, cards.unwrap_or_default(), named.unwrap_or_default());
            // Where it only asks nobody looks for it.
            let only_asks = config.listen.is_empty() && config.relays.is_empty();
            let found = node.as_ref().filter(|_| !only_asks);
            let own = found.and_then(|node| NodeId::from_hex(&node.id));
            let (own, mut floors) = (chain::Own { node: own, speed }, Floors::default());
            provider = chain::look(&config, &declared, &own, &mut floors, &mut wrong).await;
            challenges = speed.map(|units| Speed::of(units, &floors));
            can = Some(declared);
        }
    }
    let gpus = cards.unwrap_or_default();
    Report {
        machine,
        throughput,
        gpus,
        usable,
        challenges,
        sandbox,
        node,
        reach,
        can,
        provider,
        wrong,
    }
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
        self.write_gpus(out)?;
        let Confinement { root, landlock, seccomp, groups } = &self.sandbox;
        let yes = |there: &bool| if *there { "yes" } else { "no" };
        let (root, landlock, seccomp) = (yes(root), yes(landlock), yes(seccomp));
        writeln!(
            out,
            "sandbox     landlock {landlock}, seccomp {seccomp}, control groups {groups}, \
             own users {root}"
        )?;
        if let Some(Node { id, listens, relays, peers }) = &self.node {
            let place = match listens.as_slice() {
                [] => "listens nowhere".to_owned(),
                listens => format!("listens at {}", list(listens)),
            };
            let found = match relays.as_slice() {
                [] => String::new(),
                relays => format!(", found by {}", list(relays)),
            };
            writeln!(out, "node        {id}, {place}{found}; deals with {peers} others")?;
        }
        if let Some(reach) = &self.reach {
            writeln!(out, "port        {reach}")?;
        }
        if let Some(Declared { class, memory_mib, slots, kinds, .. }) = &self.can {
            let kinds = kinds.join(" ");
            writeln!(
                out,
                "can serve   {kinds}, as {class}, with {memory_mib} MiB and {slots} slots"
            )?;
        }
        if let Some(Registration { id, roles, serves, class, sealed, .. }) = &self.provider {
            let (roles, serves) = (roles.join(" "), serves.join(" "));
            let sealed = if *sealed { ", sealed too" } else { "" };
            writeln!(out, "provider    {id}, {class}: {roles}; serves {serves}{sealed}")?;
        }
        for Wrong { what, mend } in &self.wrong {
            writeln!(out, "wrong       {what}: {mend}")?;
        }
        if self.wrong.is_empty() {
            writeln!(out, "all is well")?;
        }
        Ok(())
    }

    fn write_gpus(&self, out: &mut String) -> std::fmt::Result {
        for Gpu { name, memory_mib, compute, .. } in &self.gpus {
            let (major, minor) = (compute / 10, compute % 10);
            let kept = if self.usable.is_none() { ", kept from jobs" } else { "" };
            writeln!(out, "gpu         {name}, {memory_mib} MiB, compute {major}.{minor}{kept}")?;
        }
        for name in self.usable.iter().flatten() {
            writeln!(out, "jobs' gpu   {name}")?;
        }
        if let Some(Speed { units, class }) = self.challenges {
            let millions = units / 1_000_000;
            writeln!(out, "challenges  {millions} million units a second, enough for {class}")?;
        }
        Ok(())
    }

    /// What the program ends with.
    pub fn code(&self) -> u8 {
        u8::from(!self.wrong.is_empty())
    }
}

#[cfg(test)]
mod tests;
