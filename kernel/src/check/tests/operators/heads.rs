//! What turns heads and lets them see each other; what shares out and measures.

use super::*;

/// Attention of 6 heads that read 2, of 3 columns each, and what may be odd about it.
#[derive(Clone, Copy)]
struct Attention {
    queries: u32,
    rows: [Rows; 3],
    values: [Values; 3],
    columns: [u32; 2],
    heads: u32,
    groups: u32,
    fraction: u8,
    scale: Scale,
}

const HEAD: Values = Values::Activations { bits: 12 };
const GOOD: Attention = Attention {
    queries: 18,
    rows: [Rows::Token; 3],
    values: [HEAD; 3],
    columns: [6; 2],
    heads: 6,
    groups: 2,
    fraction: 4,
    scale: ONE,
};

fn attention(scene: &mut Scene, how: Attention) -> (Op, Tensor, [TensorId; 3]) {
    let columns = [how.queries, how.columns[0], how.columns[1]];
    let [queries, keys, values] =
        [0, 1, 2].map(|at| scene.made(how.rows[at], columns[at], how.values[at]));
    let Attention { heads, groups, fraction, scale, .. } = how;
    let causal = true;
    let op = Op::Attention { queries, keys, values, scale, heads, groups, fraction, causal };
    (op, token(how.queries, bits(16)), [queries, keys, values])
}

#[test]
fn attention_should_be_refused_when_it_could_overflow() {
    refuses_other_results(|scene| {
        let (op, result, _) = attention(scene, GOOD);
        (op, result)
    });
    for at in 0..3 {
        let mut values = GOOD.values;
        values[at] = bits(13);
        refuses(|scene| {
            let (op, result, ids) = attention(scene, Attention { values, ..GOOD });
            (op, result, Flaw::Bits { tensor: ids[at], most: 12, have: 13 })
        });
        values[at] = WIDE;
        refuses(|scene| {
            let (op, result, ids) = attention(scene, Attention { values, ..GOOD });
            (op, result, Flaw::Kind { tensor: ids[at], need: Kind::Narrow, have: WIDE })
        });
    }
    let of = |head| Attention { queries: 6 * head, columns: [2 * head; 2], ..GOOD };
    accepts(|scene| {
        let (op, result, _) = attention(scene, of(MOST_HEAD));
        (op, result)
    });
    let have = MOST_HEAD + 1;
    refuses(|scene| {
        let (op, result, _) = attention(scene, of(have));
        let what = "columns of a head";
        (op, result, Flaw::Number { what, least: 1, most: MOST_HEAD, have })
    });
}

#[test]
fn attention_should_be_refused_when_its_parts_do_not_fit() {
    for at in 0..3 {
        let mut rows = GOOD.rows;
        rows[at] = Rows::One;
        refuses(|scene| {
            let (op, result, ids) = attention(scene, Attention { rows, ..GOOD });
            let flaw = Flaw::Rows { tensor: ids[at], need: Rows::Token, have: Rows::One };
            (op, result, flaw)
        });
    }
    for at in 0..2 {
        let mut columns = GOOD.columns;
        columns[at] = 9;
        refuses(|scene| {
            let (op, result, ids) = attention(scene, Attention { columns, ..GOOD });
            (op, result, Flaw::Columns { tensor: ids[at + 1], need: 6, have: 9 })
        });
    }
    let columns = |heads| Flaw::Parts { what: "columns", whole: 18, parts: heads };
    let heads = |groups| Flaw::Parts { what: "heads", whole: 6, parts: groups };
    let what = "bits of a fraction";
    for (how, flaw) in [
        (Attention { heads: 0, ..GOOD }, columns(0)),
        (Attention { heads: 4, ..GOOD }, columns(4)),
        (Attention { groups: 0, ..GOOD }, heads(0)),
        (Attention { groups: 4, ..GOOD }, heads(4)),
        (Attention { scale: BAD, ..GOOD }, Flaw::Scale { have: BAD }),
        (Attention { fraction: 5, ..GOOD }, Flaw::Number { what, least: 0, most: 4, have: 5 }),
    ] {
        refuses(|scene| {
            let (op, result, _) = attention(scene, how);
            (op, result, flaw)
        });
    }
}

#[test]
fn rotate_should_be_refused_when_its_tables_do_not_fit() {
    let rotate = |scene: &mut Scene, rows, values, heads, tables: [(u32, u32); 2]| {
        let values = scene.made(rows, 12, values);
        let [cosines, sines] = tables.map(|(rows, columns)| scene.masters(rows, columns));
        let op = Op::Rotate { values, cosines, sines, heads };
        (op, Tensor { rows, ..token(12, bits(12)) }, [values, cosines, sines])
    };
    refuses_other_results(|scene| {
        let (op, result, _) = rotate(scene, Rows::Token, bits(12), 3, [(8, 2), (9, 2)]);
        (op, result)
    });
    for at in 0..2 {
        let mut tables = [(8, 2); 2];
        tables[at] = (7, 2);
        refuses(|scene| {
            let (op, result, ids) = rotate(scene, Rows::Token, bits(12), 3, tables);
            let (tensor, have) = (ids[at + 1], Rows::Fixed(7));
            (op, result, Flaw::FewRows { tensor, need: 8, have })
        });
        tables[at] = (8, 3);
        refuses(|scene| {
            let (op, result, ids) = rotate(scene, Rows::Token, bits(12), 3, tables);
            (op, result, Flaw::Columns { tensor: ids[at + 1], need: 2, have: 3 })
        });
    }
    for (heads, flaw) in [
        (0, Flaw::Parts { what: "columns", whole: 12, parts: 0 }),
        (5, Flaw::Parts { what: "columns", whole: 12, parts: 5 }),
        (4, Flaw::Parts { what: "columns of a head", whole: 3, parts: 2 }),
    ] {
        refuses(|scene| {
            let (op, result, _) = rotate(scene, Rows::Token, bits(12), heads, [(8, 2); 2]);
            (op, result, flaw)
        });
    }
    refuses(|scene| {
        let (op, result, [tensor, ..]) = rotate(scene, Rows::Token, WIDE, 3, [(8, 2); 2]);
        (op, result, Flaw::Kind { tensor, need: Kind::Narrow, have: WIDE })
    });
    refuses(|scene| {
        let (op, result, [tensor, ..]) = rotate(scene, Rows::Slots(2), bits(9), 3, [(8, 2); 2]);
        (op, result, Flaw::Rows { tensor, need: Rows::Token, have: Rows::Slots(2) })
    });
}

#[test]
fn share_should_be_refused_when_choices_are_of_something_else() {
    let share = |scene: &mut Scene, scale, rows, below| {
        let values = scene.made(Rows::Token, 3, WIDE);
        let choices = scene.made(rows, 2, Values::Choices { below });
        (Op::Share { values, choices, scale, all: true }, token(2, bits(16)), choices)
    };
    refuses_other_results(|scene| {
        let (op, result, _) = share(scene, ONE, Rows::Token, 3);
        (op, result)
    });
    refuses(|scene| {
        let (op, result, _) = share(scene, BAD, Rows::Token, 3);
        (op, result, Flaw::Scale { have: BAD })
    });
    refuses(|scene| {
        let (op, result, tensor) = share(scene, ONE, Rows::One, 3);
        (op, result, Flaw::Rows { tensor, need: Rows::Token, have: Rows::One })
    });
    refuses(|scene| {
        let (op, result, tensor) = share(scene, ONE, Rows::Token, 4);
        (op, result, Flaw::Identities { tensor, most: 3, have: 4 })
    });
    let (flaw, tensor) = check(|scene| {
        let (op, result, _) = share(scene, ONE, Rows::Token, 3);
        (op, Tensor { values: bits(15), ..result })
    });
    assert_eq!(flaw, Err(Flaw::FewBits { tensor, need: 16, have: 15 }));
}

#[test]
fn cross_entropy_should_be_refused_when_targets_are_of_something_else() {
    let loss = |scene: &mut Scene, scale, rows, below| {
        let values = scene.made(rows, 3, WIDE);
        let targets = scene.targets(below);
        (Op::CrossEntropy { values, targets, scale }, token(1, WIDE), values, targets)
    };
    refuses_other_results(|scene| {
        let (op, result, ..) = loss(scene, ONE, Rows::Token, 3);
        (op, result)
    });
    refuses(|scene| {
        let (op, result, ..) = loss(scene, BAD, Rows::Token, 3);
        (op, result, Flaw::Scale { have: BAD })
    });
    refuses(|scene| {
        let (op, result, _, tensor) = loss(scene, ONE, Rows::Token, 4);
        (op, result, Flaw::Identities { tensor, most: 3, have: 4 })
    });
    refuses(|scene| {
        let (op, result, tensor, _) = loss(scene, ONE, Rows::One, 3);
        (op, result, Flaw::Rows { tensor, need: Rows::Token, have: Rows::One })
    });
    let (flaw, tensor) = check(|scene| {
        let (op, result, ..) = loss(scene, ONE, Rows::Token, 3);
        (op, Tensor { values: bits(16), ..result })
    });
    assert_eq!(flaw, Err(Flaw::Kind { tensor, need: Kind::Wide, have: bits(16) }));
    refuses(|scene| {
        let values = scene.made(Rows::Token, 3, WIDE);
        let op = Op::CrossEntropy { values, targets: values, scale: ONE };
        let flaw = Flaw::Kind { tensor: values, need: Kind::Targets, have: WIDE };
        (op, token(1, WIDE), flaw)
    });
}
