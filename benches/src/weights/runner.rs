//! Runs the benchmarks that a runtime carries, and draws straight lines through the results.

use codec::{Decode, Encode};
use frame_benchmarking::{
    benchmarking::HostFunctions, Analysis, BenchmarkBatch, BenchmarkList, BenchmarkMetadata,
    BenchmarkParameter, BenchmarkResult, BenchmarkSelector,
};
use frame_support::traits::StorageInfo;
use sc_client_db::bench::BenchmarkingState;
use sc_executor::WasmExecutor;
use sp_core::traits::{CallContext, CodeExecutor, RuntimeCode, WrappedRuntimeCode};
use sp_runtime::traits::{BlakeTwo256, Hash};
use sp_state_machine::{Ext, OverlayedChanges};

use super::{Cost, Measured};
use crate::{market::genesis, Error};

type Executor = WasmExecutor<(sp_io::SubstrateHostFunctions, HostFunctions)>;
/// What a benchmark's variables are set to.
type Values = Vec<(BenchmarkParameter, u32)>;

pub struct Runner {
    executor: Executor,
    code: Vec<u8>,
    /// Counts reads and writes, which takes time.
    counting: BenchmarkingState<BlakeTwo256>,
    timing: BenchmarkingState<BlakeTwo256>,
    benchmarks: Vec<BenchmarkList>,
    steps: u32,
    repeat: u32,
}

impl Runner {
    pub fn new(code: Vec<u8>, steps: u32, repeat: u32) -> Result<Self, Error> {
        let state = |track| {
            let storage = genesis()?;
            BenchmarkingState::new(storage, None, false, track).map_err(Error::Setup)
        };
        let mut runner = Self {
            executor: Executor::builder().build(),
            code,
            counting: state(true)?,
            timing: state(false)?,
            benchmarks: Vec::new(),
            steps,
            repeat,
        };
        let (benchmarks, _): (Vec<BenchmarkList>, Vec<StorageInfo>) =
            runner.call(&runner.timing, "Benchmark_benchmark_metadata", &false.encode())?;
        runner.benchmarks = benchmarks;
        Ok(runner)
    }

    /// Every benchmark of a pallet.
    pub fn measure(&self, pallet: &str) -> Result<Vec<Measured>, Error> {
        let list = self.benchmarks.iter().find(|list| list.pallet == pallet.as_bytes());
        let list = list.ok_or_else(|| Error::Setup(format!("{pallet} has no benchmarks")))?;
        list.benchmarks.iter().map(|benchmark| self.measure_one(list, benchmark)).collect()
    }

    fn measure_one(
        &self,
        list: &BenchmarkList,
        benchmark: &BenchmarkMetadata,
    ) -> Result<Measured, Error> {
        let name = String::from_utf8_lossy(&benchmark.name).into_owned();
        eprintln!("{}: {name}", String::from_utf8_lossy(&list.pallet));
        let (mut times, mut counts) = (Vec::new(), Vec::new());
        for values in self.points(benchmark) {
            let run = |state, verify, repeat: u32| {
                let (pallet, instance) = (&list.pallet, &list.instance);
                let config = (pallet, instance, &benchmark.name, &values, verify, repeat).encode();
                self.dispatch(state, &name, &config)
            };
            // Once for what the benchmark itself checks.
            run(&self.timing, true, 1)?;
            counts.extend(run(&self.counting, false, 1)?);
            times.extend(run(&self.timing, false, self.repeat)?);
        }
        let line = |results: &Vec<BenchmarkResult>, selector| {
            Analysis::min_squares_iqr(results, selector)
                .map_err(|error| Error::Setup(format!("{name}: {error}")))
        };
        let time = line(&times, BenchmarkSelector::ExtrinsicTime)?;
        let mut reads = line(&counts, BenchmarkSelector::Reads)?;
        let mut writes = line(&counts, BenchmarkSelector::Writes)?;
        raise(&mut reads, &counts, |result| result.reads);
        raise(&mut writes, &counts, |result| result.writes);
        let cost = |time: u128, reads: u128, writes: u128| Cost {
            // Counted in picoseconds.
            nanos: u64::try_from(time.div_ceil(1_000)).unwrap_or(u64::MAX),
            reads: u64::try_from(reads).unwrap_or(u64::MAX),
            writes: u64::try_from(writes).unwrap_or(u64::MAX),
        };
        let per = benchmark.components.iter().map(|(variable, ..)| {
            let slope = |line: &Analysis| {
                let at = line.names.iter().position(|name| *name == variable.to_string());
                at.and_then(|at| line.slopes.get(at).copied()).unwrap_or(0)
            };
            cost(slope(&time), slope(&reads), slope(&writes))
        });
        let per = per.collect();
        Ok(Measured { name, fixed: cost(time.base, reads.base, writes.base), per })
    }

    /// Each variable from its least to its most, the others at their most.
    fn points(&self, benchmark: &BenchmarkMetadata) -> Vec<Values> {
        let most: Values =
            benchmark.components.iter().map(|(name, _, most)| (*name, *most)).collect();
        let mut points = Vec::new();
        for (place, (name, low, high)) in benchmark.components.iter().enumerate() {
            for step in 0..self.steps {
                let mut values = most.clone();
                let above = u64::from(high - low) * u64::from(step) / u64::from(self.steps - 1);
                values[place] = (*name, low + above as u32);
                points.push(values);
            }
        }
        points.dedup();
        if points.is_empty() {
            points.push(most);
        }
        points
    }

    fn dispatch(
        &self,
        state: &BenchmarkingState<BlakeTwo256>,
        name: &str,
        config: &[u8],
    ) -> Result<Vec<BenchmarkResult>, Error> {
        let batches: Result<Vec<BenchmarkBatch>, String> =
            self.call(state, "Benchmark_dispatch_benchmark", config)?;
        let batches = batches.map_err(|reason| Error::Setup(format!("{name}: {reason}")))?;
        Ok(batches.into_iter().flat_map(|batch| batch.results).collect())
    }

    fn call<R: Decode>(
        &self,
        state: &BenchmarkingState<BlakeTwo256>,
        call: &str,
        data: &[u8],
    ) -> Result<R, Error> {
        let failed = |reason: String| Error::Setup(format!("{call}: {reason}"));
        let code = RuntimeCode {
            code_fetcher: &WrappedRuntimeCode(self.code.as_slice().into()),
            heap_pages: None,
            hash: BlakeTwo256::hash(&self.code).as_bytes().to_vec(),
        };
        let mut changes = OverlayedChanges::default();
        let mut ext = Ext::new(&mut changes, state, None);
        let (answer, _) = self.executor.call(&mut ext, &code, call, data, CallContext::Offchain);
        let answer = answer.map_err(|error| failed(error.to_string()))?;
        R::decode(&mut &answer[..]).map_err(|error| failed(error.to_string()))
    }
}

/// Raises a line until no result lies above it: what is counted is no accident of one run.
fn raise(line: &mut Analysis, results: &[BenchmarkResult], count: fn(&BenchmarkResult) -> u32) {
    let above = |result: &BenchmarkResult| {
        let slopes = result.components.iter().zip(&line.slopes);
        let sloped: u128 = slopes.map(|((_, value), slope)| u128::from(*value) * slope).sum();
        u128::from(count(result)).saturating_sub(line.base + sloped)
    };
    line.base += results.iter().map(above).max().unwrap_or(0);
}
