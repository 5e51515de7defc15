//! The GPU that jobs are lent. What they compute on is what their own program says, which is asked
//! as confined as such a job: no driver computes in a process that holds keys.

use crate::{config::Config, detect::Gpu};
use cairn_order::{
    devices::{Devices, QUESTION},
    Device,
};
use cairn_sandbox::{End, Limits, Means, Profile, Request, Sandbox};
use std::{fs::Permissions, os::unix::fs::PermissionsExt, time::Duration};
use tempfile::Builder;

/// How long all drivers together may take to say what they have.
const TIME: Duration = Duration::from_secs(60);
/// The program becomes a user of its own, where the worker is root.
const ENTERABLE: u32 = 0o755;

/// What jobs that are lent a GPU have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Lent {
    pub device: Device,
    /// For all of them together.
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

/// What the jobs' program can compute on.
pub fn ask(config: &Config, means: Means) -> Result<Devices, String> {
    let mut scratch = Builder::new();
    scratch.permissions(Permissions::from_mode(ENTERABLE));
    let scratch = scratch.tempdir_in(&config.data).map_err(|reason| reason.to_string())?;
    let binary = config.job.canonicalize().map_err(|reason| reason.to_string())?;
    let sandbox = Sandbox::new(means, scratch.path()).map_err(|error| error.to_string())?;
    let limits = Limits {
        time: TIME,
        memory: config.memory_mib.saturating_mul(1 << 20),
        threads: 256,
        disk: 64 << 20,
        spare: 0,
        open_files: 1_024,
        answer: 1 << 16,
    };
    let request = Request { binary, profile: Profile::Gpu, limits, read: Vec::new() };
    let program = sandbox.with_gpu().start(&request);
    match program.map_err(|error| error.to_string())?.run(QUESTION.to_vec()).end {
        End::Answered(bytes) => Devices::from_bytes(&bytes).map_err(|error| error.to_string()),
        end => Err(format!("{end:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

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
