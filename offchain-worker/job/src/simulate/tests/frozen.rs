//! What scenes come to, for ever: a change of these hashes is another engine.

use super::*;

pub(super) const STEPS: u32 = 240;

/// After so many steps, from the scene's own hash on.
pub(super) const FROZEN: [(&str, &str); 4] = [
    ("shapes", "051f54757c17af8fcb0563627748d90c0fc1b399bde4a09fefabb9d82135b95f"),
    ("joints", "34b86b096b0f5b032edc0338e4c105478b94fd3158dd5e8eae9fbc3386e87fb9"),
    ("solids", "443b8801e7c8a1a7c8b6b764b68af8436cadc38f666e8dea582f00dd4e63369c"),
    ("robot", "29963207e7d2348fae42c89288216274abe95d3b9cf317b046b13de34bb91eab"),
];

#[test]
fn scenes_should_come_to_what_they_always_came_to() {
    let trace = |scene: &str| made(scene, STEPS, 0).unwrap_or_else(|fault| panic!("{fault}")).trace;
    let hex = |hash: Digest| hash.map(|byte| format!("{byte:02x}")).concat();
    let scenes = scenes().map(|scene| hex(trace(&scene)));
    let have: Vec<(&str, &str)> =
        FROZEN.iter().zip(&scenes).map(|((name, _), hash)| (*name, hash.as_str())).collect();
    let line = |(name, hash): &(&str, &str)| format!("    (\"{name}\", \"{hash}\"),\n");
    let list: String = have.iter().map(line).collect();
    assert!(have == FROZEN, "these came to others:\n{list}");
}

/// Those that are frozen, in their order.
pub(super) fn scenes() -> [String; 4] {
    [shapes(), joints(), solids(), robots::arm()]
}

/// Of each shape several, in a heap on a terrain with a mesh in it.
fn shapes() -> String {
    let bumps = r#"{"kind": "fixed", "colliders": [{"shape": {"terrain": {"size": [12, 9],
        "heights": [[1, 0.2, 0.1, 1], [0.3, 0, 0.4, 0.9], [1, 0.5, 0.3, 1.2]]}}}]}"#;
    let ramp = r#"{"kind": "kinematic", "angular_velocity": [0, 0.5, 0], "colliders": [{"shape":
        {"mesh": {"points": [[-1, 0, -1], [1, 0.8, -1], [0, 0.2, 1]],
        "triangles": [[0, 2, 1]]}}}]}"#;
    let mut bodies = vec![bumps.to_string(), ramp.to_string()];
    for (index, (_, shape)) in SHAPES.iter().cycle().take(30).enumerate() {
        let at = |by: usize, share: f32| (index * by % 7) as f32 * share - 1.0;
        bodies.push(dynamic(shape, [at(3, 0.31), 1.5 + 0.4 * index as f32, at(5, 0.29)]));
    }
    let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
    scene(&bodies, &[])
}

/// A chain of all kinds, one after the other.
fn joints() -> String {
    let frames = r#""frames": [{"position": [0.4, 0, 0]}, {"position": [-0.4, 0.1, 0],
        "rotation": [0, 0, 0.38268343, 0.9238795]}]"#;
    let axes = [
        ("fixed", ""),
        (
            "revolute",
            r#"{"axis": "x", "limits": [-0.4, 1.1], "motor": {"target_velocity": 3,
            "damping": 2, "most_force": 40, "model": "force"}}"#,
        ),
        ("prismatic", r#"{"axis": "x", "limits": [-0.1, 0.3]}"#),
        (
            "spherical",
            r#"{"axis": "y", "limits": [-0.5, 0.5]}, {"axis": "z", "motor":
            {"target_position": 0.3, "stiffness": 50, "damping": 5}}"#,
        ),
    ];
    let mut bodies = vec![ANCHOR.to_string(), FLOOR.to_string()];
    let mut joints = Vec::new();
    for (index, (kind, axes)) in axes.iter().cycle().take(8).enumerate() {
        let link = r#"{"capsule": {"half_height": 0.2, "radius": 0.1}}"#;
        bodies.push(dynamic(link, [0.8 * (index + 1) as f32, 4.0, 0.0]));
        let before = if index == 0 { 0 } else { index + 1 };
        let pair = [before, index + 2];
        joints.push(format!(
            r#"{{"kind": "{kind}", "bodies": {pair:?}, {frames}, "axes": [{axes}]}}"#
        ));
    }
    let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
    let joints: Vec<&str> = joints.iter().map(String::as_str).collect();
    scene(&bodies, &joints)
}

/// Bodies of several parts that lie askew, which turn while they fall.
fn solids() -> String {
    let mut bodies = vec![FLOOR.to_string()];
    for (index, (_, shape)) in SHAPES.iter().enumerate() {
        let height = 2.0 + 1.5 * index as f32;
        bodies.push(format!(
            r#"{{"kind": "dynamic", "position": [0, {height}, 0], "angular_velocity": [1, 2, 3],
            "colliders": [{{"shape": {shape}, "position": [0.3, 0, 0.1], "density": 2}},
            {{"shape": {CUBE}, "position": [-0.2, 0.4, 0], "friction": 0.1, "restitution": 0.4,
            "rotation": [0.18257418, 0.36514837, 0.5477226, 0.73029673]}}]}}"#
        ));
    }
    let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
    scene(&bodies, &[])
}
