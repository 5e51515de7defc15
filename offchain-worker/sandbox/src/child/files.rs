//! Which files the child may open.

use super::has_gpu;
use crate::limits::Cell;
use landlock::{
    Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd,
    PathFdError, Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError,
    RulesetStatus, Scope, ABI,
};
use std::{
    fs,
    path::{Path, PathBuf},
};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Path(#[from] PathFdError),
    #[error(transparent)]
    Rules(#[from] RulesetError),
    #[error("the kernel enforces nothing")]
    NotEnforced,
}

/// What a GPU's driver reads.
const DRIVER: [&str; 16] = [
    "/etc/ld.so.cache",
    // Which drivers of Vulkan there are.
    "/etc/vulkan",
    "/lib",
    "/lib64",
    "/proc/cpuinfo",
    "/proc/devices",
    "/proc/driver",
    "/proc/meminfo",
    "/proc/modules",
    // Which this process has, not those of others.
    "/proc/self",
    "/sys/bus/pci",
    // Which device a number is.
    "/sys/dev/char",
    "/sys/devices",
    "/usr/lib",
    "/usr/lib64",
    "/usr/share/vulkan",
];

/// All that the child may open. Older kernels lack later rights and are asked for the first alone.
pub(super) fn rules(cell: &Cell) -> Result<RulesetCreated, Error> {
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V1))?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(ABI::V9))?
        .handle_access(AccessNet::from_all(ABI::V9))?
        .scope(Scope::from_all(ABI::V9))?
        .create()?;
    for path in &cell.read {
        rules = rules.add_rule(PathBeneath::new(PathFd::new(path)?, reading(path)))?;
    }
    // It makes plain files there, and no folders: what the parent counts and removes stays flat.
    let scratch = AccessFs::ReadDir
        | AccessFs::ReadFile
        | AccessFs::WriteFile
        | AccessFs::Truncate
        | AccessFs::MakeReg
        | AccessFs::RemoveFile;
    rules = rules.add_rule(PathBeneath::new(PathFd::new(&cell.scratch)?, scratch))?;
    if has_gpu(cell.profile) {
        rules = with_gpu(rules)?;
    }
    Ok(rules)
}

/// For this thread and all that it starts.
pub(super) fn confine(rules: RulesetCreated) -> Result<(), Error> {
    if rules.restrict_self()?.ruleset == RulesetStatus::NotEnforced {
        return Err(Error::NotEnforced);
    }
    Ok(())
}

fn reading(path: &Path) -> BitFlags<AccessFs> {
    if path.is_dir() {
        AccessFs::ReadDir | AccessFs::ReadFile
    } else {
        AccessFs::ReadFile.into()
    }
}

/// Which of these there are differs between machines.
fn with_gpu(mut rules: RulesetCreated) -> Result<RulesetCreated, Error> {
    for path in DRIVER.map(Path::new).into_iter().filter(|path| path.exists()) {
        rules = rules.add_rule(PathBeneath::new(PathFd::new(path)?, reading(path)))?;
    }
    for device in devices() {
        let all = reading(&device) | AccessFs::WriteFile | AccessFs::IoctlDev;
        rules = rules.add_rule(PathBeneath::new(PathFd::new(&device)?, all))?;
    }
    Ok(rules)
}

fn devices() -> Vec<PathBuf> {
    let Ok(devices) = fs::read_dir("/dev") else { return Vec::new() };
    devices
        .flatten()
        .filter(|device| {
            let name = device.file_name();
            name == "dri" || name == "kfd" || name.as_encoded_bytes().starts_with(b"nvidia")
        })
        .map(|device| device.path())
        .collect()
}
