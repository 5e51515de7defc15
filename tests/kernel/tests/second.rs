//! What someone else computes: `second.py` and `steps.py`, which were written from the kernel's
//! README.

use cairn_kernel::{
    check::Checked,
    delta::Delta,
    element::{Error, Given, Inputs},
    micro::{self, Part, Steps},
    program::{Program, TensorId, Values},
    run::{Alone, Artifact, Path as Instructions, Tiling},
    testing::{deltas, numbers, operators, Case, Random, Scene},
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
const STEPS: u64 = 1_080;
/// Of each operator whose steps are compared.
const ELEMENTS: usize = 2;
/// Elements of more steps are not lied about: what is said of all of them is told.
const FEW: usize = 4_000;
const DELTAS: u64 = 400;
/// The most masters that a delta is tried on.
const MASTERS: u64 = 1_600;
/// The most tokens of a model: whoever computes plainly takes long for more.
const LENGTH: usize = 8;
/// What kernel/src/math/tests.rs has frozen.
const FUNCTIONS: &str = "0x43518e7794081d34";

type Tensors = BTreeMap<u32, Vec<i32>>;

/// What the other program says. It reads cases until one is not the same.
fn second(program: &str, arguments: &[&str], cases: impl Iterator<Item = Value>) -> String {
    let mut command = Command::new("python3");
    // What is compiled of one that another imports would lie among the sources.
    command.arg("-B").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(program)).args(arguments);
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
fn cases_should_be_the_same(program: &str, count: u64, case: fn(u64) -> Value) {
    let said = second(program, &[], (0..count).map(case));
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

/// What a judge is given, with what someone says of the steps.
struct Said<'a> {
    given: &'a Given,
    steps: &'a [Vec<i64>],
}

impl Inputs for Said<'_> {
    fn length(&self) -> u32 {
        self.given.length()
    }

    fn seed(&self) -> Option<[u8; 32]> {
        self.given.seed()
    }

    fn value(&self, tensor: TensorId, row: u32, column: u32) -> Option<i32> {
        self.given.value(tensor, row, column)
    }
}

impl Steps for Said<'_> {
    fn step(&self, part: usize, index: u32) -> Option<i64> {
        self.steps.get(part)?.get(index as usize).copied()
    }
}

/// Elements of an operator at random, with all of their steps.
fn steps(number: u64) -> Value {
    let mut scene = Scene::new(number);
    let write = operators::ALL[number as usize % operators::ALL.len()].1;
    let (op, result) = write(&mut scene);
    let source = scene.program(op, result);
    let program = source.clone().check().unwrap();
    let seed = [number as u8; 32];
    let given = scene.given(seed);
    let rows = result.rows.count(scene.length) as u32;
    let elements = [(); ELEMENTS].map(|()| {
        let row = scene.random.from(0, rows - 1);
        let place = [row, scene.random.from(0, result.columns - 1)];
        element(&program, place, &given, &mut scene.random)
    });
    // Where there are no steps, nothing has to be told of what they are made of.
    let is_told = elements.iter().any(|one| one["steps"] != json!([]));
    let told = scene.values().filter(|_| is_told);
    let tensors: Tensors = told.map(|(id, _, values)| (id.0, values.clone())).collect();
    json!({
        "program": hex(&source.encode()),
        "length": scene.length,
        "seed": hex(&seed),
        "tensors": tensors,
        "elements": elements,
    })
}

/// An element of the last operator, and what comes of a step of it when others are not what they
/// are said to be.
fn element(program: &Checked, place: [u32; 2], given: &Given, random: &mut Random) -> Value {
    let operator = program.program().ops.len() - 1;
    let [row, column] = place;
    let parts = micro::parts(program, operator, row, column, given).unwrap();
    let steps = micro::expand(program, operator, row, column, given).unwrap();
    let mut lies = Vec::new();
    if steps.iter().map(Vec::len).sum::<usize>() <= FEW {
        let said = said(&steps, &parts, random);
        let mut judged = Vec::new();
        for (part, Part { steps: count, .. }) in parts.iter().enumerate() {
            for index in [random.from(0, count - 1), random.from(0, count - 1), count - 1] {
                let lied = Said { given, steps: &said };
                let made = match micro::step(program, operator, place, part, index, &lied) {
                    Ok(made) => Some(made),
                    Err(Error::Step { .. }) => None,
                    Err(error) => panic!("{error}"),
                };
                judged.push(json!([part, index, made]));
            }
        }
        lies.push(json!({ "said": said, "judged": judged }));
    }
    // What the element is from and to is what its tensor can hold.
    let parts = parts.iter().take(parts.len().saturating_sub(1));
    let parts: Vec<_> = parts.map(|part| (part.steps, part.range.0, part.range.1)).collect();
    json!({ "row": row, "column": column, "parts": parts, "steps": steps, "lies": lies })
}

/// What a liar says: about half of it is so, and the rest mostly what it could be.
fn said(steps: &[Vec<i64>], parts: &[Part], random: &mut Random) -> Vec<Vec<i64>> {
    let is_wild = random.chance();
    let mut lie = |have: i64, (least, most): (i64, i64)| {
        let said = match random.below(8) {
            0..4 => have,
            4 => have + i64::from(random.between((-2, 2))),
            5 => least + random.below((most - least) as u64 + 1) as i64,
            6 => [least, most][random.below(2) as usize],
            _ => random.draw() as i64 >> random.below(64),
        };
        if is_wild && random.below(8) == 0 {
            said
        } else {
            said.clamp(least, most)
        }
    };
    let list = |(steps, part): (&Vec<i64>, &Part)| {
        steps.iter().map(|have| lie(*have, part.range)).collect::<Vec<_>>()
    };
    steps.iter().zip(parts).map(list).collect()
}

/// Bytes that may be those of a delta, and masters that it moves.
fn delta(number: u64) -> Value {
    let random = &mut Random(number);
    let mut bytes = deltas::any(random).encode();
    if random.chance() {
        let at = random.below(bytes.len() as u64) as usize;
        bytes[at] = random.draw() as u8;
        bytes.truncate(bytes.len() - random.from(0, 1) as usize * random.from(0, 3) as usize);
    }
    let Ok(delta) = Delta::decode(&bytes) else {
        return json!({ "bytes": hex(&bytes), "delta": null });
    };
    let (rows, columns) = delta.shape();
    let size = u64::from(rows) * u64::from(columns);
    // With another byte it may be for more masters than there is memory for.
    let size = if size <= MASTERS { size as usize } else { 0 };
    let before = random.numbers(Values::Masters.range(), size);
    let mut after: Vec<i16> = before.iter().map(|master| *master as i16).collect();
    if size > 0 {
        delta.apply(&mut after).unwrap();
    }
    let mut parts = json!({ "rows": rows, "columns": columns });
    match &delta {
        Delta::Sparse(sparse) => parts["changed"] = json!(sparse.changed()),
        Delta::LowRank(low) => {
            parts["shift"] = json!(low.shift());
            for (name, tensor, numbers) in delta.tensors() {
                parts[name] = json!(numbers);
                if name == "high" {
                    parts["rank"] = json!(tensor.columns);
                }
            }
        }
    }
    json!({ "bytes": hex(&bytes), "delta": parts, "before": before, "after": after })
}

#[test]
fn operators_should_be_the_same_when_someone_else_computes_them() {
    cases_should_be_the_same("second.py", OPERATORS, operator);
}

#[test]
fn models_should_be_the_same_when_someone_else_computes_them() {
    cases_should_be_the_same("second.py", MODELS, model);
}

#[test]
fn steps_should_be_the_same_when_someone_else_judges_them() {
    cases_should_be_the_same("steps.py", STEPS, steps);
}

#[test]
fn deltas_should_be_the_same_when_someone_else_reads_them() {
    cases_should_be_the_same("steps.py", DELTAS, delta);
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
    cases_should_be_the_same("second.py", 1, off);
}

#[test]
#[should_panic(expected = "(mean), row 0, column ")]
fn difference_should_be_found_when_one_step_is_off() {
    let off = |_: u64| {
        let mut case = steps(18);
        let step = &mut case["elements"][1]["steps"][0][0];
        *step = json!(step.as_i64().unwrap() + 1);
        case
    };
    cases_should_be_the_same("steps.py", 1, off);
}

#[test]
#[should_panic(expected = "where others are not so: have ")]
fn difference_should_be_found_when_a_judge_says_otherwise() {
    let off = |_: u64| {
        let mut case = steps(18);
        let judged = &mut case["elements"][1]["lies"][0]["judged"][0][2];
        *judged = json!(judged.as_i64().unwrap_or(0) + 1);
        case
    };
    cases_should_be_the_same("steps.py", 1, off);
}

#[test]
#[should_panic(expected = "case 0, the delta: have ")]
fn difference_should_be_found_when_bytes_are_said_to_be_no_delta() {
    let none = |_: u64| {
        let bytes = deltas::any(&mut Random(1)).encode();
        json!({ "bytes": hex(&bytes), "delta": null })
    };
    cases_should_be_the_same("steps.py", 1, none);
}

#[test]
fn functions_should_be_the_same_when_someone_else_computes_them() {
    let said = second("second.py", &["functions"], iter::empty());
    assert_eq!(said.trim(), FUNCTIONS);
}
