use super::*;
use cairn_order::Product;

mod bad;
mod frozen;
mod motion;
mod output;
mod robots;
mod solids;
mod wasm;

const FLOOR: &str = r#"{"kind": "fixed", "position": [0, -0.5, 0],
    "colliders": [{"shape": {"cuboid": {"half": [10, 0.5, 10]}}}]}"#;
/// Flat, at height zero.
const TERRAIN: &str = r#"{"kind": "fixed", "colliders": [{"shape":
    {"terrain": {"size": [20, 20], "heights": [[0, 0, 0], [0, 0, 0], [0, 0, 0]]}}}]}"#;
const ANCHOR: &str = r#"{"kind": "fixed"}"#;
const BALL: &str = r#"{"ball": {"radius": 0.5}}"#;
const CUBE: &str = r#"{"cuboid": {"half": [0.5, 0.5, 0.5]}}"#;
/// Eight faces, and a point within.
const HULL: &str = r#"{"hull": {"points": [[0.5, 0, 0], [-0.5, 0, 0], [0, 0.1, 0], [0, 0.5, 0],
    [0, -0.5, 0], [0, 0, 0.5], [0, 0, -0.5]]}}"#;
/// Of everything that can be dynamic.
const SHAPES: [(&str, &str); 6] = [
    ("ball", BALL),
    ("cuboid", CUBE),
    ("capsule", r#"{"capsule": {"half_height": 0.5, "radius": 0.3}}"#),
    ("cylinder", r#"{"cylinder": {"half_height": 0.5, "radius": 0.5}}"#),
    ("cone", r#"{"cone": {"half_height": 0.5, "radius": 0.5}}"#),
    ("hull", HULL),
];

/// The numbers of one body in a state.
type Numbers = [f32; 13];

fn scene(bodies: &[&str], joints: &[&str]) -> String {
    let (bodies, joints) = (bodies.join(", "), joints.join(", "));
    format!(
        r#"{{"form": "cairn-scene-1", "gravity": [0, -9.81, 0], "timestep": 0.016666668,
        "bodies": [{bodies}], "joints": [{joints}]}}"#
    )
}

fn dynamic(shape: &str, position: [f32; 3]) -> String {
    let collider = format!(r#"{{"shape": {shape}}}"#);
    format!(r#"{{"kind": "dynamic", "position": {position:?}, "colliders": [{collider}]}}"#)
}

fn made(scene: &str, steps: u32, every: u32) -> Result<Made, Fault> {
    run(&SimulateSpec { steps, every }, scene.as_bytes(), Path::new("nowhere"), u32::MAX)
}

fn inline(made: &Made) -> &[u8] {
    match &made.product {
        Product::Inline(bytes) => bytes,
        Product::Scratch(name) => panic!("it is in the file {name}"),
    }
}

/// All bodies as they are after so many steps.
fn after(steps: u32, scene: &str) -> Vec<Numbers> {
    let made = made(scene, steps, 0).expect("the scene is fine");
    inline(&made)[32..].chunks_exact(52).map(numbers).collect()
}

fn numbers(body: &[u8]) -> Numbers {
    let mut words = body.chunks_exact(4).map(<[u8; 4]>::try_from);
    let word = |_| words.next().expect("thirteen numbers").expect("four bytes each");
    std::array::from_fn(word).map(f32::from_le_bytes)
}

fn read(scene: &str) -> Scene {
    Scene::read(scene.as_bytes()).unwrap_or_else(|words| panic!("{words}"))
}

fn near(one: f32, other: f32, within: f32) -> bool {
    (one - other).abs() <= within
}
