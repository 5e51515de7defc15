use super::*;
use clap::Parser;
use serde_json::json;
use std::fs;

const GENESIS: Digest = [5; 32];

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    machine: Machine,
}

fn machine(words: &[&str]) -> Machine {
    let line = std::iter::once("cairn").chain(words.iter().copied());
    Line::try_parse_from(line).expect("it makes sense").machine
}

/// What is registered where so much is said on the command line.
fn profile(words: &[&str]) -> Outcome<Profile> {
    let machine = machine(words);
    let stated = machine.stated()?;
    machine.over(stated, plain(Offers::default())?, &GENESIS)
}

fn said() -> Value {
    json!({
        "class": "gpu",
        "memoryMib": 16_000,
        "compute": 89,
        "slots": 3,
        "kinds": ["infer"],
        "payloadKey": "ab".repeat(1_216),
        "node": "12".repeat(32),
        "devices": ["cd".repeat(32)],
        "salt": "ef".repeat(32),
    })
}

#[test]
fn profile_should_be_of_a_plain_machine_when_nothing_is_said() {
    let plain = profile(&[]).unwrap();
    let Hardware { class, memory_mib, compute, slots, binding } = plain.hardware;
    assert_eq!((class, memory_mib, compute, slots), (DeviceClass::Cpu, 4_096, 0, 2));
    assert_ne!(binding, profile(&[]).unwrap().hardware.binding, "it is drawn");
    assert_eq!((plain.payload_key, plain.region), (None, Region(0)));
}

#[test]
fn profile_should_be_what_the_file_says_and_flags_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("profile.json");
    fs::write(&path, said().to_string()).unwrap();
    let file = ["--profile", path.to_str().unwrap()];
    let written = profile(&file).unwrap();
    let commitment = BindingCommitment { devices: vec![[0xcd; 32]], salt: [0xef; 32] };
    let expected = Hardware {
        class: DeviceClass::Gpu,
        memory_mib: 16_000,
        compute: 89,
        slots: 3,
        binding: commitment.digest(&GENESIS),
    };
    assert_eq!(written.hardware, expected);
    assert_eq!((written.payload_key, written.node), (Some([0xab; 1_216]), [0x12; 32]));

    let node = "34".repeat(32);
    let flags =
        ["--memory", "900", "--class", "cpu", "--region", "0x0102", "--node", node.as_str()];
    let other = profile(&[&file[..], &flags].concat()).unwrap();
    let expected = Hardware { class: DeviceClass::Cpu, memory_mib: 900, ..expected };
    assert_eq!((other.hardware, other.region), (expected, Region(0x0102)));
    assert_eq!(other.node, [0x34; 32]);
}

#[test]
fn profile_should_be_refused_in_words_when_the_file_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("profile.json");
    let file = ["--profile", path.to_str().unwrap()];
    assert!(profile(&file).unwrap_err().to_string().contains("cannot read"));
    let without = |name: &str| {
        let mut said = said();
        said.as_object_mut().unwrap().remove(name);
        said.to_string()
    };
    let with = |name: &str, value: Value| {
        let mut said = said();
        said[name] = value;
        said.to_string()
    };
    for text in [
        "text".to_owned(),
        "[]".into(),
        without("class"),
        without("salt"),
        with("class", "huge".into()),
        with("slots", 256.into()),
        with("payloadKey", "ab".into()),
        with("node", "ab".into()),
        with("devices", json!(["ab"])),
    ] {
        fs::write(&path, &text).unwrap();
        let refused = profile(&file).unwrap_err().to_string();
        assert!(refused.contains("cairn-worker init"), "{text}: {refused}");
    }
    // A worker that takes nothing sealed has no key.
    fs::write(&path, without("payloadKey")).unwrap();
    assert_eq!(profile(&file).unwrap().payload_key, None);
    // Nor has it a node where no version of it had one.
    fs::write(&path, without("node")).unwrap();
    assert_eq!(profile(&file).unwrap().node, [0; 32]);
}

#[test]
fn payload_key_should_be_read_as_a_worker_says_it_and_refused_when_it_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    fs::write(&path, format!("{}\n", "ab".repeat(1_216))).unwrap();
    assert_eq!(payload_key(&path).unwrap(), [0xab; 1_216]);
    for bad in ["", "ab", &"xy".repeat(1_216), &"ab".repeat(1_217)] {
        fs::write(&path, bad).unwrap();
        let refused = payload_key(&path).unwrap_err().to_string();
        assert!(refused.contains("cairn-worker identity"), "{refused}");
    }
}
