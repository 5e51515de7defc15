//! Linear operators, of one matrix of weights and of experts; what scales and combines.

use super::*;
use crate::{
    delta::{MOST_RANK, MOST_SHIFT},
    program::Expert,
};

/// A linear operator from 3 columns to 4, and what may be odd about it.
#[derive(Clone, Copy)]
struct Linear {
    values: Values,
    columns: u32,
    scales: u32,
    biases: u32,
    exponents: Rows,
}

const GOOD: Linear =
    Linear { values: bits_of(9), columns: 3, scales: 4, biases: 4, exponents: Rows::Token };

const fn bits_of(bits: u8) -> Values {
    Values::Activations { bits }
}

fn linear(scene: &mut Scene, how: Linear) -> (Op, Tensor) {
    let op = Op::Linear {
        values: scene.made(Rows::Token, 3, how.values),
        weights: scene.masters(4, how.columns),
        scales: scene.constants(how.scales),
        biases: Some(scene.constants(how.biases)),
        exponents: Some(scene.made(how.exponents, 1, Values::Exponents { most: 5 })),
    };
    (op, token(4, WIDE))
}

#[test]
fn linear_should_be_refused_when_its_parts_do_not_fit() {
    refuses_other_results(|scene| linear(scene, GOOD));
    type Flawed = fn([TensorId; 5]) -> Flaw;
    let odd: [(Linear, Flawed); 5] = [
        (Linear { values: WIDE, ..GOOD }, |[tensor, ..]| Flaw::Kind {
            tensor,
            need: Kind::Narrow,
            have: WIDE,
        }),
        (Linear { columns: 2, ..GOOD }, |[_, tensor, ..]| Flaw::Columns {
            tensor,
            need: 3,
            have: 2,
        }),
        (Linear { scales: 5, ..GOOD }, |[_, _, tensor, ..]| Flaw::Columns {
            tensor,
            need: 4,
            have: 5,
        }),
        (Linear { biases: 3, ..GOOD }, |[_, _, _, tensor, _]| Flaw::Columns {
            tensor,
            need: 4,
            have: 3,
        }),
        (Linear { exponents: Rows::One, ..GOOD }, |[.., tensor]| Flaw::Rows {
            tensor,
            need: Rows::Token,
            have: Rows::One,
        }),
    ];
    for (how, flaw) in odd {
        refuses(|scene| {
            let (op, result) = linear(scene, how);
            let Op::Linear { values, weights, scales, biases, exponents } = op else {
                unreachable!()
            };
            let flaw = flaw([values, weights, scales, biases.unwrap(), exponents.unwrap()]);
            (op, result, flaw)
        });
    }
}

#[test]
fn linear_should_be_refused_when_weights_or_scales_are_of_another_kind() {
    for swapped in [false, true] {
        refuses(|scene| {
            let values = scene.made(Rows::Token, 3, bits(9));
            let (masters, constants) = (scene.masters(4, 3), scene.constants(3));
            let (weights, scales) = if swapped { (constants, masters) } else { (masters, masters) };
            let (biases, exponents) = (None, None);
            let op = Op::Linear { values, weights, scales, biases, exponents };
            let flaw = if swapped {
                Flaw::Kind { tensor: constants, need: Kind::Masters, have: Values::Constants }
            } else {
                Flaw::Kind { tensor: masters, need: Kind::Constants, have: Values::Masters }
            };
            (op, token(4, WIDE), flaw)
        });
    }
}

#[test]
fn linear_should_be_refused_when_scales_are_more_than_one_row() {
    refuses(|scene| {
        let (values, weights) = (scene.made(Rows::Token, 3, bits(9)), scene.masters(4, 3));
        let scales = scene.with_values(Rows::Fixed(2), 4, Values::Constants);
        let (biases, exponents) = (None, None);
        let op = Op::Linear { values, weights, scales, biases, exponents };
        let (need, have) = (Rows::Fixed(1), Rows::Fixed(2));
        (op, token(4, WIDE), Flaw::Rows { tensor: scales, need, have })
    });
}

/// Two experts of which two are chosen, and what may be odd about them.
#[derive(Clone, Copy)]
struct Experts {
    rows: Rows,
    values: Values,
    chosen: Rows,
    count: usize,
    second: u32,
    scales: u32,
    exponents: Rows,
}

const EXPERTS: Experts = Experts {
    rows: Rows::Token,
    values: bits_of(9),
    chosen: Rows::Token,
    count: 2,
    second: 4,
    scales: 4,
    exponents: Rows::Token,
};

fn experts(scene: &mut Scene, how: Experts) -> (Op, Tensor) {
    let values = scene.made(how.rows, 3, how.values);
    let choices = scene.made(how.chosen, 2, Values::Choices { below: 2 });
    let exponents = Some(scene.made(how.exponents, 1, Values::Exponents { most: 5 }));
    let mut experts = vec![
        Expert { weights: scene.masters(4, 3), scales: scene.constants(4) },
        Expert { weights: scene.masters(how.second, 3), scales: scene.constants(how.scales) },
    ];
    experts.resize(how.count, experts[0]);
    let op = Op::Expert { values, choices, experts, exponents };
    (op, Tensor { rows: Rows::Slots(2), ..token(4, WIDE) })
}

#[test]
fn experts_should_be_refused_when_their_parts_do_not_fit() {
    refuses_other_results(|scene| experts(scene, EXPERTS));
    let slots = Rows::Slots(2);
    accepts(|scene| experts(scene, Experts { rows: slots, exponents: slots, ..EXPERTS }));
    type Flawed = fn([TensorId; 5]) -> Flaw;
    let count = |have| Flaw::Number { what: "experts", least: 2, most: 2, have };
    for have in [1, 3] {
        refuses(|scene| {
            let (op, result) = experts(scene, Experts { count: have as usize, ..EXPERTS });
            (op, result, count(have))
        });
    }
    let odd: [(Experts, Flawed); 6] = [
        (Experts { values: WIDE, ..EXPERTS }, |[tensor, ..]| Flaw::Kind {
            tensor,
            need: Kind::Narrow,
            have: WIDE,
        }),
        (Experts { rows: Rows::One, ..EXPERTS }, |[tensor, ..]| Flaw::Rows {
            tensor,
            need: Rows::Slots(2),
            have: Rows::One,
        }),
        (Experts { chosen: Rows::One, ..EXPERTS }, |[_, tensor, ..]| Flaw::Rows {
            tensor,
            need: Rows::Token,
            have: Rows::One,
        }),
        (Experts { exponents: Rows::Slots(2), ..EXPERTS }, |[_, _, tensor, ..]| Flaw::Rows {
            tensor,
            need: Rows::Token,
            have: Rows::Slots(2),
        }),
        (Experts { second: 5, ..EXPERTS }, |[_, _, _, tensor, _]| Flaw::Rows {
            tensor,
            need: Rows::Fixed(4),
            have: Rows::Fixed(5),
        }),
        (Experts { scales: 5, ..EXPERTS }, |[.., tensor]| Flaw::Columns {
            tensor,
            need: 4,
            have: 5,
        }),
    ];
    for (how, flaw) in odd {
        refuses(|scene| {
            let (op, result) = experts(scene, how);
            let Op::Expert { values, choices, ref experts, exponents } = op else { unreachable!() };
            let Expert { weights, scales } = experts[1];
            let flaw = flaw([values, choices, exponents.unwrap(), weights, scales]);
            (op, result, flaw)
        });
    }
}

#[test]
fn combine_should_be_refused_when_slots_and_shares_differ() {
    let combine = |scene: &mut Scene, slots, shares, rows, values| {
        let shares = scene.made(rows, shares, values);
        let values = scene.made(Rows::Slots(slots), 3, WIDE);
        (Op::Combine { values, shares }, token(3, WIDE), shares, values)
    };
    refuses_other_results(|scene| {
        let (op, result, ..) = combine(scene, 2, 2, Rows::Token, bits(16));
        (op, result)
    });
    accepts(|scene| {
        let (op, result, ..) = combine(scene, 64, 64, Rows::Token, bits(16));
        (op, result)
    });
    refuses(|scene| {
        let (op, result, ..) = combine(scene, 65, 65, Rows::Token, bits(16));
        (op, result, Flaw::Number { what: "slots combined", least: 1, most: 64, have: 65 })
    });
    refuses(|scene| {
        let (op, result, _, tensor) = combine(scene, 3, 2, Rows::Token, bits(16));
        (op, result, Flaw::Rows { tensor, need: Rows::Slots(2), have: Rows::Slots(3) })
    });
    refuses(|scene| {
        let (op, result, tensor, _) = combine(scene, 2, 2, Rows::One, bits(16));
        (op, result, Flaw::Rows { tensor, need: Rows::Token, have: Rows::One })
    });
    refuses(|scene| {
        let (op, result, tensor, _) = combine(scene, 2, 2, Rows::Token, WIDE);
        (op, result, Flaw::Kind { tensor, need: Kind::Narrow, have: WIDE })
    });
}

#[test]
fn scale_should_be_refused_when_gains_do_not_fit() {
    let scale = |scene: &mut Scene, scale, gains| {
        let (values, gains) = (scene.made(Rows::One, 3, WIDE), scene.masters(1, gains));
        let result = Tensor { rows: Rows::One, ..token(3, WIDE) };
        (Op::Scale { values, gains, scale }, result, gains)
    };
    refuses_other_results(|scene| {
        let (op, result, _) = scale(scene, ONE, 3);
        (op, result)
    });
    refuses(|scene| {
        let (op, result, _) = scale(scene, BAD, 3);
        (op, result, Flaw::Scale { have: BAD })
    });
    refuses(|scene| {
        let (op, result, tensor) = scale(scene, ONE, 2);
        (op, result, Flaw::Columns { tensor, need: 3, have: 2 })
    });
}

fn fixed(rows: u32, columns: u32, values: Values) -> Tensor {
    Tensor { rows: Rows::Fixed(rows), columns, values }
}

#[test]
fn moved_should_be_refused_when_factors_do_not_fit() {
    let moved = |scene: &mut Scene, high: (u32, u32), wide: (u32, u32), shift| {
        let masters = scene.masters(4, 3);
        let (high, wide) = (scene.masters(high.0, high.1), scene.masters(wide.0, wide.1));
        let result = fixed(4, 3, Values::Moved);
        (Op::Moved { masters, high, wide, shift }, result, [high, wide])
    };
    accepts(|scene| {
        let (op, result, _) = moved(scene, (4, 2), (2, 3), MOST_SHIFT);
        (op, result)
    });
    refuses(|scene| {
        let (op, _, [tensor, _]) = moved(scene, (4, 2), (2, 3), 0);
        // The one behind both factors.
        let tensor = TensorId(tensor.0 + 2);
        let (need, have) = (Rows::Fixed(4), Rows::Fixed(5));
        (op, fixed(5, 3, Values::Moved), Flaw::Rows { tensor, need, have })
    });
    refuses(|scene| {
        let (op, result, _) = moved(scene, (4, 2), (2, 3), MOST_SHIFT + 1);
        (op, result, Flaw::Number { what: "bits shifted by", least: 0, most: 62, have: 63 })
    });
    refuses(|scene| {
        let (op, result, [_, tensor]) = moved(scene, (4, 2), (2, 4), 0);
        (op, result, Flaw::Columns { tensor, need: 3, have: 4 })
    });
    refuses(|scene| {
        let (op, result, [tensor, _]) = moved(scene, (4, 3), (2, 3), 0);
        (op, result, Flaw::Columns { tensor, need: 2, have: 3 })
    });
    refuses(|scene| {
        let (op, result, [tensor, _]) = moved(scene, (5, 2), (2, 3), 0);
        let (need, have) = (Rows::Fixed(4), Rows::Fixed(5));
        (op, result, Flaw::Rows { tensor, need, have })
    });
    refuses(|scene| {
        let (op, result, _) = moved(scene, (4, 1), (MOST_RANK + 1, 3), 0);
        let flaw = Flaw::Number { what: "rank", least: 1, most: MOST_RANK, have: MOST_RANK + 1 };
        (op, result, flaw)
    });
}

#[test]
fn changed_should_be_refused_when_lists_do_not_fit() {
    let changed = |scene: &mut Scene, rows, places: (u32, u32), changes: (u32, u32)| {
        let masters = scene.masters(4, 3);
        let ends = scene.constants(rows);
        let places = scene.listed(places.0, places.1, vec![0; (places.0 * places.1) as usize]);
        let changes = scene.masters(changes.0, changes.1);
        let result = fixed(4, 3, Values::Moved);
        (Op::Changed { masters, ends, places, changes }, result, [ends, changes])
    };
    accepts(|scene| {
        let (op, result, _) = changed(scene, 4, (2, 5), (2, 5));
        (op, result)
    });
    refuses(|scene| {
        let (op, _, [_, tensor]) = changed(scene, 4, (2, 5), (2, 5));
        // The one behind all that is read.
        let tensor = TensorId(tensor.0 + 1);
        (op, fixed(4, 2, Values::Moved), Flaw::Columns { tensor, need: 3, have: 2 })
    });
    refuses(|scene| {
        let (op, result, [tensor, _]) = changed(scene, 3, (2, 5), (2, 5));
        (op, result, Flaw::Columns { tensor, need: 4, have: 3 })
    });
    refuses(|scene| {
        let (op, result, [_, tensor]) = changed(scene, 4, (2, 5), (2, 6));
        (op, result, Flaw::Columns { tensor, need: 5, have: 6 })
    });
    refuses(|scene| {
        let (op, result, [_, tensor]) = changed(scene, 4, (2, 5), (3, 5));
        let (need, have) = (Rows::Fixed(2), Rows::Fixed(3));
        (op, result, Flaw::Rows { tensor, need, have })
    });
}
