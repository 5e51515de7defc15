//! Jobs in floats are computed where their orders say.

use crate::{
    home::{inline, Home},
    learning,
};
use cairn_order::{Device, Order, Outcome, Over};
use cairn_protocol::{
    failure::Failure,
    result::WITHIN,
    spec::{EmbedSpec, Spec},
};

/// Each GPU's backend, and whether this build has it.
const GPUS: [(Device, &str, bool); 2] = [
    (Device::Wgpu, "wgpu", cfg!(feature = "wgpu")),
    (Device::Cuda, "cuda", cfg!(feature = "cuda")),
];

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
        match &home.run_all(&[Order { device, ..order.clone() }])[..] {
            [Outcome::Made(made)] => {
                let there = made.fingerprint.as_ref().expect("floats have one");
                let apart = here.distance(there).expect("they are alike");
                println!("{feature}: {apart} ppm off, {} bytes", inline(made).len());
                assert!(apart <= u64::from(WITHIN), "{feature}: {apart}");
            }
            other => println!("NOT TESTED: {feature} does not compute here: {other:?}"),
        }
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
