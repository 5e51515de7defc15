//! What this machine offers to hold a job with.

use crate::{group::Groups, slot::SLOTS};
use landlock::{Access, AccessFs, CompatLevel, Compatible, Ruleset, RulesetAttr, ABI};
use nix::unistd::geteuid;
use std::{fs, path::Path};

/// Far above all users that people and services have: systemd leaves 0x70000000 to 0x7FFFFFFF to
/// nobody.
const FAR: u32 = 0x7000_0000;
/// What is left in a container that has 65,536 users.
const NEAR: u32 = 40_000;

/// What there is to hold a job with.
#[derive(Clone, Debug)]
pub struct Means {
    /// Whether a child has to become somebody else.
    pub root: bool,
    /// The first of the users that children become.
    pub users: Option<u32>,
    pub groups: Groups,
    pub landlock: bool,
    pub seccomp: bool,
}

impl Means {
    /// Looks for everything, and makes a control group to see whether it may.
    pub fn detect() -> Self {
        Self {
            root: geteuid().is_root(),
            users: first_user(
                std::process::id(),
                &read("/proc/self/uid_map"),
                &read("/proc/self/gid_map"),
            ),
            groups: Groups::detect(),
            landlock: has_landlock(),
            seccomp: read("/proc/sys/kernel/seccomp/actions_avail").contains("errno"),
        }
    }
}

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn has_landlock() -> bool {
    Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V1))
        .and_then(Ruleset::create)
        .is_ok()
}

/// Users that no other process takes, of those that there are here. Process ids are below 2^22.
fn first_user(process: u32, users: &str, groups: &str) -> Option<u32> {
    let far = FAR + process % (1 << 22) * SLOTS;
    let near = NEAR + process % 256 * SLOTS;
    [far, near].into_iter().find(|first| maps(users, *first) && maps(groups, *first))
}

/// Whether a map of `/proc/self/uid_map`'s form has all users of one process.
fn maps(map: &str, first: u32) -> bool {
    let first = u64::from(first);
    map.lines().any(|line| {
        let numbers: Vec<u64> = line.split_whitespace().flat_map(str::parse::<u64>).collect();
        match numbers[..] {
            [inside, _, count] => {
                inside <= first && first + u64::from(SLOTS) <= inside.saturating_add(count)
            }
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &str = "         0          0 4294967295\n";
    const CONTAINER: &str = "         0     100000      65536\n";

    #[test]
    fn users_should_lie_far_away_when_all_are_there() {
        assert_eq!(first_user(0, ALL, ALL), Some(0x7000_0000));
        assert_eq!(first_user((1 << 22) - 1, ALL, ALL), Some(0x7FFF_FFC0));
    }

    #[test]
    fn users_should_be_near_when_a_container_has_no_others() {
        assert_eq!(first_user(257, CONTAINER, ALL), Some(40_064));
        assert!(first_user(u32::MAX, ALL, CONTAINER).unwrap() < 65_536 - SLOTS);
    }

    #[test]
    fn users_should_be_none_when_only_one_is_mapped() {
        assert_eq!(first_user(5, "0 1000 1\n", ALL), None);
        assert_eq!(first_user(5, "", ALL), None);
    }
}
