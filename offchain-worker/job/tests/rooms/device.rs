//! Jobs in floats are computed where their orders say.

use crate::{
    home::{inline, Home},
    learning,
};
use cairn_order::{Device, Fault, Made, Order, Outcome, Over};
use cairn_protocol::{
    failure::Failure,
    result::WITHIN,
    spec::{EmbedSpec, Spec},
};
use std::{fs, path::Path};

/// Each GPU's backend, and whether this build has it.
const GPUS: [(Device, &str, bool); 2] = [
    (Device::Wgpu, "wgpu", cfg!(feature = "wgpu")),
    (Device::Cuda, "cuda", cfg!(feature = "cuda")),
];

/// Where drivers of Vulkan say that they are, and the first card of NVIDIA's.
const VULKAN: [&str; 2] = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"];
const NVIDIA: &str = "/dev/nvidia0";

/// Whether this machine has a driver of the device.
fn is_there(device: Device) -> bool {
    let has_any = |folder: &str| fs::read_dir(folder).is_ok_and(|mut files| files.next().is_some());
    match device {
        Device::Cpu => true,
        Device::Wgpu => VULKAN.into_iter().any(has_any),
        Device::Cuda => Path::new(NVIDIA).exists(),
    }
}

/// What a device made; none where there is no such device, which is the one excuse.
fn made(outcome: Outcome, is_there: bool) -> Result<Option<Made>, String> {
    match outcome {
        Outcome::Made(made) => Ok(Some(made)),
        Outcome::Failed(fault) if !is_there && fault.failure == Failure::Internal => {
            println!("NOT TESTED: there is no driver, and so it says: {fault}");
            Ok(None)
        }
        Outcome::Failed(fault) => Err(fault.to_string()),
    }
}

#[test]
fn made_should_excuse_a_device_that_is_not_there_and_nothing_else() {
    let failed = |failure| Outcome::Failed(Fault::new(failure, "words"));
    assert_eq!(made(failed(Failure::Internal), false), Ok(None));
    assert!(made(failed(Failure::Internal), true).is_err());
    assert!(made(failed(Failure::UnsupportedOp), false).is_err());
    assert!(is_there(Device::Cpu));
}

fn order(home: &Home) -> Order {
    let (_, bundle) = home.encoder();
    home.float(&Spec::Embed(EmbedSpec), b"the quick brown fox", bundle, Over::Input)
}

#[test]
fn job_should_be_refused_when_it_is_to_compute_where_this_build_cannot() {
    let home = Home::new();
    let embed = order(&home);
    let (_, decoder) = home.decoder();
    let learn = learning::order(&home, learning::spec(&home), decoder);
    for (device, feature, _) in GPUS.into_iter().filter(|(_, _, compiled)| !compiled) {
        for order in [&embed, &learn] {
            let (failure, words) = home.refused(&Order { device, ..order.clone() });
            assert!(failure == Failure::Internal && words.contains(feature), "{words}");
        }
    }
}

#[test]
fn embedding_should_be_near_that_of_the_processor_when_a_gpu_makes_it() {
    let home = Home::new();
    let order = order(&home);
    let here = home.run(&order).expect("it runs");
    let here = here.fingerprint.expect("floats have one");
    for (device, feature, _) in GPUS.into_iter().filter(|(_, _, compiled)| *compiled) {
        let mut outcomes = home.run_all(&[Order { device, ..order.clone() }]);
        let outcome = outcomes.pop().expect("one for each order");
        let made = made(outcome, is_there(device));
        let Some(made) = made.unwrap_or_else(|words| panic!("{feature}: {words}")) else {
            continue;
        };
        let there = made.fingerprint.as_ref().expect("floats have one");
        let apart = here.distance(there).expect("they are alike");
        println!("{feature}: {apart} ppm off, {} bytes", inline(&made).len());
        assert!(apart <= u64::from(WITHIN), "{feature}: {apart}");
    }
}

#[test]
fn batch_should_be_refused_when_its_jobs_are_on_several_devices() {
    let home = Home::new();
    let order = order(&home);
    let other = Order { device: Device::Wgpu, ..order.clone() };
    for outcome in home.run_all(&[order, other]) {
        let Outcome::Failed(fault) = outcome else { panic!("{outcome:?}") };
        let words = String::from_utf8_lossy(&fault.reason).into_owned();
        assert!(words.contains("done together"), "{words}");
    }
}
