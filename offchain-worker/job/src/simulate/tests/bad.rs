//! Scenes that are refused, and the words for it.

use super::*;

fn body(rest: &str) -> String {
    scene(&[&format!(r#"{{"kind": "fixed", {rest}}}"#)], &[])
}

fn shaped(shape: &str) -> String {
    body(&format!(r#""colliders": [{{"shape": {shape}}}]"#))
}

fn tied(rest: &str) -> String {
    let [one, two] = [[0.0; 3], [1.0, 0.0, 0.0]].map(|position| dynamic(BALL, position));
    scene(&[FLOOR, &one, &two, FLOOR], &[&format!(r#"{{"kind": {rest}}}"#)])
}

#[test]
fn run_should_refuse_what_is_not_of_the_form() {
    let empty = scene(&[], &[]);
    let cases = [
        (String::new(), "line 1, column 0: EOF"),
        ("{".into(), "line 1, column 1: EOF"),
        (empty.clone(), "bodies: from 1 to 4096, and not 0"),
        (empty.replace("cairn-scene-1", "cairn-scene-2"), "form: \"cairn-scene-1\", and not"),
        (empty.replace("0.016666668", "1e999"), "line 1, column"),
        (empty.replace("0.016666668", "1e39"), "line 1, column"),
        (empty.replace("0.016666668", "0"), "timestep: from 0.000001 to 1, and not 0"),
        (empty.replace("-9.81", "-1000001"), "gravity: from -1000000 to 1000000, and not"),
        (body(r#""colour": 1"#), "line 2, column"),
        (body(r#""kind": "fixed""#), "line 2, column"),
        (shaped(r#"{"ball": {"radius": 1, "colour": 1}}"#), "line 2, column"),
        (shaped(r#"{"torus": {"radius": 1}}"#), "line 2, column"),
        (tied(r#""sliding", "bodies": [1, 2]"#), "line 4, column"),
    ];
    for (text, words) in cases {
        assert_refused(&text, words);
    }
}

#[test]
fn run_should_name_the_unknown_field() {
    let fault = made(&body(r#""colour": 1"#), 1, 0).unwrap_err();
    assert!(fault.to_string().contains("unknown field `colour`"), "{fault}");
}

#[test]
fn run_should_refuse_bodies_out_of_bounds() {
    let many = scene(&vec![ANCHOR; check::MAX_BODIES + 1], &[]);
    let light = dynamic(r#"{"ball": {"radius": 1e-6}}"#, [0.0; 3]);
    let cases = [
        (many, "bodies: from 1 to 4096, and not 4097"),
        (body(r#""rotation": [0, 0, 0, 0]"#), "bodies[0].rotation: a quaternion x, y, z, w of"),
        (body(r#""rotation": [0, 0, 0, 1.1]"#), "bodies[0].rotation: a quaternion"),
        (body(r#""position": [0, 2e6, 0]"#), "bodies[0].position: from -1000000"),
        (body(r#""linear_velocity": [0, 1, 0]"#), "bodies[0].linear_velocity, angular_"),
        (scene(&[r#"{"kind": "dynamic"}"#], &[]), "bodies[0].colliders: at least one"),
        (scene(&[&light], &[]), "bodies[0]: its mass: from 1e-12"),
        (weighing("[1, 1, 1, 2, 0, 0]"), "bodies[0]: its moments of inertia: from 1e-18"),
        (weighing("[1, 1, 0, 0, 0, 0]"), "bodies[0]: its moments of inertia: from 1e-18"),
    ];
    for (text, words) in cases {
        assert_refused(&text, words);
    }
}

fn weighing(inertia: &str) -> String {
    let mass = format!(r#"{{"mass": 1, "inertia": {inertia}}}"#);
    scene(&[&format!(r#"{{"kind": "dynamic", "mass": {mass}}}"#)], &[])
}

#[test]
fn run_should_refuse_colliders_out_of_bounds() {
    let terrain = r#"{"terrain": {"size": [1, 1], "heights": [[0, 0], [0, 0]]}}"#;
    let moved = format!(r#""colliders": [{{"position": [0, 1, 0], "shape": {terrain}}}]"#);
    let heavy = format!(r#""colliders": [{{"density": 0, "shape": {BALL}}}]"#);
    let bouncy = format!(r#""colliders": [{{"restitution": 1.5, "shape": {BALL}}}]"#);
    let at = |words: &str| format!("bodies[0].colliders[0].{words}");
    let cases = [
        (shaped(r#"{"ball": {"radius": -1}}"#), at("shape.ball.radius: above 0 and at most")),
        (shaped(r#"{"cuboid": {"half": [1, 0, 1]}}"#), at("shape.cuboid.half: above 0")),
        (shaped(r#"{"hull": {"points": [[0, 0, 0]]}}"#), at("shape.hull.points: from 4 to 1024")),
        (shaped(&flat()), at("shape.hull.points: not all in one plane")),
        (shaped(&rows("[[0, 1]]")), at("shape.terrain.heights: from 2")),
        (shaped(&rows("[[0], [1]]")), at("shape.terrain.heights[0]: from 2")),
        (shaped(&rows("[[0, 1], [1]]")), at("shape.terrain.heights[1]: from 2 to 2, and not 1")),
        (shaped(&triangle("[0, 1, 3]")), at("shape.mesh.triangles[0]: three numbers of points")),
        (shaped(&triangle("[0, 1, 1]")), at("shape.mesh.triangles[0]: three numbers of points")),
        (body(&moved), at("position, rotation: none for a terrain")),
        (body(&heavy), at("density: above 0")),
        (body(&bouncy), at("restitution: from 0 to 1, and not 1.5")),
        (scene(&[&dynamic(terrain, [0.0; 3])], &[]), at("shape: no terrain and no mesh")),
    ];
    for (text, words) in cases {
        assert_refused(&text, &words);
    }
}

fn flat() -> String {
    r#"{"hull": {"points": [[0, 0, 0], [1, 0, 0], [0, 0, 1], [1, 0, 1], [0.5, 0, 2]]}}"#.into()
}

fn rows(heights: &str) -> String {
    format!(r#"{{"terrain": {{"size": [1, 1], "heights": {heights}}}}}"#)
}

fn triangle(corners: &str) -> String {
    let points = "[[0, 0, 0], [1, 0, 0], [0, 0, 1]]";
    format!(r#"{{"mesh": {{"points": {points}, "triangles": [{corners}]}}}}"#)
}

#[test]
fn run_should_refuse_what_is_too_many_in_all() {
    let collider = format!(r#"{{"shape": {BALL}}}"#);
    let many = vec![collider.as_str(); check::MAX_COLLIDERS + 1].join(", ");
    let row = format!("[{}]", vec!["0"; 1 << 10].join(", "));
    let wide = format!("[{}]", vec![row.as_str(); (1 << 10) + 1].join(", "));
    let joint = r#"{"kind": "fixed", "bodies": [0, 1]}"#;
    let cases = [
        (body(&format!(r#""colliders": [{many}]"#)), "bodies: their colliders: from 0 to 8192"),
        (shaped(&rows(&wide)), "bodies: their heights: from 0 to 1048576"),
        (scene(&[FLOOR], &vec![joint; check::MAX_JOINTS + 1]), "joints: from 0 to 4096"),
    ];
    for (text, words) in cases {
        assert_refused(&text, words);
    }
}

#[test]
fn run_should_refuse_joints_out_of_bounds() {
    let cases = [
        (r#""fixed", "bodies": [1, 4]"#, "bodies: numbers below 4, and not 4"),
        (r#""fixed", "bodies": [1, 1]"#, "bodies: two, of which one is dynamic"),
        (r#""fixed", "bodies": [0, 3]"#, "bodies: two, of which one is dynamic"),
        (
            r#""fixed", "bodies": [0, 1], "frames": [{}, {"rotation": [0, 0, 0, 0]}]"#,
            "frames[1].rotation: a quaternion",
        ),
        (
            r#""fixed", "bodies": [0, 1], "axes": [{"axis": "x"}]"#,
            "axes[0].axis: each of [] at most once",
        ),
        (
            r#""prismatic", "bodies": [0, 1], "axes": [{"axis": "x"}, {"axis": "x"}]"#,
            "axes[1].axis: each of [X] at most once",
        ),
        (
            r#""revolute", "bodies": [0, 1], "axes": [{"axis": "x", "limits": [1, 0]}]"#,
            "axes[0].limits: the least first",
        ),
        (
            r#""spherical", "bodies": [0, 1], "axes": [{"axis": "y", "limits": [-1, 2]}]"#,
            "axes[0].limits: about zero",
        ),
        (
            r#""revolute", "bodies": [0, 1], "axes": [{"axis": "x", "motor": {}}]"#,
            "axes[0].motor: a stiffness or a damping of",
        ),
        (
            r#""revolute", "bodies": [0, 1], "axes": [{"axis": "x", "motor": {"damping": -1}}]"#,
            "axes[0].motor.damping: from 0",
        ),
    ];
    for (rest, words) in cases {
        assert_refused(&tied(rest), &format!("joints[0].{words}"));
    }
}

pub(super) fn assert_refused(scene: &str, words: &str) {
    let fault = made(scene, 1, 0).expect_err(words);
    assert_eq!(fault.failure, Failure::MalformedSpec, "{words}");
    let have = String::from_utf8_lossy(&fault.reason);
    assert!(have.starts_with(words), "not \"{words}\" but \"{have}\"");
}
