use super::*;
use crate::Neighbour;
use serde_json::Value;
use std::net::SocketAddr;
use tempfile::TempDir;

fn settings(directory: &TempDir) -> Settings {
    let data = Some(directory.path().join("data"));
    Settings { key: Some("//Alice".into()), data, slots: Some(3), ..Default::default() }
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn machine() -> Machine {
    Machine { cores: 4, memory_mib: 16_000, ..Machine::detect() }
}

#[test]
fn init_should_leave_settings_that_a_worker_runs_with() {
    let directory = tempfile::tempdir().unwrap();
    let made = init(settings(&directory), &machine()).unwrap();
    let file = fs::read_to_string(&made.config).unwrap();
    // A phrase is for the environment.
    assert!(!file.contains("Alice"), "{file}");
    let read = Settings::default().with_file(&made.config).unwrap();
    assert_eq!((read.slots, read.key.as_deref(), read.gpu), (Some(3), None, false));
    assert_eq!(read.data, Some(directory.path().join("data").canonicalize().unwrap()));
    let config = Settings { key: Some("//Alice".into()), ..read }.resolve(4, 16_000).unwrap();
    assert_eq!(config.signer.address(), made.operator);
}

#[test]
fn init_should_keep_where_files_come_from_whatever_it_is() {
    let peer: Neighbour = format!("{}@127.0.0.1:2", NodeId::of(&[1; 32])).parse().unwrap();
    let listen: SocketAddr = "127.0.0.1:1".parse().unwrap();
    let cases = [
        ("s3://bucket/prefix", "s3://bucket/prefix".to_owned()),
        ("archive", absolute("archive").unwrap().display().to_string()),
    ];
    for (given, kept) in cases {
        let directory = tempfile::tempdir().unwrap();
        let settings = Settings {
            archive: Some(given.into()),
            quota: Some(5),
            listen: vec![listen],
            peer: vec![peer],
            relay: vec!["https://relay.example".into()],
            ..settings(&directory)
        };
        let made = init(settings, &machine()).unwrap();
        let read = Settings::default().with_file(&made.config).unwrap();
        assert_eq!(read.archive, Some(kept));
        assert_eq!((read.quota, read.listen, read.peer), (Some(5), vec![listen], vec![peer]));
        assert_eq!(read.relay, ["https://relay.example"]);
    }
}

#[test]
fn init_should_say_the_same_when_it_is_done_again() {
    let directory = tempfile::tempdir().unwrap();
    let first = init(settings(&directory), &machine()).unwrap();
    let (profile, file) = (read(&first.profile), fs::read_to_string(&first.config).unwrap());
    let changed = Settings { slots: Some(5), ..settings(&directory) };
    let second = init(changed, &machine()).unwrap();
    assert_eq!(second.operator, first.operator);
    // What somebody may have changed by hand stays, and so do keys.
    assert_eq!(fs::read_to_string(&second.config).unwrap(), file);
    let again = read(&second.profile);
    for same in ["payloadKey", "node", "devices", "salt", "class", "memoryMib"] {
        assert_eq!(again[same], profile[same], "{same}");
    }
    assert_eq!((&profile["slots"], &again["slots"]), (&4.into(), &6.into()));
}

#[test]
fn profile_should_say_what_a_registration_takes() {
    let directory = tempfile::tempdir().unwrap();
    let made = init(settings(&directory), &machine()).unwrap();
    let profile = read(&made.profile);
    assert_eq!((&profile["class"], &profile["memoryMib"]), (&"cpu".into(), &12_000.into()));
    assert_eq!(profile["payloadKey"].as_str().unwrap().len(), 2 * 1_216);
    let own = node::secret(&directory.path().join("data/private/node.key")).unwrap();
    assert_eq!(profile["node"], NodeId::of(&own).to_string());
    assert_eq!(profile["salt"].as_str().unwrap().len(), 64);
    let kinds: Vec<&str> =
        profile["kinds"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    for kind in ["infer", "embed", "simulate", "wasm"] {
        assert!(kinds.contains(&kind), "{kinds:?}");
        assert!(made.register.contains(&format!("--price {kind}=")), "{}", made.register);
    }
    assert!(made.register.contains("--operator"), "{}", made.register);
}

#[test]
fn init_should_fail_in_words_when_a_key_is_damaged() {
    let directory = tempfile::tempdir().unwrap();
    init(settings(&directory), &machine()).unwrap();
    for (name, why) in [("devices.salt", "remove the file"), ("payload.key", "no key file")] {
        fs::write(directory.path().join("data/private").join(name), b"short").unwrap();
        let refused = init(settings(&directory), &machine()).unwrap_err().to_string();
        assert!(refused.contains(name) && refused.contains(why), "{refused}");
    }
}

#[test]
fn text_should_say_what_to_do_next() {
    let directory = tempfile::tempdir().unwrap();
    let made = init(settings(&directory), &machine()).unwrap();
    let text = made.text();
    for line in ["cairn register --profile", "cairn transfer", "cairn-worker preflight --config"] {
        assert!(text.contains(&format!("\n    {line}")), "{text}");
    }
    assert!(!text.contains("phrase"), "{text}");
    let told = Made { phrase: Some("some words".into()), ..made };
    assert!(told.text().contains("phrase    some words\n"), "{}", told.text());
    let said: Value = serde_json::from_str(&told.json()).unwrap();
    assert_eq!(said["phrase"], "some words");
}

#[test]
fn quoted_should_be_one_word_to_a_shell() {
    assert_eq!(quoted("/data/worker.toml"), "/data/worker.toml");
    assert_eq!(quoted("ws://127.0.0.1:9944"), "ws://127.0.0.1:9944");
    assert_eq!(quoted("/my data"), "'/my data'");
    assert_eq!(quoted("it's"), r"'it'\''s'");
}
