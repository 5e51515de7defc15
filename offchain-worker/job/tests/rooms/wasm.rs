//! Users' modules.

use crate::{
    home::{inline, Home},
    module::{self, *},
};
use cairn_order::{Fault, Input, Made, Order, Product};
use cairn_protocol::{
    failure::Failure,
    id::File,
    spec::{Spec, WasmSpec},
};
use std::fs;

const FUEL: u64 = 100_000_000;

fn spec(module: File) -> WasmSpec {
    let export = b"run".to_vec().try_into().expect("short");
    WasmSpec { module, fuel: FUEL, memory_pages: 3, export }
}

fn order(home: &Home, module: &[u8], input: &[u8]) -> Order {
    home.order(&Spec::Wasm(spec(home.put(module))), input, None)
}

/// The order with another spec.
fn with(order: Order, spec: WasmSpec) -> Order {
    Order { parameters: Spec::Wasm(spec).encode(), ..order }
}

fn run(draft: &Draft, input: &[u8]) -> Result<Made, Fault> {
    let home = Home::new();
    home.run(&order(&home, &draft.bytes(), input))
}

#[track_caller]
fn refused(draft: &Draft) -> (Failure, String) {
    let home = Home::new();
    home.refused(&order(&home, &draft.bytes(), b"stone"))
}

#[test]
fn module_should_be_given_its_input_and_heard_when_it_asks_for_nothing_else() {
    let home = Home::new();
    let order = order(&home, &module::echo(), b"stone");
    let made = home.run(&order).expect("it runs");
    assert_eq!(inline(&made), b"stone");
    assert_eq!((made.units, made.trace), (1, *blake3::hash(b"stone").as_bytes()));
    let stored = Order { input: Input::Stored(home.put(b"stone")), ..order };
    assert_eq!(home.run(&stored), Ok(made.clone()));
    assert_eq!(home.run(&stored), Ok(made));
}

#[test]
fn input_should_be_read_in_parts_when_the_module_asks_so() {
    // Two bytes from the third on, and as many as there are from the fifth on.
    let first = [int(4), int(2), int(2), vec![CALL, INPUT_READ, DROP]].concat();
    let second = [int(0), int(6), int(4), int(9), vec![CALL, INPUT_READ, I32_STORE]].concat();
    let draft = Draft::of(&[&first, &second, &WORD, &int(0), &int(7), &write()]);
    let made = run(&draft, b"stone").expect("it runs");
    // How many there were, and they.
    assert_eq!(inline(&made), b"\x01\0\0\0one");
}

#[test]
fn output_should_be_a_file_when_it_is_longer_than_the_answer() {
    let home = Home::new();
    let order = Order { inline: 4, ..order(&home, &module::echo(), b"stone") };
    let made = home.run(&order).expect("it runs");
    assert_eq!(made.product, Product::Scratch("output".into()));
    assert_eq!(fs::read(home.at("scratch").join("output")).expect("a file"), b"stone");
}

#[test]
fn output_should_be_refused_when_it_has_no_end() {
    let home = Home::new();
    let all = [int(0), int(64 << 20)].concat();
    let more = [int(0), int(1)].concat();
    let draft = Draft { memory: pages(1 << 10), ..Draft::of(&[&all, &write(), &more, &write()]) };
    let order = order(&home, &draft.bytes(), b"");
    let order = with(order, WasmSpec { memory_pages: 1 << 10, ..spec(home.put(&draft.bytes())) });
    let (failure, words) = home.refused(&order);
    assert_eq!(failure, Failure::Contained);
    assert!(words.contains("67108864"), "{words}");
}

#[test]
fn nan_should_be_the_canonical_one_when_a_module_computes_another() {
    let draft = Draft::of(&[
        &int(0),
        &int(0),
        &int(4),
        &[CALL, INPUT_READ, DROP],
        // Where the sum goes, and where what it is of lies.
        &int(0),
        &int(0),
        &[F32_LOAD],
        &WORD,
        &[F32_CONST],
        &1_f32.to_le_bytes(),
        &[F32_ADD, F32_STORE],
        &WORD,
        &int(0),
        &int(4),
        &write(),
    ]);
    // Signalling, and with a payload.
    let made = run(&draft, &0x7fa0_0001_u32.to_le_bytes()).expect("it runs");
    assert_eq!(inline(&made), 0x7fc0_0000_u32.to_le_bytes());
}

#[test]
fn module_should_be_refused_by_name_when_it_imports_what_there_is_not() {
    for (module, name) in [("wasi_snapshot_preview1", "fd_write"), ("cairn", "socket")] {
        let mut draft = Draft::of(&[]);
        draft.imports.push((module, name, 0));
        let (failure, words) = refused(&draft);
        assert_eq!(failure, Failure::UnsupportedOp);
        assert!(words.contains(&format!("'{module}.{name}'")), "{words}");
    }
    let mut draft = Draft::of(&[]);
    draft.imports[0].2 = 0;
    assert_eq!(refused(&draft).0, Failure::UnsupportedOp);
}

#[test]
fn module_should_be_refused_when_its_results_could_differ_or_it_is_none() {
    let shared = Draft { memory: vec![3, 1, 1], ..Draft::of(&[]) };
    let long = Draft { memory: vec![4, 1], ..Draft::of(&[]) };
    let vector = [[SIMD, 0x0c].as_slice(), &[0; 16]].concat();
    let relaxed = Draft::of(&[&vector, &vector, &[SIMD, 0x80, 0x02, DROP]]);
    for (draft, what) in [(shared, "shared"), (long, "memory64"), (relaxed, "relaxed SIMD")] {
        let (failure, words) = refused(&draft);
        assert_eq!(failure, Failure::UnsupportedOp, "{what}");
        assert!(words.contains(what), "{words}");
    }
    // Vectors that are not relaxed are the same everywhere.
    let swizzle = Draft::of(&[&vector, &vector, &[SIMD, 0x0e, DROP]]);
    assert!(run(&swizzle, b"").is_ok());
    let home = Home::new();
    assert_eq!(home.refused(&order(&home, b"(module)", b"")).0, Failure::UnsupportedOp);
}

#[test]
fn module_should_be_stopped_when_it_loops_without_end() {
    let home = Home::new();
    let draft = Draft::of(&[&[LOOP, NOTHING, BRANCH, 0, END]]);
    let order = order(&home, &draft.bytes(), b"");
    let few = WasmSpec { fuel: 10_000, ..spec(home.put(&draft.bytes())) };
    assert_eq!(home.refused(&with(order.clone(), few)).0, Failure::OutOfFuel);
    // No more than is paid for, whatever the spec says.
    let endless = WasmSpec { fuel: u64::MAX, ..spec(home.put(&draft.bytes())) };
    let order = Order { units: 3, ..with(order, endless) };
    assert_eq!(home.refused(&order).0, Failure::OutOfFuel);
}

#[test]
fn units_should_be_millions_of_fuel_when_a_module_computes() {
    let count = [
        vec![LOOP, NOTHING, LOCAL_GET, 0],
        int(1),
        vec![I32_ADD, LOCAL_TEE, 0],
        int(300_000),
        vec![I32_LESS, BRANCH_IF, 0, END],
    ];
    let made = run(&Draft::of(&[&count.concat()]), b"").expect("it runs");
    // Five to seven for each time.
    assert!((2..=3).contains(&made.units), "{}", made.units);
}

#[test]
fn recursion_should_be_no_answer_when_the_stack_is_full() {
    let (failure, words) = refused(&Draft::of(&[&[CALL, RUN]]));
    assert_eq!(failure, Failure::StackOverflow);
    assert!(words.contains("524288"), "{words}");
}

#[test]
fn memory_should_grow_up_to_what_the_spec_says() {
    let grow = |by| {
        let draft = Draft::of(&[
            &int(0),
            &int(by),
            &[MEMORY_GROW, 0, I32_STORE],
            &WORD,
            &int(0),
            &int(4),
            &write(),
        ]);
        let made = run(&draft, b"").expect("it runs");
        i32::from_le_bytes(inline(&made).try_into().expect("four bytes"))
    };
    assert_eq!(grow(2), 1);
    assert_eq!(grow(3), -1);
}

#[test]
fn module_should_be_out_of_memory_when_it_begins_with_more() {
    for draft in [
        Draft { memory: pages(4), ..Draft::of(&[]) },
        Draft { table: (1 << 20) + 1, ..Draft::of(&[]) },
    ] {
        assert_eq!(refused(&draft).0, Failure::OutOfMemory);
    }
    assert!(run(&Draft { memory: pages(3), table: 1 << 20, ..Draft::of(&[]) }, b"").is_ok());
}

#[test]
fn trap_should_say_what_it_is_when_a_module_gives_up() {
    let beyond = [int(65_535), int(2), write().to_vec()].concat();
    for (draft, said) in
        [(Draft::of(&[&[UNREACHABLE]]), "unreachable"), (Draft::of(&[&beyond]), "out of bounds")]
    {
        let (failure, words) = refused(&draft);
        assert_eq!(failure, Failure::Trapped);
        assert!(words.contains(said), "{words}");
    }
}

#[test]
fn order_should_be_refused_when_its_function_or_module_is_not_there() {
    let home = Home::new();
    let good = home.put(&module::echo());
    let order = order(&home, &module::echo(), b"");
    let named = |name: &[u8]| {
        let export = name.to_vec().try_into().expect("short");
        home.refused(&with(order.clone(), WasmSpec { export, ..spec(good) }))
    };
    for name in ["walk", "memory"] {
        let (failure, words) = named(name.as_bytes());
        assert_eq!(failure, Failure::MalformedSpec);
        assert!(words.contains(name), "{words}");
    }
    let failure = |module| home.refused(&with(order.clone(), spec(module))).0;
    assert_eq!(failure(File { bytes: good.bytes + 1, ..good }), Failure::FalseArtifact);
    let gone = home.put(b"stone");
    fs::remove_file(home.path(&gone)).expect("it is there");
    assert_eq!(failure(gone), Failure::MissingArtifact);
    fs::write(home.path(&gone), b"stony").expect("written");
    assert_eq!(failure(gone), Failure::FalseArtifact);
}
