//! Where the time of a model goes. It is printed, for whoever makes the kernel faster:
//!
//! ```sh
//! cargo nextest run --release -p cairn-kernel --run-ignored only --no-capture tests::profile
//! ```
//!
//! Machines differ, so that no time is too long here, and an ordinary run would learn nothing.

use super::*;
use crate::{
    models::{Decoder, DecoderLayer, Experts, Outcome},
    program::Opcode,
    testing::artifacts,
};
use std::time::{Duration, Instant};

const ROWS: u32 = 512;
/// Of the small model, which are judged.
const FEW: u32 = 255;

/// Of the shape of Qwen3, with weights at random.
fn model() -> Decoder {
    Decoder {
        rows: ROWS,
        vocabulary: 32_768,
        hidden: 768,
        heads: 12,
        groups: 4,
        head: 64,
        inner: 2_048,
        experts: None,
        normed_heads: true,
        biased: false,
        tied: true,
        epsilon: 4_295,
        embedding: Scale::power(1),
        layers: vec![DecoderLayer::default(); 12],
        norm: Scale::power(-18),
        outcome: Outcome::LastLogits,
    }
}

/// Of the shape of the demo, whose experts are small, and which is judged by what it loses.
fn small_model() -> Decoder {
    Decoder {
        rows: FEW + 1,
        vocabulary: 256,
        hidden: 128,
        heads: 4,
        groups: 2,
        head: 32,
        inner: 96,
        experts: Some(Experts { count: 8, chosen: 2, all: false }),
        layers: vec![DecoderLayer { shifted: true, ..DecoderLayer::default() }; 3],
        outcome: Outcome::Loss(Scale::power(8)),
        ..model()
    }
}

/// What each kind of operator takes.
fn times(plan: &Plan<'_>, crew: &dyn Crew, piece: &Piece<'_>) -> BTreeMap<Opcode, Duration> {
    let mut state = plan.start();
    let rows = plan.admit(&state, piece).unwrap();
    let mut tensors = plan.given(piece, rows).unwrap();
    let span = Span { start: 0, rows, seed: piece.seed };
    let need = Need::of(plan.program, &[plan.program.program().result]);
    let mut times = BTreeMap::new();
    let spare = RefCell::default();
    for (index, step) in plan.program.program().ops.iter().enumerate() {
        let start = Instant::now();
        let kept = state.kept(index).unwrap();
        let made = plan.step(crew, step, kept, &tensors, (span, &spare), &need).unwrap();
        tensors.insert(step.result, made);
        for tensor in &plan.ends[index] {
            let left = tensors.remove(tensor);
            left.into_iter().for_each(|left| spare.borrow_mut().put(left));
        }
        *times.entry(step.op.opcode()).or_insert(Duration::ZERO) += start.elapsed();
    }
    times
}

/// The fastest of a few.
fn best(mut run: impl FnMut()) -> f64 {
    let mut once = || {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64()
    };
    (0..3).map(|_| once()).fold(f64::INFINITY, f64::min)
}

#[test]
#[ignore = "prints tokens a second of 100 million weights, and fails for no time"]
fn profile() {
    let program = model().model().program.check().unwrap();
    let held = artifacts(&program, 1);
    let tokens: Vec<i32> = (0..ROWS as i32).map(|i| i * 61 % 32_768).collect();
    for path in Path::ALL.into_iter().rev().filter(Path::is_there) {
        let plan = Plan::bind_for(path, &program, |id| held.get(&id).cloned()).unwrap();
        for hands in [1, 2] {
            let crew = Threads::new(hands).unwrap();
            let prefill = best(|| {
                plan.run_by(&crew, &mut plan.start(), &piece(&tokens), &[]).unwrap();
            });
            let mut state = plan.start();
            plan.run_by(&crew, &mut state, &piece(&tokens[..384]), &[]).unwrap();
            let decode = best(|| {
                let mut state = state.clone();
                for token in &tokens[384..400] {
                    plan.run_by(&crew, &mut state, &piece(&[*token]), &[]).unwrap();
                }
            });
            println!(
                "{path:?}, {hands} hands: {:.0} tokens/s prefill, {:.1} tokens/s decode",
                f64::from(ROWS) / prefill,
                16.0 / decode
            );
            if path == Path::Plain {
                break;
            }
            for (opcode, time) in times(&plan, &crew, &piece(&tokens)) {
                println!("  {:>8.2} ms  {opcode:?}", time.as_secs_f64() * 1e3);
            }
        }
    }
}

#[test]
#[ignore = "prints milliseconds a record of a small model, and fails for no time"]
fn small_profile() {
    let program = small_model().model().program.check().unwrap();
    let held = artifacts(&program, 1);
    let tokens: Vec<i32> = (0..=FEW as i32).map(|i| i * 61 % 256).collect();
    let (tokens, targets) = (&tokens[..FEW as usize], &tokens[1..]);
    let piece = Piece { tokens, targets, ..Piece::default() };
    for path in Path::ALL.into_iter().rev().filter(Path::is_there) {
        let plan = Plan::bind_for(path, &program, |id| held.get(&id).cloned()).unwrap();
        let plan = plan.for_many(64);
        let record = best(|| {
            for _ in 0..64 {
                plan.run(&mut plan.start(), &piece, &[]).unwrap();
            }
        });
        println!("{path:?}: {:.3} ms a record", record / 64.0 * 1e3);
        for (opcode, time) in times(&plan, &Alone, &piece) {
            println!("  {:>8.1} us  {opcode:?}", time.as_secs_f64() * 1e6);
        }
    }
}
