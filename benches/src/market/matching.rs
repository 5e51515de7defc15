//! What it costs to find workers for a task, by the number of providers.

use cairn_protocol::{id::TaskId, lifecycle::Stage};
use cairn_runtime::{
    configs::parameters::{market, RuntimeParametersKey, RuntimeParametersValue},
    MarketClock, Runtime, Tasks,
};
use cairn_seams::{Beacon, Clock};
use frame_support::{
    traits::{Get, Hooks},
    weights::Weight,
};
use pallet_cairn_tasks::WeightInfo;
use std::time::{Duration, Instant};

use super::{
    chain::{self, Chain},
    database::Database,
    work,
};
use crate::{report::median, Error};

type Weights = <Runtime as pallet_cairn_tasks::Config>::WeightInfo;
/// Far enough away that no deadline passes.
const LATER: u32 = 3_600;

/// How many providers the chain looks at for a task.
pub fn sample() -> u8 {
    sp_io::TestExternalities::default().execute_with(|| market::TaskRules::get().draws.sample)
}

/// What matching cost among so many providers.
pub struct Outcome {
    /// Microseconds a task, of the chain's own sample and of a sample that even the smallest
    /// number of providers fills.
    pub warm: f64,
    pub warm_even: f64,
    /// The same as the first with nothing in the caches but what earlier tasks read.
    pub cold: f64,
}

/// Tasks that the chain serves in a block.
fn served_per_block() -> u64 {
    let served: u32 = <Runtime as pallet_cairn_tasks::Config>::ServedPerBlock::get();
    served.into()
}

/// Finds workers for so many tasks among so many providers.
pub fn measure(providers: u64, even: u8, tasks: u64) -> Result<Outcome, Error> {
    let mut chain = Chain::new()?;
    chain.register(providers)?;
    let tasks = tasks.next_multiple_of(served_per_block());
    queue(&mut chain, tasks)?;
    let database = Database::of(chain.storage()?)?;
    drop(chain);

    let sample = sample();
    let cold = times(&database, tasks, sample)?;
    database.warm_up()?;
    let warm = times(&database, tasks, sample)?;
    let warm_even = times(&database, tasks, even)?;
    Ok(Outcome {
        warm: median_micros(&warm),
        warm_even: median_micros(&warm_even),
        cold: median_micros(&cold),
    })
}

/// Has so many tasks wait in the queue, each with its seed, in a block that is not ended.
fn queue(chain: &mut Chain, tasks: u64) -> Result<(), Error> {
    let requester = chain::account("requester", 0);
    chain.block(|| {
        chain::endow(&requester)?;
        let match_by = MarketClock::now() + LATER;
        (0..tasks).try_for_each(|_| chain::submit(&requester, work::typical(1, match_by, LATER)))
    })??;
    // The seed can be read in the block after the window's last one.
    let delay = chain.state(<Runtime as pallet_cairn_tasks::Config>::Beacon::delay);
    chain.blocks(delay - 1)?;
    chain.open(|| {
        let at_once = served_per_block();
        let look = Weights::find_due().saturating_add(Weights::enter_queue());
        for _ in 0..tasks / at_once {
            // So much that no worker can be looked for.
            serve(look.saturating_mul(at_once));
        }
        // The height is done with.
        serve(Weights::find_due());
    });
    let queued = chain.state(|| pallet_cairn_tasks::Queue::<Runtime>::iter_keys().count());
    if queued as u64 == tasks {
        Ok(())
    } else {
        Err(Error::Setup(format!("{queued} of {tasks} tasks are in the queue")))
    }
}

/// The hook, with room for this beside what it always needs.
fn serve(room: Weight) {
    Tasks::on_idle(0, Weights::serve().saturating_add(room));
}

/// How long the tasks took, in each hook that the chain's own limit lets serve so many. One at a time
/// would be dearer: each hook looks for the queue's first key behind all that the block has removed.
fn times(database: &Database, tasks: u64, sample: u8) -> Result<Vec<Duration>, Error> {
    let mut block = database.scratch()?;
    block.native(|| set_sample(sample));
    let at_once = served_per_block();
    let times = (0..tasks / at_once)
        .map(|_| {
            block.native(|| {
                let started = Instant::now();
                Tasks::on_idle(0, Weight::MAX);
                started.elapsed().div_f64(at_once as f64)
            })
        })
        .collect();
    let assigned = block.native(|| {
        let record = |id| pallet_cairn_tasks::Tasks::<Runtime>::get(TaskId(id));
        (0..tasks).filter_map(record).filter(|task| task.stage == Stage::Assigned).count()
    });
    if assigned as u64 == tasks {
        Ok(times)
    } else {
        Err(Error::Setup(format!("{assigned} of {tasks} tasks have found workers")))
    }
}

/// Has so many providers be looked at for a task.
fn set_sample(sample: u8) {
    let mut rules = market::TaskRules::get();
    rules.draws.sample = sample;
    pallet_parameters::Parameters::<Runtime>::insert(
        RuntimeParametersKey::Market(market::ParametersKey::TaskRules(market::TaskRules)),
        RuntimeParametersValue::Market(market::ParametersValue::TaskRules(rules)),
    );
}

fn median_micros(times: &[Duration]) -> f64 {
    median(times.iter().map(|time| time.as_secs_f64() * 1e6).collect())
}
