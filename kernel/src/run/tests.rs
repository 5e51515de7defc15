use super::*;
use crate::{
    element::{element, Error as Fault, Given},
    micro::tests::steps_should_come_to,
    num::Scale,
    program::{Op, Program, Rows, Step, Tensor, Values, SEMANTICS},
    testing::{Backwards, Random, Scene, MOST},
};
use std::borrow::Cow;

#[cfg(feature = "std")]
mod profile;
mod trials;

/// Runs the operator at the end of a scene and asks for every number of it one by one.
fn trial(seed: u64, write: fn(&mut Scene) -> (Op, Tensor)) {
    let mut scene = Scene::new(seed);
    let (op, result) = write(&mut scene);
    let source = scene.program(op, result);
    let seed = [seed as u8; 32];
    let made = scene.compute(&source, Path::Plain, Tiling::USUAL, &Alone, seed);
    for path in Path::ALL.into_iter().filter(Path::is_there) {
        assert_eq!(scene.compute(&source, path, Tiling::USUAL, &Alone, seed), made, "{path:?}");
        for (least, tiling) in [(2, Tiling::USUAL), (1, scene.random.tiling())] {
            let crew = Backwards { hands: scene.random.from(least, 5) as usize };
            let have = scene.compute(&source, path, tiling, &crew, seed);
            assert_eq!(have, made, "{path:?}, {tiling:?}, {crew:?}");
        }
    }
    let program = source.check().unwrap();
    let index = program.program().ops.len() - 1;

    let given = scene.given(seed);
    assert_eq!(made.rows() as u64, result.rows.count(scene.length));
    assert_eq!(made.columns(), result.columns as usize);
    let (least, most) = result.values.range();
    for (row, column) in places(&mut scene.random, &made) {
        let have = made.at(row as usize, column as usize).map(i64::from);
        assert_eq!(element(&program, index, row, column, &given).ok(), have, "{row} {column}");
        assert!(have >= Some(least) && have <= Some(most));
    }
    judge_should_not_be_misled(&mut scene, &program, index, &given, &made);
    for (row, column) in places(&mut scene.random, &made).into_iter().take(3) {
        let have = made.at(row as usize, column as usize).unwrap();
        let random = &mut scene.random;
        steps_should_come_to(have.into(), random, &program, index, [row, column], &given);
    }
}

/// All of a small matrix; of a large one a few.
fn places(random: &mut Random, made: &Matrix) -> Vec<(u32, u32)> {
    let (rows, columns) = (made.rows() as u32, made.columns() as u32);
    if rows * columns <= 64 {
        return (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))).collect();
    }
    (0..24).map(|_| (random.from(0, rows - 1), random.from(0, columns - 1))).collect()
}

/// What is missing is said to be if it is needed, and nonsense is not computed with.
fn judge_should_not_be_misled(
    scene: &mut Scene,
    program: &Checked,
    index: usize,
    given: &Given,
    made: &Matrix,
) {
    let keys: Vec<_> = given.rows.keys().copied().collect();
    for _ in 0..4 {
        let key = keys[scene.random.below(keys.len() as u64) as usize];
        let row = scene.random.from(0, made.rows() as u32 - 1);
        let column = scene.random.from(0, made.columns() as u32 - 1);
        let have = made.at(row as usize, column as usize).map(i64::from).unwrap();
        let mut less = given.clone();
        less.rows.remove(&key);
        match element(program, index, row, column, &less) {
            Err(Fault::Missing { tensor, row, .. }) => assert_eq!((tensor, row), key),
            other => assert_eq!(other, Ok(have)),
        }
        let mut wrong = given.clone();
        let anything = (i32::MIN.into(), i32::MAX.into());
        for value in wrong.rows.get_mut(&key).unwrap() {
            *value = scene.random.between(anything);
        }
        if let Err(fault) = element(program, index, row, column, &wrong) {
            assert!(matches!(fault, Fault::Value { .. }), "{fault}");
        }
    }
}

/// tokens → wide → narrow → linear with exponents, mean.
fn small() -> Program {
    let fixed = |rows, columns, values| Tensor { rows: Rows::Fixed(rows), columns, values };
    let token = |columns, values| Tensor { rows: Rows::Token, columns, values };
    let id = TensorId;
    let step = |op, result| Step { op, result: id(result) };
    Program {
        semantics: SEMANTICS,
        rows: 4,
        tensors: vec![
            token(1, Values::Tokens { below: 3 }),
            fixed(3, 2, Values::Masters),
            token(2, Values::Wide),
            token(1, Values::Exponents { most: 24 }),
            token(2, Values::Activations { bits: 8 }),
            fixed(5, 2, Values::Masters),
            fixed(1, 5, Values::Constants),
            token(5, Values::Wide),
            Tensor { rows: Rows::One, columns: 5, values: Values::Wide },
            token(1, Values::Targets { below: 3 }),
        ],
        ops: vec![
            step(Op::Embed { tokens: id(0), table: id(1), scale: Scale::power(10) }, 2),
            step(Op::Exponent { values: id(2), width: 8 }, 3),
            step(Op::Shift { values: id(2), exponents: id(3) }, 4),
            step(
                Op::Linear {
                    values: id(4),
                    weights: id(5),
                    scales: id(6),
                    biases: None,
                    exponents: Some(id(3)),
                },
                7,
            ),
            step(Op::Mean { values: id(7) }, 8),
        ],
        result: id(8),
    }
}

fn held(id: TensorId) -> Option<Artifact<'static>> {
    Some(match id.0 {
        1 => Artifact::Masters(Cow::Owned((0..6).map(|i| i * 5_000 - 15_000).collect())),
        5 => Artifact::Masters(Cow::Owned((0..10).map(|i| i * 3_000 - 15_000).collect())),
        6 => Artifact::Constants(Cow::Owned(vec![Scale::power(-14).pack(); 5])),
        _ => return None,
    })
}

fn piece(tokens: &[i32]) -> Piece<'_> {
    const NONE: &[i32] = &[-1; 8];
    Piece { tokens, targets: &NONE[..tokens.len().min(8)], ..Piece::default() }
}

#[test]
fn bind_should_refuse_what_the_program_does_not_declare_when_it_looks() {
    let program = small().check().unwrap();
    let bind = |bad: u32, artifact: Option<Artifact<'static>>| {
        let held = |id: TensorId| if id.0 == bad { artifact.clone() } else { held(id) };
        Plan::bind(&program, held).map(drop)
    };
    let tensor = TensorId(5);
    assert_eq!(bind(9, None), Ok(()));
    assert_eq!(bind(5, None), Err(Error::Absent { tensor }));
    let masters = |masters: Vec<i16>| Some(Artifact::Masters(masters.into()));
    assert_eq!(bind(5, masters(vec![0; 9])), Err(Error::Size { tensor, need: 10, have: 9 }));
    let mut bad = vec![0; 10];
    bad[7] = i16::MIN;
    assert_eq!(bind(5, masters(bad)), Err(Error::Value { tensor, at: 7, have: -32_768 }));
    let constants = |constants: Vec<i32>| Some(Artifact::Constants(constants.into()));
    assert_eq!(bind(5, constants(vec![0; 10])), Err(Error::Unlike { tensor }));
    let weights = |weights: Vec<i8>| Some(Artifact::Weights(weights.into()));
    assert_eq!(bind(5, weights(vec![1; 10])), Ok(()));
    assert_eq!(
        bind(5, weights(vec![i8::MIN; 10])),
        Err(Error::Value { tensor, at: 0, have: -128 })
    );
    // The table is looked up, for which weights are not enough.
    let table = TensorId(1);
    assert_eq!(bind(1, weights(vec![1; 6])), Err(Error::Unlike { tensor: table }));
    let tensor = TensorId(6);
    let bad = Err(Error::Value { tensor, at: 0, have: 7 });
    assert_eq!(bind(6, constants(vec![7; 5])), bad);
    let (need, have) = (24, 23);
    let small = Scale { multiplier: 1 << 15, shift: have }.pack();
    assert_eq!(
        bind(6, constants(vec![small; 5])),
        Err(Error::Shift { tensor, column: 0, need, have })
    );
}

#[test]
fn bind_should_use_packed_weights_when_given_them() {
    let program = small().check().unwrap();
    let masters: Vec<i16> = (0..10).map(|i| i * 3_000 - 15_000).collect();
    let panels = pack(&masters, 2);
    assert_eq!(panels.len() as u64, packed_len(5, 2));
    let packed = |id: TensorId, panels: &[i8], masters: Option<&[i16]>| {
        let panels = panels.to_vec().into();
        let masters = masters.map(|masters| masters.to_vec().into());
        move |other: TensorId| {
            if other == id {
                Some(Artifact::Packed { panels: Cow::clone(&panels), masters: masters.clone() })
            } else {
                held(other)
            }
        }
    };
    let tensor = TensorId(5);
    let plan = Plan::bind(&program, packed(tensor, &panels, None)).unwrap();
    let plain = Plan::bind(&program, held).unwrap();
    let run = |plan: &Plan<'_>| plan.run(&mut plan.start(), &piece(&[2, 1, 0]), &[]);
    assert_eq!(run(&plan), run(&plain));

    let bind = |artifact| Plan::bind(&program, artifact).map(drop);
    let short = packed(tensor, &panels[1..], None);
    assert_eq!(bind(short), Err(Error::Size { tensor, need: 96, have: 95 }));
    let short = packed(tensor, &panels, Some(&masters[1..]));
    assert_eq!(bind(short), Err(Error::Size { tensor, need: 10, have: 9 }));
    let mut bad = panels;
    bad[3] = i8::MIN;
    let bad = packed(tensor, &bad, None);
    assert_eq!(bind(bad), Err(Error::Value { tensor, at: 3, have: -128 }));
    // The table is looked up, for which packed weights are not enough.
    let table = packed(TensorId(1), &[0; 96], None);
    assert_eq!(bind(table), Err(Error::Unlike { tensor: TensorId(1) }));
}

#[test]
fn run_should_refuse_what_it_cannot_compute_when_given_it() {
    let program = small().check().unwrap();
    let plan = Plan::bind(&program, held).unwrap();
    let run =
        |piece: &Piece<'_>, keep: &[TensorId]| plan.run(&mut plan.start(), piece, keep).map(drop);
    let tensor = TensorId(0);
    assert_eq!(run(&piece(&[0, 2]), &[]), Ok(()));
    assert_eq!(run(&piece(&[]), &[]), Err(Error::Length { most: 4, before: 0, have: 0 }));
    assert_eq!(run(&piece(&[0; 5]), &[]), Err(Error::Length { most: 4, before: 0, have: 5 }));
    assert_eq!(run(&piece(&[0, 3]), &[]), Err(Error::Value { tensor, at: 1, have: 3 }));
    assert_eq!(run(&piece(&[-1]), &[]), Err(Error::Value { tensor, at: 0, have: -1 }));
    let few = Piece { targets: &[], ..piece(&[1, 1]) };
    let targets = TensorId(9);
    assert_eq!(run(&few, &[]), Err(Error::Given { tensor: targets, need: 2, have: 0 }));
    for not_computed in [1, 10] {
        let tensor = TensorId(not_computed);
        assert_eq!(run(&piece(&[1]), &[tensor]), Err(Error::NotComputed { tensor }));
    }
}

#[test]
fn run_should_return_what_was_asked_for_when_asked() {
    let program = small().check().unwrap();
    let plan = Plan::bind(&program, held).unwrap();
    let made = plan.run(&mut plan.start(), &piece(&[2, 1]), &[TensorId(3), TensorId(0)]).unwrap();
    assert_eq!(made.get(TensorId(0)).and_then(|one| one.at(1, 0)), Some(1));
    assert_eq!(made.get(TensorId(3)).map(Matrix::rows), Some(2));
    assert_eq!(made.get(TensorId(8)).map(|one| (one.rows(), one.columns())), Some((1, 5)));
    assert_eq!(made.get(TensorId(7)), None);
}

#[test]
fn run_should_go_on_where_it_stopped_when_given_the_rest() {
    let program = small().check().unwrap();
    let plan = Plan::bind(&program, held).unwrap();
    let whole = plan.run(&mut plan.start(), &piece(&[2, 1, 0, 1]), &[]).unwrap();
    let mut state = plan.start();
    plan.run(&mut state, &piece(&[2]), &[]).unwrap();
    let mut other = state.clone();
    let last = plan.run(&mut state, &piece(&[1, 0, 1]), &[]).unwrap();
    assert_eq!(last, whole);
    assert_eq!(state.rows(), 4);
    let full = Error::Length { most: 4, before: 4, have: 1 };
    assert_eq!(plan.run(&mut state, &piece(&[0]), &[]), Err(full));
    plan.run(&mut other, &piece(&[0]), &[]).unwrap();
    assert_eq!(other.rows(), 2);
}

#[test]
fn run_should_refuse_a_state_when_a_run_failed_with_it_or_it_is_of_another_program() {
    let program = small().check().unwrap();
    let plan = Plan::bind(&program, held).unwrap();
    let mut state = plan.start();
    assert!(plan.run(&mut state, &piece(&[7]), &[]).is_err());
    assert_eq!(plan.run(&mut state, &piece(&[0]), &[]), Err(Error::State));
    let mut other = small();
    other.ops.pop();
    other.tensors.remove(8);
    other.result = TensorId(7);
    let other = other.check().unwrap();
    let mut state = Plan::bind(&other, held).unwrap().start();
    assert_eq!(plan.run(&mut state, &piece(&[0]), &[]), Err(Error::State));
}

#[test]
fn most_should_be_the_length_of_the_longest_scene() {
    assert!((0..100).all(|seed| (1..=MOST).contains(&Scene::new(seed).length)));
}
