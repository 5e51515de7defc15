//! Capability challenges come to the same wherever they are computed.

use cairn_job::{reply, solve};
use cairn_order::{Device, Outcome, Solving};
use cairn_protocol::{challenge::work, failure::Failure};
use std::path::Path;

/// Of a few rounds.
fn solving(device: Device) -> Solving {
    Solving { seed: [7; 32], units: 5 * work::ROUND_UNITS, device }
}

fn refused(solving: &Solving) -> String {
    let Err(fault) = solve(solving) else { panic!("it should be refused") };
    assert_eq!(fault.failure, Failure::Internal);
    let outcome = reply(&solving.to_bytes(), Path::new("."));
    assert_eq!(outcome, Outcome::Failed(fault.clone()).to_bytes());
    String::from_utf8_lossy(&fault.reason).into_owned()
}

#[test]
fn challenge_should_be_refused_when_it_is_the_processors_or_no_device_is_compiled_in() {
    let has_device = cfg!(any(feature = "wgpu", feature = "cuda"));
    let words = refused(&solving(Device::Cpu));
    let said = if has_device { "the worker solves" } else { "--features wgpu" };
    assert!(words.contains(said), "{words}");
    if !has_device {
        assert_eq!(refused(&solving(Device::Wgpu)), words);
    }
}

/// By whatever adapter there is, one in software too.
#[cfg(any(feature = "wgpu", feature = "cuda"))]
mod gpu {
    use super::*;
    use crate::{
        home::Home,
        sandbox::{answered, started_as},
    };
    use cairn_order::{
        devices::{Devices, QUESTION},
        Made, Product, Solved,
    };
    use cairn_sandbox::{End, Limits, Profile, Sandboxed};
    use std::time::Duration;

    fn solved(made: &Made) -> Solved {
        let Product::Inline(bytes) = &made.product else { panic!("{made:?}") };
        Solved::from_output(bytes).expect("an answer")
    }

    /// As a worker starts a program that is lent a GPU.
    fn started(home: &Home) -> Sandboxed {
        let limits = Limits {
            time: Duration::from_secs(120),
            memory: 4 << 30,
            threads: 256,
            disk: 64 << 20,
            spare: 0,
            open_files: 1_024,
            answer: 1 << 16,
        };
        started_as(home, Profile::Gpu, limits)
    }

    #[test]
    #[ignore = "needs a driver of Vulkan, as Mesa has one in software"]
    fn challenge_should_come_to_the_processors_answer_when_a_gpu_solves_it() {
        for rounds in [1, 2, 7] {
            let units = rounds * work::ROUND_UNITS;
            let made = solve(&Solving { units, ..solving(Device::Wgpu) }).expect("it is solved");
            let Solved { answer, micros } = solved(&made);
            println!("{:.1} million units a second", units as f64 / micros as f64);
            assert_eq!((answer, made.units), (work::solve(&[7; 32], units), units));
        }
    }

    /// Which files and calls a driver needs is what the sandbox says of the profile.
    #[test]
    #[ignore = "needs a driver of Vulkan, as Mesa has one in software"]
    fn driver_should_be_found_and_compute_when_the_program_is_confined() {
        let home = Home::new();
        // An adapter in software is not named; but whoever answers has loaded its driver.
        let End::Answered(bytes) = started(&home).run(QUESTION.to_vec()).end else {
            panic!("it should answer")
        };
        println!("{:?}", Devices::from_bytes(&bytes).expect("devices"));
        let solving = solving(Device::Wgpu);
        let outcome = answered(&mut started(&home), solving.to_bytes());
        let Outcome::Made(made) = outcome else { panic!("{outcome:?}") };
        assert_eq!(solved(&made).answer, work::solve(&solving.seed, solving.units));
    }
}
