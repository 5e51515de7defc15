use super::*;
use crate::{
    program::{Program, Step, Values, SEMANTICS},
    sample::Rule,
    testing::Scene,
};

/// Features of two columns, their sum with themselves, and a linear operator.
fn program() -> Checked {
    let tensor = |rows, columns, values| Tensor { rows, columns, values };
    let id = TensorId;
    let linear =
        Op::Linear { values: id(0), weights: id(2), scales: id(3), biases: None, exponents: None };
    let drawn = Rule::Drawn { scale: Scale::ONE, most: 2, prefix: 1 };
    let ops = [
        (Op::Add { left: id(0), right: id(0) }, 1),
        (linear, 4),
        (Op::Sample { values: id(4), rule: drawn }, 5),
    ];
    let tensors = vec![
        tensor(Rows::Token, 2, Values::Features { bits: 4 }),
        tensor(Rows::Token, 2, Values::Activations { bits: 4 }),
        tensor(Rows::Fixed(3), 2, Values::Masters),
        tensor(Rows::Fixed(1), 3, Values::Constants),
        tensor(Rows::Token, 3, Values::Wide),
        tensor(Rows::Token, 1, Values::Choices { below: 3 }),
    ];
    let ops = ops.into_iter().map(|(op, result)| Step { op, result: id(result) }).collect();
    let program = Program { semantics: SEMANTICS, rows: 4, tensors, ops, result: id(4) };
    program.check().unwrap()
}

fn given() -> Given {
    let scale = Scale::ONE.pack();
    let rows = [
        ((0, 1), vec![5, -3]),
        ((2, 2), vec![256, 512]),
        ((3, 0), vec![scale; 3]),
        ((4, 1), vec![1, 2, 3]),
    ];
    let rows = rows.into_iter().map(|((tensor, row), one)| ((TensorId(tensor), row), one));
    Given { length: 3, seed: None, rows: rows.collect() }
}

#[test]
fn element_should_need_only_the_rows_that_it_comes_of_when_judged() {
    let program = program();
    assert_eq!(element(&program, 0, 1, 0, &given()), Ok(7));
    assert_eq!(element(&program, 0, 1, 1, &given()), Ok(-6));
    assert_eq!(element(&program, 1, 1, 2, &given()), Ok(5 - 6));
}

#[test]
fn element_should_say_what_is_missing_when_it_is() {
    let program = program();
    let missing = |tensor, row| Error::Missing { tensor: TensorId(tensor), row, column: 0 };
    assert_eq!(element(&program, 0, 0, 0, &given()), Err(missing(0, 0)));
    assert_eq!(element(&program, 1, 1, 1, &given()), Err(missing(2, 1)));
    assert_eq!(element(&program, 2, 1, 0, &given()), Err(Error::Seed));
    let short = {
        let mut given = given();
        given.rows.insert((TensorId(0), 1), vec![5]);
        given
    };
    let missing = Error::Missing { tensor: TensorId(0), row: 1, column: 1 };
    assert_eq!(element(&program, 1, 1, 2, &short), Err(missing));
}

#[test]
fn element_should_be_refused_when_there_is_none() {
    let program = program();
    let outside = |row, column| Error::Outside { tensor: TensorId(1), row, column };
    assert_eq!(element(&program, 0, 3, 0, &given()), Err(outside(3, 0)));
    assert_eq!(element(&program, 0, 1, 2, &given()), Err(outside(1, 2)));
    assert_eq!(element(&program, 3, 0, 0, &given()), Err(Error::Operator { count: 3, have: 3 }));
    for have in [0, 5] {
        let given = Given { length: have, ..given() };
        assert_eq!(element(&program, 0, 1, 0, &given), Err(Error::Length { most: 4, have }));
    }
}

#[test]
fn element_should_refuse_a_number_when_the_tensor_cannot_have_it() {
    let program = program();
    let with = |tensor, row, have: i32| {
        let mut given = given();
        let values = given.rows.get_mut(&(TensorId(tensor), row)).unwrap();
        *values.last_mut().unwrap() = have;
        (given, Error::Value { tensor: TensorId(tensor), row, column: 0, have })
    };
    for (tensor, row, have) in [(0, 1, 8), (0, 1, -8), (2, 2, -32_768), (2, 2, 32_768)] {
        let (given, error) = with(tensor, row, have);
        let Error::Value { tensor, row, have, .. } = error else { unreachable!() };
        let error = Error::Value { tensor, row, column: 1, have };
        assert_eq!(element(&program, 1, 1, 2, &given), Err(error));
    }
    let (given, _) = with(3, 0, 0);
    let error = Error::Value { tensor: TensorId(3), row: 0, column: 2, have: 0 };
    assert_eq!(element(&program, 1, 1, 2, &given), Err(error));
}

#[test]
fn element_should_be_refused_when_lists_end_where_there_is_nothing() {
    let mut scene = Scene::new(1);
    let op = Op::Changed {
        masters: scene.masters(2, 3),
        ends: scene.listed(1, 2, vec![1, 2]),
        places: scene.listed(1, 4, vec![0, 2, 0, 0]),
        changes: scene.masters(1, 4),
    };
    let Op::Changed { ends, .. } = op else { unreachable!() };
    let result = Tensor { rows: Rows::Fixed(2), columns: 3, values: Values::Moved };
    let program = scene.program(op, result).check().unwrap();
    let judged = |list: [i32; 2], row, column| {
        let mut given = scene.given([0; 32]);
        given.rows.insert((ends, 0), list.to_vec());
        element(&program, 0, row, column, &given)
    };
    let bad = |column, have| Err(Error::Value { tensor: ends, row: 0, column, have });
    assert!(judged([1, 2], 1, 2).is_ok());
    assert!(judged([1, 4], 1, 2).is_ok());
    assert_eq!(judged([-1, 2], 0, 0), bad(0, -1));
    assert_eq!(judged([-1, 2], 1, 0), bad(0, -1));
    assert_eq!(judged([1, 5], 1, 0), bad(1, 5));
}
