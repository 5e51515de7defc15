use super::*;
use crate::num::Scale;
use proptest::prelude::*;

fn id() -> impl Strategy<Value = TensorId> {
    any::<u32>().prop_map(TensorId)
}

fn scale() -> impl Strategy<Value = Scale> {
    any::<(u16, u8)>().prop_map(|(multiplier, shift)| Scale { multiplier, shift })
}

fn rule() -> impl Strategy<Value = Rule> {
    let drawn = (scale(), any::<u32>(), any::<u32>())
        .prop_map(|(scale, most, prefix)| Rule::Drawn { scale, most, prefix });
    prop_oneof![Just(Rule::Greedy), drawn]
}

fn op() -> impl Strategy<Value = Op> {
    let maybe = || prop::option::of(id());
    prop_oneof![
        (id(), id(), scale()).prop_map(|(tokens, table, scale)| Op::Embed { tokens, table, scale }),
        (id(), id()).prop_map(|(left, right)| Op::Add { left, right }),
        (id(), any::<u8>()).prop_map(|(values, width)| Op::Exponent { values, width }),
        (id(), id(), id(), maybe(), maybe()).prop_map(
            |(values, weights, scales, biases, exponents)| Op::Linear {
                values,
                weights,
                scales,
                biases,
                exponents
            }
        ),
        ([id(), id(), id()], scale(), any::<(u32, u32, u8, bool)>()).prop_map(
            |([queries, keys, values], scale, (heads, groups, fraction, causal))| Op::Attention {
                queries,
                keys,
                values,
                scale,
                heads,
                groups,
                fraction,
                causal
            }
        ),
        (id(), id(), prop::collection::vec((id(), id()), 0..3), maybe()).prop_map(
            |(values, choices, experts, exponents)| {
                let expert = |(weights, scales)| Expert { weights, scales };
                let experts = experts.into_iter().map(expert).collect();
                Op::Expert { values, choices, experts, exponents }
            }
        ),
        (id(), id(), scale(), any::<bool>()).prop_map(|(values, choices, scale, all)| {
            Op::Share { values, choices, scale, all }
        }),
        (id(), rule()).prop_map(|(values, rule)| Op::Sample { values, rule }),
        (id(), id(), id(), any::<u8>()).prop_map(|(masters, high, wide, shift)| Op::Moved {
            masters,
            high,
            wide,
            shift
        }),
        [id(), id(), id(), id()].prop_map(|[masters, ends, places, changes]| Op::Changed {
            masters,
            ends,
            places,
            changes
        }),
    ]
}

fn tensor() -> impl Strategy<Value = Tensor> {
    let rows = prop_oneof![
        any::<u32>().prop_map(Rows::Fixed),
        Just(Rows::Token),
        any::<u32>().prop_map(Rows::Slots),
        Just(Rows::One),
    ];
    let values = prop_oneof![
        any::<u32>().prop_map(|below| Values::Tokens { below }),
        any::<u32>().prop_map(|below| Values::Targets { below }),
        any::<u8>().prop_map(|bits| Values::Features { bits }),
        Just(Values::Masters),
        Just(Values::Constants),
        any::<u8>().prop_map(|bits| Values::Activations { bits }),
        Just(Values::Wide),
        any::<u32>().prop_map(|below| Values::Choices { below }),
        any::<u8>().prop_map(|most| Values::Exponents { most }),
        Just(Values::Moved),
    ];
    (rows, any::<u32>(), values).prop_map(|(rows, columns, values)| Tensor {
        rows,
        columns,
        values,
    })
}

prop_compose! {
    fn program()(
        rows: u32,
        tensors in prop::collection::vec(tensor(), 0..4),
        ops in prop::collection::vec((op(), id()), 0..4),
        result in id(),
    ) -> Program {
        let ops = ops.into_iter().map(|(op, result)| Step { op, result }).collect();
        Program { semantics: SEMANTICS, rows, tensors, ops, result }
    }
}

#[test]
fn opcodes_should_be_what_they_always_were_when_counted() {
    use Opcode::*;
    let all = [
        Embed,
        Position,
        Add,
        RmsNorm,
        LayerNorm,
        Narrow,
        Exponent,
        Shift,
        Linear,
        Rotate,
        Attention,
        Gated,
        Gelu,
        Relu,
        Choose,
        Share,
        Expert,
        Combine,
        Mean,
        First,
        Last,
        Unit,
        CrossEntropy,
        Sample,
        Scale,
        Moved,
        Changed,
    ];
    assert_eq!(Opcode::ALL, all);
    assert!(all.iter().zip(1..).all(|(opcode, number)| *opcode as u16 == number));
}

#[test]
fn encode_should_give_the_bytes_it_always_gave_when_a_program_is_small() {
    let program = Program {
        semantics: SEMANTICS,
        rows: 258,
        tensors: vec![Tensor {
            rows: Rows::Slots(2),
            columns: 3,
            values: Values::Activations { bits: 12 },
        }],
        ops: vec![Step {
            op: Op::Narrow { values: TensorId(7), scale: Scale::ONE },
            result: TensorId(9),
        }],
        result: TensorId(5),
    };
    let bytes = [
        &[1, 0, 2, 1, 0, 0][..],
        &[1, 0, 0, 0, 2, 2, 0, 0, 0, 3, 0, 0, 0, 5, 12],
        &[1, 0, 0, 0, 6, 0, 7, 0, 0, 0, 0, 0x80, 15, 9, 0, 0, 0],
        &[5, 0, 0, 0],
    ];
    assert_eq!(program.encode(), bytes.concat());
}

#[test]
fn decode_should_name_the_flaw_when_bytes_are_of_no_program() {
    let bytes = Program {
        semantics: SEMANTICS,
        rows: 1,
        tensors: Vec::new(),
        ops: Vec::new(),
        result: TensorId(0),
    }
    .encode();
    let unknown = |what, have| Err(DecodeError::Unknown { what, have });
    assert_eq!(Program::decode(&[2, 0]), unknown("semantics", 2));
    assert_eq!(Program::decode(&[]), Err(DecodeError::Short { need: 2, have: 0 }));
    let longer = [&bytes[..], &[0]].concat();
    assert_eq!(Program::decode(&longer), Err(DecodeError::Left { have: 1 }));
    // An operator instead of none.
    let mut other = bytes.clone();
    other[10] = 1;
    other[14] = 28;
    assert_eq!(Program::decode(&other), unknown("operator", 28));
    // As many tensors as a memory cannot hold.
    let mut many = bytes;
    many[6..10].fill(0xff);
    assert!(Program::decode(&many).is_err());
}

proptest! {
    #[test]
    fn program_should_come_back_when_encoded(program in program()) {
        prop_assert_eq!(Program::decode(&program.encode()), Ok(program));
    }

    #[test]
    fn decode_should_only_take_what_encodes_to_the_same_when_bytes_are_changed(
        program in program(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = program.encode();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(other) = Program::decode(&bytes) {
            prop_assert_eq!(other.encode(), bytes);
        }
    }

    #[test]
    fn decode_should_only_take_what_encodes_to_the_same_when_any_bytes(
        mut bytes in prop::collection::vec(any::<u8>(), 0..120),
        known: bool,
    ) {
        if known {
            bytes.splice(0..0, SEMANTICS.to_le_bytes());
        }
        if let Ok(program) = Program::decode(&bytes) {
            prop_assert_eq!(program.encode(), bytes);
        }
    }

    #[test]
    fn check_should_never_panic_when_a_program_is_nonsense(program in program()) {
        let _ = program.check();
    }
}
