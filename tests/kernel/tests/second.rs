//! What someone else computes: `second.py`, which was written from the kernel's README.

use cairn_kernel::{
    program::{Program, TensorId},
    run::{Alone, Artifact, Path as Instructions, Tiling},
    testing::{numbers, operators, Case, Scene},
};
use serde_json::{json, Value};
use std::{
    collections::BTreeMap,
    io::{BufWriter, Write},
    iter,
    path::Path,
    process::{Command, Stdio},
};

const OPERATORS: u64 = 1_000;
const MODELS: u64 = 24;
/// The most tokens of a model: whoever computes plainly takes long for more.
const LENGTH: usize = 8;
/// What kernel/src/math/tests.rs has frozen.
const FUNCTIONS: &str = "0x43518e7794081d34";

type Tensors = BTreeMap<u32, Vec<i32>>;

/// What the other program says. It reads cases until one is not the same.
fn second(arguments: &[&str], cases: impl Iterator<Item = Value>) -> String {
    let mut command = Command::new("python3");
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("second.py")).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn();
    let mut child = child.unwrap_or_else(|error| panic!("this test needs python3: {error}"));
    let mut pipe = BufWriter::new(child.stdin.take().unwrap());
    for case in cases {
        if writeln!(pipe, "{case}").is_err() {
            break;
        }
    }
    drop(pipe);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{error}");
    said
}

/// Of so many cases, each of them computed by both.
fn cases_should_be_the_same(count: u64, case: fn(u64) -> Value) {
    let said = second(&[], (0..count).map(case));
    assert!(said.starts_with(&format!("{count} cases, ")), "{said}");
    println!("{said}");
}

fn case(
    program: &Program,
    length: usize,
    seed: [u8; 32],
    tensors: Tensors,
    need: Tensors,
) -> Value {
    json!({
        "program": hex(&program.encode()),
        "length": length,
        "seed": hex(&seed),
        "tensors": tensors,
        "need": need,
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An operator at random, with whatever it may read.
fn operator(number: u64) -> Value {
    let mut scene = Scene::new(number);
    let write = operators::ALL[number as usize % operators::ALL.len()].1;
    let (op, result) = write(&mut scene);
    let program = scene.program(op, result);
    let seed = [number as u8; 32];
    let made = scene.compute(&program, Instructions::Plain, Tiling::USUAL, &Alone, seed);
    let tensors = scene.values().map(|(id, _, values)| (id.0, values.clone())).collect();
    let need = Tensors::from([(program.result.0, numbers(&made))]);
    case(&program, scene.length as usize, seed, tensors, need)
}

/// A model at random, with all that it makes.
fn model(number: u64) -> Value {
    let mut one = Case { path: Instructions::Plain, ..Case::any(number) };
    let columns = one.features_a_row();
    one.tokens.truncate(LENGTH);
    one.targets.truncate(LENGTH);
    one.features.truncate(LENGTH * columns);
    let whole = one.whole();
    let is_made = |id: &TensorId| one.program.tensor(*id).unwrap().values.is_made();
    let (made, given): (Vec<_>, Vec<_>) = one.all().into_iter().partition(is_made);
    let computed = |id: TensorId| (id.0, numbers(whole.get(id).unwrap()));
    let artifacts = one.artifacts.iter().map(|(id, artifact)| (id.0, held(artifact)));
    let tensors = given.into_iter().map(computed).chain(artifacts).collect();
    let need = made.into_iter().map(computed).collect();
    case(one.program.program(), one.length(), one.seed, tensors, need)
}

fn held(artifact: &Artifact<'_>) -> Vec<i32> {
    match artifact {
        Artifact::Masters(masters) => masters.iter().copied().map(i32::from).collect(),
        Artifact::Constants(constants) => constants.to_vec(),
        other => panic!("{other:?}: what is at random is masters and constants"),
    }
}

#[test]
fn operators_should_be_the_same_when_someone_else_computes_them() {
    cases_should_be_the_same(OPERATORS, operator);
}

#[test]
fn models_should_be_the_same_when_someone_else_computes_them() {
    cases_should_be_the_same(MODELS, model);
}

#[test]
#[should_panic(expected = "(add), row 0, column 0: have ")]
fn difference_should_be_found_when_one_number_is_off() {
    let off = |_: u64| {
        let mut case = operator(2);
        let numbers = case["need"].as_object_mut().unwrap().values_mut().next().unwrap();
        numbers[0] = json!(numbers[0].as_i64().unwrap() + 1);
        case
    };
    cases_should_be_the_same(1, off);
}

#[test]
fn functions_should_be_the_same_when_someone_else_computes_them() {
    assert_eq!(second(&["functions"], iter::empty()).trim(), FUNCTIONS);
}
