//! Whether jobs that ask for a GPU would have one, and how fast it solves challenges.

use super::Wrong;
use crate::{config::Config, detect::Gpu, lending};
use cairn_order::{devices::Devices, Device};
use cairn_sandbox::Means;

/// Letters of a card's name that are shown.
const LETTERS: usize = 80;

/// What jobs have that are lent a GPU.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Usable {
    pub names: Vec<String>,
    /// None where they compute on the processor all the same.
    pub device: Option<Device>,
}

/// What the jobs' program can compute on, where jobs are lent a GPU; none where it was not asked.
pub(super) fn look(
    config: &Config,
    cards: &Result<Vec<Gpu>, String>,
    means: Means,
    wrong: &mut Vec<Wrong>,
) -> Option<Usable> {
    if !config.gpu {
        return None;
    }
    if let Err(reason) = cards {
        let what = format!("the GPU's driver does not answer ({reason})");
        wrong.push(Wrong::new(what, "see that it is loaded and complete, or leave out --gpu"));
    }
    match lending::ask(config, means) {
        Ok(devices) => {
            let names = named(&devices);
            if names.is_empty() {
                let what = "jobs are to have a GPU, and their program has none to compute on";
                let mend =
                    "install a cairn-job with the feature wgpu or cuda, and the driver that \
                            it needs, or leave out --gpu";
                wrong.push(Wrong::new(what, mend));
            }
            Some(Usable { names, device: devices.gpu() })
        }
        Err(reason) => {
            let what = format!("the jobs' program does not say which GPUs it has ({reason})");
            wrong.push(Wrong::new(what, "install the one of this version, or leave out --gpu"));
            None
        }
    }
}

/// Units of challenges that the device does a second, where jobs are lent one.
pub(super) fn speed(
    config: &Config,
    means: Means,
    device: Option<Device>,
    wrong: &mut Vec<Wrong>,
) -> Option<u64> {
    match lending::speed(config, means, device?) {
        Ok(speed) => Some(speed),
        Err(reason) => {
            let what = format!("the GPU solves no challenges ({})", shown(&reason));
            let mend = "install its driver of Vulkan; until then the processor solves them, and a \
                        class above cpu is soon lost";
            wrong.push(Wrong::new(what, mend));
            None
        }
    }
}

/// The GPUs that jobs would have: none where they compute on the processor all the same.
fn named(devices: &Devices) -> Vec<String> {
    match devices.gpu() {
        Some(_) => devices.gpus.iter().map(|name| shown(name)).collect(),
        None => Vec::new(),
    }
}

/// A name without what would move a terminal's cursor.
fn shown(name: &str) -> String {
    name.chars().filter(|letter| !letter.is_control()).take(LETTERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use std::path::Path;

    fn config(data: &Path, gpu: bool) -> Config {
        let settings = Settings {
            key: Some("//Alice".into()),
            data: Some(data.into()),
            // It confines itself no more than it has a GPU.
            job: Some("/bin/cat".into()),
            gpu,
            ..Default::default()
        };
        settings.resolve(1, 1_000).unwrap()
    }

    #[test]
    fn program_should_not_be_asked_when_no_gpu_is_lent() {
        let directory = tempfile::tempdir().unwrap();
        let mut wrong = Vec::new();
        let failed = Err("no driver".to_owned());
        let config = config(directory.path(), false);
        assert_eq!(look(&config, &failed, Means::detect(), &mut wrong), None);
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn gpu_should_be_wrong_when_driver_or_program_do_not_answer() {
        let directory = tempfile::tempdir().unwrap();
        let mut wrong = Vec::new();
        let failed = Err("no driver".to_owned());
        let config = config(directory.path(), true);
        assert_eq!(look(&config, &failed, Means::detect(), &mut wrong), None);
        let [driver, program] = &wrong[..] else { panic!("{wrong:?}") };
        assert!(driver.what.contains("(no driver)"), "{driver:?}");
        assert!(program.what.contains("the jobs' program"), "{program:?}");
        assert!(wrong.iter().all(|one| one.mend.contains("--gpu")), "{wrong:?}");
    }

    #[test]
    fn speed_should_be_wrong_when_the_device_solves_nothing_and_none_without_one() {
        let directory = tempfile::tempdir().unwrap();
        let (config, mut wrong) = (config(directory.path(), true), Vec::new());
        assert_eq!(speed(&config, Means::detect(), None, &mut wrong), None);
        assert!(wrong.is_empty(), "{wrong:?}");
        assert_eq!(speed(&config, Means::detect(), Some(Device::Wgpu), &mut wrong), None);
        assert!(wrong[0].what.contains("no challenges") && wrong[0].mend.contains("Vulkan"));
    }

    #[test]
    fn named_should_be_none_when_jobs_would_compute_on_the_processor() {
        let devices = |lent| Devices { gpus: vec!["a card".into()], lent };
        assert_eq!(named(&devices(Device::Wgpu)), ["a card"]);
        assert_eq!(named(&devices(Device::Cpu)), Vec::<String>::new());
    }

    #[test]
    fn shown_should_leave_out_what_is_no_letter() {
        assert_eq!(shown("a\u{1b}[2Jcard\n"), "a[2Jcard");
        assert_eq!(shown(&"x".repeat(1_000)).len(), LETTERS);
    }
}
