//! That the instructions of a machine are used. All paths come to the same, so that what they come
//! to says nothing of it.

use super::*;
use crate::testing::Random;

/// What Linux calls what AVX2 is used with, and what AVX-512 is used with besides.
const OLDER: [&str; 4] = ["avx2", "bmi1", "bmi2", "abm"];
const NEWER: [&str; 5] = ["avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni"];

#[test]
fn best_should_be_what_linux_says_is_there_when_asked() {
    if !cfg!(all(feature = "std", target_arch = "x86_64", target_os = "linux")) {
        eprintln!("SKIPPED: what this machine has cannot be known from elsewhere");
        return;
    }
    let told = std::fs::read_to_string("/proc/cpuinfo").unwrap();
    let flags = told.lines().find_map(|line| line.strip_prefix("flags")).unwrap();
    let flags: Vec<_> = flags.split_whitespace().collect();
    let has = |names: &[&str]| names.iter().all(|name| flags.contains(name));
    let best = match (has(&OLDER), has(&NEWER)) {
        (true, true) => Path::Vnni,
        (true, false) => Path::Avx2,
        (false, _) => Path::Plain,
    };
    assert_eq!(Path::best(), best, "{flags:?}");
    for path in Path::ALL {
        assert_eq!(path.is_there(), path <= best, "{path:?}");
    }
}

/// Tiles of every number of rows.
fn tiles_should_be_made_with<W: Weight>(path: Path, pairs: usize, weight: impl Fn(i32) -> W) {
    let mut random = Random(1);
    let weights = random.numbers((-127, 127), 2 * W::PANEL * pairs);
    let weights: Vec<_> = weights.into_iter().map(weight).collect();
    for rows in 1..=ROWS {
        let mut inputs = Inputs::default();
        let numbers = random.numbers((-2_047, 2_047), rows * 2 * pairs);
        let numbers: Vec<_> = numbers.into_iter().map(|number| number as i16).collect();
        inputs.fill(2 * pairs, numbers.chunks_exact(2 * pairs)).unwrap();
        let inputs = inputs.part(0, pairs);
        let (mut need, mut have) = (vec![0; rows * W::PANEL], vec![i32::MIN; rows * W::PANEL]);
        plain::multiply(inputs, rows, &weights, &mut need);
        assert_eq!(path.multiply(inputs, rows, &weights, &mut have), path, "{rows} rows");
        assert_eq!(have, need, "{path:?}, {rows} rows");
    }
}

#[test]
fn tiles_should_be_made_with_the_instructions_of_a_path_when_they_are_there() {
    for path in Path::ALL {
        if !path.is_there() {
            eprintln!("SKIPPED: {path:?}, which is not there");
            continue;
        }
        for pairs in [1, 5, 64] {
            tiles_should_be_made_with(path, pairs, |weight| weight as i8);
            tiles_should_be_made_with(path, pairs, |weight| 16 * weight as i16);
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[test]
fn work_should_be_done_with_the_instructions_of_a_path_when_they_are_there() {
    struct Nothing;

    impl Work for Nothing {
        type Made = ();

        fn work(self) {}
    }

    for path in Path::ALL {
        let is_done = x86::apply(path, Nothing).is_ok();
        assert_eq!(is_done, path.is_there() && path != Path::Plain, "{path:?}");
    }
}
