//! The GPU that jobs are lent. What they compute on is what their own program says, which is asked
//! as confined as such a job, and so are challenges solved: no driver computes in a process that
//! holds keys.

use crate::{config::Config, detect::Gpu};
use cairn_order::{
    devices::{Devices, QUESTION},
    Device, Made, Outcome, Product, Solved, Solving,
};
use cairn_protocol::challenge::work;
use cairn_sandbox::{End, Limits, Means, Profile, Request, Sandbox, Sandboxed, Stopper};
use std::{fs::Permissions, os::unix::fs::PermissionsExt, path::PathBuf, time::Duration};
use tempfile::Builder;

/// How long all drivers together may take to say what they have.
const TIME: Duration = Duration::from_secs(60);
/// The program becomes a user of its own, where the worker is root.
const ENTERABLE: u32 = 0o755;
/// What is tried first to see how fast a device is, and how often it is tried for longer.
const FIRST_UNITS: u64 = 4 * work::ROUND_UNITS;
const TRIES: u32 = 4;
/// Microseconds after which what a device begins slowly with no longer counts.
const LONG: u64 = 1_000_000;

/// What jobs that are lent a GPU have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Lent {
    pub device: Device,
    /// For all of them together.
    pub memory_mib: u64,
}

/// The jobs' program, started as for jobs that are lent a GPU.
#[derive(Clone, Debug)]
pub struct Program {
    pub sandbox: Sandbox,
    pub binary: PathBuf,
    pub memory_mib: u64,
}

impl Lent {
    /// None where jobs would compute on the processor. Of a card that no management library knows
    /// the memory is taken for that of jobs.
    fn of(devices: &Devices, cards: &[Gpu], memory_mib: u64) -> Option<Self> {
        let device = devices.gpu()?;
        let card = smallest(cards, &devices.gpus);
        Some(Self { device, memory_mib: card.map_or(memory_mib, |card| card.memory_mib) })
    }
}

/// The card that jobs have at least: they compute on the first that their program finds, and that
/// may be any of those that it names.
pub fn smallest<'a>(cards: &'a [Gpu], usable: &[String]) -> Option<&'a Gpu> {
    cards.iter().filter(|card| usable.contains(&card.name)).min_by_key(|card| card.memory_mib)
}

/// What jobs are lent; in words, why it is nothing.
pub fn lent(config: &Config, cards: &[Gpu]) -> Result<Lent, String> {
    let devices = ask(config, Means::detect())?;
    let none = || "their program computes on the processor alone".to_owned();
    Lent::of(&devices, cards, config.memory_mib).ok_or_else(none)
}

/// Lets jobs have what they are lent. Where that is nothing, those that ask for a GPU are refused.
pub fn allow(sandbox: Sandbox, lent: Option<Lent>) -> Sandbox {
    match lent {
        Some(_) => sandbox.with_gpu(),
        None => sandbox,
    }
}

impl Program {
    /// It is ended so long after it was given its order.
    fn start(&self, time: Duration) -> Result<Sandboxed, String> {
        let limits = Limits {
            time,
            memory: self.memory_mib.saturating_mul(1 << 20),
            threads: 256,
            disk: 64 << 20,
            spare: 0,
            open_files: 1_024,
            answer: 1 << 16,
        };
        let (binary, read) = (self.binary.clone(), Vec::new());
        let request = Request { binary, profile: Profile::Gpu, limits, read };
        self.sandbox.start(&request).map_err(|error| error.to_string())
    }

    /// Solves a challenge, unless it is not wanted any more once the process is there.
    pub fn solve(
        &self,
        solving: &Solving,
        time: Duration,
        wanted: impl FnOnce(Stopper) -> bool,
    ) -> Result<Solved, String> {
        let mut process = self.start(time)?;
        if !wanted(process.stopper()) {
            return Err("it is not wanted any more".into());
        }
        solved(process.run(solving.to_bytes()).end)
    }
}

fn solved(end: End) -> Result<Solved, String> {
    let End::Answered(bytes) = end else { return Err(format!("{end:?}")) };
    match Outcome::from_bytes(&bytes).map_err(|error| error.to_string())? {
        Outcome::Made(Made { product: Product::Inline(output), .. }) => {
            Solved::from_output(&output).map_err(|error| error.to_string())
        }
        Outcome::Made(_) => Err("it answers with a file".into()),
        Outcome::Failed(fault) => Err(fault.to_string()),
    }
}

/// What the jobs' program can compute on.
pub fn ask(config: &Config, means: Means) -> Result<Devices, String> {
    with_program(config, means, |program| match program.start(TIME)?.run(QUESTION.to_vec()).end {
        End::Answered(bytes) => Devices::from_bytes(&bytes).map_err(|error| error.to_string()),
        end => Err(format!("{end:?}")),
    })
}

/// Units of challenges that a device does a second, once it runs.
pub fn speed(config: &Config, means: Means, device: Device) -> Result<u64, String> {
    with_program(config, means, |program| {
        let (mut units, mut speed) = (FIRST_UNITS, 0);
        for _ in 0..TRIES {
            let solving = Solving { seed: [0; 32], units, device };
            let Solved { micros, .. } = program.solve(&solving, TIME, |_| true)?;
            speed = a_second(units, micros);
            if micros >= LONG {
                break;
            }
            units = speed.saturating_mul(2);
        }
        Ok(speed)
    })
}

/// What is computed of so many units, in whole rounds, is done so fast.
fn a_second(units: u64, micros: u64) -> u64 {
    let speed = u128::from(work::cost(units)) * 1_000_000 / u128::from(micros.max(1));
    u64::try_from(speed).unwrap_or(u64::MAX)
}

/// With a program of its own, and a scratch folder that is gone afterwards.
fn with_program<T>(
    config: &Config,
    means: Means,
    ask: impl FnOnce(&Program) -> Result<T, String>,
) -> Result<T, String> {
    let mut scratch = Builder::new();
    scratch.permissions(Permissions::from_mode(ENTERABLE));
    let scratch = scratch.tempdir_in(&config.data).map_err(|reason| reason.to_string())?;
    let binary = config.job.canonicalize().map_err(|reason| reason.to_string())?;
    let sandbox = Sandbox::new(means, scratch.path()).map_err(|error| error.to_string())?;
    let (sandbox, memory_mib) = (sandbox.with_gpu(), config.memory_mib);
    ask(&Program { sandbox, binary, memory_mib })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use cairn_order::Fault;
    use cairn_protocol::failure::Failure;
    use codec::Encode;

    fn card(name: &str, memory_mib: u64) -> Gpu {
        Gpu { name: name.into(), id: format!("GPU-{memory_mib}"), memory_mib, compute: 89 }
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn lent_should_be_nothing_when_jobs_compute_on_the_processor() {
        let cards = [card("a card", 8_192)];
        assert_eq!(Lent::of(&Devices::default(), &cards, 1_000), None);
        let devices = Devices { gpus: names(&["a card"]), lent: Device::Cpu };
        assert_eq!(Lent::of(&devices, &cards, 1_000), None);
    }

    #[test]
    fn lent_should_have_the_memory_of_the_card_and_of_jobs_where_none_is_known() {
        let devices = Devices { gpus: names(&["a card"]), lent: Device::Cuda };
        let of = |cards: &[Gpu]| Lent::of(&devices, cards, 1_000).map(|lent| lent.memory_mib);
        assert_eq!(of(&[card("a card", 8_192)]), Some(8_192));
        assert_eq!(of(&[]), Some(1_000));
    }

    #[test]
    fn lent_should_say_why_when_the_program_does_not_say_what_it_has() {
        let directory = tempfile::tempdir().unwrap();
        let settings = Settings {
            key: Some("//Alice".into()),
            data: Some(directory.path().into()),
            // It confines itself no more than it has a GPU.
            job: Some("/bin/cat".into()),
            gpu: true,
            ..Default::default()
        };
        let config = settings.resolve(1, 1_000).unwrap();
        assert!(!lent(&config, &[card("a card", 8_192)]).unwrap_err().is_empty());
    }

    #[test]
    fn solved_should_be_what_the_program_answers_and_else_why_it_does_not() {
        let answer = Solved { answer: [3; 32], micros: 7 };
        let made = |product| {
            let made = Made { product, units: 1, trace: [0; 32], fingerprint: None };
            solved(End::Answered(Outcome::Made(made).to_bytes()))
        };
        assert_eq!(made(Product::Inline(answer.encode())), Ok(answer));
        assert!(made(Product::Inline(vec![3; 32])).is_err());
        assert!(made(Product::Scratch("output".into())).is_err());
        let fault = Fault::new(Failure::Internal, "no driver");
        let failed = solved(End::Answered(Outcome::Failed(fault).to_bytes()));
        assert!(failed.unwrap_err().contains("no driver"));
        assert!(solved(End::OutOfTime).unwrap_err().contains("OutOfTime"));
        assert!(solved(End::Answered(vec![1])).is_err());
    }

    #[test]
    fn a_second_should_count_whole_rounds_and_hold_what_is_too_fast_to_be_timed() {
        assert_eq!(a_second(1, 1_000_000), work::ROUND_UNITS);
        assert_eq!(a_second(3 * work::ROUND_UNITS, 500_000), 6 * work::ROUND_UNITS);
        assert_eq!(a_second(u64::MAX, 0), u64::MAX);
    }

    #[test]
    fn allow_should_take_jobs_on_a_gpu_only_when_one_is_lent() {
        let directory = tempfile::tempdir().unwrap();
        let sandbox = || Sandbox::new(Means::detect(), directory.path()).unwrap();
        assert!(allow(sandbox(), None).admit(Profile::Gpu).is_err());
        let lent = Lent { device: Device::Wgpu, memory_mib: 1 };
        assert!(allow(sandbox(), Some(lent)).admit(Profile::Gpu).is_ok());
    }

    #[test]
    fn smallest_should_be_of_those_that_the_program_names() {
        let cards = [card("large", 24_564), card("small", 8_192), card("none", 4_096)];
        let found = |usable: &[&str]| smallest(&cards, &names(usable)).map(|card| card.memory_mib);
        assert_eq!(found(&["large", "small"]), Some(8_192));
        assert_eq!(found(&["large", "another"]), Some(24_564));
        assert_eq!(found(&["another"]), None);
    }
}
