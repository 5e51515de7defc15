//! Whether jobs that ask for a GPU would have one.

use super::Wrong;
use crate::{config::Config, detect::Gpu, lending};
use cairn_order::devices::Devices;
use cairn_sandbox::Means;

/// Letters of a card's name that are shown.
const LETTERS: usize = 80;

/// What the jobs' program can compute on, where jobs are lent a GPU; none where it was not asked.
pub(super) fn look(
    config: &Config,
    cards: &Result<Vec<Gpu>, String>,
    means: Means,
    wrong: &mut Vec<Wrong>,
) -> Option<Vec<String>> {
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
            Some(names)
        }
        Err(reason) => {
            let what = format!("the jobs' program does not say which GPUs it has ({reason})");
            wrong.push(Wrong::new(what, "install the one of this version, or leave out --gpu"));
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
    use cairn_order::Device;
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
