//! What moves, and where to.

use super::*;

/// Brings x to z, so that a hinge turns about z.
const ABOUT_Z: &str = r#"{"rotation": [0, -0.70710677, 0, 0.70710677]}"#;

#[test]
fn bodies_should_come_to_rest_on_a_floor_when_they_fall() {
    for (name, shape) in SHAPES {
        let state = after(300, &scene(&[FLOOR, &dynamic(shape, [0.0, 2.0, 0.0])], &[]));
        let [_, height, ..] = state[1];
        assert!((0.2..1.0).contains(&height), "{name} lies at {height}");
        assert!(near(state[1][8], 0.0, 0.1), "{name} still falls at {}", state[1][8]);
    }
}

#[test]
fn stack_should_come_to_rest_above_the_terrain_when_it_falls() {
    let boxes = [0.6, 1.7, 2.8].map(|height| dynamic(CUBE, [0.3, height, -0.2]));
    let [one, two, three] = &boxes;
    let state = after(600, &scene(&[TERRAIN, one, two, three], &[]));
    for (body, height) in state[1..].iter().zip([0.5, 1.5, 2.5]) {
        assert!(near(body[1], height, 0.1), "{body:?} is not at {height}");
        assert!(body[7..].iter().all(|number| near(*number, 0.0, 0.1)), "{body:?} moves");
    }
}

#[test]
fn body_should_rest_on_a_mesh_where_the_mesh_was_moved_to() {
    let mesh = r#"{"kind": "fixed", "colliders": [{"position": [0, 1, 0], "shape": {"mesh": {
        "points": [[-9, 0, -9], [-9, 0, 9], [9, 0, 9], [9, 0, -9]],
        "triangles": [[0, 1, 2], [0, 2, 3]]}}}]}"#;
    let state = after(300, &scene(&[mesh, &dynamic(BALL, [1.0, 3.0, -2.0])], &[]));
    assert!(near(state[1][1], 1.5, 0.05), "{:?}", state[1]);
}

#[test]
fn collider_should_lie_where_it_was_moved_to_in_its_body() {
    let moved = format!(
        r#"{{"kind": "dynamic", "position": [0, 1, 0],
        "colliders": [{{"position": [0, 1, 0], "shape": {CUBE}}}]}}"#
    );
    let state = after(300, &scene(&[FLOOR, &moved], &[]));
    assert!(near(state[1][1], -0.5, 0.05), "{:?}", state[1]);
}

#[test]
fn ball_should_roll_along_x_where_the_rows_of_a_terrain_rise() {
    let slope = r#"{"kind": "fixed", "colliders": [{"shape":
        {"terrain": {"size": [20, 20], "heights": [[0, 4], [0, 4]]}}}]}"#;
    let state = after(120, &scene(&[slope, &dynamic(BALL, [0.0, 2.6, 0.0])], &[]));
    let [x, _, z, ..] = state[1];
    assert!(x < -0.3 && near(z, 0.0, 0.05), "{:?}", state[1]);
}

#[test]
fn kinematic_body_should_keep_its_velocity() {
    let moved = r#"{"kind": "kinematic", "linear_velocity": [1, 0, 0]}"#;
    let state = after(60, &scene(&[moved], &[]));
    assert!(near(state[0][0], 1.0, 1e-3) && near(state[0][1], 0.0, 1e-6), "{:?}", state[0]);
}

/// A ball that hangs on a fixed body one away, along x.
fn hanging(joint: &str) -> String {
    let ball = dynamic(r#"{"ball": {"radius": 0.2}}"#, [1.0, 0.0, 0.0]);
    scene(&[ANCHOR, &ball], &[joint])
}

#[test]
fn joint_should_hold_a_body_as_its_kind_says() {
    let joint = |kind: &str| {
        hanging(&format!(
            r#"{{"kind": "{kind}", "bodies": [0, 1],
            "frames": [{{}}, {{"position": [-1, 0, 0]}}]}}"#
        ))
    };
    for (kind, falls) in
        [("fixed", false), ("revolute", false), ("prismatic", false), ("spherical", true)]
    {
        let [x, y, z, ..] = after(30, &joint(kind))[1];
        let far = (x * x + y * y + z * z).sqrt();
        assert!(near(far, 1.0, 0.05), "{kind}: {far} away");
        assert_eq!(y < -0.3, falls, "{kind}: at {y}");
    }
}

#[test]
fn prismatic_joint_should_stop_where_its_limit_is() {
    // Along y, to which the frame's x is turned.
    let along = r#"{"rotation": [0, 0, 0.70710677, 0.70710677]}"#;
    let joint = format!(
        r#"{{"kind": "prismatic", "bodies": [0, 1], "frames": [{along}, {along}],
        "axes": [{{"axis": "x", "limits": [-0.5, 2]}}]}}"#
    );
    let ball = dynamic(BALL, [0.0, 0.0, 0.0]);
    let state = after(240, &scene(&[ANCHOR, &ball], &[&joint]));
    assert!(near(state[1][1], -0.5, 0.05), "{:?}", state[1]);
}

#[test]
fn revolute_joint_should_stop_where_its_limit_is_when_limits_are_not_about_zero() {
    let turn = r#""rotation": [0, -0.70710677, 0, 0.70710677]"#;
    let joint = format!(
        r#"{{"kind": "revolute", "bodies": [0, 1],
        "frames": [{{{turn}}}, {{"position": [-1, 0, 0], {turn}}}],
        "axes": [{{"axis": "x", "limits": [-0.2, 0.6]}}]}}"#
    );
    let [x, y, ..] = after(300, &hanging(&joint))[1];
    // The cosine and the sine of -0.2.
    assert!(near(x, 0.98, 0.03) && near(y, -0.199, 0.05), "at {x}, {y}");
}

#[test]
fn spherical_joint_should_stop_where_its_limit_is() {
    let joint = r#"{"kind": "spherical", "bodies": [0, 1],
        "frames": [{}, {"position": [-1, 0, 0]}], "axes": [{"axis": "z", "limits": [-0.3, 0.3]}]}"#;
    let [_, y, ..] = after(60, &hanging(joint))[1];
    assert!(near(y, -0.296, 0.05), "at {y}");
}

#[test]
fn motor_should_turn_a_hinge_as_fast_as_it_says() {
    let joint = format!(
        r#"{{"kind": "revolute", "bodies": [0, 1], "frames": [{ABOUT_Z}, {ABOUT_Z}],
        "axes": [{{"axis": "x", "motor": {{"target_velocity": 2, "damping": 1000}}}}]}}"#
    );
    let wheel = dynamic(CUBE, [0.0; 3]);
    let state = after(60, &scene(&[ANCHOR, &wheel], &[&joint]));
    assert!(near(state[1][12].abs(), 2.0, 0.1), "{:?}", state[1]);
}

#[test]
fn motor_should_hold_a_hinge_at_its_position() {
    let joint = format!(
        r#"{{"kind": "revolute", "bodies": [0, 1], "frames": [{ABOUT_Z}, {ABOUT_Z}], "axes": [
        {{"axis": "x", "limits": [0, 1.5], "motor": {{"target_position": 0.5, "stiffness": 1000,
        "damping": 100}}}}]}}"#
    );
    let wheel = dynamic(CUBE, [0.0; 3]);
    let state = after(300, &scene(&[ANCHOR, &wheel], &[&joint]));
    let [_, _, _, _, _, z, w, ..] = state[1];
    // The sine and the cosine of a quarter.
    assert!(near(z.abs(), 0.247, 0.02) && near(w.abs(), 0.969, 0.02), "{:?}", state[1]);
    assert!(z * w > 0.0, "turned the other way: {:?}", state[1]);
}
