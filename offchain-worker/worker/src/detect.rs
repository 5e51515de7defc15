//! What this machine has, and how fast it multiplies.

mod gpu;

pub use gpu::{gpus, Gpu};

use cairn_kernel::{
    check::Checked,
    num::Scale,
    program::{Op, Program, Rows, Step, Tensor, TensorId, Values, SEMANTICS},
    run::{Artifact, Crew, Path, Piece, Plan, Threads},
};
use serde::Serialize;
use std::{
    fs, thread,
    time::{Duration, Instant},
};

/// Of the product that is timed: rows of inputs, and the sides of a square of weights.
const ROWS: u32 = 128;
const SIDE: u32 = 1_024;
/// How often it is made at least, and for how long.
const RUNS: u32 = 3;
const TIME: Duration = Duration::from_millis(200);

/// What was found.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Machine {
    /// What the processor calls itself.
    pub processor: String,
    /// Threads that can run at once.
    pub cores: usize,
    pub memory_mib: u64,
    /// Instructions of the processor that exact programs are computed with.
    pub features: Vec<&'static str>,
    /// Which of the kernel's ways it takes.
    pub path: String,
}

impl Machine {
    pub fn detect() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        Self {
            processor: processor(&read("/proc/cpuinfo")).unwrap_or("unknown").to_owned(),
            cores: thread::available_parallelism().map_or(1, usize::from),
            memory_mib: memory_mib(&read("/proc/meminfo")).unwrap_or(0),
            features: features(),
            path: format!("{:?}", Path::best()),
        }
    }
}

/// All memory, of what `/proc/meminfo` says.
fn memory_mib(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib >> 10)
}

/// The first processor's name, of what `/proc/cpuinfo` says.
fn processor(text: &str) -> Option<&str> {
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    line.split_once(':').map(|(_, name)| name.trim())
}

#[cfg(target_arch = "x86_64")]
fn features() -> Vec<&'static str> {
    use std::arch::is_x86_feature_detected as has;
    let all = [
        ("avx2", has!("avx2")),
        ("bmi2", has!("bmi2")),
        ("avx512f", has!("avx512f")),
        ("avx512bw", has!("avx512bw")),
        ("avx512dq", has!("avx512dq")),
        ("avx512vl", has!("avx512vl")),
        ("avx512vnni", has!("avx512vnni")),
    ];
    all.into_iter().filter(|(_, there)| *there).map(|(name, _)| name).collect()
}

#[cfg(not(target_arch = "x86_64"))]
fn features() -> Vec<&'static str> {
    Vec::new()
}

/// Multiply-accumulates a second of the kernel's inner product, in so many threads: the best of a
/// few runs. None where the kernel refuses, which it does for want of memory or threads.
pub fn throughput(threads: usize) -> Option<u64> {
    let program = product()?;
    let weight = |at: u32| ((at % 251) as i32 * 256 - 32_000) as i16;
    let weights: Vec<i16> = (0..SIDE * SIDE).map(weight).collect();
    let scales = vec![Scale::power(-14).pack(); SIDE as usize];
    let plan = Plan::bind(&program, |tensor| match tensor.0 {
        1 => Some(Artifact::Masters(weights.as_slice().into())),
        2 => Some(Artifact::Constants(scales.as_slice().into())),
        _ => None,
    });
    let plan = plan.ok()?;
    let crew = Threads::new(threads).ok()?;
    let inputs: Vec<i16> = (0..ROWS * SIDE).map(|at| (at % 4_001) as i16 - 2_000).collect();
    let begun = Instant::now();
    let (mut best, mut runs) = (Duration::MAX, 0);
    while runs < RUNS || begun.elapsed() < TIME {
        best = best.min(once(&plan, &crew, &inputs)?);
        runs += 1;
    }
    let made = u128::from(ROWS) * u128::from(SIDE) * u128::from(SIDE) * 1_000_000_000;
    u64::try_from(made.checked_div(best.as_nanos())?).ok()
}

fn once(plan: &Plan<'_>, crew: &dyn Crew, inputs: &[i16]) -> Option<Duration> {
    let piece = Piece { features: inputs, ..Piece::default() };
    let begun = Instant::now();
    plan.run_by(crew, &mut plan.start(), &piece, &[]).ok()?;
    Some(begun.elapsed())
}

/// One layer without anything around it.
fn product() -> Option<Checked> {
    let id = TensorId;
    let fixed = |rows, columns, values| Tensor { rows: Rows::Fixed(rows), columns, values };
    let token = |values| Tensor { rows: Rows::Token, columns: SIDE, values };
    let (values, weights, scales) = (id(0), id(1), id(2));
    let op = Op::Linear { values, weights, scales, biases: None, exponents: None };
    let program = Program {
        semantics: SEMANTICS,
        rows: ROWS,
        tensors: vec![
            token(Values::Features { bits: 12 }),
            fixed(SIDE, SIDE, Values::Masters),
            fixed(1, SIDE, Values::Constants),
            token(Values::Wide),
        ],
        ops: vec![Step { op, result: id(3) }],
        result: id(3),
    };
    program.check().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn detect_should_say_what_proc_says() {
        let machine = Machine::detect();
        let text = fs::read_to_string("/proc/meminfo").unwrap();
        let total = text.split_whitespace().nth(1).unwrap();
        assert_eq!(machine.memory_mib, total.parse::<u64>().unwrap() / 1_024);
        assert!(machine.cores > 0 && !machine.path.is_empty());
        let flags = fs::read_to_string("/proc/cpuinfo").unwrap();
        for feature in &machine.features {
            assert!(flags.contains(&feature.replace("avx512vnni", "avx512_vnni")), "{feature}");
        }
    }

    #[test]
    fn memory_should_be_none_when_the_text_is_another() {
        assert_eq!(memory_mib("MemFree: 12 kB\nMemTotal:   16384 kB\n"), Some(16));
        assert_eq!(memory_mib("MemTotal: many kB"), None);
        assert_eq!(memory_mib(""), None);
    }

    #[test]
    fn processor_should_be_what_the_first_calls_itself() {
        let text = "processor\t: 0\nmodel name\t: A Chip @ 2\nmodel name\t: Another\n";
        assert_eq!(processor(text), Some("A Chip @ 2"));
        assert_eq!(processor("Hardware: some board"), None);
    }

    #[test]
    fn throughput_should_be_measured_and_be_no_less_than_a_slow_machines() {
        // Ten million a second is what no machine that can run this is below.
        assert!(throughput(1).unwrap() > 10_000_000);
    }

    #[test]
    fn throughput_should_be_within_a_factor_of_two_when_it_is_measured_twice() {
        // Another process may take the core for all of one measurement, but not of each.
        let alike = (0..5).any(|_| {
            let (first, second) = (throughput(1).unwrap(), throughput(1).unwrap());
            first / 2 < second && second / 2 < first
        });
        assert!(alike);
    }
}
