//! Deltas of models: they add up exactly, in any order.

mod common;

use cairn_artifact::{
    cache::Cache,
    contents::{Numbers, Tensor},
    package::Package,
    store::Store,
};
use cairn_engine::{
    apply::{apply_published, ApplyError, Deltas},
    exact, import,
    quantise::{self, checked, Exact, Options},
};
use cairn_kernel::{
    delta::{Delta, LowRank, Sparse},
    run::Alone,
};
use common::{device, fixture};
use std::collections::BTreeMap;

const QUERY: &str = "layers.0.attention.query.weights";
const EXPERT: &str = "layers.1.experts.2.down.weights";

fn mixture() -> Exact {
    let decoder = import::decoder(&fixture("qwen3_moe"), &device()).expect("supported");
    let sample: Vec<u32> = (0..40).map(|at| (at * at + 3) % 64).collect();
    quantise::decoder(&decoder, &[sample], &Options::default()).expect("a model")
}

fn tensor<'a>(exact: &'a Exact, name: &str) -> &'a Tensor<'static> {
    &exact.tensors()[name]
}

fn masters(exact: &Exact, name: &str) -> Vec<i16> {
    match &tensor(exact, name).numbers {
        Numbers::Masters(masters) => masters.to_vec(),
        Numbers::Constants(_) => panic!("{name} has masters"),
    }
}

fn random(state: &mut u64) -> u32 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) as u32
}

/// A small change of a few numbers, or of all.
fn small(exact: &Exact, name: &str, state: &mut u64) -> Delta {
    let Tensor { rows, columns, .. } = *tensor(exact, name);
    if random(state).is_multiple_of(2) {
        let row = random(state) % rows;
        let change = |column: u32, state: &mut u64| (column, (random(state) % 7) as i16 - 3);
        let changes: Vec<(u32, i16)> = (0..columns).map(|column| change(column, state)).collect();
        let changes: Vec<_> = changes.into_iter().filter(|(_, change)| *change != 0).collect();
        return Delta::Sparse(Sparse::new(rows, columns, vec![(row, changes)]).expect("a change"));
    }
    let factor = |count: u32, state: &mut u64| -> Vec<i16> {
        (0..count * 2).map(|_| (random(state) % 41) as i16 - 20).collect()
    };
    let (high, wide) = (factor(rows, state), factor(columns, state));
    Delta::LowRank(LowRank::new([rows, columns], 2, 7, high, wide).expect("a change"))
}

fn one(name: &str, delta: Delta) -> Deltas {
    BTreeMap::from([(name.to_owned(), delta)])
}

#[test]
fn deltas_should_sum_without_drift_when_there_are_a_thousand() {
    let base = mixture();
    let state = &mut 7;
    for name in [QUERY, EXPERT] {
        let deltas: Vec<Delta> = (0..1_000).map(|_| small(&base, name, state)).collect();
        let columns = tensor(&base, name).columns;
        let before = masters(&base, name);
        let sum = |at: u32| -> i64 {
            deltas.iter().map(|delta| delta.at(at / columns, at % columns)).sum()
        };
        // Numbers whose sums stay within what a master holds in any order.
        let fits = |at: usize| {
            let way: i64 = deltas
                .iter()
                .map(|delta| delta.at(at as u32 / columns, at as u32 % columns).abs())
                .sum();
            i64::from(before[at].unsigned_abs()) + way <= 32_767
        };
        let (mut forwards, mut backwards) = (base.clone(), base.clone());
        for delta in &deltas {
            forwards.apply(&one(name, delta.clone())).expect("it fits");
        }
        for delta in deltas.iter().rev() {
            backwards.apply(&one(name, delta.clone())).expect("it fits");
        }
        let (forwards, backwards) = (masters(&forwards, name), masters(&backwards, name));
        let fitting: Vec<usize> = (0..before.len()).filter(|at| fits(*at)).collect();
        assert!(fitting.len() * 4 > before.len() * 3, "{} of {}", fitting.len(), before.len());
        let mut moved = 0;
        for at in fitting {
            let need = i64::from(before[at]) + sum(at as u32);
            assert_eq!(i64::from(forwards[at]), need, "{name}, {at}");
            assert_eq!(backwards[at], forwards[at], "{name}, {at}");
            moved += usize::from(forwards[at] != before[at]);
        }
        assert!(moved * 2 > before.len(), "hardly anything moves");
    }
}

#[test]
fn deltas_should_depend_on_their_order_only_when_a_master_saturates() {
    let base = mixture();
    let Tensor { rows, columns, .. } = *tensor(&base, QUERY);
    let before = masters(&base, QUERY);
    // One that has room for a small change, and none for the largest there is.
    let at = before[..columns as usize].iter().position(|x| (100..30_000).contains(x));
    let at = at.expect("masters have all sizes");
    let change = |change: i16| {
        let changes = vec![(0, vec![(at as u32, change)])];
        one(QUERY, Delta::Sparse(Sparse::new(rows, columns, changes).expect("a change")))
    };
    let after = |changes: [i16; 2]| {
        let mut exact = base.clone();
        changes.into_iter().for_each(|x| exact.apply(&change(x)).expect("it fits"));
        masters(&exact, QUERY)
    };
    assert_eq!(after([50, -7]), after([-7, 50]));
    assert_eq!(after([50, -7])[at], before[at] + 43);
    assert_eq!(after([i16::MAX, -7])[at], 32_760);
    assert_eq!(after([-7, i16::MAX])[at], 32_767);
    assert_eq!(after([i16::MAX, -7])[at + 1..], before[at + 1..]);
}

#[test]
fn published_models_should_become_what_models_in_memory_do_when_changed() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::at(folder.path().join("store")).expect("a store");
    let cache = Cache::at(folder.path().join("cache")).expect("a cache");
    let mut exact = mixture();
    let state = &mut 3;
    let deltas: Deltas =
        [QUERY, EXPERT].map(|name| (name.to_owned(), small(&exact, name, state))).into();
    let model = exact.model_for(exact::losses()).expect("a decoder");
    let base = exact.publish(&store, &model).expect("published");
    let changed = apply_published(&store, &base, &deltas).expect("applied");
    exact.apply(&deltas).expect("applied");
    assert_eq!(exact.publish(&store, &model).expect("published"), changed);
    assert_ne!(base, changed);
    // The trunk and one expert are other files, and all else is as it was.
    let files = |id| store.manifest(id).expect("a manifest").components;
    let (before, after) = (files(&base), files(&changed));
    let other = before.iter().filter(|(name, one)| after[*name].file != one.file);
    assert_eq!(
        other.map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        ["layers.1.experts.2", "trunk"]
    );
    let program = checked(&model).expect("a program");
    let plan = exact.plan(&model, &program).expect("it fits");
    let package = Package::open(&store, &cache, &changed).expect("opened");
    let given = [vec![3, 1, 4, 1, 5, 9, 2, 6]];
    let found = exact::loss(&package.plan().expect("fits"), &Alone, &given).expect("it runs");
    assert_eq!(found, exact::loss(&plan, &Alone, &given).expect("it runs"));
}

#[test]
fn apply_should_change_nothing_and_say_why_when_a_delta_does_not_fit() {
    let base = mixture();
    let state = &mut 5;
    let fit = small(&base, QUERY, state);
    let other = Delta::Sparse(Sparse::new(2, 2, vec![(0, vec![(1, 1)])]).expect("a change"));
    let with = |name: &str, delta: &Delta| {
        Deltas::from([(QUERY.to_owned(), fit.clone()), (name.to_owned(), delta.clone())])
    };
    let refused = |deltas: &Deltas| {
        let mut exact = base.clone();
        let error = exact.apply(deltas).expect_err("refused");
        assert_eq!(exact, base);
        error
    };
    assert!(matches!(refused(&Deltas::new()), ApplyError::Nothing));
    assert!(
        matches!(refused(&with("nobody", &other)), ApplyError::Unknown { name } if name == "nobody")
    );
    let shape = refused(&with(EXPERT, &other)).to_string();
    assert!(shape.contains(EXPERT) && shape.contains("(2, 2)"), "{shape}");
    let scales = refused(&with("layers.1.router.scales", &other));
    assert!(matches!(scales, ApplyError::Constants { .. }));
}
