use super::*;
use cairn_protocol::{
    id::EngineId,
    job::WrappedKey,
    result::{Answer, Output},
};
use cairn_vault::{open_result, wrap, Kept};
use std::{fs, time::Duration};
use tempfile::TempDir;

const ME: ProviderId = ProviderId(4);
const GENESIS: Digest = [7; 32];
const REQUESTER: [u8; 32] = [6; 32];
const TASK: TaskId = TaskId(8);
const SEAT: Seat = Seat { task: TASK, provider: ME, generation: 2 };
const INPUT: &[u8] = b"something that nobody else may read";

/// What the requester of one task has.
struct Task {
    kept: Kept,
    payload: Vec<u8>,
    context: Context,
}

fn task() -> Task {
    let (kept, payload, context) = Kept::seal(INPUT, &GENESIS, &REQUESTER).unwrap();
    Task { kept, payload, context }
}

impl Task {
    fn key(&self, vault: &Vault, seat: Seat) -> Vec<u8> {
        let to = vault.identity.public();
        match wrap(self.kept.opening(), &to, seat, &GENESIS).unwrap() {
            WrappedKey::Inline(bytes) => bytes.to_vec(),
            WrappedKey::Artifact(_) => panic!("it fits into its transaction"),
        }
    }

    fn opened(&self, vault: &Vault, seat: Seat) -> Opened {
        vault.opened(seat, self.context, &self.key(vault, seat), &self.payload).unwrap()
    }
}

/// A worker, with a data folder in memory so that nothing is left elsewhere.
fn worker() -> (TempDir, Vault) {
    let data = tempfile::tempdir_in("/dev/shm").unwrap();
    let vault = restarted(&data);
    (data, vault)
}

fn restarted(data: &TempDir) -> Vault {
    Vault::open(&Folders::make(data.path()).unwrap(), None, ME, GENESIS).unwrap()
}

fn made() -> Made {
    Made { product: Product::Scratch("output".into()), units: 3, trace: [5; 32], fingerprint: None }
}

fn sealed(made: &Made) -> &[u8] {
    match &made.product {
        Product::Inline(bytes) => bytes,
        Product::Scratch(name) => panic!("{name}"),
    }
}

/// What is told of it where it is looked at again.
fn gist(made: &Made) -> Digest {
    let output = Output::Inline(sealed(made).to_vec().try_into().unwrap());
    let engine = EngineId([1; 32]);
    Answer { engine, output, fingerprint: None, units: made.units }.gist(&GENESIS)
}

/// All that a data folder has on disk.
fn bytes(folder: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        all.extend(if path.is_dir() { bytes(&path) } else { fs::read(&path).unwrap() });
    }
    all
}

fn has(all: &[u8], what: &[u8]) -> bool {
    all.windows(what.len()).any(|part| part == what)
}

#[test]
fn two_workers_should_make_the_same_of_a_result_that_the_requester_alone_reads() {
    let task = task();
    let ((_a, one), (_b, two)) = (worker(), worker());
    assert_ne!(one.identity.public(), two.identity.public());
    let guard = Seat { provider: ProviderId(9), generation: 0, ..SEAT };
    let (first, second) = (task.opened(&one, SEAT), task.opened(&two, guard));
    assert_eq!((first.input(), second.input()), (INPUT, INPUT));
    let made_here = first.seal(b"a result", made()).unwrap();
    let made_there = second.seal(b"a result", made()).unwrap();
    // By this an audit finds them equal.
    assert_eq!((gist(&made_here), made_here.trace), (gist(&made_there), made_there.trace));
    assert_eq!(made_here, made_there);
    assert_ne!(made_here, second.seal(b"another", made()).unwrap());
    assert_eq!(made_here.units, 3);
    assert_ne!(made_here.trace, made().trace);

    let (sealed, context) = (sealed(&made_here), &task.context);
    let opened = |identity: &Identity| open_result(sealed, identity, context, TASK);
    assert_eq!(opened(&task.kept.reply()).unwrap().as_slice(), b"a result");
    assert!(opened(&one.identity).is_err());
}

#[test]
fn opened_should_say_why_a_key_is_to_be_rejected() {
    let (task, (_data, vault)) = (task(), worker());
    let key = task.key(&vault, SEAT);
    let refusal = |seat, context, payload: &[u8]| {
        vault.opened(seat, context, &key, payload).map(drop).unwrap_err()
    };
    let elsewhere = Seat { task: TaskId(9), ..SEAT };
    let other = refusal(elsewhere, task.context, &task.payload);
    assert_eq!(other, Unopened::OtherTask { named: TASK });
    let context = Context { commitment: [1; 32], ..task.context };
    assert_eq!(refusal(SEAT, context, &task.payload), Unopened::FalseOpening);
    let mut payload = task.payload.clone();
    *payload.last_mut().unwrap() ^= 1;
    assert_eq!(refusal(SEAT, task.context, &payload), Unopened::Tampered);
}

#[test]
fn guard_should_reject_a_key_that_is_a_workers_or_of_another_task() {
    let (one, other, (_data, vault)) = (task(), task(), worker());
    // An audit names no registration.
    let guard = Seat { generation: 0, ..SEAT };
    let refusal =
        |key: &[u8]| vault.opened(guard, one.context, key, &one.payload).map(drop).unwrap_err();
    let workers = one.key(&vault, SEAT);
    assert_eq!(refusal(&workers), Unopened::OtherRegistration { named: SEAT.generation });
    assert_eq!(refusal(&other.key(&vault, guard)), Unopened::FalseOpening);
    assert_eq!(one.opened(&vault, guard).input(), INPUT);
}

#[test]
fn identity_should_be_the_same_when_the_worker_is_restarted() {
    let (data, vault) = worker();
    let public = vault.identity.public();
    drop(vault);
    assert_eq!(restarted(&data).identity.public(), public);
}

#[test]
fn disk_should_have_nothing_of_a_task_in_the_clear() {
    let (data, vault) = worker();
    vault.hold(TASK, Instant::now() + Duration::from_secs(60)).unwrap();
    vault.keep_payload(TASK, INPUT).unwrap();
    let result = Made { product: Product::Inline(INPUT.to_vec()), ..made() };
    vault.keep_made(TASK, &result).unwrap();
    assert!(!has(&bytes(data.path()), INPUT));
    // It would be found, if it were there.
    fs::write(data.path().join("clear"), INPUT).unwrap();
    assert!(has(&bytes(data.path()), INPUT));
    assert_eq!(vault.payload(TASK).unwrap().as_slice(), INPUT);
    assert_eq!(vault.made(TASK), Some(result));
}

#[test]
fn task_should_be_gone_when_it_is_erased_or_its_time_is_over() {
    let (data, vault) = worker();
    let shelf = Folders::make(data.path()).unwrap().shelf();
    let later = Instant::now() + Duration::from_secs(60);
    let soon = Instant::now() + Duration::from_secs(1);
    for (task, until) in [(TASK, later), (TaskId(9), soon)] {
        vault.hold(task, until).unwrap();
        vault.keep_payload(task, INPUT).unwrap();
    }
    std::thread::sleep(Duration::from_millis(1_100));
    vault.sweep();
    assert!(!shelf.join("task-9").exists() && shelf.join("task-8").exists());
    vault.erase(TASK);
    assert!(!shelf.join("task-8").exists());
    assert!(vault.payload(TASK).is_none());
}

#[test]
fn open_should_erase_what_a_crash_left_on_disk_and_in_memory() {
    let (data, vault) = worker();
    vault.hold(TASK, Instant::now() + Duration::from_secs(60)).unwrap();
    vault.keep_payload(TASK, INPUT).unwrap();
    let left = vault.volatile().join("output");
    fs::write(&left, INPUT).unwrap();
    drop(vault);
    assert!(left.exists());
    let vault = restarted(&data);
    assert!(!left.exists() && vault.volatile().exists());
    assert!(!Folders::make(data.path()).unwrap().shelf().join("task-8").exists());
}
