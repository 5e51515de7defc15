//! Changes of masters, as operators of a program and applied before it.

use super::*;
use crate::{
    delta::{LowRank, Sparse},
    run::Error,
};
use std::collections::BTreeSet;

/// Changes of some of a model's masters, of both forms.
fn deltas(model: &Model, random: &mut Random) -> BTreeMap<String, Delta> {
    let of = |id: &TensorId| model.program.tensors[id.index()];
    let masters = model.names.iter().filter(|(_, id)| of(id).values == Values::Masters);
    let named: Vec<(String, Tensor)> =
        masters.map(|(name, id)| (name.clone(), of(id))).filter(|_| random.chance()).collect();
    let delta = |(name, Tensor { rows, columns, .. }): (String, Tensor)| {
        let rows = rows.count(0) as u32;
        let delta = delta(rows, columns, random);
        (name, delta)
    };
    named.into_iter().map(delta).collect()
}

fn delta(rows: u32, columns: u32, random: &mut Random) -> Delta {
    let master = |random: &mut Random| random.between((-9_000, 9_000)) as i16;
    if random.chance() {
        let rank = random.from(1, 5);
        let mut factor = |count: u32| (0..count * rank).map(|_| master(random)).collect::<Vec<_>>();
        let (high, wide) = (factor(rows), factor(columns));
        return Delta::LowRank(LowRank::new([rows, columns], rank, 16, high, wide).unwrap());
    }
    let mut changed = Vec::new();
    for row in 0..rows {
        let mut changes: Vec<(u32, i16)> = Vec::new();
        for column in 0..columns {
            let change = master(random);
            if change % 3 == 1 {
                changes.push((column, change));
            }
        }
        if !changes.is_empty() {
            changed.push((row, changes));
        }
    }
    Delta::Sparse(Sparse::new(rows, columns, changed).unwrap())
}

/// The tensors that operators read deltas from, by their names.
fn held(model: &Model, deltas: &BTreeMap<String, Delta>) -> BTreeMap<TensorId, Artifact<'static>> {
    let of = |(name, delta): (&String, &Delta)| {
        let tensors = delta.tensors().into_iter();
        let name = name.clone();
        tensors.map(move |(end, tensor, numbers)| (format!("{name}.{end}"), tensor, numbers))
    };
    let artifact = |(name, tensor, numbers): (String, Tensor, Vec<i32>)| {
        let id = model.names[&name];
        assert_eq!(model.program.tensors[id.index()], tensor);
        let artifact = match tensor.values {
            Values::Masters => Artifact::Masters(numbers.iter().map(|one| *one as i16).collect()),
            _ => Artifact::Constants(numbers.into()),
        };
        (id, artifact)
    };
    deltas.iter().flat_map(of).map(artifact).collect()
}

#[test]
fn deltas_should_give_the_same_bits_as_operators_and_when_they_are_applied() {
    let mut seen = BTreeSet::new();
    for seed in 0..60 {
        let random = &mut Random(seed);
        let model = match seed % 4 {
            0 => decoder(random).model(),
            1 => mixture(random).model(),
            2 => encoder(random).model(),
            _ => classifier(random).model(),
        };
        let deltas = deltas(&model, random);
        let mut applied = Case::new(&model, random);
        let changed = model.clone().changed(&deltas).expect("all names are its own");
        let mut artifacts = applied.artifacts.clone();
        artifacts.extend(held(&changed, &deltas));
        let operators = Case {
            path: applied.path,
            tiling: applied.tiling,
            program: changed.program.clone().check().unwrap(),
            tokens: applied.tokens.clone(),
            targets: applied.targets.clone(),
            features: applied.features.clone(),
            seed: applied.seed,
            artifacts,
        };
        for (name, delta) in &deltas {
            let Some(Artifact::Masters(masters)) = applied.artifacts.get_mut(&model.names[name])
            else {
                panic!("{name} has masters");
            };
            delta.apply(masters.to_mut()).unwrap();
        }
        let (one, other) = (operators.whole(), applied.whole());
        for id in applied.all() {
            assert_eq!(one.get(id), other.get(id), "seed {seed}, tensor {}", id.0);
        }
        // What the operators make is what the masters were changed to, and none of it is computed
        // again for a sequence that does not ask for it.
        for step in &changed.program.ops[..deltas.len()] {
            let (Op::Moved { masters, .. } | Op::Changed { masters, .. }) = step.op else {
                panic!("{:?} comes first", step.op);
            };
            seen.insert(step.op.opcode());
            let Artifact::Masters(need) = &applied.artifacts[&masters] else { unreachable!() };
            let need: Vec<i32> = need.iter().copied().map(i32::from).collect();
            assert_eq!(one.get(step.result).map(numbers), Some(need));
        }
        elements_should_be_the_whole(&operators, random);
        let plan = operators.plan();
        let piece = operators.piece(0, operators.length());
        let least = plan.run(&mut plan.start(), &piece, &[]).unwrap();
        let result = changed.program.result;
        assert_eq!(least.get(result), other.get(result));
    }
    assert_eq!(seen.len(), 2, "both forms");
}

#[test]
fn changed_should_be_none_when_a_model_has_no_such_tensor_or_its_change_already() {
    let none = BTreeMap::from([("nothing".to_owned(), delta(1, 1, &mut Random(1)))]);
    assert_eq!(classifier(&mut Random(1)).model().changed(&none), None);
    let model = classifier(&mut Random(1)).model();
    let Tensor { rows, columns, .. } =
        model.program.tensors[model.names["classes.weights"].index()];
    let once = delta(rows.count(0) as u32, columns, &mut Random(1));
    let once = BTreeMap::from([("classes.weights".to_owned(), once)]);
    let changed = model.changed(&once).expect("it has classes");
    assert_eq!(changed.changed(&once), None);
}

#[test]
fn bind_should_refuse_lists_that_are_none() {
    let model = classifier(&mut Random(3)).model();
    let name = "layers.0.weights".to_owned();
    let id = *model.names.get(&name).unwrap_or_else(|| panic!("{:?}", model.names.keys()));
    let Tensor { rows, columns, .. } = model.program.tensors[id.index()];
    let rows = rows.count(0) as u32;
    let changes = vec![(0, vec![(0, 5), (1, 5)]), (rows - 1, vec![(columns - 1, 5)])];
    let delta = Delta::Sparse(Sparse::new(rows, columns, changes).unwrap());
    let deltas = BTreeMap::from([(name.clone(), delta)]);
    let changed = model.changed(&deltas).unwrap();
    let mut case = Case::new(&changed, &mut Random(4));
    case.artifacts.extend(held(&changed, &deltas));
    let bind = |end: &str, at: usize, have: i32| {
        let tensor = changed.names[&format!("{name}.{end}")];
        let mut artifacts = case.artifacts.clone();
        if let Some(Artifact::Constants(numbers)) = artifacts.get_mut(&tensor) {
            numbers.to_mut()[at] = have;
        }
        let plan = Plan::bind(&case.program, |id| artifacts.get(&id).cloned()).map(drop);
        (plan, Error::Value { tensor, at, have })
    };
    assert_eq!(bind("ends", 0, 2).0, Ok(()));
    for (end, at, have) in [
        // Before where the row begins, and behind the list.
        ("ends", 0, -1),
        ("ends", rows as usize - 1, 1),
        ("ends", rows as usize - 1, 1_025),
        // Not behind the one before it, and no column.
        ("places", 1, 0),
        ("places", 1, columns as i32),
        ("places", 0, -1),
    ] {
        let (refused, why) = bind(end, at, have);
        assert_eq!(refused, Err(why), "{end} {at}");
    }
}
