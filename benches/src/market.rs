//! The market: what matching costs, how many tasks a second it carries, what they occupy, and
//! what they cost the blocks in which nothing happens to them.

mod chain;
mod database;
mod empty;
mod lifecycle;
mod matching;
mod occupied;
pub mod work;

use crate::{
    common::{self, apart},
    report::{median, table, tenths},
    Error,
};
use cairn_protocol::{id::Height, job::Terms};
#[cfg(feature = "weights")]
pub use chain::genesis;
use empty::Unfit;
use serde_json::{json, Map, Value};

#[derive(Debug, clap::Args)]
pub struct Options {
    #[clap(flatten)]
    common: common::Options,
    /// What to measure: matching, lifecycle, state, blocks.
    #[arg(long, value_delimiter = ',', default_value = "matching,lifecycle,state,blocks")]
    parts: Vec<Part>,
    /// Numbers of providers that tasks are matched among.
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "10,1000,100000",
        value_parser = clap::value_parser!(u64).range(1..=1_000_000)
    )]
    providers: Vec<u64>,
    /// Tasks that are matched among each number of providers, made up to what whole blocks serve.
    #[arg(long, default_value_t = 512, value_parser = clap::value_parser!(u64).range(1..=2_048))]
    matches: u64,
    /// Tasks under way at once: submitted and not ended.
    #[arg(long, default_value_t = 8_000, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    outstanding: u32,
    /// Open tasks beside which an empty block is made.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=2_000))]
    open_tasks: u64,
    /// Empty blocks made with and without them.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    blocks: u32,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
enum Part {
    Matching,
    Lifecycle,
    State,
    Blocks,
}

/// What the last line says.
type Line = Map<String, Value>;

pub async fn run(options: Options) -> Result<(), Error> {
    let mut line = Line::new();
    for part in &options.parts {
        match part {
            Part::Matching => matching(&options, &mut line).await?,
            Part::Lifecycle => lifecycle(&options, &mut line).await?,
            Part::State => state(&mut line).await?,
            Part::Blocks => blocks(&options, &mut line).await?,
        }
        println!();
    }
    println!("{}", Value::Object(line));
    Ok(())
}

/// Of several runs the middle one.
fn middle(outcomes: &[f64]) -> f64 {
    tenths(median(outcomes.to_vec()))
}

async fn matching(options: &Options, line: &mut Line) -> Result<(), Error> {
    // A sample that the smallest market fills too: everywhere as many are looked at.
    let fewest = options.providers.iter().min().copied().unwrap_or(1);
    let even = u8::try_from(fewest.min(u64::from(matching::sample()))).unwrap_or(1);
    let mut rows = Vec::new();
    for providers in options.providers.clone() {
        let (mut warm, mut warm_even, mut cold) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..options.common.runs {
            let tasks = options.matches;
            let outcome = apart(move || matching::measure(providers, even, tasks)).await?;
            warm.push(outcome.warm);
            warm_even.push(outcome.warm_even);
            cold.push(outcome.cold);
        }
        let [warm, warm_even, cold] = [&warm, &warm_even, &cold].map(|times| middle(times));
        rows.push(vec![
            providers.to_string(),
            format!("{warm:.1}"),
            format!("{warm_even:.1}"),
            format!("{cold:.1}"),
        ]);
        line.insert(format!("match_us_{providers}"), json!(warm));
        line.insert(format!("match_even_us_{providers}"), json!(warm_even));
        line.insert(format!("match_cold_us_{providers}"), json!(cold));
    }
    let heading = ["providers", "match us", &format!("sample of {even} us"), "first touch us"];
    table(&heading, &rows);
    Ok(())
}

async fn lifecycle(options: &Options, line: &mut Line) -> Result<(), Error> {
    let mut rows = Vec::new();
    for redundancy in [1, 3] {
        let mut rates = Vec::new();
        for _ in 0..options.common.runs {
            let outstanding = options.outstanding as usize;
            let outcome = lifecycle::measure(&options.common, outstanding, redundancy).await?;
            rows.push(vec![
                outcome.redundancy.to_string(),
                format!("{:.1}", outcome.per_second),
                format!("{:.1}", outcome.p50_ms / 1e3),
                format!("{:.1}", outcome.p99_ms / 1e3),
                format!("{:.0}", outcome.block_ms),
                outcome.settled.to_string(),
                outcome.refunded.to_string(),
                outcome.failed.to_string(),
            ]);
            rates.push(outcome.per_second);
        }
        line.insert(format!("tasks_r{redundancy}_per_s"), json!(middle(&rates)));
    }
    table(
        &["workers", "tasks/s", "p50 s", "p99 s", "block ms", "settled", "refunded", "failed"],
        &rows,
    );
    Ok(())
}

/// A name, that of the number in the last line, and terms by their deadline and time to work.
type Kind = (&'static str, &'static str, fn(Height, Height) -> Terms);

/// The tasks whose state is measured.
const KINDS: [Kind; 6] = [
    ("minimal", "state_bytes_task_min", work::minimal),
    ("typical", "state_bytes_task", |by, within| work::typical(1, by, within)),
    ("three workers", "state_bytes_task_r3", |by, within| work::typical(3, by, within)),
    ("sealed", "state_bytes_task_sealed", |by, within| work::sealed(work::typical(1, by, within))),
    ("audited", "state_bytes_task_audited", |by, within| {
        work::auditable(work::typical(1, by, within))
    }),
    ("sealed and audited", "state_bytes_task_sealed_audited", |by, within| {
        work::auditable(work::sealed(work::typical(1, by, within)))
    }),
];

async fn state(line: &mut Line) -> Result<(), Error> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (name, key, terms) in KINDS {
        let task = apart(move || occupied::measure(terms)).await?;
        let stages = [task.waits_for_seed, task.at_work, task.committed, task.revealed];
        let stages = stages.into_iter().map(|bytes| bytes.to_string());
        let audited = task.audited.map_or_else(|| "-".into(), |bytes| bytes.to_string());
        rows.push([name.into()].into_iter().chain(stages).chain([audited]).collect());
        line.insert(key.into(), json!(task.most()));
    }
    table(&["task", "queued, bytes", "at work", "committed", "revealed", "audited"], &rows);
    Ok(())
}

async fn blocks(options: &Options, line: &mut Line) -> Result<(), Error> {
    let (open_tasks, blocks) = (options.open_tasks, options.blocks);
    let mut rows = Vec::new();
    let outcomes = apart(move || empty::measure(open_tasks, blocks)).await?;
    for outcome in outcomes {
        let (wasm, native) = (tenths(outcome.wasm), tenths(outcome.native));
        rows.push(vec![
            outcome.open_tasks.to_string(),
            format!("{wasm:.1}"),
            format!("{native:.1}"),
        ]);
        line.insert(format!("empty_block_us_{}", outcome.open_tasks), json!(wasm));
        line.insert(format!("empty_block_native_us_{}", outcome.open_tasks), json!(native));
    }
    table(&["open tasks", "empty block us", "native us"], &rows);
    let [none, some] = outcomes;
    let more = (some.wasm / none.wasm - 1.0) * 1e2;
    println!("with them an empty block takes {more:+.1} %");
    line.insert("empty_block_more_percent".into(), json!(tenths(more)));
    unfit(options, line).await
}

async fn unfit(options: &Options, line: &mut Line) -> Result<(), Error> {
    let (open_tasks, times) = (options.open_tasks, (options.blocks / 30).max(1));
    let Unfit { none, some, longest } =
        apart(move || empty::measure_unfit(open_tasks, times)).await?;
    let more = (some / none - 1.0) * 1e2;
    println!(
        "with as many that nobody is fit for {some:.1} us instead of {none:.1} ({more:+.1} %) in \
         the mean, {longest:.1} at the longest"
    );
    line.insert("empty_block_unfit_us".into(), json!(tenths(some)));
    line.insert("empty_block_unfit_longest_us".into(), json!(tenths(longest)));
    line.insert("empty_block_unfit_more_percent".into(), json!(tenths(more)));
    Ok(())
}
