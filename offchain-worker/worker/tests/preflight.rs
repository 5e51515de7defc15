//! The program as whoever sets it up runs it, without a chain.

use serde_json::Value;
use std::{
    fs,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};
use tempfile::TempDir;

const WORKER: &str = env!("CARGO_BIN_EXE_cairn-worker");

/// A place with nothing wrong but that no chain can be reached from it.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        fs::set_permissions(place.0.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let job = place.at("cairn-job");
        fs::write(&job, "#!/bin/sh\n").unwrap();
        fs::set_permissions(&job, fs::Permissions::from_mode(0o755)).unwrap();
        place
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// What is said where these settings, of flags and values, are others than usual.
    fn said(&self, command: &str, others: &[(&str, &str)], more: &[&str]) -> Output {
        let path = |name: &str| self.at(name).display().to_string();
        let usual = [
            // Nobody listens there.
            ("--url", "ws://127.0.0.1:1".to_owned()),
            ("--key", "//Alice".into()),
            ("--data", path("data")),
            ("--archive", path("archive")),
            ("--job", path("cairn-job")),
            ("--health", "0".into()),
        ];
        let mut program = Command::new(WORKER);
        program.arg(command).env_remove("CAIRN_KEY").env_remove("CAIRN_PASSPHRASE");
        for (flag, value) in &usual {
            let other = others.iter().find(|(named, _)| named == flag);
            program.arg(flag).arg(other.map_or(value.as_str(), |(_, value)| *value));
        }
        program.args(more).output().unwrap()
    }
}

fn text(output: &Output) -> String {
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The lines about what is wrong, besides the chain that is not there.
fn wrong(text: &str) -> Vec<&str> {
    let lines = text.lines().filter(|line| line.starts_with("wrong "));
    lines.filter(|line| !line.contains("the chain cannot be used")).collect()
}

#[test]
fn preflight_should_have_nothing_else_to_say_when_only_the_chain_is_missing() {
    let output = Place::new().said("preflight", &[], &[]);
    let text = text(&output);
    assert_eq!(wrong(&text), Vec::<&str>::new(), "{text}");
    assert!(text.contains("ws://127.0.0.1:1"), "{text}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn preflight_should_say_what_is_wrong_and_end_with_one_for_each_broken_set_up() {
    let place = Place::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    // Where there should be a disk.
    fs::write(place.at("file"), "text").unwrap();
    let nowhere = place.at("file/data").display().to_string();
    let missing = place.at("no-job").display().to_string();
    let cases = [
        ("--health", port.as_str(), "cannot be listened on", "name another port with --health"),
        ("--data", nowhere.as_str(), "cannot be made", "name another folder with --data"),
        ("--archive", nowhere.as_str(), "is no archive", "name another with --archive"),
        ("--job", missing.as_str(), "cannot be found", "name it with --job"),
    ];
    for (flag, value, what, mend) in cases {
        let output = place.said("preflight", &[(flag, value)], &[]);
        let text = text(&output);
        let lines = wrong(&text);
        let [line] = lines[..] else { panic!("{flag}: {text}") };
        assert!(line.contains(what) && line.contains(mend), "{flag}: {line}");
        assert_eq!(output.status.code(), Some(1), "{flag}");
    }
}

#[test]
fn preflight_should_say_in_json_what_proc_says() {
    let place = Place::new();
    let output = place.said("preflight", &[], &["--json", "--memory", "512", "--slots", "3"]);
    let said: Value = serde_json::from_str(&text(&output)).unwrap();
    let proc = |name: &str| fs::read_to_string(Path::new("/proc").join(name)).unwrap();
    let memory = proc("meminfo");
    let total: u64 = memory.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert_eq!(said["machine"]["memoryMib"], total / 1_024);
    let processors = proc("cpuinfo").lines().filter(|line| line.starts_with("processor")).count();
    let cores = said["machine"]["cores"].as_u64().unwrap();
    assert!((1..=processors as u64).contains(&cores), "{said}");
    assert!(said["throughput"].as_u64() > Some(10_000_000), "{said}");
    assert_eq!(said["sandbox"]["seccomp"], true);
    assert_eq!((&said["can"]["memoryMib"], &said["can"]["slots"]), (&512.into(), &4.into()));
    assert!(said["gpus"].is_array() && said["usable"].is_null(), "{said}");
    let wrong = said["wrong"].as_array().unwrap();
    assert!(wrong.iter().all(|one| one["what"].is_string() && one["mend"].is_string()), "{said}");
}

#[test]
fn preflight_should_say_that_no_gpu_can_be_lent_when_the_program_has_none() {
    let output = Place::new().said("preflight", &[], &["--gpu"]);
    let text = text(&output);
    assert!(wrong(&text).iter().any(|line| line.ends_with("leave out --gpu")), "{text}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn init_should_make_a_key_only_when_it_can_be_encrypted() {
    let place = Place::new();
    let data = place.at("data").display().to_string();
    let mut program = Command::new(WORKER);
    program.args(["init", "--data", &data]).env_remove("CAIRN_KEY");
    let refused = program.env_remove("CAIRN_PASSPHRASE").output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let words = String::from_utf8_lossy(&refused.stderr);
    assert!(words.contains("CAIRN_PASSPHRASE") && words.contains("--key"), "{words}");

    let made = program.arg("--json").env("CAIRN_PASSPHRASE", "a b c").output().unwrap();
    let said: Value = serde_json::from_str(&text(&made)).unwrap();
    assert_eq!(said["phrase"].as_str().map(|phrase| phrase.split(' ').count()), Some(12));
    // The key is used again, and shown no more.
    let again = program.output().unwrap();
    let again: Value = serde_json::from_str(&text(&again)).unwrap();
    assert_eq!((&again["operator"], &again["phrase"]), (&said["operator"], &Value::Null));
    let config = fs::read_to_string(said["config"].as_str().unwrap()).unwrap();
    assert!(config.contains("operator.key"), "{config}");
    let profile = fs::read_to_string(said["profile"].as_str().unwrap()).unwrap();
    assert!(profile.contains("payloadKey"), "{profile}");
}
