use super::*;

fn settings() -> Settings {
    Settings { key: Some("//Alice".into()), data: Some("/data".into()), ..Default::default() }
}

fn from_file(text: &str) -> Result<Settings> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("worker.toml");
    fs::write(&path, text).unwrap();
    settings().with_file(&path)
}

#[test]
fn resolve_should_fill_in_what_was_left_out() {
    let config = settings().resolve(8, 16_000).unwrap();
    assert_eq!(config.urls, [URL]);
    assert_eq!((config.threads, config.slots, config.memory_mib), (8, 1, 12_000));
    assert!(!config.gpu, "jobs are held tightly unless somebody says otherwise");
    assert_eq!(config.archive, "/data/archive");
    assert!(config.quota.is_none() && !config.has_node());
    assert_eq!(config.job.file_name().unwrap(), "cairn-job");
    assert!(config.health.unwrap().ip().is_loopback());
    assert_eq!(config.signer.account(), Signer::dev("Alice").unwrap().account());
    assert_eq!(config.threads_a_job(), 8);
    assert_eq!(config.linger, LINGER);
}

#[test]
fn resolve_should_keep_no_process_when_it_is_kept_for_no_time() {
    let config = from_file("linger = 0\n").unwrap().resolve(8, 16_000).unwrap();
    assert!(config.linger.is_zero());
    let flag = Settings { linger: Some(7), ..settings() };
    assert_eq!(flag.resolve(8, 16_000).unwrap().linger, Duration::from_secs(7));
}

#[test]
fn resolve_should_answer_nobody_when_the_port_is_zero() {
    let config = Settings { health: Some(0), slots: Some(16), ..settings() };
    let config = config.resolve(8, 16_000).unwrap();
    assert_eq!(config.health, None);
    assert_eq!(config.threads_a_job(), 1);
}

#[test]
fn resolve_should_bring_together_what_is_known_of_a_node() {
    let node = NodeId::of(&[1; 32]);
    let text = format!(
        "quota = 5\nlisten = ['127.0.0.1:1', '[::1]:1']\n\
         peer = ['{node}@127.0.0.1:2', '{node}@[::1]:3']\n"
    );
    let config = from_file(&text).unwrap().resolve(8, 16_000).unwrap();
    assert_eq!((config.quota, config.listen.len(), config.peers.len()), (Some(5 << 20), 2, 1));
    let known: [SocketAddr; 2] = ["127.0.0.1:2", "[::1]:3"].map(|at| at.parse().unwrap());
    assert_eq!(config.peers[&node], known);
    assert!(config.has_node());
    let two: [SocketAddr; 2] = ["127.0.0.1:1", "0.0.0.0:2"].map(|at| at.parse().unwrap());
    let refused = Settings { listen: two.into(), ..settings() }.resolve(8, 16_000).map(drop);
    assert!(matches!(refused, Err(ConfigError::Addresses { have: 2 })));
}

#[test]
fn resolve_should_find_a_node_by_its_id_only_when_there_is_a_relay() {
    let node = NodeId::of(&[1; 32]);
    let text = format!("peer = ['{node}']\n");
    let refused = from_file(&text).unwrap().resolve(8, 16_000).map(drop);
    assert!(matches!(refused, Err(ConfigError::Nowhere { node: lost }) if lost == node));
    let relays = ["https://one.example/", "https://two.example/"];
    let config = from_file(&format!("{text}relay = {relays:?}\n")).unwrap();
    let config = config.resolve(8, 16_000).unwrap();
    assert!(config.peers[&node].is_empty());
    assert!(config.relays.iter().map(Relay::to_string).eq(relays));
    // Said twice, and once with an address.
    let text = format!("peer = ['{node}', '{node}@127.0.0.1:2']\n");
    let config = from_file(&text).unwrap().resolve(8, 16_000).unwrap();
    assert_eq!((config.peers[&node].len(), config.relays.len()), (1, 0));
    let alone = Settings { relay: vec![relays[0].into()], ..settings() };
    assert!(alone.resolve(8, 16_000).unwrap().has_node());
    let none = Settings { relay: vec!["ftp://one.example".into()], ..settings() };
    let refused = none.resolve(8, 16_000).map(drop);
    assert!(matches!(refused, Err(ConfigError::Relay(_))));
}

#[test]
fn flags_should_come_before_the_file() {
    let text = "url = ['ws://a:1']\nslots = 3\nkey = '//Bob'\ndata = '/elsewhere'\ngpu = true\n";
    let merged = from_file(text).unwrap();
    assert!(merged.gpu);
    assert_eq!((merged.url, merged.slots), (vec!["ws://a:1".to_owned()], Some(3)));
    assert_eq!(merged.key.as_deref(), Some("//Alice"));
    assert_eq!(merged.data, Some("/data".into()));
}

#[test]
fn file_should_be_refused_when_it_says_what_is_no_setting() {
    let lists = ["listen = ['here']", "peer = ['nobody']"];
    let others = ["slot = 3", "slots = 'three'", "slots = ", "provider = -1", "url = 3"];
    for bad in lists.into_iter().chain(others) {
        let refused = from_file(bad);
        assert!(matches!(refused, Err(ConfigError::Malformed { .. })), "{bad}");
    }
    let quota = ["quota = 0"];
    let others = ["slots = 0", "slots = 65", "memory = 63", "threads = 0", "heartbeat = 0"];
    for bad in quota.into_iter().chain(others) {
        let refused = from_file(bad);
        assert!(matches!(refused, Err(ConfigError::OutOfRange { .. })), "{bad}");
    }
    let missing = settings().with_file(Path::new("/nowhere/worker.toml"));
    assert!(matches!(missing, Err(ConfigError::Unread { .. })));
}

#[test]
fn resolve_should_refuse_a_key_that_is_none() {
    let bad = Settings { key: Some("no such words".into()), ..settings() };
    assert!(matches!(bad.resolve(8, 16_000), Err(ConfigError::Key(_))));
}
