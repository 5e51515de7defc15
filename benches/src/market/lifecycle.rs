//! Tasks a second from submission to payment, on a real node.

use cairn_localnet::{
    keys,
    tx::{self, Signing},
    Client, Network,
};
use cairn_protocol::id::{Digest, ProviderId, TaskId};
use cairn_runtime::{AccountId, RuntimeCall, RuntimeEvent};
use frame_support::dispatch::DispatchClass;
use futures::future::try_join_all;
use pallet_cairn_tasks::Event;
use sp_core::{sr25519, Bytes, Pair};
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use super::work;
use crate::{
    common,
    report::{millis, percentile},
    Error,
};

const PROVIDERS: u64 = 96;
const REQUESTERS: u64 = 64;
/// Tasks submitted for one block at most: more than the chain carries, and few enough that they do
/// not come in waves.
const SUBMITTED_AT_ONCE: usize = 256;
/// Transactions that wait for the node's answer at once.
const AT_ONCE: usize = 128;
/// After the first task was paid, before anything counts.
const RAMP: Duration = Duration::from_secs(30);
const READY: Duration = Duration::from_secs(60);
/// By then the first task must have been paid.
const FIRST_WITHIN: Duration = Duration::from_secs(300);
const WARM_UP: u32 = 3;
/// Far oftener than providers are taken for gone.
const HEARTBEAT_BLOCKS: u32 = 300;
/// Blocks in which a worker is found, and blocks it has: more than any task here waits.
const MATCH_WITHIN: u32 = 3_600;
const WORK_WITHIN: u32 = 3_600;

pub struct Outcome {
    pub redundancy: u8,
    pub per_second: f64,
    /// From the submission until the client hears that the payment is final.
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub block_ms: f64,
    pub settled: usize,
    /// Tasks whose money went back, and transactions that did nothing.
    pub refunded: usize,
    pub failed: usize,
}

/// A key and its next nonce.
struct Signer {
    pair: sr25519::Pair,
    nonce: u32,
}

/// A task that has not ended.
struct Open {
    started: Instant,
    /// Who was assigned.
    workers: Vec<ProviderId>,
}

/// What one finalized block did.
struct Seen {
    hash: cairn_runtime::Hash,
    settled: usize,
}

/// Requesters, workers and what they know of the chain.
struct Market {
    client: Client,
    signing: Signing,
    genesis: Digest,
    redundancy: u8,
    operators: HashMap<ProviderId, Signer>,
    requesters: Vec<Signer>,
    next_requester: usize,
    /// Submitted and not heard of yet.
    unheard: usize,
    open: HashMap<TaskId, Open>,
    /// When a task that ended did so, and how long it took.
    times: Vec<(Instant, Duration)>,
    refunded: usize,
    failed: usize,
}

pub async fn measure(
    options: &common::Options,
    outstanding: usize,
    redundancy: u8,
) -> Result<Outcome, Error> {
    let operators = signers("worker", PROVIDERS);
    let requesters = signers("requester", REQUESTERS);
    let state = tempfile::tempdir()?;
    let mut network = cairn_localnet::Options::new(state.path());
    network.node_args = options.node_arg.clone();
    network.endowed = operators.iter().chain(&requesters).map(Signer::account).collect();
    let mut network = Network::start(network).await?;
    network.wait_finalized(WARM_UP, READY).await?;
    let client = network.client(0).await?;
    let mut market = Market {
        signing: client.signing().await?,
        genesis: client.genesis().0,
        client,
        redundancy,
        operators: HashMap::new(),
        requesters,
        next_requester: 0,
        unheard: 0,
        open: HashMap::new(),
        times: Vec::new(),
        refunded: 0,
        failed: 0,
    };
    market.register(operators).await?;
    let (counted, from, to) =
        market.drive(outstanding, Duration::from_secs(options.seconds)).await?;
    network.check_alive()?;
    let outcome = market.outcome(&counted, from, to).await;
    network.stop().await?;
    outcome
}

fn signers(name: &str, count: u64) -> Vec<Signer> {
    (0..count)
        .map(|number| {
            let account = super::chain::account(name, number);
            let seed: &[u8; 32] = account.as_ref();
            Signer { pair: sr25519::Pair::from_seed(seed), nonce: 0 }
        })
        .collect()
}

impl Signer {
    fn account(&self) -> AccountId {
        keys::account_of(&self.pair)
    }

    fn sign(&mut self, call: impl Into<RuntimeCall>, signing: &Signing) -> Bytes {
        let nonce = self.nonce;
        self.nonce += 1;
        tx::sign(call.into(), &self.pair, nonce, signing)
    }
}

impl Market {
    /// Registers every operator as a provider of its own, and has each say that it is there.
    async fn register(&mut self, operators: Vec<Signer>) -> Result<(), Error> {
        let mut blocks = self.client.follow_finalized().await?;
        let mut waiting: HashMap<AccountId, Signer> =
            operators.into_iter().map(|signer| (signer.account(), signer)).collect();
        let mut calls = Vec::new();
        for (number, (account, signer)) in (0..).zip(waiting.iter_mut()) {
            let register = pallet_cairn_providers::Call::register {
                operator: account.clone(),
                profile: Box::new(work::profile(number)),
                roles: work::roles(),
                bond: work::BOND,
            };
            calls.push(signer.sign(register, &self.signing));
        }
        self.submit(calls).await?;

        let mut confirmed = 0;
        let until = Instant::now() + READY;
        while confirmed < PROVIDERS {
            if Instant::now() > until {
                return Err(Error::Setup(format!("{confirmed} of {PROVIDERS} providers serve")));
            }
            let block = blocks.next().await?;
            let mut calls = Vec::new();
            for event in self.client.events(block.hash).await? {
                let RuntimeEvent::Providers(event) = event.event else { continue };
                match event {
                    pallet_cairn_providers::Event::Registered { provider, owner, .. } => {
                        let Some(mut signer) = waiting.remove(&owner) else { continue };
                        let heartbeat = pallet_cairn_providers::Call::heartbeat { provider };
                        calls.push(signer.sign(heartbeat, &self.signing));
                        self.operators.insert(provider, signer);
                    }
                    pallet_cairn_providers::Event::OperatorConfirmed { .. } => confirmed += 1,
                    _ => {}
                }
            }
            self.submit(calls).await?;
        }
        Ok(())
    }

    /// Keeps so many tasks under way; returns the blocks that count, and when they began and
    /// ended to be heard of.
    async fn drive(
        &mut self,
        outstanding: usize,
        window: Duration,
    ) -> Result<(Vec<Seen>, Instant, Instant), Error> {
        let mut blocks = self.client.follow_finalized().await?;
        let started = Instant::now();
        let mut counting_from = None;
        let mut counted: Vec<Seen> = Vec::new();
        loop {
            let block = blocks.next().await?;
            let mut calls = Vec::new();
            let mut settled = 0;
            for event in self.client.events(block.hash).await? {
                settled += self.hear(event.event, &mut calls);
            }
            self.ask_for_more(outstanding, block.header.number, &mut calls);
            if block.header.number.is_multiple_of(HEARTBEAT_BLOCKS) {
                self.say_we_are_here(&mut calls);
            }
            self.submit(calls).await?;

            let now = Instant::now();
            if counting_from.is_none() && settled > 0 {
                counting_from = Some(now + RAMP);
            }
            match counting_from {
                None if started.elapsed() > FIRST_WITHIN => {
                    return Err(Error::Setup("no task was paid".into()));
                }
                Some(from) if now >= from => {
                    counted.push(Seen { hash: block.hash, settled });
                    if now >= from + window {
                        return Ok((counted, from, now));
                    }
                }
                _ => {}
            }
        }
    }

    /// What an event makes workers do; says whether a task was paid.
    fn hear(&mut self, event: RuntimeEvent, calls: &mut Vec<Bytes>) -> usize {
        match event {
            RuntimeEvent::Tasks(Event::Submitted { task, .. }) => {
                self.unheard = self.unheard.saturating_sub(1);
                let open = Open { started: Instant::now(), workers: Vec::new() };
                self.open.insert(task, open);
            }
            RuntimeEvent::Tasks(Event::Assigned { task, round, providers, .. }) => {
                for provider in &providers {
                    let answer = work::answer(work::OUTPUT_BYTES);
                    let commitment =
                        work::commitment(task, round, *provider, &answer, &self.genesis);
                    let commit = pallet_cairn_tasks::Call::commit { task, commitment };
                    self.sign_as(*provider, commit, calls);
                }
                if let Some(open) = self.open.get_mut(&task) {
                    open.workers.extend(providers);
                }
            }
            RuntimeEvent::Tasks(Event::RevealsOpened { task, .. }) => {
                let workers = self.open.get(&task).map(|open| open.workers.clone());
                for provider in workers.unwrap_or_default() {
                    let answer = Box::new(work::answer(work::OUTPUT_BYTES));
                    let salt = work::salt();
                    let reveal = pallet_cairn_tasks::Call::reveal { task, answer, salt };
                    self.sign_as(provider, reveal, calls);
                }
            }
            RuntimeEvent::Tasks(Event::Settled { task, .. }) => {
                if let Some(open) = self.open.remove(&task) {
                    self.times.push((Instant::now(), open.started.elapsed()));
                }
                return 1;
            }
            RuntimeEvent::Tasks(Event::Refunded { task, .. }) => {
                self.open.remove(&task);
                self.refunded += 1;
            }
            RuntimeEvent::System(frame_system::Event::ExtrinsicFailed {
                dispatch_info, ..
            }) if dispatch_info.class == DispatchClass::Normal => self.failed += 1,
            _ => {}
        }
        0
    }

    fn sign_as(
        &mut self,
        provider: ProviderId,
        call: impl Into<RuntimeCall>,
        calls: &mut Vec<Bytes>,
    ) {
        if let Some(operator) = self.operators.get_mut(&provider) {
            calls.push(operator.sign(call, &self.signing));
        }
    }

    fn say_we_are_here(&mut self, calls: &mut Vec<Bytes>) {
        for (provider, operator) in &mut self.operators {
            let heartbeat = pallet_cairn_providers::Call::heartbeat { provider: *provider };
            calls.push(operator.sign(heartbeat, &self.signing));
        }
    }

    /// Submits as many tasks as are missing, one requester after the other.
    fn ask_for_more(&mut self, outstanding: usize, now: u32, calls: &mut Vec<Bytes>) {
        let missing = outstanding.saturating_sub(self.open.len() + self.unheard);
        for _ in 0..missing.min(SUBMITTED_AT_ONCE) {
            let terms = work::typical(self.redundancy, now + MATCH_WITHIN, WORK_WITHIN);
            let submit = pallet_cairn_tasks::Call::submit { terms: Box::new(terms) };
            let requesters = self.requesters.len();
            if let Some(requester) = self.requesters.get_mut(self.next_requester % requesters) {
                calls.push(requester.sign(submit, &self.signing));
                self.unheard += 1;
            }
            self.next_requester += 1;
        }
    }

    async fn submit(&self, calls: Vec<Bytes>) -> Result<(), Error> {
        for batch in calls.chunks(AT_ONCE) {
            try_join_all(batch.iter().map(|call| self.client.submit(call))).await?;
        }
        Ok(())
    }

    /// By the blocks' own timestamps; the first block's count for the time before it.
    async fn outcome(self, counted: &[Seen], from: Instant, to: Instant) -> Result<Outcome, Error> {
        let (Some((first, rest)), Some(last)) = (counted.split_first(), counted.last()) else {
            return Err(Error::NothingFinalized);
        };
        let began = self.client.timestamp(first.hash).await?;
        let elapsed_ms = self.client.timestamp(last.hash).await?.saturating_sub(began) as f64;
        let settled: usize = rest.iter().map(|block| block.settled).sum();
        let inside = self.times.iter().filter(|(ended, _)| (from..to).contains(ended));
        let mut times: Vec<Duration> = inside.map(|(_, taken)| *taken).collect();
        times.sort_unstable();
        if settled == 0 || elapsed_ms <= 0.0 {
            return Err(Error::NothingFinalized);
        }
        Ok(Outcome {
            redundancy: self.redundancy,
            per_second: settled as f64 * 1e3 / elapsed_ms,
            p50_ms: millis(percentile(&times, 0.5)),
            p99_ms: millis(percentile(&times, 0.99)),
            block_ms: elapsed_ms / rest.len() as f64,
            settled,
            refunded: self.refunded,
            failed: self.failed,
        })
    }
}
