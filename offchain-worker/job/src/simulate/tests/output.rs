//! What comes out, and how it lies there.

use super::*;

fn falling() -> String {
    scene(&[FLOOR, &dynamic(CUBE, [0.0, 3.0, 0.0]), &dynamic(BALL, [0.2, 4.2, 0.1])], &[])
}

#[test]
fn output_should_be_equal_when_the_scene_is() {
    let one = made(&falling(), 120, 7).expect("the scene is fine");
    assert_eq!(one, made(&falling(), 120, 7).expect("the scene is fine"));
    let other = falling().replace("0.016666668", "0.016");
    assert_ne!(after(120, &falling()), after(120, &other));
}

#[test]
fn hash_should_differ_when_only_the_text_of_the_scene_does() {
    let one = made(&falling(), 1, 0).expect("the scene is fine");
    let other = made(&format!("{} ", falling()), 1, 0).expect("the scene is fine");
    assert_ne!(one.trace, other.trace);
    assert_eq!(inline(&one)[32..], inline(&other)[32..]);
}

#[test]
fn output_should_hold_hash_last_state_and_each_state_kept() {
    let made = made(&falling(), 10, 3).expect("the scene is fine");
    let state = |steps| after(steps, &falling());
    let kept = [10, 3, 6, 9].map(state).concat();
    let bytes = inline(&made);
    assert_eq!(bytes[..32], made.trace);
    assert_eq!(bytes[32..].chunks_exact(52).map(numbers).collect::<Vec<_>>(), kept);
    assert_eq!((bytes.len(), made.units, made.fingerprint), (32 + 4 * 3 * 52, 30, None));
}

#[test]
fn trace_should_be_the_chain_of_all_states() {
    let scene = falling();
    let made = made(&scene, 3, 1).expect("the scene is fine");
    let states = inline(&made)[32 + 156..].chunks_exact(156);
    let first = *blake3::hash(scene.as_bytes()).as_bytes();
    let chain = states
        .fold(first, |hash, state| *blake3::hash(&[hash.as_slice(), state].concat()).as_bytes());
    assert_eq!(made.trace, chain);
}

#[test]
fn output_should_be_a_file_of_the_same_bytes_when_it_is_long() {
    let folder = tempfile::tempdir().expect("there is room");
    for every in [0, 4] {
        let spec = SimulateSpec { steps: 9, every };
        let short = made(&falling(), 9, every).expect("the scene is fine");
        let limit = u32::try_from(inline(&short).len()).expect("it is short");
        let run = |limit| run(&spec, falling().as_bytes(), folder.path(), limit);
        assert_eq!(run(limit), Ok(short.clone()));
        let long = run(limit - 1).expect("the scene is fine");
        let Product::Scratch(name) = &long.product else { panic!("it is inline") };
        let bytes = std::fs::read(folder.path().join(name)).expect("it was written");
        assert_eq!(bytes, inline(&short));
        assert_eq!((long.trace, long.units), (short.trace, short.units));
    }
}

#[test]
fn run_should_say_so_when_the_folder_takes_no_file() {
    let spec = SimulateSpec { steps: 1, every: 0 };
    let fault = run(&spec, falling().as_bytes(), Path::new("/nowhere/at/all"), 0).unwrap_err();
    assert_eq!(fault.failure, Failure::Internal);
}

#[test]
fn run_should_refuse_when_it_would_be_too_much() {
    let fault = made(&falling(), MAX_STEPS + 1, 0).unwrap_err();
    assert_eq!(fault.failure, Failure::MalformedSpec);
    assert!(fault.reason.starts_with(b"steps: at most 1000000"), "{fault}");
    // A million states of five bodies fit, and of six do not.
    let many = scene(&[FLOOR; 6], &[]);
    let fault = made(&many, MAX_STEPS, 1).unwrap_err();
    assert_eq!(fault.failure, Failure::MalformedSpec);
    assert!(fault.reason.starts_with(b"every: 1000001 states"), "{fault}");
    assert!(bytes(&SimulateSpec { steps: MAX_STEPS, every: 1 }, 5).is_ok());
}

#[test]
fn course_should_stop_when_the_simulation_diverges() {
    let read = read(&falling());
    let spec = SimulateSpec { steps: 5, every: 0 };
    let mut world = World::new(&read).expect("the scene is fine");
    world.poison(2);
    let sink = Sink::new(0, 0, Path::new("nowhere"), 0).expect("it is in memory");
    let fault = course(world, &spec, [0; 32], sink).unwrap_err();
    assert_eq!(fault, diverged(1));
    assert_eq!(fault.failure, Failure::Trapped);
}

#[test]
fn guarded_should_tell_the_step_when_the_engine_panics() {
    let fault = guarded(7, || panic!("an assertion")).unwrap_err();
    assert_eq!(fault.failure, Failure::Trapped);
    assert_eq!(fault.reason.as_slice(), b"the engine gave up at step 7");
}

#[test]
fn example_of_the_documentation_should_run() {
    let text = include_str!("../../../SIMULATE.md");
    let (_, rest) = text.split_once("```json\n").expect("there is an example");
    let (example, _) = rest.split_once("```").expect("it ends");
    let state = after(45, example);
    assert_eq!(state.len(), 4);
    assert!(near(state[1][1], 0.25, 0.05), "the box lies on the floor: {:?}", state[1]);
    assert!(state[3][1] < 1.9, "the arm swings: {:?}", state[3]);
}
