//! Whether a provider can do what it is registered for. Whoever is drawn for more than that is
//! penalised for it.

use super::Wrong;
use crate::{config::Config, declare::Declared};
use cairn_protocol::profile::{DeviceClass, Profile};

/// How a profile is changed.
const UPDATE: &str = "with `cairn update`";

/// All that the profile promises and this machine does not hold.
pub(super) fn look(profile: &Profile, config: &Config, declared: &Declared) -> Vec<Wrong> {
    let hardware = &profile.hardware;
    let mut wrong = Vec::new();
    wrong.extend(gpu(hardware.class, config, declared));
    let (promised, have) = (u64::from(hardware.memory_mib), config.memory_mib);
    if promised > have {
        let what = format!("it is registered with {promised} MiB, and jobs are given {have}");
        wrong.push(Wrong::new(what, format!("give more with --memory, or register less {UPDATE}")));
    }
    let (promised, have) = (hardware.slots, declared.slots);
    if promised > have {
        let jobs = config.slots;
        let what = format!("it is registered for {promised} jobs at once, and does {jobs}");
        let mend = format!("do more with --slots, or register {have} {UPDATE}");
        wrong.push(Wrong::new(what, mend));
    }
    for offer in profile.offers.0.iter() {
        let kind = format!("{:?}", offer.kind).to_lowercase();
        if !declared.kinds.contains(&kind) {
            let what = format!("it offers {kind}, which this version does not do");
            wrong.push(Wrong::new(what, format!("offer it no longer {UPDATE}")));
        }
    }
    wrong
}

/// Whether jobs have the GPU that it is registered with.
fn gpu(registered: DeviceClass, config: &Config, declared: &Declared) -> Option<Wrong> {
    if registered == DeviceClass::Cpu {
        return None;
    }
    if !config.gpu {
        let what = "it is registered with a GPU, and jobs are lent none";
        return Some(Wrong::new(what, format!("lend it with --gpu, or register none {UPDATE}")));
    }
    (!declared.has_gpu()).then(|| {
        let what = "it is registered with a GPU, and jobs compute on the processor alone";
        let mend = format!(
            "install a cairn-job with the feature wgpu or cuda, and the driver that it needs, or \
             register none {UPDATE}"
        );
        Wrong::new(what, mend)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use cairn_protocol::{
        id::Region,
        job::JobKind,
        profile::{Hardware, Offer, Offers},
    };

    fn config() -> Config {
        let key = Some("//Alice".into());
        let settings = Settings { key, data: Some("/data".into()), ..Default::default() };
        settings.resolve(1, 4_000).unwrap()
    }

    fn profile(hardware: Hardware, kind: JobKind) -> Profile {
        Profile {
            hardware,
            region: Region(0),
            offers: Offers(vec![Offer { kind, price: 1 }].try_into().unwrap()),
            payload_key: None,
            node: [0; 32],
            enclave: None,
        }
    }

    fn hardware() -> Hardware {
        let class = DeviceClass::Cpu;
        Hardware { class, memory_mib: 3_000, compute: 0, slots: 2, binding: [0; 32] }
    }

    #[test]
    fn look_should_name_a_gpu_that_is_registered_and_no_job_computes_on() {
        let registered = Hardware { class: DeviceClass::Gpu, ..hardware() };
        let config = Config { gpu: true, ..config() };
        let without = Declared::of(&config, &[], &[]);
        let wrong = look(&profile(registered, JobKind::Wasm), &config, &without);
        let [one] = &wrong[..] else { panic!("{wrong:?}") };
        assert!(one.what.contains("processor alone") && one.mend.contains("wgpu"), "{one:?}");
        let with = Declared { class: "gpu", ..without };
        assert_eq!(look(&profile(registered, JobKind::Wasm), &config, &with), Vec::new());
    }

    #[test]
    fn look_should_name_each_promise_that_is_not_held() {
        let config = config();
        let declared = Declared::of(&config, &[], &[]);
        let held = profile(hardware(), JobKind::Wasm);
        assert_eq!(look(&held, &config, &declared), Vec::new());
        let cases = [
            (Hardware { class: DeviceClass::Gpu, ..hardware() }, "--gpu"),
            (Hardware { memory_mib: 3_001, ..hardware() }, "--memory"),
            (Hardware { slots: 3, ..hardware() }, "--slots"),
        ];
        for (hardware, mend) in cases {
            let wrong = look(&profile(hardware, JobKind::Wasm), &config, &declared);
            let [one] = &wrong[..] else { panic!("{wrong:?}") };
            assert!(one.mend.contains(mend) && one.mend.contains("cairn update"), "{one:?}");
        }
        let none = Declared { kinds: Vec::new(), ..declared };
        let wrong = look(&held, &config, &none);
        assert!(wrong[0].what.contains("offers wasm"), "{wrong:?}");
    }
}
