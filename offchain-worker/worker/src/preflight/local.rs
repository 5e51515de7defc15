//! What can be wrong on this machine.

use super::Wrong;
use crate::{artifacts, config::Config, detect::Machine, folders, vault};
use cairn_sandbox::{Means, Sandbox};
use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt, path::Path};

/// What artifacts and results take before long.
const ROOM: u64 = 2 << 30;

/// All that is wrong here.
pub(super) fn look(machine: &Machine, config: &Config, means: Means) -> Vec<Wrong> {
    let as_root = means.root;
    let mut wrong: Vec<Wrong> = Vec::new();
    wrong.extend(memory(machine, config));
    wrong.extend(program(&config.job));
    match fs::create_dir_all(&config.data) {
        Ok(()) => {
            wrong.extend(disk(&config.data));
            wrong.extend(way(&config.data, as_root));
            wrong.extend(sandbox(means, &config.data));
            wrong.extend(volatile(config.volatile.as_deref(), &config.data));
        }
        Err(reason) => wrong.push(Wrong::new(
            format!("'{}' cannot be made ({reason})", config.data.display()),
            "see that this user may, or name another folder with --data",
        )),
    }
    wrong.extend(port(config));
    wrong
}

fn memory(machine: &Machine, config: &Config) -> Option<Wrong> {
    let (need, have) = (config.memory_mib, machine.memory_mib);
    (need > have).then(|| {
        let what = format!("jobs are given {need} MiB, and the machine has {have}");
        Wrong::new(what, "give them less with --memory")
    })
}

/// The program that does jobs has to be there, and be one.
fn program(path: &Path) -> Option<Wrong> {
    let mend = "install it beside this program, or name it with --job";
    match fs::metadata(path) {
        Err(reason) => {
            let what = format!("the jobs' program '{}' cannot be found ({reason})", path.display());
            Some(Wrong::new(what, mend))
        }
        Ok(found) if !found.is_file() || found.permissions().mode() & 0o111 == 0 => {
            let what = format!("the jobs' program '{}' cannot be run", path.display());
            Some(Wrong::new(what, mend))
        }
        Ok(_) => None,
    }
}

fn disk(data: &Path) -> Option<Wrong> {
    let written = tempfile::tempfile_in(data);
    if let Err(reason) = written {
        let what = format!("nothing can be written to '{}' ({reason})", data.display());
        return Some(Wrong::new(what, "see that this user may, or name another with --data"));
    }
    match artifacts::free(data) {
        Ok(have) => room(data, have),
        Err(reason) => Some(Wrong::new(reason.to_string(), "name another folder with --data")),
    }
}

fn room(data: &Path, have: u64) -> Option<Wrong> {
    (have < ROOM).then(|| {
        let what = format!("the disk of '{}' has {} MiB left", data.display(), have >> 20);
        Wrong::new(what, format!("make room: {} MiB is the least", ROOM >> 20))
    })
}

/// Where the worker is root, jobs are others, who have to get to their files.
fn way(data: &Path, as_root: bool) -> Option<Wrong> {
    let data = data.canonicalize().ok().filter(|_| as_root)?;
    let closed = data.ancestors().skip(1).find(|folder| {
        let found = fs::metadata(folder).map(|found| found.permissions().mode());
        found.is_ok_and(|mode| mode & 0o001 == 0)
    })?;
    let what = format!("jobs run as users of their own, and '{}' is closed", closed.display());
    Some(Wrong::new(what, "run chmod o+x on it, or name a folder elsewhere with --data"))
}

fn sandbox(means: Means, data: &Path) -> Option<Wrong> {
    let refused = Sandbox::new(means, data).err()?;
    // It says what to do itself.
    Some(Wrong::new("jobs cannot be confined", refused.to_string()))
}

/// Where there is a key for sealed payloads, there has to be a place for sealed jobs.
fn volatile(named: Option<&Path>, data: &Path) -> Option<Wrong> {
    if !folders::identity(data).exists() {
        return None;
    }
    let refused = vault::volatile::parent(named, data).err()?;
    // It says what to do itself.
    Some(Wrong::new("sealed jobs cannot be done", refused.to_string()))
}

fn port(config: &Config) -> Option<Wrong> {
    let address = config.health?;
    let reason = TcpListener::bind(address).err()?;
    let what = format!("{address} cannot be listened on ({reason})");
    Some(Wrong::new(what, "end what listens there, or name another port with --health"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs::Permissions, process::Command};

    #[test]
    fn program_should_be_wrong_when_it_is_missing_or_none() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("cairn-job");
        assert!(program(&path).unwrap().what.contains("cannot be found"));
        fs::write(&path, "text").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        assert!(program(&path).unwrap().what.contains("cannot be run"));
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        assert_eq!(program(&path), None);
        assert!(program(directory.path()).is_some());
    }

    #[test]
    fn disk_should_be_wrong_when_it_has_too_little_room() {
        let data = Path::new("/data");
        assert_eq!(room(data, ROOM), None);
        let wrong = room(data, ROOM - 1).unwrap();
        assert!(wrong.what.contains("'/data' has 2047 MiB left"), "{wrong:?}");
        assert!(wrong.mend.contains("2048 MiB"), "{wrong:?}");
    }

    #[test]
    fn disk_should_be_wrong_when_it_is_small_or_lets_nobody_write() {
        // Nobody makes files there, not even root.
        let closed = disk(Path::new("/proc")).unwrap();
        assert!(closed.what.contains("nothing can be written"), "{closed:?}");
        let data = tempfile::tempdir().unwrap();
        let mount = ["-t", "tmpfs", "-o", "size=1m", "cairn-test"];
        let mounted = Command::new("mount").args(mount).arg(data.path()).output();
        if !mounted.is_ok_and(|mounted| mounted.status.success()) {
            eprintln!("NOT TESTED on a small disk: that needs the right to mount a tmpfs");
            return;
        }
        let small = disk(data.path());
        Command::new("umount").arg("--lazy").arg(data.path()).status().unwrap();
        let small = small.unwrap();
        assert!(small.what.contains("MiB left"), "{small:?}");
        assert!(small.mend.contains("make room"), "{small:?}");
    }

    #[test]
    fn way_should_be_wrong_when_a_folder_above_is_closed_to_jobs() {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        fs::create_dir(&data).unwrap();
        fs::set_permissions(directory.path(), Permissions::from_mode(0o700)).unwrap();
        let wrong = way(&data, true).unwrap();
        assert!(wrong.what.contains(directory.path().to_str().unwrap()), "{wrong:?}");
        assert_eq!(way(&data, false), None);
    }

    #[test]
    fn volatile_should_be_wrong_when_there_is_a_key_and_no_place_in_memory() {
        let data = tempfile::tempdir_in("/dev/shm").unwrap();
        let on_disk = Some(Path::new("/proc"));
        assert_eq!(volatile(on_disk, data.path()), None);
        let key = folders::identity(data.path());
        fs::create_dir(key.parent().unwrap()).unwrap();
        fs::write(key, "").unwrap();
        assert!(volatile(on_disk, data.path()).unwrap().mend.contains("--volatile"));
        assert_eq!(volatile(None, data.path()), None);
    }

    #[test]
    fn sandbox_should_be_wrong_when_the_kernel_confines_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let means = Means { landlock: false, ..Means::detect() };
        assert!(sandbox(means, directory.path()).unwrap().mend.contains("landlock"));
    }
}
