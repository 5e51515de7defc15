//! Whether a provider can do what it is registered for. Whoever is drawn for more than that is
//! penalised for it.

use super::Wrong;
use crate::{
    config::Config,
    declare::{self, Declared},
    floors::Floors,
    view::NO_NODE,
};
use cairn_protocol::{
    id::Digest,
    profile::{DeviceClass, Profile},
};
use cairn_store::NodeId;

const MILLION: u64 = 1_000_000;
/// How a profile is changed.
const UPDATE: &str = "with `cairn update`";

/// All that the profile promises and this machine does not hold.
pub(super) fn look(
    profile: &Profile,
    config: &Config,
    declared: &Declared,
    node: Option<NodeId>,
) -> Vec<Wrong> {
    let hardware = &profile.hardware;
    let mut wrong = Vec::new();
    wrong.extend(gpu(hardware.class, config, declared));
    wrong.extend(node.and_then(|own| known(profile.node, own)));
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

/// Whether others, who look its node up, find the one that it has.
fn known(registered: Digest, own: NodeId) -> Option<Wrong> {
    let what = match registered {
        same if same == own.0 => return None,
        NO_NODE => "it is registered without a node, so that others do not know its own".to_owned(),
        other => format!("it is registered with node {}, which is not its own", NodeId(other)),
    };
    Some(Wrong::new(what, format!("register its own {UPDATE}, as --node {own}")))
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

/// Whether the GPU solves challenges fast enough for the class that it is registered as.
pub(super) fn speed(registered: DeviceClass, speed: Option<u64>, floors: &Floors) -> Option<Wrong> {
    let speed = speed?;
    let kept = floors.kept(speed);
    (kept < registered).then(|| {
        let (class, need) = (declare::name(registered), floors.of(registered) / MILLION);
        let have = speed / MILLION;
        let what = format!(
            "it is registered as {class}, which takes {need} million units of a challenge a second \
             and a tenth more, and its GPU does {have}"
        );
        let kept = declare::name(kept);
        let mend = format!("let nothing else compute on it, or register {kept} {UPDATE}");
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
        let wrong = look(&profile(registered, JobKind::Wasm), &config, &without, None);
        let [one] = &wrong[..] else { panic!("{wrong:?}") };
        assert!(one.what.contains("processor alone") && one.mend.contains("wgpu"), "{one:?}");
        let with = Declared { class: "gpu", ..without };
        assert_eq!(look(&profile(registered, JobKind::Wasm), &config, &with, None), Vec::new());
    }

    #[test]
    fn speed_should_be_wrong_when_the_class_is_lost_by_it() {
        let floors = Floors::default();
        let of = |registered, units| speed(registered, units, &floors);
        assert_eq!(of(DeviceClass::SmallGpu, Some(300_000_000_000)), None);
        assert_eq!(of(DeviceClass::Cpu, Some(0)), None);
        // Nothing is known of one that was not measured.
        assert_eq!(of(DeviceClass::Gpu, None), None);
        let lost = of(DeviceClass::Gpu, Some(300_000_000_000)).unwrap();
        assert!(lost.what.contains("as gpu, which takes 1000000 million"), "{lost:?}");
        assert!(lost.what.ends_with("does 300000") && lost.mend.contains("small-gpu"), "{lost:?}");
    }

    #[test]
    fn look_should_name_a_node_that_is_registered_and_not_its_own() {
        let config = config();
        let declared = Declared::of(&config, &[], &[]);
        let [own, other] = [1, 2].map(|seed| NodeId::of(&[seed; 32]));
        let wrong = |node, own| {
            let profile = Profile { node, ..profile(hardware(), JobKind::Wasm) };
            look(&profile, &config, &declared, own)
        };
        assert_eq!(wrong(own.0, Some(own)), Vec::new());
        // One that has no node of its own may be registered with any.
        assert_eq!(wrong(other.0, None), Vec::new());
        for (node, what) in [(other.0, other.to_string()), (NO_NODE, "without a node".into())] {
            let wrong = wrong(node, Some(own));
            let [one] = &wrong[..] else { panic!("{wrong:?}") };
            assert!(one.what.contains(&what), "{one:?}");
            assert!(one.mend.ends_with(&format!("--node {own}")), "{one:?}");
        }
    }

    #[test]
    fn look_should_name_each_promise_that_is_not_held() {
        let config = config();
        let declared = Declared::of(&config, &[], &[]);
        let held = profile(hardware(), JobKind::Wasm);
        assert_eq!(look(&held, &config, &declared, None), Vec::new());
        let cases = [
            (Hardware { class: DeviceClass::Gpu, ..hardware() }, "--gpu"),
            (Hardware { memory_mib: 3_001, ..hardware() }, "--memory"),
            (Hardware { slots: 3, ..hardware() }, "--slots"),
        ];
        for (hardware, mend) in cases {
            let wrong = look(&profile(hardware, JobKind::Wasm), &config, &declared, None);
            let [one] = &wrong[..] else { panic!("{wrong:?}") };
            assert!(one.mend.contains(mend) && one.mend.contains("cairn update"), "{one:?}");
        }
        let none = Declared { kinds: Vec::new(), ..declared };
        let wrong = look(&held, &config, &none, None);
        assert!(wrong[0].what.contains("offers wasm"), "{wrong:?}");
    }
}
