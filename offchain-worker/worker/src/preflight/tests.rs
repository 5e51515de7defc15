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
    assert!(report.can.is_some() && report.usable.is_none());
    assert_eq!(report.code(), 1);

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
    assert_eq!((report.wrong.len(), report.code()), (1, 1));
    assert!(report.can.is_none());
    assert!(report.wrong[0].mend.contains("secret phrase"), "{:?}", report.wrong);
}

fn node() -> Node {
    let listens = vec!["127.0.0.1:7".parse().unwrap()];
    Node { id: "ab".repeat(32), listens, relays: Vec::new(), peers: 2 }
}

fn reach() -> Reach {
    let open = vec![Tried { address: "127.0.0.1:7".parse().unwrap(), by: "cd".repeat(32) }];
    Reach { open, ..Reach::default() }
}

/// What is said of a machine on which only this is wrong.
fn report(wrong: Vec<Wrong>) -> Report {
    let (root, groups) = (false, "none".to_owned());
    let sandbox = Confinement { root, landlock: true, seccomp: true, groups };
    let provider = Some(Registration {
        id: 4,
        roles: vec!["Compute".into()],
        serves: vec!["Wasm".into()],
        class: "Cpu".into(),
        bond: "100".into(),
        sealed: true,
    });
    let kinds = vec!["wasm".into()];
    let can = Declared { class: "cpu", memory_mib: 512, compute: 0, slots: 2, kinds };
    let (gpus, usable, node, can) = (Vec::new(), None, Some(node()), Some(can));
    let (machine, throughput) = (machine(), Some(12_345_678));
    let (challenges, reach) = (None, Some(reach()));
    Report {
        machine,
        throughput,
        gpus,
        usable,
        challenges,
        sandbox,
        node,
        reach,
        can,
        provider,
        wrong,
    }
}

#[test]
fn text_should_say_that_all_is_well_when_nothing_is_wrong() {
    let report = report(Vec::new());
    let text = report.text();
    assert!(text.contains("provider    4, Cpu: Compute; serves Wasm, sealed too\n"), "{text}");
    assert!(text.contains("can serve   wasm, as cpu, with 512 MiB and 2 slots\n"), "{text}");
    assert!(text.contains("throughput  12 million a second\n"), "{text}");
    let node = format!("node        {}, listens at 127.0.0.1:7; deals with 2 others", node().id);
    assert!(text.contains(&node), "{text}");
    let by = "cd".repeat(32);
    let port = format!("port        open to others at 127.0.0.1:7 (dialled back by {by})\n");
    assert!(text.contains(&port), "{text}");
    assert!(text.ends_with("all is well\n"), "{text}");
    assert_eq!(report.code(), 0);
}

#[test]
fn text_should_name_the_relays_that_the_node_is_found_by() {
    let relays = vec!["https://a/".into(), "https://b/".into()];
    let node = Some(Node { listens: Vec::new(), relays, ..node() });
    let text = Report { node, ..report(Vec::new()) }.text();
    let found = ", listens nowhere, found by https://a/ and https://b/; deals with 2 others\n";
    assert!(text.contains(found), "{text}");
}

#[test]
fn text_should_have_a_line_for_what_is_wrong_and_the_code_say_so() {
    let wrong = || Wrong::new("the disk is full", "make room");
    let report = report(vec![wrong(), wrong()]);
    let text = report.text();
    assert_eq!(text.matches("wrong       the disk is full: make room\n").count(), 2, "{text}");
    assert!(!text.contains("all is well"), "{text}");
    assert_eq!(report.code(), 1);
}

#[test]
fn text_should_name_the_gpus_and_whether_jobs_have_them() {
    let (name, id) = ("a card".to_owned(), "GPU-1".to_owned());
    let card = Gpu { name, id, memory_mib: 24_564, compute: 89 };
    let kept = Report { gpus: vec![card.clone()], ..report(Vec::new()) };
    let line = "gpu         a card, 24564 MiB, compute 8.9, kept from jobs\n";
    assert!(kept.text().contains(line), "{}", kept.text());
    let usable = Some(vec!["the same card".into()]);
    let challenges = Some(Speed::of(250_999_999_999, &Floors::default()));
    let lent = Report { gpus: vec![card], usable, challenges, ..report(Vec::new()) };
    let lines = "compute 8.9\njobs' gpu   the same card\n\
                 challenges  250999 million units a second, enough for small-gpu\n";
    assert!(lent.text().contains(lines), "{}", lent.text());
}
