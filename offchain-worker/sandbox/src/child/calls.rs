//! What the child may ask of the kernel. What is not named here is refused with EPERM.

use super::has_gpu;
use crate::limits::Profile;
use seccompiler::{
    apply_filter_all_threads, BackendError, BpfProgram, Error, SeccompAction, SeccompCmpArgLen,
    SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};
use std::{collections::BTreeMap, env::consts::ARCH};

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Whatever their arguments are.
const ALWAYS: &[i64] = &[
    libc::SYS_brk,
    libc::SYS_clock_getres,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_close,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_faccessat,
    libc::SYS_fadvise64,
    libc::SYS_fallocate,
    libc::SYS_fdatasync,
    libc::SYS_fstat,
    libc::SYS_fstatfs,
    libc::SYS_fsync,
    libc::SYS_ftruncate,
    libc::SYS_futex,
    libc::SYS_getcwd,
    libc::SYS_getdents64,
    libc::SYS_getegid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_getrandom,
    libc::SYS_getrusage,
    libc::SYS_gettid,
    libc::SYS_gettimeofday,
    libc::SYS_getuid,
    libc::SYS_lseek,
    libc::SYS_madvise,
    libc::SYS_membarrier,
    libc::SYS_mincore,
    libc::SYS_mlock,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_msync,
    libc::SYS_munlock,
    libc::SYS_munmap,
    libc::SYS_nanosleep,
    libc::SYS_newfstatat,
    libc::SYS_ppoll,
    libc::SYS_pread64,
    libc::SYS_pwrite64,
    libc::SYS_read,
    libc::SYS_readlinkat,
    libc::SYS_readv,
    libc::SYS_renameat2,
    libc::SYS_restart_syscall,
    libc::SYS_rseq,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_getparam,
    libc::SYS_sched_getscheduler,
    libc::SYS_sched_yield,
    libc::SYS_set_robust_list,
    libc::SYS_set_tid_address,
    libc::SYS_sigaltstack,
    libc::SYS_statx,
    libc::SYS_sysinfo,
    libc::SYS_uname,
    libc::SYS_unlinkat,
    libc::SYS_write,
    libc::SYS_writev,
    // Refused by a filter of its own, see `without_clone3`.
    libc::SYS_clone3,
];

/// What newer architectures have no more. Programs and older C libraries still ask in these ways for
/// what is always allowed in others: the loader of Vulkan's drivers finds them by `access`.
#[cfg(target_arch = "x86_64")]
const OLD: &[i64] = &[
    libc::SYS_access,
    libc::SYS_getrlimit,
    libc::SYS_lstat,
    libc::SYS_poll,
    libc::SYS_readlink,
    libc::SYS_rename,
    libc::SYS_renameat,
    libc::SYS_stat,
    libc::SYS_unlink,
];
/// `renameat`, which `libc` has no name for here.
#[cfg(target_arch = "aarch64")]
const OLD: &[i64] = &[38];

/// What a GPU's driver asks for besides. Its `ioctl`s are thousands that nobody has listed.
const DRIVER: &[i64] = &[
    libc::SYS_eventfd2,
    libc::SYS_fcntl,
    libc::SYS_getcpu,
    libc::SYS_ioctl,
    libc::SYS_memfd_create,
    libc::SYS_mlock2,
    libc::SYS_mmap,
    libc::SYS_pipe2,
    libc::SYS_sched_setaffinity,
];

/// A new name space for anything.
const NEW_NAMES: i32 = libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWUTS;

/// For all threads, and for good.
pub(super) fn confine(profile: Profile) -> Result<(), Error> {
    // First, as the other forbids to set a filter.
    apply_filter_all_threads(&without_clone3()?)?;
    apply_filter_all_threads(&allowed(profile, std::process::id())?)
}

/// A C library that is told that there is no `clone3` takes `clone`, whose flags a filter can see.
fn without_clone3() -> Result<BpfProgram, BackendError> {
    let missing = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    let rules = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    SeccompFilter::new(rules, SeccompAction::Allow, missing, ARCH.try_into()?)?.try_into()
}

fn allowed(profile: Profile, own: u32) -> Result<BpfProgram, BackendError> {
    let mut rules = conditional(own)?;
    rules.extend(ALWAYS.iter().chain(OLD).map(|call| (*call, Vec::new())));
    if has_gpu(profile) {
        rules.extend(DRIVER.iter().map(|call| (*call, Vec::new())));
    }
    let refused = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    SeccompFilter::new(rules, refused, SeccompAction::Allow, ARCH.try_into()?)?.try_into()
}

/// Calls that are refused unless their arguments have one of these forms.
fn conditional(own: u32) -> Result<Rules, BackendError> {
    let (anonymous, grows) = (libc::MAP_ANONYMOUS, libc::MAP_GROWSDOWN);
    let commands =
        [libc::F_DUPFD, libc::F_DUPFD_CLOEXEC, libc::F_GETFD, libc::F_GETFL, libc::F_SETFD]
            .into_iter()
            .map(|command| masked(1, -1, command))
            .collect::<Result<Vec<_>, _>>()?;
    Ok(BTreeMap::from([
        // A thread, and neither a process nor a name space.
        (libc::SYS_clone, vec![masked(0, libc::CLONE_THREAD | NEW_NAMES, libc::CLONE_THREAD)?]),
        // Not who is sent a signal when a file changes.
        (libc::SYS_fcntl, commands),
        // Nothing that makes a program run as its owner.
        (libc::SYS_fchmod, vec![masked(1, 0o7000, 0)?]),
        // What RLIMIT_DATA does not count: memory shared with nobody, and stacks.
        (
            libc::SYS_mmap,
            vec![masked(3, anonymous | grows, 0)?, masked(3, libc::MAP_SHARED | grows, 0)?],
        ),
        // A file is emptied only by whoever may write to it, which the first landlock overlooked.
        (
            libc::SYS_openat,
            vec![
                masked(2, libc::O_TRUNC, 0)?,
                masked(2, libc::O_ACCMODE, libc::O_WRONLY)?,
                masked(2, libc::O_ACCMODE, libc::O_RDWR)?,
            ],
        ),
        // The name of a thread.
        (libc::SYS_prctl, vec![masked(0, -1, libc::PR_SET_NAME)?]),
        // Its own limits.
        (libc::SYS_prlimit64, vec![masked(0, -1, 0)?]),
        // Signals to itself, as `abort` sends.
        (libc::SYS_tgkill, vec![masked(0, -1, own.cast_signed())?]),
    ]))
}

/// Where the lower half of an argument has just these of the masked bits.
fn masked(argument: u8, mask: i32, bits: i32) -> Result<SeccompRule, BackendError> {
    let wide = |value: i32| u64::from(value.cast_unsigned());
    let masked = SeccompCmpOp::MaskedEq(wide(mask));
    SeccompRule::new(vec![SeccompCondition::new(
        argument,
        SeccompCmpArgLen::Dword,
        masked,
        wide(bits),
    )?])
}

#[cfg(test)]
mod tests;
