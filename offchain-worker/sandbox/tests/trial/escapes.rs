//! What a job may try, and the honest one.

use nix::{
    sys::{
        memfd::{memfd_create, MFdFlags},
        signal::{kill, Signal},
    },
    unistd::{getgid, getppid, getuid},
};
use std::{
    env,
    fs::{self, File, OpenOptions},
    hint::{black_box, spin_loop},
    io::{self, Write},
    net::{TcpListener, TcpStream, UdpSocket},
    os::unix::{fs::OpenOptionsExt, net::UnixStream},
    process::Command,
    thread,
    time::Duration,
};

pub fn attempt(order: &str) -> String {
    let (what, rest) = order.split_once(' ').unwrap_or((order, ""));
    match what {
        "neighbour" => neighbour(),
        "network" => network(rest),
        "read" => said(fs::read_to_string(rest)),
        "write" => said(fs::write(rest, "stone").map(|()| "written".into())),
        "empty" => said(empty(rest)),
        "folder" => said(fs::create_dir(rest).map(|()| "made".into())),
        "spawn" => spawn().to_string(),
        "threads" => threads().to_string(),
        "memory" => memory().to_string(),
        "nameless" => said(nameless()),
        "loop" => endless(),
        "fill" => said(fill()),
        "files" => said(files()),
        "signal" => said(signal()),
        "who" => format!("{} {} {}", getuid(), getgid(), env::vars_os().count()),
        "talk" => "stone ".repeat(1_000_000),
        "rest" => pause(500),
        "sleep" => pause(600_000),
        _ => format!("there is no attempt '{what}'"),
    }
}

fn said(result: io::Result<String>) -> String {
    result.unwrap_or_else(|error| format!("{:?}", error.kind()))
}

fn pause(milliseconds: u64) -> String {
    thread::sleep(Duration::from_millis(milliseconds));
    "rested".into()
}

/// Does all that an honest job does: computes on threads, and writes and reads its files.
fn neighbour() -> String {
    let sums = [1_u64, 2, 3].map(|start| {
        thread::spawn(move || (0..1_000_000).fold(start, |sum, next| black_box(sum ^ next)))
    });
    let sums = sums.map(|sum| sum.join().is_ok());
    pause(1_500);
    let kept = fs::write("part", "stone")
        .and_then(|()| fs::rename("part", "whole"))
        .and_then(|()| fs::read_to_string("whole"));
    match kept {
        Ok(kept) if kept == "stone" && sums == [true; 3] => "well".into(),
        other => format!("{other:?} {sums:?}"),
    }
}

fn network(port: &str) -> String {
    let attempts = [
        TcpStream::connect(format!("127.0.0.1:{port}")).map(drop),
        TcpListener::bind("127.0.0.1:0").map(drop),
        UdpSocket::bind("127.0.0.1:0").map(drop),
        UnixStream::pair().map(drop),
    ];
    let attempts = attempts.map(|attempt| said(attempt.map(|()| "connected".into())));
    attempts.join(" ")
}

/// Opens a file to read, and empties it in passing.
fn empty(path: &str) -> io::Result<String> {
    OpenOptions::new().read(true).custom_flags(libc::O_TRUNC).open(path)?;
    Ok("emptied".into())
}

/// Kills the worker.
fn signal() -> io::Result<String> {
    kill(getppid(), Signal::SIGKILL)?;
    Ok("sent".into())
}

/// Processes that could be started.
fn spawn() -> usize {
    (0..1_000).filter(|_| Command::new("/proc/self/exe").arg("spawn").spawn().is_ok()).count()
}

/// Threads that there are when no more can be started.
fn threads() -> usize {
    let more = || thread::Builder::new().spawn(|| pause(600_000)).is_ok();
    let started = (0..100_000).take_while(|_| more()).count();
    // Whoever watches has the time to see them.
    pause(500);
    started + 1
}

/// Up to 100 GB, all of it written to.
fn memory() -> usize {
    let all: Vec<Vec<u8>> = (0..1_600).map(|_| black_box(vec![1; 1 << 26])).collect();
    all.iter().map(Vec::len).sum()
}

/// Bytes of files without a name, which are in memory, until there are no more.
fn nameless() -> io::Result<String> {
    const PART: usize = 1 << 20;
    let (mut files, mut bytes) = (Vec::new(), 0);
    while let Ok(file) = memfd_create("stone", MFdFlags::empty()) {
        let mut file = File::from(file);
        // A little less than one file may have.
        for _ in 0..15 {
            file.write_all(&[1; PART])?;
            bytes += PART;
        }
        files.push(file);
    }
    // Whoever watches has the time to see them.
    pause(500);
    Ok(bytes.to_string())
}

fn endless() -> ! {
    for _ in 0..3 {
        thread::spawn(|| loop {
            spin_loop();
        });
    }
    loop {
        spin_loop();
    }
}

fn fill() -> io::Result<String> {
    let mut file = File::create("fill")?;
    for _ in 0..100_000 {
        file.write_all(&[1; 1 << 16])?;
    }
    Ok("filled".into())
}

/// Many files of no length.
fn files() -> io::Result<String> {
    for number in 0..1_000_000 {
        File::create(format!("file-{number}"))?;
    }
    Ok("made".into())
}
