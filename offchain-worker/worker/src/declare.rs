//! What a provider can declare of this machine.

use crate::{config::Config, detect::Gpu, lending};
use cairn_order::engines;
use cairn_protocol::{id::Digest, job::JobKind, profile::DeviceClass};
use serde::Serialize;
use std::fs;

/// Where most systems say which machine they are.
const MACHINE: &str = "/etc/machine-id";

/// What jobs are given here, in the words of `cairn register`.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Declared {
    pub class: &'static str,
    pub memory_mib: u32,
    /// Compute capability of the GPU, major times ten plus minor; zero without one.
    pub compute: u16,
    /// One more than jobs are done at once: a challenge takes the place of one.
    pub slots: u8,
    /// Kinds of jobs that the program beside this one does.
    pub kinds: Vec<String>,
}

impl Declared {
    /// A GPU is declared only where jobs are lent one and their program names it as one that it
    /// computes on; of several the smallest, since a job may have any. What a job is given has to
    /// fit beside it as well.
    pub fn of(config: &Config, gpus: &[Gpu], usable: &[String]) -> Self {
        let whole = |memory: u64| u32::try_from(memory).unwrap_or(u32::MAX);
        let lent = lending::smallest(gpus, usable).filter(|_| config.gpu);
        let class = lent.map_or(DeviceClass::Cpu, Gpu::class);
        let memory = lent.map_or(config.memory_mib, |gpu| gpu.memory_mib.min(config.memory_mib));
        let engines = engines::all();
        // Some are done by two.
        let done = |kind: &JobKind| engines.iter().any(|engine| engine.kinds.contains(kind));
        let kinds = JobKind::ALL.into_iter().filter(done);
        Self {
            class: name(class),
            memory_mib: whole(memory),
            compute: lent.map_or(0, |gpu| gpu.compute),
            slots: config.slots.saturating_add(1),
            kinds: kinds.map(|kind| format!("{kind:?}").to_lowercase()).collect(),
        }
    }

    /// Whether jobs have one to compute on.
    pub fn has_gpu(&self) -> bool {
        self.class != name(DeviceClass::Cpu)
    }
}

/// Hashes of what tells this machine, and the cards that it lends, from others; sorted.
pub fn devices(gpus: &[Gpu]) -> Vec<Digest> {
    hashed(&fs::read_to_string(MACHINE).unwrap_or_default(), gpus)
}

fn hashed(machine: &str, gpus: &[Gpu]) -> Vec<Digest> {
    let machine = Some(machine.trim()).filter(|id| !id.is_empty());
    let ids = machine.into_iter().chain(gpus.iter().map(|gpu| gpu.id.as_str()));
    let hash = |id: &str| *blake3::hash(format!("cairn device\n{id}").as_bytes()).as_bytes();
    let mut hashes: Vec<Digest> = ids.map(hash).collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

/// What a class is called on a command line.
pub(crate) fn name(class: DeviceClass) -> &'static str {
    match class {
        DeviceClass::Cpu => "cpu",
        DeviceClass::SmallGpu => "small-gpu",
        DeviceClass::Gpu => "gpu",
        DeviceClass::LargeGpu => "large-gpu",
        DeviceClass::Accelerator => "accelerator",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    fn config(gpu: bool) -> Config {
        let key = Some("//Alice".into());
        let settings = Settings { key, data: Some("/data".into()), gpu, ..Default::default() };
        settings.resolve(4, 16_000).unwrap()
    }

    fn card(memory_mib: u64) -> Gpu {
        Gpu { name: "a card".into(), id: format!("GPU-{memory_mib}"), memory_mib, compute: 89 }
    }

    #[test]
    fn declared_should_be_what_jobs_are_given() {
        let declared = Declared::of(&config(false), &[], &[]);
        assert_eq!((declared.class, declared.memory_mib), ("cpu", 12_000));
        assert_eq!((declared.compute, declared.slots), (0, 2));
        let kinds = ["infer", "embed", "train", "evaluate", "simulate", "wasm"];
        assert_eq!(declared.kinds, kinds, "each once");
    }

    #[test]
    fn declared_should_have_a_gpu_only_when_it_is_lent() {
        let (cards, usable) = ([card(8_192), card(24_564)], ["a card".to_owned()]);
        let kept = Declared::of(&config(false), &cards, &usable);
        assert_eq!((kept.class, kept.compute), ("cpu", 0));
        let lent = Declared::of(&config(true), &cards[1..], &usable);
        assert_eq!((lent.class, lent.compute, lent.memory_mib), ("gpu", 89, 12_000));
        // A job may have either of them.
        let both = Declared::of(&config(true), &cards, &usable);
        assert_eq!((both.class, both.memory_mib), ("small-gpu", 8_192));
    }

    #[test]
    fn declared_should_have_no_gpu_when_jobs_compute_on_the_processor() {
        let cards = [card(24_564)];
        for usable in [Vec::new(), vec!["another card".to_owned()]] {
            let declared = Declared::of(&config(true), &cards, &usable);
            assert_eq!((declared.class, declared.compute), ("cpu", 0), "{usable:?}");
        }
    }

    #[test]
    fn devices_should_differ_with_the_machine_and_be_sorted() {
        let (cards, none) = ([card(1), card(2)], []);
        let all = hashed("a\n", &cards);
        assert!(all.len() == 3 && all.is_sorted(), "{all:?}");
        assert_eq!(hashed("a", &none).len(), 1);
        assert_ne!(hashed("a", &none), hashed("b", &none));
        assert!(hashed("", &none).is_empty());
    }
}
