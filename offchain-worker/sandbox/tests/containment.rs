//! Jobs that try to get out, each while an honest one runs beside it, in every way that a worker
//! may be started in.

#[path = "containment/bounds.rs"]
mod bounds;
#[path = "trial/plan.rs"]
mod plan;
#[path = "containment/stream.rs"]
mod stream;

use cairn_sandbox::{End, Error, Groups, Limits, Means, Profile, Request, Sandbox};
use nix::unistd::geteuid;
use plan::{Plan, Report};
use std::{
    fs::{self, Permissions},
    io::{BufRead, BufReader, ErrorKind},
    net::TcpListener,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

const TRIAL: &str = env!("CARGO_BIN_EXE_cairn-sandbox-trial");
/// Whom a worker is started as that is not root.
const NOBODY: u32 = 65_534;
const DENIED: &str = "PermissionDenied";

/// How a worker is started.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Way {
    AsItIs,
    WithoutGroups,
    /// Without groups as well: only root may make them here.
    Unprivileged,
}

fn ways() -> Vec<Way> {
    if Groups::detect() == Groups::None {
        eprintln!("no control groups: what is as it is, is as without groups");
    }
    if geteuid().is_root() {
        return vec![Way::AsItIs, Way::WithoutGroups, Way::Unprivileged];
    }
    eprintln!("not root: jobs that give up root are NOT TESTED");
    vec![Way::AsItIs, Way::WithoutGroups]
}

fn limits() -> Limits {
    Limits {
        time: Duration::from_secs(30),
        memory: 256 << 20,
        threads: 8,
        disk: 16 << 20,
        spare: 0,
        open_files: 64,
        answer: 1 << 20,
    }
}

/// A folder that everybody may do everything in, so that only the sandbox keeps them from it.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        fs::create_dir(place.at("scratch")).unwrap();
        fs::copy(TRIAL, place.at("trial")).unwrap();
        for open in ["", "scratch", "trial"] {
            fs::set_permissions(place.at(open), Permissions::from_mode(0o777)).unwrap();
        }
        place
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A file that everybody may read and write.
    fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.at(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
        path
    }

    fn plan(&self, order: &str) -> Plan {
        Plan {
            groups: true,
            profile: Profile::Cpu,
            limits: limits(),
            read: Vec::new(),
            scratch: self.at("scratch"),
            order: order.into(),
        }
    }

    fn worker(&self, way: Way, plan: Plan) -> Command {
        let plan = Plan { groups: way == Way::AsItIs, ..plan };
        let mut worker = Command::new(self.at("trial"));
        worker.arg("worker").arg(serde_json::to_string(&plan).unwrap());
        if way == Way::Unprivileged {
            worker.uid(NOBODY).gid(NOBODY);
        }
        worker
    }

    /// What became of the job; the one beside it did well, and nothing is left of either.
    fn end(&self, way: Way, plan: Plan) -> End {
        let output = self.worker(way, plan).output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{way:?}: {words}");
        let said = String::from_utf8(output.stdout).unwrap();
        let report: Report = serde_json::from_str(said.lines().last().unwrap()).unwrap();
        assert_eq!(report.neighbour, End::Answered(b"well".to_vec()), "{way:?}");
        assert_eq!(fs::read_dir(self.at("scratch")).unwrap().count(), 0, "{way:?}");
        report.end
    }
}

/// How the order ends in each way.
fn ends(order: &str) -> Vec<(Way, End)> {
    let place = Place::new();
    ways().into_iter().map(|way| (way, place.end(way, place.plan(order)))).collect()
}

#[track_caller]
fn assert_answers(order: &str, answer: &str) {
    for (way, end) in ends(order) {
        assert_eq!(end, answered(answer), "{order}, {way:?}");
    }
}

fn answered(answer: &str) -> End {
    End::Answered(answer.as_bytes().to_vec())
}

#[test]
fn network_should_be_out_of_reach_when_a_job_tries_it() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    assert_answers(&format!("network {port}"), &[DENIED; 4].join(" "));
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn key_should_stay_unread_and_whole_when_a_job_tries_it() {
    let place = Place::new();
    let key = place.file("key", "secret");
    let model = place.file("model", "weights");
    for way in ways() {
        let end = |order: &str, path: &Path| {
            let plan = place.plan(&format!("{order} {}", path.display()));
            place.end(way, Plan { read: vec![model.clone()], ..plan })
        };
        assert_eq!(end("read", &key), answered(DENIED), "{way:?}");
        assert_eq!(end("empty", &key), answered(DENIED), "{way:?}");
        assert_eq!(fs::read_to_string(&key).unwrap(), "secret", "{way:?}");
        // What it was given it reads, and no more than reads.
        assert_eq!(end("read", &model), answered("weights"), "{way:?}");
        assert_eq!(end("empty", &model), answered(DENIED), "{way:?}");
        assert_eq!(fs::read_to_string(&model).unwrap(), "weights", "{way:?}");
    }
}

#[test]
fn processes_should_not_multiply_when_a_job_starts_a_fork_bomb() {
    assert_answers("spawn", "0");
}

#[test]
fn threads_should_be_bounded_when_a_job_starts_all_it_can() {
    for (way, end) in ends("threads") {
        assert!(are_few(&end), "{way:?}: {end:?}");
    }
}

/// Whether it was ended for its threads, or could start no more than it may have.
fn are_few(end: &End) -> bool {
    match end {
        End::TooManyThreads => true,
        End::Answered(count) => String::from_utf8_lossy(count).parse::<u32>().unwrap() <= 8,
        _ => false,
    }
}

#[test]
fn memory_should_be_bounded_when_a_job_takes_100_gb() {
    for (way, end) in ends("memory") {
        assert_eq!(end, End::OutOfMemory, "{way:?}");
    }
}

#[test]
fn job_should_be_killed_when_it_loops_past_its_time() {
    let place = Place::new();
    for way in ways() {
        let mut plan = place.plan("loop");
        // The job beside it takes a second and a half.
        plan.limits.time = Duration::from_secs(8);
        let started = Instant::now();
        assert_eq!(place.end(way, plan), End::OutOfTime, "{way:?}");
        assert!(started.elapsed() >= Duration::from_secs(8), "{way:?}");
    }
}

#[test]
fn nothing_should_be_written_outside_when_a_job_tries_it() {
    let place = Place::new();
    let outside = place.at("outside");
    let there = place.file("there", "whole");
    for way in ways() {
        let end = |order: &str| place.end(way, place.plan(order));
        assert_eq!(end(&format!("write {}", outside.display())), answered(DENIED), "{way:?}");
        assert!(!outside.exists(), "{way:?}");
        assert_eq!(end(&format!("write {}", there.display())), answered(DENIED), "{way:?}");
        assert_eq!(fs::read_to_string(&there).unwrap(), "whole", "{way:?}");
        assert_eq!(end("write inside"), answered("written"), "{way:?}");
        assert_eq!(end("folder inside"), answered(DENIED), "{way:?}");
    }
}

#[test]
fn disk_should_be_bounded_when_a_job_fills_it() {
    for order in ["fill", "files"] {
        for (way, end) in ends(order) {
            assert_eq!(end, End::OutOfDisk, "{order}, {way:?}");
        }
    }
}

#[test]
fn job_should_end_when_its_disk_has_less_left_than_is_kept() {
    let place = Place::new();
    let sandbox = Sandbox::new(Means::detect(), &place.at("scratch")).unwrap();
    let end = |spare| {
        let request = Request { limits: Limits { spare, ..limits() }, ..request(&place) };
        sandbox.start(&request).unwrap().run(b"rest".to_vec()).end
    };
    // More than any disk has, and than none has.
    assert_eq!(end(u64::MAX), End::DiskFull);
    assert_eq!(end(1), answered("rested"));
}

#[test]
fn worker_should_live_when_a_job_sends_it_a_signal() {
    assert_answers("signal", DENIED);
}

#[test]
fn job_should_be_nobody_and_know_nothing_when_started() {
    for (way, end) in ends("who") {
        let End::Answered(answer) = &end else { panic!("{way:?}: {end:?}") };
        let answer = String::from_utf8_lossy(answer);
        let [user, group, environment] =
            answer.split(' ').map(|number| number.parse::<u32>().unwrap()).collect::<Vec<_>>()[..]
        else {
            panic!("{answer}")
        };
        assert_eq!(environment, 0, "{way:?}");
        let drops = geteuid().is_root() && way != Way::Unprivileged;
        assert!(!drops || (user >= 40_000 && user != NOBODY && group == user), "{answer}");
    }
}

#[test]
fn answer_should_be_refused_when_it_is_longer_than_allowed() {
    for (way, end) in ends("talk") {
        assert!(matches!(end, End::Unreadable(_)), "{way:?}: {end:?}");
    }
}

#[test]
fn gpu_jobs_should_be_contained_too_when_they_are_allowed() {
    let place = Place::new();
    let key = place.file("key", "secret");
    for way in ways() {
        for (order, answer) in [
            (format!("read {}", key.display()), DENIED.to_string()),
            (format!("write {}", place.at("outside").display()), DENIED.into()),
            ("network 9".into(), [DENIED; 4].join(" ")),
            ("spawn".into(), "0".into()),
            ("signal".into(), DENIED.into()),
        ] {
            let plan = Plan { profile: Profile::Gpu, ..place.plan(&order) };
            assert_eq!(place.end(way, plan), answered(&answer), "{order}, {way:?}");
        }
    }
}

#[test]
fn what_a_driver_reads_should_be_read_only_when_the_job_has_a_gpu() {
    let place = Place::new();
    for way in ways() {
        let end = |profile| place.end(way, Plan { profile, ..place.plan("read /proc/meminfo") });
        assert_eq!(end(Profile::Cpu), answered(DENIED), "{way:?}");
        let read = end(Profile::Gpu);
        let said = matches!(&read, End::Answered(text) if text.starts_with(b"MemTotal:"));
        assert!(said, "{way:?}: {read:?}");
    }
}

fn request(place: &Place) -> Request {
    let binary = place.at("trial");
    Request { binary, profile: Profile::Cpu, limits: limits(), read: Vec::new() }
}

#[test]
fn gpu_jobs_should_be_refused_when_they_are_not_allowed() {
    let place = Place::new();
    let sandbox = Sandbox::new(Means::detect(), &place.at("scratch")).unwrap();
    let request = Request { profile: Profile::Gpu, ..request(&place) };
    assert!(matches!(sandbox.start(&request), Err(Error::GpuOff)));
}

#[test]
fn sandbox_should_be_refused_when_the_kernel_cannot_confine() {
    let place = Place::new();
    let new = |change: fn(&mut Means)| {
        let mut means = Means::detect();
        change(&mut means);
        Sandbox::new(means, &place.at("scratch")).err()
    };
    assert!(new(|_| {}).is_none());
    assert!(matches!(new(|means| means.landlock = false), Some(Error::NoLandlock)));
    assert!(matches!(new(|means| means.seccomp = false), Some(Error::NoSeccomp)));
    let without_users = new(|means| (means.root, means.users) = (true, None));
    assert!(matches!(without_users, Some(Error::NoUsers)));
}

#[test]
fn program_should_be_given_no_order_when_it_does_not_confine_itself() {
    let place = Place::new();
    let sandbox = Sandbox::new(Means::detect(), &place.at("scratch")).unwrap();
    let request = Request { binary: "/bin/cat".into(), ..request(&place) };
    assert!(matches!(sandbox.start(&request), Err(Error::NotConfined { .. })));
}

#[test]
fn job_should_write_elsewhere_when_it_is_started_there() {
    let (place, room) = (Place::new(), Place::new());
    let sandbox = Sandbox::new(Means::detect(), &place.at("scratch")).unwrap();
    let job = sandbox.start_in(&request(&place), &room.at("scratch")).unwrap();
    assert!(job.scratch().starts_with(room.at("scratch")), "{}", job.scratch().display());
    assert_eq!(fs::read_dir(place.at("scratch")).unwrap().count(), 0);
    drop(job);
    assert_eq!(fs::read_dir(room.at("scratch")).unwrap().count(), 0);
}

#[test]
fn job_should_end_when_it_is_stopped_from_elsewhere() {
    let place = Place::new();
    let means = Means { groups: Groups::None, ..Means::detect() };
    let sandbox = Sandbox::new(means, &place.at("scratch")).unwrap();
    let mut job = sandbox.start(&request(&place)).unwrap();
    let stopper = job.stopper();
    let running = thread::spawn(move || job.run(b"sleep".to_vec()).end);
    thread::sleep(Duration::from_millis(100));
    stopper.stop();
    assert_eq!(running.join().unwrap(), End::Stopped);
}

#[test]
fn job_should_die_when_its_worker_is_killed() {
    let place = Place::new();
    for way in ways() {
        let mut worker =
            place.worker(way, place.plan("sleep")).stdout(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(worker.stdout.take().unwrap());
        let job: u32 = said
            .lines()
            .find_map(|line| line.unwrap().strip_prefix("sleep: ")?.parse().ok())
            .unwrap();
        assert!(lives(job), "{way:?}");
        worker.kill().unwrap();
        worker.wait().unwrap();
        let killed = Instant::now();
        while lives(job) {
            assert!(killed.elapsed() < Duration::from_secs(10), "{way:?}");
            thread::sleep(Duration::from_millis(10));
        }
    }
    // Its groups go with the next worker that starts.
    Means::detect();
}

/// Neither gone nor waiting to be noticed as dead.
fn lives(process: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with(['Z', 'X']))
}
