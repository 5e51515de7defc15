use super::*;
use crate::config::Settings;
use std::net::TcpListener;

fn machine() -> Machine {
    Machine { cores: 1, ..Machine::detect() }
}

fn wrong<'a>(report: &'a Report, what: &str) -> &'a Wrong {
    let found = report.wrong.iter().find(|wrong| wrong.what.contains(what));
    found.unwrap_or_else(|| panic!("{what} in {:?}", report.wrong))
}

#[tokio::test]
async fn preflight_should_name_all_that_is_wrong_and_how_to_mend_it() {
    let directory = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let settings = Settings {
        key: Some("//Alice".into()),
        // Nobody listens there.
        url: vec!["ws://127.0.0.1:1".into()],
        data: Some(directory.path().join("data")),
        job: Some(directory.path().join("cairn-job")),
        health: Some(taken.local_addr().unwrap().port()),
        memory: Some(u32::MAX),
        ..Default::default()
    };
    let config = settings.resolve(1, machine().memory_mib);
    let report = preflight(machine(), config).await;
    assert!(wrong(&report, "chain cannot be used").mend.contains("ws://127.0.0.1:1"));
    assert!(wrong(&report, "cannot be found").mend.contains("--job"));
    assert!(wrong(&report, "cannot be listened on").mend.contains("--health"));
    assert!(wrong(&report, "jobs are given").mend.contains("--memory"));
    assert!(report.throughput.is_some() && report.provider.is_none());

    let text = report.text();
    assert!(text.contains(&report.machine.processor) && !text.contains("all is well"), "{text}");
    let said: serde_json::Value = serde_json::from_str(&report.json()).unwrap();
    assert_eq!(said["machine"]["memoryMib"], report.machine.memory_mib);
    assert_eq!(said["wrong"].as_array().unwrap().len(), report.wrong.len());
}

#[tokio::test]
async fn preflight_should_say_what_was_found_when_the_settings_are_bad() {
    let settings = Settings { key: Some("no such words".into()), ..Default::default() };
    let config = Settings { data: Some("/nowhere".into()), ..settings }.resolve(1, 1_000);
    let report = preflight(machine(), config).await;
    assert_eq!(report.wrong.len(), 1);
    assert!(report.wrong[0].mend.contains("secret phrase"), "{:?}", report.wrong);
}

#[test]
fn text_should_say_that_all_is_well_when_nothing_is_wrong() {
    let (root, groups) = (false, "none".to_owned());
    let sandbox = Confinement { root, landlock: true, seccomp: true, groups };
    let provider = Some(Registration {
        id: 4,
        roles: vec!["Compute".into()],
        serves: vec!["Wasm".into()],
        class: "Cpu".into(),
        bond: "100".into(),
    });
    let wrong = Vec::new();
    let id = "ab".repeat(32);
    let listens = vec!["127.0.0.1:7".parse().unwrap()];
    let node = Some(Node { id: id.clone(), listens, peers: 2 });
    let report = Report { machine: machine(), throughput: None, sandbox, node, provider, wrong };
    let text = report.text();
    assert!(text.contains("provider    4, Cpu: Compute; serves Wasm"), "{text}");
    let node = format!("node        {id}, listens at 127.0.0.1:7; deals with 2 others");
    assert!(text.contains(&node), "{text}");
    assert!(text.ends_with("all is well\n"), "{text}");
}
