use super::*;
use seccompiler::sock_filter;

const PROFILES: [Profile; 2] = [Profile::Cpu, Profile::Gpu];
/// The process that the filter is made for.
const OWN: u32 = 7;

/// What a filter says of a call, computed as the kernel does it.
fn ruled(filter: &[sock_filter], call: i64, arguments: [u64; 6]) -> u32 {
    // The call's number, the architecture that is asked for, where it was made from, its arguments.
    let mut data = Vec::new();
    data.extend(u32::try_from(call).unwrap().to_le_bytes());
    data.extend(filter[1].k.to_le_bytes());
    data.extend([0; 8]);
    data.extend(arguments.iter().flat_map(|argument| argument.to_le_bytes()));
    let word = |at: u32| {
        let at = at as usize;
        u32::from_le_bytes(data[at..at + 4].try_into().unwrap())
    };
    let (mut at, mut held) = (0, 0);
    loop {
        let one = &filter[at];
        at += 1;
        let jump = |taken: bool| usize::from(if taken { one.jt } else { one.jf });
        match one.code {
            0x20 => held = word(one.k),
            0x54 => held &= one.k,
            0x05 => at += one.k as usize,
            0x15 => at += jump(held == one.k),
            0x25 => at += jump(held > one.k),
            0x35 => at += jump(held >= one.k),
            0x06 => return one.k,
            code => panic!("no such instruction: {code:#x}"),
        }
    }
}

fn permits(profile: Profile, call: i64, arguments: [u64; 6]) -> bool {
    let filter = allowed(profile, OWN).unwrap();
    ruled(&filter, call, arguments) == u32::from(SeccompAction::Allow)
}

/// An argument with these bits.
fn bits(bits: i32) -> u64 {
    u64::from(bits.cast_unsigned())
}

/// Calls that reach other processes, other machines or the system.
const REACHING: [i64; 18] = [
    libc::SYS_accept4,
    libc::SYS_bind,
    libc::SYS_bpf,
    libc::SYS_connect,
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_io_uring_setup,
    libc::SYS_kill,
    libc::SYS_mount,
    libc::SYS_pidfd_open,
    libc::SYS_process_vm_readv,
    libc::SYS_ptrace,
    libc::SYS_seccomp,
    libc::SYS_setsid,
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_unshare,
    libc::SYS_userfaultfd,
];

#[test]
fn no_call_should_be_allowed_always_when_it_has_conditions() {
    let conditional = conditional(1).unwrap();
    assert!(ALWAYS.iter().chain(OLD).all(|call| !conditional.contains_key(call)));
}

#[test]
fn calls_should_be_refused_when_they_reach_others() {
    let conditional = conditional(1).unwrap();
    for call in REACHING {
        let named = ALWAYS.iter().chain(OLD).chain(DRIVER).any(|allowed| *allowed == call);
        assert!(!named && !conditional.contains_key(&call), "{call}");
        for profile in PROFILES {
            assert!(!permits(profile, call, [0; 6]), "{call}, {profile:?}");
        }
    }
}

#[test]
#[cfg(target_arch = "x86_64")]
fn older_forms_should_be_allowed_when_newer_ones_are() {
    let pairs = [
        (libc::SYS_access, libc::SYS_faccessat),
        (libc::SYS_getrlimit, libc::SYS_prlimit64),
        (libc::SYS_lstat, libc::SYS_newfstatat),
        (libc::SYS_poll, libc::SYS_ppoll),
        (libc::SYS_readlink, libc::SYS_readlinkat),
        (libc::SYS_stat, libc::SYS_newfstatat),
        (libc::SYS_unlink, libc::SYS_unlinkat),
    ];
    for (old, new) in pairs {
        for profile in PROFILES {
            assert!(permits(profile, old, [0; 6]) && permits(profile, new, [0; 6]), "{old}");
        }
    }
}

#[test]
fn filter_should_be_made_when_a_gpu_is_allowed_too() {
    let [cpu, gpu] = PROFILES.map(|profile| allowed(profile, OWN).unwrap());
    assert_ne!(cpu, gpu);
    assert!(!without_clone3().unwrap().is_empty());
}

#[test]
fn driver_should_be_spoken_to_only_when_the_job_has_a_gpu() {
    let calls = [
        libc::SYS_eventfd2,
        libc::SYS_ioctl,
        libc::SYS_memfd_create,
        libc::SYS_mlock2,
        libc::SYS_pipe2,
    ];
    for call in calls {
        let permitted = PROFILES.map(|profile| permits(profile, call, [0; 6]));
        assert_eq!(permitted, [false, true], "{call}");
    }
    // Memory that is shared, and with nobody.
    let flags = bits(libc::MAP_SHARED | libc::MAP_ANONYMOUS);
    let shared = [0, 4_096, 3, flags, u64::MAX, 0];
    let permitted = PROFILES.map(|profile| permits(profile, libc::SYS_mmap, shared));
    assert_eq!(permitted, [false, true]);
}

#[test]
fn filter_should_say_the_same_of_all_else_whether_or_not_the_job_has_a_gpu() {
    let own = u64::from(OWN);
    let memory = bits(libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    let thread = bits(libc::CLONE_VM | libc::CLONE_THREAD | libc::CLONE_SIGHAND);
    let network = bits(libc::CLONE_VM | libc::CLONE_THREAD | libc::CLONE_NEWNET);
    let cases = [
        (libc::SYS_read, [0; 6], true),
        (libc::SYS_mmap, [0, 4_096, 3, memory, u64::MAX, 0], true),
        (libc::SYS_clone, [thread, 0, 0, 0, 0, 0], true),
        (libc::SYS_clone, [bits(libc::SIGCHLD), 0, 0, 0, 0, 0], false),
        (libc::SYS_clone, [network, 0, 0, 0, 0, 0], false),
        (libc::SYS_openat, [0, 0, bits(libc::O_RDONLY), 0, 0, 0], true),
        (libc::SYS_openat, [0, 0, bits(libc::O_RDONLY | libc::O_TRUNC), 0, 0, 0], false),
        (libc::SYS_prctl, [bits(libc::PR_SET_NAME), 0, 0, 0, 0, 0], true),
        (libc::SYS_prctl, [bits(libc::PR_SET_PDEATHSIG), 0, 0, 0, 0, 0], false),
        (libc::SYS_tgkill, [own, 0, 6, 0, 0, 0], true),
        (libc::SYS_tgkill, [own + 1, 0, 6, 0, 0, 0], false),
        (libc::SYS_fchmod, [3, 0o644, 0, 0, 0, 0], true),
        (libc::SYS_fchmod, [3, 0o4755, 0, 0, 0, 0], false),
        (libc::SYS_prlimit64, [0; 6], true),
        (libc::SYS_prlimit64, [own + 1, 0, 0, 0, 0, 0], false),
    ];
    for (call, arguments, permitted) in cases {
        for profile in PROFILES {
            assert_eq!(permits(profile, call, arguments), permitted, "{call}, {profile:?}");
        }
    }
}
