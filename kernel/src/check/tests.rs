use super::*;
use crate::testing::Scene;

mod operators;

/// One embedding of tokens.
fn smallest() -> Program {
    let tensor = |rows, columns, values| Tensor { rows, columns, values };
    let (tokens, table) = (TensorId(0), TensorId(1));
    Program {
        semantics: SEMANTICS,
        rows: 16,
        tensors: vec![
            tensor(Rows::Token, 1, Values::Tokens { below: 5 }),
            tensor(Rows::Fixed(5), 3, Values::Masters),
            tensor(Rows::Token, 3, Values::Wide),
        ],
        ops: vec![Step { op: Op::Embed { tokens, table, scale: Scale::ONE }, result: TensorId(2) }],
        result: TensorId(2),
    }
}

fn changed(change: impl FnOnce(&mut Program)) -> Result<(), Error> {
    let mut program = smallest();
    change(&mut program);
    program.check().map(drop)
}

fn flawed(tensor: u32, flaw: Flaw) -> Result<(), Error> {
    Err(Error::Tensor { tensor: TensorId(tensor), flaw })
}

/// What is said of a tensor that is there besides.
fn beside(rows: Rows, columns: u32, values: Values) -> Result<(), Error> {
    changed(|program| program.tensors.push(Tensor { rows, columns, values }))
}

#[test]
fn check_should_accept_when_nothing_is_wrong() {
    assert_eq!(changed(|_| ()), Ok(()));
    assert_eq!(changed(|program| program.rows = MOST_ROWS), Ok(()));
}

#[test]
fn check_should_refuse_when_semantics_are_others() {
    let error = Error::Semantics { need: SEMANTICS, have: SEMANTICS + 1 };
    assert_eq!(changed(|program| program.semantics += 1), Err(error));
}

#[test]
fn check_should_refuse_when_sequences_are_empty_or_too_long() {
    for have in [0, MOST_ROWS + 1] {
        let error = Error::Length { most: MOST_ROWS, have };
        assert_eq!(changed(|program| program.rows = have), Err(error));
    }
}

#[test]
fn check_should_refuse_when_a_tensor_is_too_large_or_empty() {
    let number = |what, most, have| flawed(3, Flaw::Number { what, least: 1, most, have });
    let masters = Values::Masters;
    assert_eq!(beside(Rows::Fixed(MOST_COLUMNS), MOST_COLUMNS, masters), Ok(()));
    for have in [0, MOST_COLUMNS + 1] {
        assert_eq!(beside(Rows::Fixed(1), have, masters), number("columns", MOST_COLUMNS, have));
        assert_eq!(beside(Rows::Fixed(have), 1, masters), number("rows", MOST_COLUMNS, have));
        let targets = Values::Targets { below: have };
        assert_eq!(beside(Rows::Token, 1, targets), number("identities", MOST_COLUMNS, have));
    }
    // Sixteen tokens.
    let most = MOST_COLUMNS / 16;
    for have in [0, most + 1] {
        assert_eq!(beside(Rows::Slots(have), 1, Values::Wide), number("slots", most, have));
    }
    assert_eq!(beside(Rows::Slots(most), 1, Values::Wide), flawed(3, Flaw::NeverMade));
}

#[test]
fn check_should_refuse_when_values_have_no_such_bits() {
    for have in [1, 17] {
        let flaw = Flaw::Number { what: "bits", least: 2, most: 16, have };
        let bits = have as u8;
        assert_eq!(beside(Rows::Token, 2, Values::Features { bits }), flawed(3, flaw));
        assert_eq!(beside(Rows::Token, 2, Values::Activations { bits }), flawed(3, flaw));
    }
    let flaw = Flaw::Number { what: "exponents", least: 0, most: 31, have: 32 };
    assert_eq!(beside(Rows::Token, 1, Values::Exponents { most: 32 }), flawed(3, flaw));
}

#[test]
fn check_should_refuse_when_values_do_not_come_in_such_rows() {
    let fixed = Rows::Fixed(2);
    for (rows, values) in [
        (Rows::Token, Values::Masters),
        (Rows::One, Values::Constants),
        (fixed, Values::Features { bits: 8 }),
        (Rows::One, Values::Targets { below: 2 }),
        (Rows::Slots(2), Values::Targets { below: 2 }),
        (fixed, Values::Wide),
        (fixed, Values::Choices { below: 2 }),
        (Rows::Token, Values::Moved),
        (Rows::One, Values::Moved),
    ] {
        assert_eq!(beside(rows, 1, values), flawed(3, Flaw::Layout { values, rows }));
    }
}

#[test]
fn check_should_refuse_when_what_has_one_column_has_two() {
    let flaw = Flaw::Number { what: "columns", least: 1, most: 1, have: 2 };
    for values in [Values::Targets { below: 2 }, Values::Exponents { most: 2 }] {
        assert_eq!(beside(Rows::Token, 2, values), flawed(3, flaw));
    }
    assert_eq!(changed(|program| program.tensors[0].columns = 2), flawed(0, flaw));
}

#[test]
fn check_should_refuse_when_something_is_given_twice() {
    for values in
        [Values::Tokens { below: 1 }, Values::Targets { below: 1 }, Values::Features { bits: 2 }]
    {
        let tensor = Tensor { rows: Rows::Token, columns: 1, values };
        let twice = changed(|program| program.tensors.extend([tensor; 2]));
        let second = if matches!(values, Values::Tokens { .. }) { 3 } else { 4 };
        assert_eq!(twice, flawed(second, Flaw::GivenTwice));
    }
}

#[test]
fn check_should_refuse_when_nothing_tells_the_length() {
    let targets = changed(|program| program.tensors[0].values = Values::Targets { below: 5 });
    assert_eq!(targets, Err(Error::NothingGiven));
}

#[test]
fn check_should_refuse_when_tensors_are_not_made_once_and_in_order() {
    assert_eq!(beside(Rows::Token, 1, Values::Wide), flawed(3, Flaw::NeverMade));
    let operator = |index, flaw| Err(Error::Operator { index, flaw });
    let add = |left, right, result| Step {
        op: Op::Add { left: TensorId(left), right: TensorId(right) },
        result: TensorId(result),
    };
    let with = |step: Step| {
        changed(|program| {
            program.tensors.push(program.tensors[2]);
            program.ops.push(step);
        })
    };
    assert_eq!(with(add(2, 2, 3)), Ok(()));
    assert_eq!(with(add(2, 2, 2)), operator(1, Flaw::MadeTwice { tensor: TensorId(2) }));
    assert_eq!(with(add(2, 3, 3)), operator(1, Flaw::NotMade { tensor: TensorId(3) }));
    assert_eq!(with(add(9, 2, 3)), operator(1, Flaw::Missing { tensor: TensorId(9) }));
    assert_eq!(with(add(2, 2, 9)), operator(1, Flaw::Missing { tensor: TensorId(9) }));
    let swapped = changed(|program| {
        program.tensors.push(program.tensors[2]);
        program.ops.insert(0, add(2, 2, 3));
    });
    assert_eq!(swapped, operator(0, Flaw::NotMade { tensor: TensorId(2) }));
}

#[test]
fn check_should_refuse_when_the_result_is_not_computed() {
    for given in [0, 1] {
        let result = changed(|program| program.result = TensorId(given));
        assert_eq!(result, flawed(given, Flaw::NotComputed));
    }
    let missing = changed(|program| program.result = TensorId(3));
    assert_eq!(missing, flawed(3, Flaw::Missing { tensor: TensorId(3) }));
}

#[test]
fn is_whole_should_be_true_when_a_row_sees_later_ones() {
    for causal in [false, true] {
        let mut scene = Scene::new(1);
        let [queries, keys, values] =
            [0; 3].map(|_| scene.made(Rows::Token, 4, Values::Activations { bits: 12 }));
        let scale = Scale::ONE;
        let (heads, groups, fraction) = (1, 1, 0);
        let op = Op::Attention { queries, keys, values, scale, heads, groups, fraction, causal };
        let result = Tensor { rows: Rows::Token, columns: 4, values: Values::Wide };
        assert_eq!(scene.program(op, result).check().unwrap().is_whole(), !causal);
    }
}
