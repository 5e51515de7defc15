//! What is refused of each operator.

use super::*;
use crate::sample::{Rule, WHOLE};
use proptest::prelude::*;

mod heads;
mod products;

const WIDE: Values = Values::Wide;
const BAD: Scale = Scale { multiplier: 1, shift: 1 };
const ONE: Scale = Scale::ONE;

fn bits(bits: u8) -> Values {
    Values::Activations { bits }
}

fn token(columns: u32, values: Values) -> Tensor {
    Tensor { rows: Rows::Token, columns, values }
}

/// What the check says of an operator at the end of a scene.
fn check(write: impl FnOnce(&mut Scene) -> (Op, Tensor)) -> (Result<(), Flaw>, TensorId) {
    let mut scene = Scene::new(1);
    let (op, result) = write(&mut scene);
    let program = scene.program(op, result);
    let (last, result) = (program.ops.len() - 1, program.result);
    match program.check() {
        Ok(_) => (Ok(()), result),
        Err(Error::Operator { index, flaw }) if index == last => (Err(flaw), result),
        Err(other) => panic!("{other}"),
    }
}

fn accepts(write: impl FnOnce(&mut Scene) -> (Op, Tensor)) {
    assert_eq!(check(write).0, Ok(()));
}

/// Writes an operator together with what is wrong about it.
fn refuses(write: impl FnOnce(&mut Scene) -> (Op, Tensor, Flaw)) {
    let mut expected = None;
    let (have, _) = check(|scene| {
        let (op, result, flaw) = write(scene);
        expected = Some(flaw);
        (op, result)
    });
    assert_eq!(have.err(), expected);
}

/// Refuses a result of another kind, or of other rows or columns.
fn refuses_other_results(write: impl Fn(&mut Scene) -> (Op, Tensor)) {
    accepts(&write);
    let with = |change: &dyn Fn(&mut Tensor)| {
        let mut kept = None;
        let (flaw, id) = check(|scene| {
            let (op, mut result) = write(scene);
            kept = Some(result);
            change(&mut result);
            (op, result)
        });
        (flaw.expect_err("another result"), id, kept.unwrap())
    };
    let (flaw, tensor, good) = with(&|result| result.columns += 1);
    // Exponents cannot even be declared with two.
    let (need, have) = (good.columns.into(), good.columns + 1);
    assert_eq!(flaw, Flaw::Columns { tensor, need, have });
    let other = |rows| if rows == Rows::Slots(7) { Rows::One } else { Rows::Slots(7) };
    let (flaw, tensor, good) = with(&|result| result.rows = other(result.rows));
    assert_eq!(flaw, Flaw::Rows { tensor, need: good.rows, have: other(good.rows) });
    let kind = |values| match values {
        Values::Choices { .. } => WIDE,
        _ => Values::Choices { below: 9 },
    };
    let (flaw, have, good) = with(&|result| result.values = kind(result.values));
    match flaw {
        Flaw::Kind { tensor, have: found, .. } => {
            assert_eq!((tensor, found), (have, kind(good.values)));
        }
        other => panic!("{other}"),
    }
}

#[test]
fn embed_should_be_refused_when_its_table_does_not_fit() {
    let embed = |scale, rows: u32| {
        move |scene: &mut Scene| {
            let table = scene.masters(rows, 3);
            (Op::Embed { tokens: scene.tokens(), table, scale }, token(3, WIDE))
        }
    };
    refuses_other_results(embed(ONE, 5));
    accepts(embed(ONE, 6));
    assert_eq!(check(embed(BAD, 5)).0, Err(Flaw::Scale { have: BAD }));
    refuses(|scene| {
        let (op, result) = embed(ONE, 4)(scene);
        let Op::Embed { table, .. } = op else { unreachable!() };
        let flaw = Flaw::FewRows { tensor: table, need: 5, have: Rows::Fixed(4) };
        (op, result, flaw)
    });
    refuses(|scene| {
        let (tokens, table) = (scene.made(Rows::Token, 1, WIDE), scene.masters(5, 3));
        let flaw = Flaw::Kind { tensor: tokens, need: Kind::Tokens, have: WIDE };
        (Op::Embed { tokens, table, scale: ONE }, token(3, WIDE), flaw)
    });
    refuses(|scene| {
        let table = scene.constants(3);
        let flaw = Flaw::Kind { tensor: table, need: Kind::Masters, have: Values::Constants };
        (Op::Embed { tokens: scene.tokens(), table, scale: ONE }, token(3, WIDE), flaw)
    });
}

#[test]
fn position_should_be_refused_when_its_table_is_shorter_than_sequences() {
    let position = |scale, rows: u32| {
        move |scene: &mut Scene| {
            let table = scene.masters(rows, 3);
            (Op::Position { tokens: scene.tokens(), table, scale }, token(3, WIDE))
        }
    };
    refuses_other_results(position(ONE, 8));
    assert_eq!(check(position(BAD, 8)).0, Err(Flaw::Scale { have: BAD }));
    refuses(|scene| {
        let (op, result) = position(ONE, 7)(scene);
        let Op::Position { table, .. } = op else { unreachable!() };
        (op, result, Flaw::FewRows { tensor: table, need: 8, have: Rows::Fixed(7) })
    });
    refuses(|scene| {
        let (tokens, table) = (scene.made(Rows::Token, 1, WIDE), scene.masters(8, 3));
        let flaw = Flaw::Kind { tensor: tokens, need: Kind::Tokens, have: WIDE };
        (Op::Position { tokens, table, scale: ONE }, token(3, WIDE), flaw)
    });
}

#[test]
fn add_and_gated_should_be_refused_when_inputs_differ() {
    let (logistic, scale) = (ONE, ONE);
    for gated in [false, true] {
        let op = move |left, right| match gated {
            true => Op::Gated { gates: left, values: right, logistic, scale },
            false => Op::Add { left, right },
        };
        refuses_other_results(move |scene| {
            let (left, right) =
                (scene.made(Rows::One, 3, bits(9)), scene.made(Rows::One, 3, bits(16)));
            (op(left, right), Tensor { rows: Rows::One, ..token(3, WIDE) })
        });
        refuses(|scene| {
            let left = scene.made(Rows::Token, 3, bits(9));
            let right = scene.made(Rows::Token, 2, bits(9));
            let flaw = Flaw::Columns { tensor: right, need: 3, have: 2 };
            (op(left, right), token(3, WIDE), flaw)
        });
        refuses(|scene| {
            let left = scene.made(Rows::Token, 3, bits(9));
            let right = scene.made(Rows::One, 3, bits(9));
            let flaw = Flaw::Rows { tensor: right, need: Rows::Token, have: Rows::One };
            (op(left, right), token(3, WIDE), flaw)
        });
        let need = if gated { Kind::Narrow } else { Kind::Numbers };
        for first in [false, true] {
            refuses(|scene| {
                let good = scene.made(Rows::Token, 3, bits(9));
                let bad = scene.made(Rows::Token, 3, Values::Choices { below: 4 });
                let (left, right) = if first { (bad, good) } else { (good, bad) };
                let flaw = Flaw::Kind { tensor: bad, need, have: Values::Choices { below: 4 } };
                (op(left, right), token(3, WIDE), flaw)
            });
        }
    }
}

#[test]
fn what_multiplies_should_be_refused_when_its_input_is_wide() {
    let (normal, scale) = (ONE, ONE);
    let ops: [fn(TensorId, TensorId) -> Op; 2] = [
        |gates, values| Op::Gated { gates, values, logistic: ONE, scale: ONE },
        |values, gates| Op::Gated { gates, values, logistic: ONE, scale: ONE },
    ];
    for op in ops {
        refuses(|scene| {
            let (bad, good) =
                (scene.made(Rows::Token, 3, WIDE), scene.made(Rows::Token, 3, bits(9)));
            let flaw = Flaw::Kind { tensor: bad, need: Kind::Narrow, have: WIDE };
            (op(bad, good), token(3, WIDE), flaw)
        });
    }
    refuses(|scene| {
        let values = scene.made(Rows::Token, 3, WIDE);
        let flaw = Flaw::Kind { tensor: values, need: Kind::Narrow, have: WIDE };
        (Op::Gelu { values, normal, scale }, token(3, WIDE), flaw)
    });
    let gelu = |scene: &mut Scene| {
        let values = scene.made(Rows::Token, 3, bits(9));
        (Op::Gelu { values, normal, scale }, token(3, WIDE))
    };
    refuses_other_results(gelu);
    for (first, second) in [(BAD, ONE), (ONE, BAD)] {
        let flaw = Flaw::Scale { have: BAD };
        refuses(|scene| {
            let values = scene.made(Rows::Token, 3, bits(9));
            (Op::Gelu { values, normal: first, scale: second }, token(3, WIDE), flaw)
        });
        refuses(|scene| {
            let values = scene.made(Rows::Token, 3, bits(9));
            let op = Op::Gated { gates: values, values, logistic: first, scale: second };
            (op, token(3, WIDE), flaw)
        });
    }
}

#[test]
fn norms_should_be_refused_when_gains_do_not_fit() {
    let rms = |scene: &mut Scene, scale, gains, groups| {
        let (values, gains) = (scene.made(Rows::Token, 6, WIDE), scene.masters(1, gains));
        let op = Op::RmsNorm { values, gains, scale, epsilon: 1, groups };
        (op, token(6, bits(16)), gains)
    };
    refuses_other_results(|scene| {
        let (op, result, _) = rms(scene, ONE, 2, 3);
        (op, result)
    });
    for (scale, groups, flaw) in [
        (BAD, 3, Flaw::Scale { have: BAD }),
        (ONE, 0, Flaw::Parts { what: "columns", whole: 6, parts: 0 }),
        (ONE, 4, Flaw::Parts { what: "columns", whole: 6, parts: 4 }),
    ] {
        refuses(|scene| {
            let (op, result, _) = rms(scene, scale, 2, groups);
            (op, result, flaw)
        });
    }
    refuses(|scene| {
        let (op, result, gains) = rms(scene, ONE, 6, 3);
        (op, result, Flaw::Columns { tensor: gains, need: 2, have: 6 })
    });
    let layer = |scene: &mut Scene, scale, [rows, gains, biases]: [u32; 3]| {
        let values = scene.made(Rows::Token, 6, WIDE);
        let (gains, biases) = (scene.masters(rows, gains), scene.constants(biases));
        let op = Op::LayerNorm { values, gains, biases, scale, epsilon: 1 };
        (op, token(6, bits(16)), gains, biases)
    };
    refuses_other_results(|scene| {
        let (op, result, ..) = layer(scene, ONE, [1, 6, 6]);
        (op, result)
    });
    refuses(|scene| {
        let (op, result, ..) = layer(scene, BAD, [1, 6, 6]);
        (op, result, Flaw::Scale { have: BAD })
    });
    refuses(|scene| {
        let (op, result, gains, _) = layer(scene, ONE, [1, 5, 6]);
        (op, result, Flaw::Columns { tensor: gains, need: 6, have: 5 })
    });
    refuses(|scene| {
        let (op, result, gains, _) = layer(scene, ONE, [2, 6, 6]);
        let (need, have) = (Rows::Fixed(1), Rows::Fixed(2));
        (op, result, Flaw::Rows { tensor: gains, need, have })
    });
    refuses(|scene| {
        let (op, result, _, biases) = layer(scene, ONE, [1, 6, 5]);
        (op, result, Flaw::Columns { tensor: biases, need: 6, have: 5 })
    });
}

#[test]
fn what_looks_at_numbers_should_be_refused_when_there_are_none() {
    let ops: [fn(TensorId, Scale) -> Op; 4] = [
        |values, scale| Op::Narrow { values, scale },
        |values, scale| Op::Unit { values, scale },
        |values, _| Op::Relu { values },
        |values, scale| Op::CrossEntropy { values, targets: values, scale },
    ];
    for op in ops {
        refuses(|scene| {
            let have = Values::Choices { below: 4 };
            let tensor = scene.made(Rows::Token, 3, have);
            let flaw = Flaw::Kind { tensor, need: Kind::Numbers, have };
            (op(tensor, ONE), token(3, WIDE), flaw)
        });
    }
    for op in &ops[..3] {
        refuses_other_results(|scene| (op(scene.made(Rows::Token, 3, WIDE), ONE), token(3, WIDE)));
    }
    for op in &ops[..2] {
        refuses(|scene| {
            let values = scene.made(Rows::Token, 3, WIDE);
            (op(values, BAD), token(3, WIDE), Flaw::Scale { have: BAD })
        });
    }
}

#[test]
fn what_repeats_should_be_refused_when_its_result_has_fewer_bits() {
    type Written = fn(TensorId) -> Op;
    let ops: [(Written, Rows); 4] = [
        (|values| Op::Relu { values }, Rows::Token),
        (|values| Op::Mean { values }, Rows::One),
        (|values| Op::First { values }, Rows::One),
        (|values| Op::Last { values }, Rows::One),
    ];
    for (op, rows) in ops {
        for (values, need, made, have) in [(WIDE, 32, bits(16), 16), (bits(9), 9, bits(8), 8)] {
            let result = Tensor { rows, ..token(3, made) };
            let (flaw, tensor) = check(|scene| (op(scene.made(Rows::Token, 3, values)), result));
            assert_eq!(flaw, Err(Flaw::FewBits { tensor, need, have }));
        }
        accepts(|scene| {
            let result = Tensor { rows, ..token(3, bits(9)) };
            (op(scene.made(Rows::Token, 3, bits(9))), result)
        });
    }
    for (op, rows) in &ops[1..] {
        refuses_other_results(|scene| {
            let result = Tensor { rows: *rows, ..token(3, WIDE) };
            (op(scene.made(Rows::Token, 3, WIDE)), result)
        });
        refuses(|scene| {
            let tensor = scene.made(Rows::Slots(2), 3, WIDE);
            let flaw = Flaw::Rows { tensor, need: Rows::Token, have: Rows::Slots(2) };
            (op(tensor), Tensor { rows: *rows, ..token(3, WIDE) }, flaw)
        });
    }
}

#[test]
fn exponents_should_be_refused_when_they_can_get_larger() {
    let exponent = |values, width, most| {
        move |scene: &mut Scene| {
            let values = scene.made(Rows::Token, 3, values);
            (Op::Exponent { values, width }, token(1, Values::Exponents { most }))
        }
    };
    accepts(exponent(WIDE, 16, 16));
    accepts(exponent(bits(12), 16, 0));
    accepts(exponent(bits(12), 9, 3));
    for (values, width, need) in [(WIDE, 16, 16), (WIDE, 2, 30), (bits(12), 9, 3)] {
        let have = need - 1;
        let (flaw, tensor) = check(exponent(values, width, have));
        assert_eq!(flaw, Err(Flaw::Exponents { tensor, need, have }));
    }
    for width in [1, 17] {
        let have = width.into();
        let flaw = Flaw::Number { what: "bits", least: 2, most: 16, have };
        assert_eq!(check(exponent(WIDE, width, 31)).0, Err(flaw));
    }
    let (flaw, tensor) = check(|scene| {
        let (op, result) = exponent(WIDE, 16, 16)(scene);
        (op, Tensor { rows: Rows::One, ..result })
    });
    assert_eq!(flaw, Err(Flaw::Rows { tensor, need: Rows::Token, have: Rows::One }));
}

#[test]
fn shift_should_be_refused_when_exponents_are_of_other_rows() {
    refuses_other_results(|scene| {
        let values = scene.made(Rows::Token, 3, WIDE);
        let exponents = scene.made(Rows::Token, 1, Values::Exponents { most: 9 });
        (Op::Shift { values, exponents }, token(3, bits(8)))
    });
    refuses(|scene| {
        let values = scene.made(Rows::Token, 3, WIDE);
        let exponents = scene.made(Rows::One, 1, Values::Exponents { most: 9 });
        let flaw = Flaw::Rows { tensor: exponents, need: Rows::Token, have: Rows::One };
        (Op::Shift { values, exponents }, token(3, bits(8)), flaw)
    });
    refuses(|scene| {
        let values = scene.made(Rows::Token, 3, WIDE);
        let flaw = Flaw::Kind { tensor: values, need: Kind::Exponents, have: WIDE };
        (Op::Shift { values, exponents: values }, token(3, bits(8)), flaw)
    });
}

#[test]
fn sample_should_be_refused_when_its_rule_draws_from_nothing() {
    let sample = |rule| {
        move |scene: &mut Scene| {
            let values = scene.made(Rows::Token, 3, WIDE);
            (Op::Sample { values, rule }, token(1, Values::Choices { below: 3 }))
        }
    };
    refuses_other_results(sample(Rule::Greedy));
    let drawn = |scale, most, prefix| Rule::Drawn { scale, most, prefix };
    accepts(sample(drawn(ONE, 9, WHOLE)));
    assert_eq!(check(sample(drawn(BAD, 1, 1))).0, Err(Flaw::Scale { have: BAD }));
    let (what, least) = ("columns drawn from", 1);
    let none = Flaw::Number { what, least, most: u32::MAX, have: 0 };
    assert_eq!(check(sample(drawn(ONE, 0, 1))).0, Err(none));
    for have in [0, WHOLE + 1] {
        let flaw = Flaw::Number { what: "65,536ths of a prefix", least: 1, most: WHOLE, have };
        assert_eq!(check(sample(drawn(ONE, 1, have))).0, Err(flaw));
    }
    refuses(|scene| {
        let tensor = scene.made(Rows::Slots(2), 3, WIDE);
        let op = Op::Sample { values: tensor, rule: Rule::Greedy };
        let flaw = Flaw::Rows { tensor, need: Rows::Token, have: Rows::Slots(2) };
        let result = Tensor { rows: Rows::Slots(2), ..token(1, Values::Choices { below: 3 }) };
        (op, result, flaw)
    });
}

#[test]
fn choices_should_be_refused_when_they_name_other_columns() {
    let choose = |count, below| {
        move |scene: &mut Scene| {
            let values = scene.made(Rows::Token, 3, WIDE);
            (Op::Choose { values, count }, token(count, Values::Choices { below }))
        }
    };
    refuses_other_results(choose(2, 3));
    for have in [2, 4] {
        let (flaw, tensor) = check(choose(2, have));
        assert_eq!(flaw, Err(Flaw::Identities { tensor, most: 3, have }));
    }
    let flaw = Flaw::Number { what: "choices", least: 1, most: 3, have: 4 };
    assert_eq!(check(choose(4, 3)).0, Err(flaw));
    let none = check(|scene| {
        let values = scene.made(Rows::Token, 3, WIDE);
        (Op::Choose { values, count: 0 }, token(1, Values::Choices { below: 3 }))
    });
    let flaw = Flaw::Number { what: "choices", least: 1, most: 3, have: 0 };
    assert_eq!(none.0, Err(flaw));
}

#[test]
fn choices_should_be_refused_when_the_last_one_takes_too_many_steps() {
    let columns = 1 << 16;
    let choose = |count| {
        move |scene: &mut Scene| {
            let values = scene.made(Rows::Token, columns, WIDE);
            (Op::Choose { values, count }, token(count, Values::Choices { below: columns }))
        }
    };
    let most = MOST_SEARCHED;
    accepts(choose(most / columns));
    // The second is nothing in 32 bits.
    for count in [most / columns + 1, columns] {
        let flaw = Flaw::Searches { most, columns, count };
        assert_eq!(check(choose(count)).0, Err(flaw));
    }
}

/// The operands of an operator, in order.
fn operands(op: &Op) -> Vec<TensorId> {
    let mut all = Vec::new();
    op.visit(|tensor| all.push(tensor));
    all
}

/// Gives one operand a tensor of the same rows and columns, but of values that no operator takes
/// instead.
fn with_another_kind(seed: u64, write: fn(&mut Scene) -> (Op, Tensor), which: usize) -> bool {
    let mut scene = Scene::new(seed);
    let (mut op, result) = write(&mut scene);
    let Some(good) = operands(&op).get(which).copied() else { return false };
    let Tensor { rows, columns, values } = scene.tensor(good);
    let bad = match values {
        Values::Masters => scene.with_values(Rows::Fixed(1), columns, Values::Constants),
        Values::Constants => scene.with_values(Rows::Fixed(1), columns, Values::Masters),
        _ if values.bits().is_some() => {
            scene.made(rows, columns, Values::Choices { below: columns })
        }
        _ => scene.made(rows, columns, WIDE),
    };
    let mut at = 0;
    op.change(|tensor| {
        if at == which {
            *tensor = bad;
        }
        at += 1;
    });
    let program = scene.program(op, result);
    let last = program.ops.len() - 1;
    match program.check() {
        Err(Error::Operator { index, flaw: Flaw::Kind { tensor, .. } }) => {
            assert_eq!((index, tensor), (last, bad));
        }
        other => panic!("operand {which} of {:?}: {other:?}", last),
    }
    true
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    #[test]
    fn operators_should_be_refused_when_an_operand_is_of_another_kind(seed: u64) {
        for (_, write) in crate::testing::operators::ALL {
            assert!(with_another_kind(seed, *write, 0));
            (1..8).all(|which| with_another_kind(seed, *write, which));
        }
    }
}
