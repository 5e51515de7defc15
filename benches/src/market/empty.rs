//! What open tasks cost the blocks in which nothing happens to them.

use cairn_protocol::{id::Height, job::Terms, lifecycle::Stage};
use cairn_runtime::{Executive, Header, MarketClock, Runtime};
use cairn_seams::Clock;
use codec::Encode;
use std::time::{Duration, Instant};

use super::{
    chain::{self, Chain},
    database::{executor, Database},
    work,
};
use crate::{report::median, Error};

const PROVIDERS: u64 = 100;
const LATER: u32 = 3_600;
/// Blocks after the submission: the seed's window, and a block for each 64 tasks or fewer.
const SETTLED_IN: u32 = 80;

/// Blocks after which who finds nobody rests as long as it ever does, how long that is, and how
/// far those blocks lie apart that are measured.
const LONG: u32 = 1_200;
const RESTING: u32 = 120;
const EVERY: u32 = 4;

/// A chain whose next block is made again and again.
struct Waiting {
    database: Database,
    header: Header,
    slot: u64,
}

/// Microseconds an empty block takes.
#[derive(Clone, Copy)]
pub struct Outcome {
    pub open_tasks: u64,
    pub native: f64,
    pub wasm: f64,
}

/// Microseconds of empty blocks beside tasks that nobody is fit for.
#[derive(Clone, Copy)]
pub struct Unfit {
    pub none: f64,
    pub some: f64,
    pub longest: f64,
}

/// Makes the same empty block with none and with so many open tasks, turn by turn.
pub fn measure(open_tasks: u64, blocks: u32) -> Result<[Outcome; 2], Error> {
    let numbers = [0, open_tasks];
    let chains = [waiting(0)?, waiting(open_tasks)?];
    let executor = executor();
    let mut native = [Vec::new(), Vec::new()];
    let mut wasm = [Vec::new(), Vec::new()];
    for round in 0..=blocks {
        for (which, chain) in chains.iter().enumerate() {
            let (by_native, by_wasm) = (chain.native()?, chain.wasm(&executor)?);
            // The first compiles the runtime and fills the caches.
            if round > 0 {
                native[which].push(by_native.as_secs_f64() * 1e6);
                wasm[which].push(by_wasm.as_secs_f64() * 1e6);
            }
        }
    }
    Ok([0, 1].map(|which| Outcome {
        open_tasks: numbers[which],
        native: median(native[which].clone()),
        wasm: median(wasm[which].clone()),
    }))
}

/// A chain on which so many tasks are at work and none is due.
fn waiting(tasks: u64) -> Result<Waiting, Error> {
    let mut chain = submitted(tasks, |match_by| work::typical(1, match_by, LATER))?;
    chain.blocks(SETTLED_IN)?;
    expect(&mut chain, Stage::Assigned, tasks)?;
    Waiting::before(&mut chain)
}

/// Microseconds of empty blocks beside so many tasks that nobody is fit for, and beside none: the
/// mean over as many blocks as tasks rest, and the longest. Of each the middle of a few times.
pub fn measure_unfit(tasks: u64, times: u32) -> Result<Unfit, Error> {
    let unfit = |match_by| {
        let mut terms = work::typical(1, match_by, LATER);
        terms.requirements.memory_mib = u32::MAX;
        terms
    };
    let executor = executor();
    let mut chains = [submitted(0, unfit)?, submitted(tasks, unfit)?];
    for chain in &mut chains {
        // Until those who look rest as long as they ever do.
        chain.blocks(LONG)?;
    }
    expect(&mut chains[1], Stage::Queued, tasks)?;
    let (mut none, mut some) = (Vec::new(), Vec::new());
    for _ in (0..RESTING).step_by(EVERY as usize) {
        for (chain, seen) in chains.iter_mut().zip([&mut none, &mut some]) {
            let waiting = Waiting::before(chain)?;
            let timed =
                (0..=times).map(|_| waiting.wasm(&executor)).collect::<Result<Vec<_>, _>>()?;
            // The first compiles the runtime and fills the caches.
            let timed = timed.iter().skip(1).map(|time| time.as_secs_f64() * 1e6);
            seen.push(median(timed.collect()));
            chain.blocks(EVERY)?;
        }
    }
    let mean = |seen: &[f64]| seen.iter().sum::<f64>() / seen.len() as f64;
    let longest = some.iter().copied().fold(0.0, f64::max);
    Ok(Unfit { none: mean(&none), some: mean(&some), longest })
}

/// A chain on which an account has just submitted so many tasks.
fn submitted(tasks: u64, terms: impl Fn(Height) -> Terms) -> Result<Chain, Error> {
    let mut chain = Chain::new()?;
    chain.register(PROVIDERS)?;
    let requester = chain::account("requester", 0);
    chain.block(|| {
        chain::endow(&requester)?;
        let match_by = MarketClock::now() + LATER;
        (0..tasks).try_for_each(|_| chain::submit(&requester, terms(match_by)))
    })??;
    Ok(chain)
}

/// That all tasks are where they should be.
fn expect(chain: &mut Chain, stage: Stage, tasks: u64) -> Result<(), Error> {
    let there = chain.state(|| {
        let all = pallet_cairn_tasks::Tasks::<Runtime>::iter_values();
        all.filter(|task| task.stage == stage).count()
    });
    if there as u64 == tasks {
        Ok(())
    } else {
        Err(Error::Setup(format!("{there} of {tasks} tasks are {stage:?}")))
    }
}

impl Waiting {
    fn before(chain: &mut Chain) -> Result<Self, Error> {
        let (header, slot) = (chain.next_header(), chain.next_slot());
        let database = Database::of(chain.storage()?)?;
        database.warm_up()?;
        Ok(Self { database, header, slot })
    }

    fn native(&self) -> Result<Duration, Error> {
        let mut block = self.database.scratch()?;
        Ok(block.native(|| {
            let started = Instant::now();
            chain::begin(&self.header, self.slot);
            Executive::finalize_block();
            started.elapsed()
        }))
    }

    /// The three calls with which a node makes a block.
    fn wasm(&self, executor: &super::database::Executor) -> Result<Duration, Error> {
        let mut block = self.database.scratch()?;
        let time = chain::timestamp(self.slot).encode();
        let started = Instant::now();
        block.wasm(executor, "Core_initialize_block", &self.header.encode())?;
        block.wasm(executor, "BlockBuilder_apply_extrinsic", &time)?;
        block.wasm(executor, "BlockBuilder_finalize_block", &[])?;
        Ok(started.elapsed())
    }
}
