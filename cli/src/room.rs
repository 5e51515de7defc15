//! Where jobs are done that this program needs itself: in a process that can reach nothing but what
//! it was given, as a worker has them done.

use crate::exit::{Failure, Outcome};
use cairn_order::{Made, Outcome as Said, Product};
use cairn_sandbox::{End, Limits, Means, Profile, Request, Sandbox};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

/// Threads that a job may have beside those that it works with: one that learns starts as many again.
const SPARE_THREADS: u32 = 16;
const OPEN_FILES: u32 = 1 << 12;
/// Bytes that it may write: a model in the order in which it is computed with, and a result.
const DISK: u64 = 64 << 30;
/// Bytes that it leaves on its disk.
const SPARE_DISK: u64 = 1 << 28;
/// Bytes of what it answers.
const ANSWER: u64 = 1 << 16;
/// How long it may take.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Bytes of what it wrote that are read.
const PRODUCT: u64 = 8 << 30;
/// That everyone may go through a folder.
const ENTERABLE: u32 = 0o001;
/// That everyone may read a file, and nobody write to it.
const READABLE: u32 = 0o444;

/// What such a process may use.
#[derive(Clone, Debug)]
pub struct Share {
    pub program: PathBuf,
    pub memory_mib: u64,
    pub threads: u16,
}

/// Starts such processes.
pub struct Room {
    sandbox: Sandbox,
    share: Share,
    /// That its processes are another user's.
    lends: bool,
}

/// What one of them came to.
#[derive(Clone, Debug)]
pub struct Done {
    /// What it made, wherever it put it.
    pub bytes: Vec<u8>,
    pub time: Duration,
}

/// The program that does jobs: `cairn-job` beside this one.
pub fn program() -> Outcome<PathBuf> {
    Ok(std::env::current_exe()?.with_file_name("cairn-job"))
}

impl Room {
    /// With room for what its processes write in that folder.
    pub fn open(share: Share, folder: &Path) -> Outcome<Self> {
        if !share.program.is_file() {
            return Err(Failure::usage(format!(
                "{} is not there, which learns and judges; install it beside this program, or name \
                 it with --program",
                share.program.display()
            )));
        }
        let found = Means::detect();
        let lends = found.root;
        if lends {
            enterable(folder)?;
        }
        let sandbox = Sandbox::new(found, folder).map_err(failed)?;
        Ok(Self { sandbox, share, lends })
    }

    pub fn threads(&self) -> u16 {
        self.share.threads
    }

    /// Has one order done on the files of a store. The order is written for the folder that it may
    /// write to.
    pub fn work(&self, store: &Path, order: impl FnOnce(&Path) -> Vec<u8>) -> Outcome<Done> {
        let limits = Limits {
            time: LONGEST,
            memory: self.share.memory_mib.saturating_mul(1 << 20),
            threads: 2 * u32::from(self.share.threads) + SPARE_THREADS,
            disk: DISK,
            spare: SPARE_DISK,
            open_files: OPEN_FILES,
            answer: ANSWER,
        };
        if self.lends {
            lend(store)?;
        }
        let (binary, read) = (self.share.program.clone(), vec![store.to_owned()]);
        let request = Request { binary, profile: Profile::Cpu, limits, read };
        let mut process = self.sandbox.start(&request).map_err(failed)?;
        let order = order(process.scratch());
        let finished = process.run(order);
        let made = made(finished.end, self.share.memory_mib)?;
        let bytes = product(&made.product, process.scratch())?;
        Ok(Done { bytes, time: finished.time })
    }
}

/// What it made, in the answer or in its folder.
fn product(product: &Product, scratch: &Path) -> Outcome<Vec<u8>> {
    let name = match product {
        Product::Inline(bytes) => return Ok(bytes.clone()),
        Product::Scratch(name) => name,
    };
    let alone = Path::new(name).file_name().is_some_and(|only| only == name.as_str());
    let path = scratch.join(name);
    let found = fs::symlink_metadata(&path).ok().filter(|found| alone && found.is_file());
    match found {
        Some(found) if found.len() <= PRODUCT => Ok(fs::read(&path)?),
        _ => Err(Failure::failed(format!(
            "cairn-job wrote no file {name:?} of a length that is read"
        ))),
    }
}

/// What a process says that it made, or what kept it from it.
fn made(end: End, memory_mib: u64) -> Outcome<Made> {
    let words = match end {
        End::Answered(bytes) => match Said::from_bytes(&bytes) {
            Ok(Said::Made(made)) => return Ok(made),
            Ok(Said::Failed(fault)) => fault.to_string(),
            Err(unreadable) => format!("{unreadable}; install cairn and cairn-job together"),
        },
        End::OutOfMemory => format!("it has {memory_mib} MiB; give it more with --memory"),
        End::OutOfTime => "it took longer than a week".into(),
        End::OutOfDisk | End::DiskFull => "its disk is full; name a folder on another one".into(),
        End::TooManyThreads => "it started more threads than it may".into(),
        End::Unreadable(words) => words,
        End::Stopped => "it was stopped".into(),
        End::Left { code, words } => format!("it left with {code}: {words}"),
        End::Died { signal, words } => format!("signal {signal} ended it: {words}"),
    };
    Err(Failure::failed(format!("cairn-job came to nothing: {words}")))
}

/// Started as root, a job becomes a user that has to be able to reach its files.
fn enterable(folder: &Path) -> Outcome {
    let folder = folder.canonicalize()?;
    for above in folder.ancestors() {
        if fs::metadata(above)?.permissions().mode() & ENTERABLE == 0 {
            return Err(Failure::usage(format!(
                "as root, jobs are done by another user, who cannot enter {}; name a folder that \
                 all can reach with --work, or start this as a user of its own",
                above.display()
            )));
        }
    }
    Ok(())
}

/// Has that user read the files of a store, some of which were written for one's own eyes.
fn lend(store: &Path) -> Outcome {
    for entry in fs::read_dir(store)? {
        let path = entry?.path();
        if fs::metadata(&path)?.permissions().mode() & READABLE != READABLE {
            fs::set_permissions(&path, fs::Permissions::from_mode(READABLE))?;
        }
    }
    Ok(())
}

fn failed(error: cairn_sandbox::Error) -> Failure {
    Failure::failed(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_order::Fault;
    use cairn_protocol::failure::Failure as Reason;

    fn answered(said: Said) -> End {
        End::Answered(said.to_bytes())
    }

    #[test]
    fn made_should_be_what_was_answered_and_else_say_what_to_do() {
        let product = Product::Inline(vec![7]);
        let whole = Made { product, units: 1, trace: [2; 32], fingerprint: None };
        assert_eq!(made(answered(Said::Made(whole.clone())), 1).unwrap(), whole);
        let fault = Fault::new(Reason::MalformedSpec, "learn faster");
        for (end, said) in [
            (answered(Said::Failed(fault)), "learn faster"),
            (End::Answered(vec![99]), "install"),
            (End::OutOfMemory, "--memory"),
            (End::Died { signal: 9, words: String::new() }, "signal 9"),
        ] {
            let refused = made(end, 512).unwrap_err().to_string();
            assert!(refused.contains(said), "{refused}");
        }
    }

    #[test]
    fn product_should_be_a_file_of_the_folder_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let scratch = folder.path().join("scratch");
        fs::create_dir(&scratch).unwrap();
        fs::write(scratch.join("output"), b"made").unwrap();
        fs::write(folder.path().join("secret"), b"secret").unwrap();
        std::os::unix::fs::symlink("../secret", scratch.join("link")).unwrap();
        let named = |name: &str| product(&Product::Scratch(name.into()), &scratch);
        assert_eq!(named("output").unwrap(), b"made");
        for name in ["../secret", "link", "", "none", "/etc/passwd"] {
            assert!(named(name).is_err(), "{name}");
        }
        assert_eq!(product(&Product::Inline(vec![1]), &scratch).unwrap(), [1]);
    }

    #[test]
    fn lend_should_have_everyone_read_what_was_for_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, b"bytes").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        lend(folder.path()).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, READABLE);
    }

    #[test]
    fn room_should_say_what_is_missing_when_there_is_no_program() {
        let folder = tempfile::tempdir().unwrap();
        let share = Share { program: folder.path().join("cairn-job"), memory_mib: 512, threads: 1 };
        let Err(refused) = Room::open(share, folder.path()) else { panic!("nothing is there") };
        assert!(refused.to_string().contains("--program"), "{refused}");
    }
}
