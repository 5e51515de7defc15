//! How soon an expert is of use whose files are on disk and not in memory.

// Elsewhere the system is not told to forget a file.
#![cfg(target_os = "linux")]

use cairn_artifact::{
    cache::{Cache, Origin},
    contents::{Numbers, Tensor},
    package::Package,
    store::Store,
};
use cairn_kernel::{
    models::Model,
    num::Scale,
    program::{Expert, Op, Program, Rows, Step, TensorId, Values, SEMANTICS},
    run::Piece,
};
use rustix::fs::{fadvise, Advice};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::Path,
    time::{Duration, Instant},
};

const HIDDEN: u32 = 4_096;
const INNER: u32 = 4_224;
const MOST: Duration = Duration::from_millis(500);

/// The three matrices of an expert, 52 million weights, between features and a result.
fn expert() -> Model {
    let mut names = BTreeMap::new();
    let mut tensors = Vec::new();
    let mut add = |name: Option<&str>, rows, columns, values| {
        let id = TensorId(tensors.len() as u32);
        tensors.push(cairn_kernel::program::Tensor { rows, columns, values });
        names.extend(name.map(|name| (format!("layers.0.experts.0.{name}"), id)));
        id
    };
    let activations = Values::Activations { bits: 16 };
    let input = add(None, Rows::Token, HIDDEN, Values::Features { bits: 16 });
    let mut weights = |part: &str, rows, columns| Expert {
        weights: add(Some(&format!("{part}.weights")), Rows::Fixed(rows), columns, Values::Masters),
        scales: add(Some(&format!("{part}.scales")), Rows::Fixed(1), rows, Values::Constants),
    };
    let [gate, up] = ["gate", "up"].map(|part| weights(part, INNER, HIDDEN));
    let down = weights("down", HIDDEN, INNER);
    let [gates, values, gated] = [(); 3].map(|()| add(None, Rows::Token, INNER, activations));
    let result = add(None, Rows::Token, HIDDEN, Values::Wide);
    let linear = |values, Expert { weights, scales }, result| Step {
        op: Op::Linear { values, weights, scales, biases: None, exponents: None },
        result,
    };
    let (logistic, scale) = (Scale::power(4), Scale::power(-20));
    let ops = vec![
        linear(input, gate, gates),
        linear(input, up, values),
        Step { op: Op::Gated { gates, values, logistic, scale }, result: gated },
        linear(gated, down, result),
    ];
    Model { program: Program { semantics: SEMANTICS, rows: 8, tensors, ops, result }, names }
}

/// Numbers that no disk compresses.
fn tensor(model: &Model, name: &str) -> Option<Tensor<'static>> {
    let id = model.names.get(name)?;
    let found = model.program.tensors.get(id.0 as usize)?;
    let (rows, columns) = (found.rows.count(0) as u32, found.columns);
    let mut state = 0x9e37_79b9_7f4a_7c15u64 ^ u64::from(id.0);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let count = rows as usize * columns as usize;
    let numbers = match found.values {
        Values::Constants => Numbers::Constants(vec![Scale::power(-14).pack(); count].into()),
        _ => Numbers::Masters((0..count).map(|_| (next() as i16).max(-i16::MAX)).collect()),
    };
    Some(Tensor { rows, columns, numbers })
}

/// Asks the system to forget what it holds of the files of a folder.
fn forget(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let file = File::open(entry.unwrap().path()).unwrap();
        file.sync_all().unwrap();
        fadvise(&file, 0, None, Advice::DontNeed).unwrap();
    }
}

/// How much this process has had read from disks so far, if the system tells.
fn read_from_disk() -> Option<u64> {
    let text = fs::read_to_string("/proc/self/io").ok()?;
    text.lines().find_map(|line| line.strip_prefix("read_bytes: "))?.parse().ok()
}

#[test]
#[ignore = "reads and writes hundreds of megabytes, and measures the disk"]
fn expert_should_be_usable_within_half_a_second_when_its_files_are_not_in_memory() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let store = Store::at(folder.path().join("store")).unwrap();
    let cache = Cache::at(folder.path().join("cache")).unwrap();
    let model = expert();
    let manifest = Package::publish(&store, &model, &[], |name| tensor(&model, name)).unwrap();

    let start = Instant::now();
    let first = Package::open(&store, &cache, &manifest).unwrap();
    println!("derived and opened in {:?}", start.elapsed());
    assert_eq!(first.components()["layers.0.experts.0"].origin(), Origin::Derived);
    drop(first);

    let mut times = Vec::new();
    for _ in 0..5 {
        forget(store.folder());
        forget(cache.folder());
        let before = read_from_disk();
        let start = Instant::now();
        let package = Package::open(&store, &cache, &manifest).unwrap();
        let opened = start.elapsed();
        let plan = package.plan().unwrap();
        let usable = start.elapsed();
        let features = vec![1_000; HIDDEN as usize];
        let piece = Piece { features: &features, ..Piece::default() };
        plan.run(&mut plan.start(), &piece, &[]).unwrap();
        let used = start.elapsed();
        let disk = before.zip(read_from_disk()).map(|(before, after)| (after - before) >> 20);
        println!(
            "opened in {opened:?}, usable in {usable:?}, first token in {used:?}, {disk:?} MiB \
             from disk"
        );
        assert_eq!(package.components()["layers.0.experts.0"].origin(), Origin::Found);
        times.push(usable);
    }
    times.sort();
    println!("usable in {:?}, the median", times[2]);
    assert!(times[2] < MOST, "{times:?}");
}
