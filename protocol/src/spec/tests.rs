use super::*;
use crate::{id::ContentId, job::PARAMETER_BYTES};
use alloc::{string::ToString, vec::Vec};
use codec::MaxEncodedLen;
use proptest::prelude::*;

fn file(bytes: u64) -> File {
    File { id: ContentId([7; 32]), bytes }
}

fn records() -> impl Strategy<Value = Records> {
    (1..=u32::MAX, 1..=u64::from(u32::MAX)).prop_map(|(record_bytes, count)| Records {
        file: file(u64::from(record_bytes) * count),
        record_bytes,
    })
}

fn choice() -> impl Strategy<Value = Choice> {
    prop_oneof![
        Just(Choice::Greedy),
        (LEAST_MULTIPLIER..=u16::MAX, 1..=MOST_SHIFT, 1..=u32::MAX, 1..=WHOLE_PREFIX).prop_map(
            |(multiplier, shift, most, prefix)| Choice::Drawn { multiplier, shift, most, prefix },
        ),
    ]
}

fn infer() -> impl Strategy<Value = Spec> {
    (1..=u32::MAX, choice(), prop::collection::vec(any::<u32>(), 0..=8)).prop_map(
        |(most, choice, stops)| {
            Spec::Infer(InferSpec { most, choice, stops: BoundedVec::truncate_from(stops) })
        },
    )
}

fn train() -> impl Strategy<Value = Spec> {
    let rank = prop::option::of(1..=u16::MAX);
    (records(), records(), 1..=u32::MAX, 1..=u32::MAX, rank).prop_map(
        |(data, set, steps, rate_ppm, rank)| {
            Spec::Train(TrainSpec { data, set, steps, rate_ppm, rank })
        },
    )
}

fn evaluate() -> impl Strategy<Value = Spec> {
    (records(), any::<u64>(), any::<u64>()).prop_map(|(set, first, count)| {
        let first = first % set.count();
        let count = count % (set.count() - first) + 1;
        Spec::Evaluate(EvaluateSpec { set, first, count })
    })
}

fn wasm() -> impl Strategy<Value = Spec> {
    (1..=u64::MAX, 1..=u64::MAX, 1..=MAX_PAGES, "[a-z]{1,64}").prop_map(
        |(bytes, fuel, memory_pages, name)| {
            let export = BoundedVec::truncate_from(name.into_bytes());
            Spec::Wasm(WasmSpec { module: file(bytes), fuel, memory_pages, export })
        },
    )
}

fn specs() -> impl Strategy<Value = Spec> {
    let simulate = (1..=u32::MAX, any::<u32>())
        .prop_map(|(steps, every)| Spec::Simulate(SimulateSpec { steps, every: every.min(steps) }));
    prop_oneof![infer(), Just(Spec::Embed(EmbedSpec)), train(), evaluate(), simulate, wasm()]
}

fn kinds() -> impl Strategy<Value = JobKind> {
    prop::sample::select(JobKind::ALL.to_vec())
}

fn plain() -> InferSpec {
    InferSpec { most: 16, choice: Choice::Greedy, stops: BoundedVec::truncate_from(vec![2]) }
}

fn drawn(multiplier: u16, shift: u8, most: u32, prefix: u32) -> Spec {
    Spec::Infer(InferSpec { choice: Choice::Drawn { multiplier, shift, most, prefix }, ..plain() })
}

fn call(pages: u32, fuel: u64, name: &[u8]) -> Spec {
    Spec::Wasm(WasmSpec {
        module: file(100),
        fuel,
        memory_pages: pages,
        export: BoundedVec::truncate_from(name.to_vec()),
    })
}

#[test]
fn encode_should_give_what_is_documented() {
    let expected = [&[VERSION][..], &16u32.to_le_bytes(), &[0], &[4], &2u32.to_le_bytes()].concat();
    assert_eq!(Spec::Infer(plain()).encode().into_inner(), expected);
    assert_eq!(Spec::Embed(EmbedSpec).encode().into_inner(), [VERSION]);
}

#[test]
fn encode_should_fit_the_parameters_when_a_spec_is_the_longest() {
    let longest = [
        InferSpec::max_encoded_len(),
        EmbedSpec::max_encoded_len(),
        TrainSpec::max_encoded_len(),
        EvaluateSpec::max_encoded_len(),
        SimulateSpec::max_encoded_len(),
        WasmSpec::max_encoded_len(),
    ];
    assert!(longest.iter().all(|bytes| *bytes < PARAMETER_BYTES as usize), "{longest:?}");
}

#[test]
fn decode_should_say_what_is_wrong_when_bytes_are_no_spec() {
    let good = Spec::Infer(plain()).encode().into_inner();
    let cases = [
        (vec![], Malformed::Empty),
        (vec![VERSION], Malformed::NotOfKind(JobKind::Infer)),
        ([&[2][..], &good[1..]].concat(), Malformed::Version { need: 1, have: 2 }),
        (good[..good.len() - 1].to_vec(), Malformed::NotOfKind(JobKind::Infer)),
        ([good.as_slice(), &[0, 0]].concat(), Malformed::LeftOver(2)),
        // Nine tokens that end a text.
        ([&good[..6], &[36], &[0; 36]].concat(), Malformed::NotOfKind(JobKind::Infer)),
        // There is no third way to choose.
        ([&good[..5], &[2], &good[6..]].concat(), Malformed::NotOfKind(JobKind::Infer)),
    ];
    for (bytes, reason) in cases {
        assert_eq!(Spec::decode(JobKind::Infer, &bytes), Err(reason), "{bytes:?}");
    }
}

/// What it is that is out of range; none where nothing is.
fn out_of_range(spec: &Spec) -> Option<&'static str> {
    match Spec::decode(spec.kind(), &spec.encode()) {
        Err(Malformed::OutOfRange { what, .. }) => Some(what),
        Ok(_) => None,
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn decode_should_name_the_number_when_it_is_out_of_range() {
    let (set, least) = (Records { file: file(100), record_bytes: 10 }, LEAST_MULTIPLIER);
    let evaluate = |first, count| Spec::Evaluate(EvaluateSpec { set, first, count });
    let simulate = |steps, every| Spec::Simulate(SimulateSpec { steps, every });
    let train =
        |steps, rate_ppm, rank| Spec::Train(TrainSpec { data: set, set, steps, rate_ppm, rank });
    let cases = [
        (Spec::Infer(InferSpec { most: 0, ..plain() }), Some("tokens of the text")),
        (drawn(least, 1, 1, 1), None),
        (drawn(u16::MAX, 62, u32::MAX, 65_536), None),
        (drawn(least - 1, 1, 1, 1), Some("the scale's multiplier")),
        (drawn(least, 0, 1, 1), Some("the scale's shift")),
        (drawn(least, 63, 1, 1), Some("the scale's shift")),
        (drawn(least, 1, 0, 1), Some("tokens drawn from")),
        (drawn(least, 1, 1, 0), Some("65,536ths of a prefix")),
        (drawn(least, 1, 1, 65_537), Some("65,536ths of a prefix")),
        (evaluate(9, 1), None),
        (evaluate(0, 10), None),
        (evaluate(0, 0), Some("examples")),
        (evaluate(0, 11), Some("examples")),
        (evaluate(10, 1), Some("the first example")),
        (evaluate(u64::MAX, 10), Some("the first example")),
        (simulate(5, 5), None),
        (simulate(0, 0), Some("steps of the simulation")),
        (simulate(5, 6), Some("steps between two states")),
        (train(1, 1, Some(1)), None),
        (train(0, 1, None), Some("steps of learning")),
        (train(1, 0, None), Some("millionths of the rate")),
        (train(1, 1, Some(0)), Some("the rank")),
        (call(65_536, 1, b"run"), None),
        (call(0, 1, b"run"), Some("pages of memory")),
        (call(65_537, 1, b"run"), Some("pages of memory")),
        (call(1, 0, b"run"), Some("fuel")),
        (call(1, 1, b""), Some("bytes of the function's name")),
    ];
    for (spec, expected) in cases {
        assert_eq!(out_of_range(&spec), expected, "{spec:?}");
    }
}

#[test]
fn decode_should_fail_when_records_do_not_fill_their_file() {
    let of = |bytes, record_bytes| {
        let set = Records { file: file(bytes), record_bytes };
        let spec = Spec::Evaluate(EvaluateSpec { set, first: 0, count: 1 });
        Spec::decode(JobKind::Evaluate, &spec.encode()).map(drop)
    };
    assert_eq!(of(20, 10), Ok(()));
    let ragged = Malformed::Ragged { what: "the set", bytes: 21, record_bytes: 10 };
    assert_eq!(of(21, 10), Err(ragged));
    let out = |what, most| Malformed::OutOfRange { what, least: 1, most, have: 0 };
    assert_eq!(of(0, 10), Err(out("bytes of a file of records", u64::MAX)));
    assert_eq!(of(20, 0), Err(out("bytes of a record", u32::MAX.into())));
}

#[test]
fn units_should_be_the_tokens_learnt_from_or_measured_on_whichever_are_more() {
    let records = |bytes, record_bytes| Records { file: file(bytes), record_bytes };
    let units = |steps, data, set| TrainSpec { data, set, steps, rate_ppm: 1, rank: None }.units();
    // Of five tokens the first is given.
    let (data, set) = (records(100, 20), records(40, 20));
    assert_eq!(units(3, data, set), 3 * 8 * 4);
    assert_eq!(units(3, data, records(20 * 1_000, 20)), 4_000);
    assert_eq!(units(3, data, records(1_000, 4)), 3 * 8 * 4);
    let longest = records(u64::from(u32::MAX), u32::MAX);
    assert_eq!(units(u32::MAX, longest, longest), u64::MAX);
}

#[test]
fn decode_should_fail_when_a_name_is_no_text() {
    let bytes = call(1, 1, &[0xff, 0xfe]).encode();
    assert_eq!(Spec::decode(JobKind::Wasm, &bytes), Err(Malformed::Unreadable));
}

#[test]
fn malformed_should_say_need_and_have() {
    let error = Spec::decode(JobKind::Wasm, &call(1, 0, b"run").encode()).unwrap_err();
    assert_eq!(error.to_string(), "fuel: from 1 to 18446744073709551615, and not 0");
}

proptest! {
    #[test]
    fn decode_should_give_back_what_was_encoded(spec in specs()) {
        prop_assert_eq!(Spec::decode(spec.kind(), &spec.encode()), Ok(spec));
    }

    /// Whatever is read has one form, so that two jobs with other bytes ask for something else.
    #[test]
    fn decode_should_take_one_form_of_each_spec(
        kind in kinds(), mut bytes in prop::collection::vec(any::<u8>(), 0..200), known: bool,
    ) {
        if let Some(first) = bytes.first_mut().filter(|_| known) {
            *first = VERSION;
        }
        if let Ok(spec) = Spec::decode(kind, &bytes) {
            prop_assert_eq!(spec.kind(), kind);
            prop_assert_eq!(spec.encode().into_inner(), bytes);
        }
    }

    /// A spec of another kind, or with a byte that is another one, is read as something else or not
    /// at all.
    #[test]
    fn decode_should_notice_when_a_byte_is_another_one(
        spec in specs(), place: prop::sample::Index, change in 1..=u8::MAX,
    ) {
        let mut bytes: Vec<u8> = spec.encode().into_inner();
        let place = place.index(bytes.len());
        bytes[place] ^= change;
        prop_assert_ne!(Spec::decode(spec.kind(), &bytes), Ok(spec));
    }
}
