//! Masses, hulls and the arithmetic below them.

use super::*;
use std::{array::from_fn, f32::consts::PI};

const CORNERS: &str = "[[-1, -2, -3], [1, -2, -3], [-1, 2, -3], [1, 2, -3], [-1, -2, 3],
    [1, -2, 3], [-1, 2, 3], [0.5, 0.5, 0.5], [1, 2, 3]]";

fn weighed(colliders: &str) -> mass::Weight {
    let body = format!(r#"{{"kind": "dynamic", "colliders": [{colliders}]}}"#);
    let scene = read(&scene(&[&body], &[]));
    mass::weight(&scene.bodies[0]).unwrap_or_else(|words| panic!("{words}"))
}

/// Least first, since axes are found in any order.
fn moments(weight: &mass::Weight) -> [f32; 3] {
    let mut moments = weight.inertia;
    moments.sort_by(f32::total_cmp);
    moments
}

fn assert_near(have: &[f32], need: &[f32], share: f32) {
    let fine = have.iter().zip(need).all(|(one, two)| near(*one, *two, share * two.abs() + 1e-5));
    assert!(fine && have.len() == need.len(), "{have:?} is not {need:?}");
}

#[test]
fn weight_should_be_the_one_of_books_when_shapes_are_simple() {
    let cuboid = weighed(r#"{"shape": {"cuboid": {"half": [1, 2, 3]}}, "density": 2}"#);
    assert_near(&[cuboid.mass], &[96.0], 1e-6);
    assert_near(&cuboid.inertia, &[416.0, 320.0, 160.0], 1e-6);
    assert_near(&cuboid.frame, &[0.0, 0.0, 0.0, 1.0], 0.0);
    let ball = weighed(r#"{"shape": {"ball": {"radius": 2}}}"#);
    assert_near(&[ball.mass], &[PI * 32.0 / 3.0], 1e-6);
    assert_near(&ball.inertia, &[PI * 51.2 / 3.0; 3], 1e-6);
    let cylinder = weighed(r#"{"shape": {"cylinder": {"half_height": 1.5, "radius": 2}}}"#);
    assert_near(&[cylinder.mass], &[PI * 12.0], 1e-6);
    assert_near(&cylinder.inertia, &[PI * 21.0, PI * 24.0, PI * 21.0], 1e-6);
    let cone = weighed(r#"{"shape": {"cone": {"half_height": 2, "radius": 1}}}"#);
    assert_near(&[cone.mass, cone.centre[1]], &[PI * 4.0 / 3.0, -1.0], 1e-6);
    assert_near(&cone.inertia, &[PI, PI * 0.4, PI], 1e-6);
}

#[test]
fn capsule_should_weigh_as_its_cylinder_and_ball_do() {
    let [capsule, cylinder, ball] = [
        r#"{"shape": {"capsule": {"half_height": 1, "radius": 0.5}}}"#,
        r#"{"shape": {"cylinder": {"half_height": 1, "radius": 0.5}}}"#,
        r#"{"shape": {"ball": {"radius": 0.5}}}"#,
    ]
    .map(weighed);
    assert_near(&[capsule.mass], &[cylinder.mass + ball.mass], 1e-6);
    assert_near(&[capsule.inertia[1]], &[cylinder.inertia[1] + ball.inertia[1]], 1e-6);
    // The halves' centres lie 3/16 beyond the cylinder's ends, and not at them.
    let ends = ball.inertia[0] + ball.mass * (1.0 + 0.375);
    assert_near(&[capsule.inertia[0]], &[cylinder.inertia[0] + ends], 1e-6);
}

#[test]
fn hull_should_weigh_as_the_cuboid_that_it_is() {
    let cuboid = weighed(r#"{"shape": {"cuboid": {"half": [1, 2, 3]}}}"#);
    let hull = weighed(&format!(r#"{{"shape": {{"hull": {{"points": {CORNERS}}}}}}}"#));
    assert_near(&[hull.mass], &[cuboid.mass], 1e-5);
    assert_near(&hull.centre, &[0.0; 3], 1e-5);
    assert_near(&moments(&hull), &moments(&cuboid), 1e-5);
}

#[test]
fn two_halves_should_weigh_as_the_whole_that_lies_askew() {
    let turn = r#""rotation": [0.18257418, 0.36514837, 0.5477226, 0.73029673]"#;
    let [x, y, z] = {
        let turn = [0.182_574_18, 0.365_148_37, 0.547_722_6, 0.730_296_73];
        math::applied(math::matrix(turn), [1.0, 0.0, 0.0])
    };
    let half = r#"{"cuboid": {"half": [1, 2, 3]}}"#;
    let two = weighed(&format!(
        r#"{{"shape": {half}, {turn}, "position": [{x}, {y}, {z}]}},
        {{"shape": {half}, {turn}, "position": [{}, {}, {}]}}"#,
        -x, -y, -z
    ));
    let whole = weighed(r#"{"shape": {"cuboid": {"half": [2, 2, 3]}}}"#);
    assert_near(&[two.mass], &[whole.mass], 1e-5);
    assert_near(&two.centre, &[0.0; 3], 1e-5);
    assert_near(&moments(&two), &moments(&whole), 1e-4);
}

#[test]
fn hull_should_have_the_corners_and_only_these() {
    let shape = format!(r#"{{"hull": {{"points": {CORNERS}}}}}"#);
    let scene = read(&scene(&[&dynamic(&shape, [0.0; 3])], &[]));
    let scene::Shape::Hull { points, triangles } = &scene.bodies[0].colliders[0].shape else {
        panic!("it is a hull")
    };
    assert_eq!((points.len(), triangles.len()), (8, 12));
    assert!(!points.contains(&[0.5; 3]));
}

#[test]
fn hull_should_hold_all_points_whatever_they_are() {
    // Some hundred points that lie all over a ball, on a grid, so that many are in one plane.
    let grid = |step: usize| {
        let at = |by: usize| ((step * by) % 11) as f32 - 5.0;
        [at(1), at(7) * 0.5, (step / 11 % 11) as f32 - 5.0]
    };
    let points: Vec<[f32; 3]> = (0..242).map(grid).collect();
    let (corners, triangles) = hull::of(&points).expect("they are not flat");
    for corner in triangles.iter().flatten() {
        assert!(usize::try_from(*corner).is_ok_and(|corner| corner < corners.len()));
    }
    for triangle in &triangles {
        let [a, b, c] = triangle.map(|corner| math::wide(&corners[corner as usize]));
        let normal = math::cross(math::difference(b, a), math::difference(c, a));
        for point in &points {
            let out = math::dot(normal, math::difference(math::wide(point), a));
            assert!(out <= 1e-3, "{point:?} is outside of {triangle:?} by {out}");
        }
    }
}

#[test]
fn hull_should_be_none_when_points_are_flat_or_one() {
    let line: Vec<[f32; 3]> = (0..9u8).map(|at| [f32::from(at), 0.0, 1.0]).collect();
    assert!(hull::of(&line).is_none());
    assert!(hull::of(&[[1.0, 2.0, 3.0]; 5]).is_none());
    assert!(hull::of(&[]).is_none());
}

#[test]
fn rotation_should_be_the_one_that_its_matrix_was_made_of() {
    let turns: [math::Rotation; 5] = [
        [0.0, 0.0, 0.0, 1.0],
        [1.0, 0.1, 0.0, 0.2],
        [0.1, 1.0, -0.3, 0.0],
        [-0.2, 0.1, 1.0, 0.1],
        [0.5, -0.5, 0.5, -0.5],
    ];
    for turn in turns.map(math::unit) {
        let again = math::rotation(math::matrix(turn));
        let cosine: f64 = turn.iter().zip(again).map(|(one, two)| one * two).sum();
        assert!((cosine.abs() - 1.0).abs() < 1e-12, "{turn:?} became {again:?}");
    }
}

#[test]
fn principal_should_take_a_matrix_apart() {
    let matrix: math::Matrix = [[4.0, 1.0, -2.0], [1.0, 2.0, 0.5], [-2.0, 0.5, 3.0]];
    let (values, axes) = math::principal(matrix);
    let again = math::times(math::times(axes, math::diagonal(values)), math::transposed(axes));
    let apart: [[f64; 3]; 3] = from_fn(|row| math::difference(matrix[row], again[row]));
    assert!(apart.iter().flatten().all(|number| number.abs() < 1e-12), "{apart:?}");
    let [x, y, z] = math::transposed(axes);
    assert!((math::dot(math::cross(x, y), z) - 1.0).abs() < 1e-12, "mirrored: {axes:?}");
}

#[test]
fn turn_from_x_should_bring_x_there() {
    for vector in [[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.6, 0.0, -0.8]] {
        let there = math::applied(math::matrix(math::from_x_to(vector)), [1.0, 0.0, 0.0]);
        assert!(math::length(math::difference(there, vector)) < 1e-12, "{vector:?}: {there:?}");
    }
}
