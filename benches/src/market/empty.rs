//! What open tasks cost the blocks in which nothing happens to them.

use cairn_protocol::lifecycle::Stage;
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
    let mut chain = Chain::new()?;
    chain.register(PROVIDERS)?;
    let requester = chain::account("requester", 0);
    chain.block(|| {
        chain::endow(&requester)?;
        let match_by = MarketClock::now() + LATER;
        (0..tasks).try_for_each(|_| chain::submit(&requester, work::typical(1, match_by, LATER)))
    })??;
    chain.blocks(SETTLED_IN)?;
    let at_work = chain.state(|| {
        let tasks = pallet_cairn_tasks::Tasks::<Runtime>::iter_values();
        tasks.filter(|task| task.stage == Stage::Assigned).count()
    });
    if at_work as u64 != tasks {
        return Err(Error::Setup(format!("{at_work} of {tasks} tasks are at work")));
    }
    let (header, slot) = (chain.next_header(), chain.next_slot());
    let database = Database::of(chain.storage()?)?;
    database.warm_up()?;
    Ok(Waiting { database, header, slot })
}

impl Waiting {
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
