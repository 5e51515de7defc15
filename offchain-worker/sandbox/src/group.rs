//! Control groups of version 1 or 2, which bound what a child uses however it comes by it.

use nix::{
    sys::signal::{kill, Signal},
    unistd::Pid,
};
use std::{
    fs, io,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Duration,
};

const MOUNT: &str = "/sys/fs/cgroup";
/// What all our groups are called first.
const PREFIX: &str = "cairn-";

/// Where groups can be made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Groups {
    /// Nowhere: the child's own limits and the parent's watch have to do.
    None,
    /// One folder for each of the two controllers.
    V1 { memory: PathBuf, pids: PathBuf },
    /// A folder whose groups have both controllers.
    V2 { base: PathBuf },
}

impl Groups {
    /// Where a group can be made, which is tried. Removes groups of processes that have ended.
    pub fn detect() -> Self {
        let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        candidates(Path::new(MOUNT), &own)
            .into_iter()
            .inspect(Self::forget)
            .find(|groups| groups.enable().is_ok() && groups.group(1 << 26, 8).is_ok())
            .unwrap_or(Self::None)
    }

    /// A group that holds its members to so many bytes and threads; none where there are none.
    pub(crate) fn group(&self, memory: u64, tasks: u32) -> io::Result<Option<Group>> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("{PREFIX}{}-{count}", process::id());
        let folders: Vec<PathBuf> = self.folders().iter().map(|base| base.join(&name)).collect();
        let [first, ..] = &folders[..] else { return Ok(None) };
        let (first, last) = (first.clone(), folders.last().unwrap_or(first).clone());
        let mut group = Group { folders: Vec::new(), events: first.join(self.events()) };
        for folder in folders {
            fs::create_dir(&folder)?;
            group.folders.push(folder);
        }
        match self {
            Self::V1 { .. } => {
                set(&first, "memory.limit_in_bytes", memory)?;
                // Absent where the kernel does not count swap.
                set_if_there(&first, "memory.memsw.limit_in_bytes", memory)?;
            }
            Self::V2 { .. } | Self::None => {
                set(&first, "memory.max", memory)?;
                set_if_there(&first, "memory.swap.max", 0)?;
            }
        }
        set(&last, "pids.max", u64::from(tasks))?;
        Ok(Some(group))
    }

    fn folders(&self) -> Vec<&Path> {
        match self {
            Self::None => Vec::new(),
            Self::V1 { memory, pids } => vec![memory, pids],
            Self::V2 { base } => vec![base],
        }
    }

    fn events(&self) -> &'static str {
        match self {
            Self::V1 { .. } => "memory.oom_control",
            Self::V2 { .. } | Self::None => "memory.events",
        }
    }

    /// Has the kernel give both controllers to groups that are made here.
    fn enable(&self) -> io::Result<()> {
        let Self::V2 { base } = self else { return Ok(()) };
        let path = base.join("cgroup.subtree_control");
        let have = fs::read_to_string(&path)?;
        let has = |controller| have.split_whitespace().any(|one| one == controller);
        if has("memory") && has("pids") {
            return Ok(());
        }
        fs::write(path, "+memory +pids")
    }

    /// Removes what a killed process left. A group in use stays, as the kernel does not remove it.
    fn forget(&self) {
        for base in self.folders() {
            let Ok(folders) = fs::read_dir(base) else { continue };
            for folder in folders.flatten() {
                if is_left(&folder.file_name().to_string_lossy()) {
                    let _ = fs::remove_dir(folder.path());
                }
            }
        }
    }
}

/// Whether a folder is a group of a process that is no more.
fn is_left(name: &str) -> bool {
    name.strip_prefix(PREFIX)
        .and_then(|name| name.split_once('-'))
        .and_then(|(process, _)| process.parse::<u32>().ok())
        .is_some_and(|process| !Path::new(&format!("/proc/{process}")).exists())
}

/// Where groups might be made, the best first. In version 2 a group with processes of its own
/// cannot have groups with controllers, save the root; so the one above is tried too.
fn candidates(mount: &Path, own: &str) -> Vec<Groups> {
    if !mount.join("cgroup.controllers").exists() {
        return vec![Groups::V1 { memory: mount.join("memory"), pids: mount.join("pids") }];
    }
    let own = own.lines().find_map(|line| line.strip_prefix("0::/")).unwrap_or_default();
    let own = mount.join(own);
    let above = own.parent().filter(|above| above.starts_with(mount)).unwrap_or(mount);
    let mut bases = vec![own.clone(), above.to_path_buf(), mount.to_path_buf()];
    bases.dedup();
    bases.into_iter().map(|base| Groups::V2 { base }).collect()
}

fn set(folder: &Path, name: &str, value: u64) -> io::Result<()> {
    fs::write(folder.join(name), value.to_string())
}

fn set_if_there(folder: &Path, name: &str, value: u64) -> io::Result<()> {
    if folder.join(name).exists() {
        set(folder, name, value)?;
    }
    Ok(())
}

/// The folders of one group. Its members are killed and it is removed when dropped.
#[derive(Debug)]
pub(crate) struct Group {
    folders: Vec<PathBuf>,
    events: PathBuf,
}

impl Group {
    pub(crate) fn add(&self, process: u32) -> io::Result<()> {
        self.folders.iter().try_for_each(|folder| set(folder, "cgroup.procs", u64::from(process)))
    }

    /// Whether the kernel killed a member because all of them together had too much memory.
    pub(crate) fn ran_out_of_memory(&self) -> bool {
        let events = fs::read_to_string(&self.events).unwrap_or_default();
        events
            .lines()
            .filter_map(|line| line.strip_prefix("oom_kill "))
            .any(|count| count.trim() != "0")
    }

    pub(crate) fn kill(&self) {
        for folder in &self.folders {
            let members = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
            for member in members.lines().flat_map(str::parse::<i32>).filter(|member| *member > 0) {
                // It may have ended by itself.
                let _ = kill(Pid::from_raw(member), Signal::SIGKILL);
            }
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
        for folder in &self.folders {
            // The kernel takes a moment to let go of the dead. What stays is removed at a start.
            for _ in 0..50 {
                match fs::remove_dir(folder) {
                    Err(reason) if reason.kind() == io::ErrorKind::ResourceBusy => {
                        thread::sleep(Duration::from_millis(2));
                    }
                    _ => break,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn group_should_have_its_limits_written_when_version_2() {
        let base = tempfile::tempdir().unwrap();
        let groups = Groups::V2 { base: base.path().to_path_buf() };
        let group = groups.group(1_000, 7).unwrap().unwrap();
        let folder = &group.folders[0];
        assert_eq!(fs::read_to_string(folder.join("memory.max")).unwrap(), "1000");
        assert_eq!(fs::read_to_string(folder.join("pids.max")).unwrap(), "7");
        assert!(!group.ran_out_of_memory());
        fs::write(&group.events, "low 0\noom 1\noom_kill 1\n").unwrap();
        assert!(group.ran_out_of_memory());
    }

    #[test]
    fn group_should_have_its_limits_written_when_version_1() {
        let base = tempfile::tempdir().unwrap();
        let (memory, pids) = (base.path().join("memory"), base.path().join("pids"));
        fs::create_dir(&memory).unwrap();
        fs::create_dir(&pids).unwrap();
        let group = Groups::V1 { memory, pids }.group(1_000, 7).unwrap().unwrap();
        let read = |folder: usize, name: &str| {
            fs::read_to_string(group.folders[folder].join(name)).unwrap()
        };
        assert_eq!(read(0, "memory.limit_in_bytes"), "1000");
        assert_eq!(read(1, "pids.max"), "7");
    }

    #[test]
    fn controllers_should_be_asked_for_when_they_are_not_there() {
        let base = tempfile::tempdir().unwrap();
        let control = base.path().join("cgroup.subtree_control");
        let groups = Groups::V2 { base: base.path().to_path_buf() };
        assert!(groups.enable().is_err());
        fs::write(&control, "cpu pids\n").unwrap();
        groups.enable().unwrap();
        assert_eq!(fs::read_to_string(&control).unwrap(), "+memory +pids");
        fs::write(&control, "cpu memory pids\n").unwrap();
        groups.enable().unwrap();
        assert_eq!(fs::read_to_string(&control).unwrap(), "cpu memory pids\n");
    }

    #[test]
    fn candidates_should_be_of_version_2_when_it_alone_is_mounted() {
        let mount = tempfile::tempdir().unwrap();
        let mount = mount.path();
        let own = "0::/system.slice/cairn.service/worker\n";
        assert!(matches!(candidates(mount, own)[..], [Groups::V1 { .. }]));
        fs::write(mount.join("cgroup.controllers"), "memory pids").unwrap();
        let at = |path: &str| Groups::V2 { base: mount.join(path) };
        let service = "system.slice/cairn.service";
        let own_path = format!("{service}/worker");
        assert_eq!(candidates(mount, own), [at(&own_path), at(service), at("")]);
        assert_eq!(candidates(mount, "0::/\n"), [at("")]);
    }

    #[test]
    fn group_should_be_left_when_its_process_is_no_more() {
        assert!(is_left("cairn-4294967295-0"));
        assert!(!is_left(&format!("cairn-{}-0", process::id())));
        assert!(!is_left("cairn-x-0") && !is_left("other-4294967295-0"));
    }
}
