//! Jobs that are given several orders, and answer as they like.

use super::{request, Place, DENIED};
use cairn_sandbox::{End, Means, Request, Sandbox, Sandboxed};
use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
    time::{Duration, Instant},
};

/// More answers than any of these jobs gets to, unless it gives them without end.
const MANY: usize = 200;

fn started(place: &Place, manner: &str) -> Sandboxed {
    let sandbox = Sandbox::new(Means::detect(), &place.at("scratch")).unwrap();
    started_as(&sandbox, &request(place), manner)
}

fn started_as(sandbox: &Sandbox, request: &Request, manner: &str) -> Sandboxed {
    let mut job = sandbox.start(request).unwrap();
    job.feed(format!("stream {manner}").into_bytes());
    job
}

/// The next answer.
fn answer(job: &mut Sandboxed) -> Result<Vec<u8>, End> {
    let asked = Instant::now();
    while asked.elapsed() < Duration::from_secs(20) {
        if let Some(answer) = job.listen()? {
            return Ok(answer);
        }
    }
    panic!("it says nothing")
}

/// How a job ends that answers so, behind how many answers.
fn ended(manner: &str) -> (usize, End) {
    let place = Place::new();
    let mut job = started(&place, manner);
    for answers in 0..MANY {
        if let Err(end) = answer(&mut job) {
            return (answers, end);
        }
    }
    panic!("it answers without end")
}

#[test]
fn orders_should_be_answered_by_one_process_when_they_come_one_after_another() {
    let place = Place::new();
    let mut job = started(&place, "honest");
    assert_eq!(answer(&mut job), Ok(b"ready".to_vec()));
    let id = job.id();
    for order in [b"stone".to_vec(), Vec::new(), vec![7; 1 << 19]] {
        job.feed(order.clone());
        assert_eq!(answer(&mut job), Ok(order));
    }
    // Before the first of them is answered as well.
    job.feed(b"one".to_vec());
    job.feed(b"two".to_vec());
    assert_eq!(answer(&mut job), Ok(b"one".to_vec()));
    assert_eq!(answer(&mut job), Ok(b"two".to_vec()));
    assert_eq!(job.listen(), Ok(None));
    assert_eq!(job.id(), id);
}

#[test]
fn job_should_end_when_one_of_its_answers_is_no_frame() {
    for manner in ["long", "cut", "garbage"] {
        let (answers, end) = ended(manner);
        assert!(answers == 1 && matches!(end, End::Unreadable(_)), "{manner}: {answers}, {end:?}");
    }
    let (answers, end) = ended("nothing more");
    assert!(answers == 1 && matches!(end, End::Left { code: 0, .. }), "{answers}, {end:?}");
}

#[test]
fn answers_should_be_read_one_by_one_when_a_job_gives_them_without_end() {
    let place = Place::new();
    let mut job = started(&place, "flood");
    for _ in 0..MANY {
        answer(&mut job).unwrap();
    }
    job.stopper().stop();
    let stopped = Instant::now();
    while stopped.elapsed() < Duration::from_secs(10) {
        if let Err(end) = answer(&mut job) {
            assert_eq!(end, End::Stopped);
            return;
        }
    }
    panic!("it goes on");
}

#[test]
fn job_should_be_watched_when_it_answers_all_the_time() {
    let (answers, end) = ended("fill");
    assert!(answers > 1 && end == End::OutOfDisk, "{answers}, {end:?}");
}

#[test]
fn file_should_be_read_when_its_folder_is_laid_below_a_readable_one_while_the_job_runs() {
    let place = Place::new();
    let folder = |name: &str| {
        fs::create_dir(place.at(name)).unwrap();
        fs::set_permissions(place.at(name), Permissions::from_mode(0o755)).unwrap();
    };
    folder("desk");
    let sandbox = Sandbox::new(Means::detect(), &place.at("scratch")).unwrap();
    let request = Request { read: vec![place.at("desk")], ..request(&place) };
    let mut job = started_as(&sandbox, &request, "read");
    assert_eq!(answer(&mut job), Ok(b"ready".to_vec()));
    let mut read = |path: &Path| {
        job.feed(path.to_str().unwrap().as_bytes().to_vec());
        answer(&mut job).unwrap()
    };
    folder("desk/late");
    let linked = place.file("model", "weights");
    fs::hard_link(&linked, place.at("desk/late/model")).unwrap();
    assert_eq!(read(&place.at("desk/late/model")), b"weights");
    // Where it comes from, and what lies beside the desk, is not.
    assert_eq!(read(&linked), DENIED.as_bytes());
    fs::remove_dir_all(place.at("desk/late")).unwrap();
    assert_eq!(read(&place.at("desk/late/model")), b"NotFound");
}
