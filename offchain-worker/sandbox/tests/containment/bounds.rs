//! What holds a job where something else that would hold it too is weaker, or is left out.

use super::{answered, are_few, limits, lives, plan::Plan, request, ways, Place, Way};
use cairn_sandbox::{End, Groups, Limits, Means, Profile, Request, Sandbox};
use nix::sys::signal::Signal;
use serde_json::json;
use std::{
    fs,
    io::Write,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{self, Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Longer than any of these jobs takes that is held.
const LONG: Duration = Duration::from_secs(30);

/// How an order ends in each way, where the job has a GPU.
fn gpu_ends(order: &str) -> Vec<(Way, End)> {
    let place = Place::new();
    let end = |way| {
        let limits = Limits { time: Duration::from_secs(8), ..limits() };
        place.end(way, Plan { profile: Profile::Gpu, limits, ..place.plan(order) })
    };
    ways().into_iter().map(|way| (way, end(way))).collect()
}

#[test]
fn gpu_jobs_should_be_bounded_too_when_they_take_all_they_can() {
    let orders = [
        ("memory", End::OutOfMemory),
        ("fill", End::OutOfDisk),
        ("files", End::OutOfDisk),
        ("loop", End::OutOfTime),
    ];
    for (order, expected) in orders {
        for (way, end) in gpu_ends(order) {
            assert_eq!(end, expected, "{order}, {way:?}");
        }
    }
    for (way, end) in gpu_ends("threads") {
        assert!(are_few(&end), "{way:?}: {end:?}");
    }
}

#[test]
fn nameless_memory_should_be_bounded_when_a_gpu_job_takes_it() {
    let most = u64::from(limits().open_files) * limits().disk;
    let has_groups = Groups::detect() != Groups::None;
    for (way, end) in gpu_ends("nameless") {
        if way == Way::AsItIs && has_groups {
            assert_eq!(end, End::OutOfMemory, "{way:?}");
            continue;
        }
        // Nobody counts it but by the number of files and the length of each.
        let End::Answered(bytes) = &end else { panic!("{way:?}: {end:?}") };
        let bytes: u64 = String::from_utf8_lossy(bytes).parse().unwrap();
        assert!(bytes > limits().memory && bytes <= most, "{way:?}: {bytes}");
    }
    let place = Place::new();
    for way in ways() {
        let refused = place.end(way, place.plan("nameless"));
        assert_eq!(refused, answered("0"), "only GPUs need it: {way:?}");
    }
}

/// A folder where the kernel makes a control group, gone when dropped.
struct Tried(PathBuf);

impl Tried {
    fn make(base: &Path) -> Option<Self> {
        let folder = base.join(format!("cairn-tried-{}", process::id()));
        fs::create_dir(&folder).ok()?;
        Some(Self(folder))
    }

    fn has(&self, file: &str) -> bool {
        self.0.join(file).exists()
    }
}

impl Drop for Tried {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

/// Of which version groups can be made, found out without the sandbox.
fn makeable() -> Option<u8> {
    let mount = Path::new("/sys/fs/cgroup");
    let has = |base: &str, file: &str| {
        Tried::make(&mount.join(base)).is_some_and(|tried| tried.has(file))
    };
    if has("memory", "memory.limit_in_bytes") && has("pids", "pids.max") {
        return Some(1);
    }
    let v2 = has("", "memory.max") && has("", "pids.max");
    v2.then_some(2)
}

#[test]
fn jobs_should_be_in_control_groups_where_those_can_be_made() {
    // It has the kernel give out controllers of version 2, if nobody has yet.
    let means = Means::detect();
    let Some(version) = makeable() else {
        eprintln!("no control groups can be made: jobs in groups are NOT TESTED");
        return;
    };
    let found = match means.groups {
        Groups::V1 { .. } => version == 1,
        Groups::V2 { .. } => version == 2,
        Groups::None => false,
    };
    assert!(found, "there is version {version}, and {:?} was found", means.groups);

    let place = Place::new();
    let sandbox = Sandbox::new(means, &place.at("scratch")).unwrap();
    let job = sandbox.start(&request(&place)).unwrap();
    let groups = fs::read_to_string(format!("/proc/{}/cgroup", job.id())).unwrap();
    let name = format!("/cairn-{}-", process::id());
    let ours: Vec<&str> = groups.lines().filter(|line| line.contains(&name)).collect();
    let expected = if version == 1 { 2 } else { 1 };
    assert_eq!(ours.len(), expected, "{groups}");
}

#[test]
fn job_should_be_gone_with_all_its_threads_when_its_time_is_over() {
    let place = Place::new();
    let sandbox = Sandbox::new(Means::detect(), &place.at("scratch")).unwrap();
    let limits = Limits { time: Duration::from_secs(1), ..limits() };
    let mut job = sandbox.start(&Request { limits, ..request(&place) }).unwrap();
    assert!(lives(job.id()));
    assert_eq!(job.run(b"loop".to_vec()).end, End::OutOfTime);
    // While the worker still has its folder.
    assert!(!lives(job.id()));
    assert!(!Path::new(&format!("/proc/{}/task", job.id())).exists());
}

/// Waits for its end, or ends it.
fn ended(mut child: Child) -> Option<ExitStatus> {
    let started = Instant::now();
    while started.elapsed() < LONG {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    None
}

#[test]
fn kernel_should_end_a_job_that_computes_for_too_long_when_nobody_watches() {
    let place = Place::new();
    // Of no time and one thread one second is left on the CPU.
    let limits = Limits { time: Duration::ZERO, threads: 1, ..limits() };
    let cell = json!({
        "profile": Profile::Cpu,
        "limits": limits,
        "scratch": place.at("scratch"),
        "read": [],
        "user": null,
        "data": null,
        "tasks": 100_000,
        "parent": process::id(),
    });
    let mut job = Command::new(place.at("trial"))
        .arg(cell.to_string())
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let order = b"loop";
    let mut orders = job.stdin.take().unwrap();
    orders.write_all(&(order.len() as u32).to_le_bytes()).unwrap();
    orders.write_all(order).unwrap();
    let status = ended(job).expect("it should have ended by itself");
    assert_eq!(status.signal(), Some(Signal::SIGXCPU as i32), "{status}");
}
