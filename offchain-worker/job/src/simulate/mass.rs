//! What a body weighs, and how it turns: rapier would ask std for a cosine where inertia is not
//! diagonal, so it is given the result, along axes of its own, and colliders that weigh nothing.

use super::{
    math::{
        cross, diagonal, difference, dot, matrix, narrow, outer, plus, principal, rotation, scaled,
        sum, times, transposed, wide, Matrix, Pose, Vector,
    },
    scene::{Body, Collider, Mass, Shape},
};
use std::f64::consts::PI;

/// Beyond these, rapier's f32 would take it for nothing, or for more than there is.
const MASSES: [f64; 2] = [1e-12, 1e24];
const INERTIAS: [f64; 2] = [1e-18, 1e30];

/// As rapier takes it.
pub struct Weight {
    pub mass: f32,
    pub centre: [f32; 3],
    /// About the centre, along the axes of the frame.
    pub inertia: [f32; 3],
    pub frame: [f32; 4],
}

#[derive(Clone, Copy)]
struct Lump {
    mass: f64,
    centre: Vector,
    /// About the centre.
    inertia: Matrix,
}

/// Of a dynamic body, by its mass where it has one, else by its colliders.
pub fn weight(body: &Body) -> Result<Weight, String> {
    let lump = match &body.mass {
        Some(mass) => given(mass),
        None => {
            let lumps: Result<Vec<Lump>, String> = body.colliders.iter().map(placed).collect();
            together(&lumps?)
        }
    };
    let (inertia, axes) = principal(lump.inertia);
    within("its mass", lump.mass, MASSES)?;
    inertia.iter().try_for_each(|one| within("its moments of inertia", *one, INERTIAS))?;
    Ok(Weight {
        mass: lump.mass as f32,
        centre: narrow(lump.centre),
        inertia: narrow(inertia),
        frame: narrow(rotation(axes)),
    })
}

fn within(what: &str, have: f64, [least, most]: [f64; 2]) -> Result<(), String> {
    if (least..=most).contains(&have) {
        return Ok(());
    }
    Err(format!("{what}: from {least:e} to {most:e}, and not {have:e}"))
}

fn given(mass: &Mass) -> Lump {
    let [xx, yy, zz, xy, xz, yz] = wide(&mass.inertia);
    let inertia = [[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]];
    Lump { mass: f64::from(mass.mass), centre: wide(&mass.centre), inertia }
}

fn together(lumps: &[Lump]) -> Lump {
    let mass: f64 = lumps.iter().map(|lump| lump.mass).sum();
    let moment = |at: Vector, lump: &Lump| sum(at, scaled(lump.centre, lump.mass));
    let centre = scaled(lumps.iter().fold([0.0; 3], moment), 1.0 / mass);
    let inertia = lumps.iter().fold(diagonal([0.0; 3]), |all, lump| {
        let away = difference(lump.centre, centre);
        let shift = plus(diagonal([dot(away, away); 3]), outer(away, scaled(away, -1.0)));
        plus(all, plus(lump.inertia, shift.map(|row| scaled(row, lump.mass))))
    });
    Lump { mass, centre, inertia }
}

/// As it lies in its body.
fn placed(collider: &Collider) -> Result<Lump, String> {
    let pose = Pose::of(&collider.position, &collider.rotation);
    let lump = lump(&collider.shape, f64::from(collider.density))?;
    Ok(Lump {
        mass: lump.mass,
        centre: pose.point(lump.centre),
        inertia: turned(lump.inertia, matrix(pose.rotation)),
    })
}

fn turned(inertia: Matrix, turn: Matrix) -> Matrix {
    times(times(turn, inertia), transposed(turn))
}

fn lump(shape: &Shape, density: f64) -> Result<Lump, String> {
    Ok(match shape {
        Shape::Ball { radius } => {
            let radius = f64::from(*radius);
            let mass = density * PI * radius * radius * radius * 4.0 / 3.0;
            round(mass, 0.0, [0.4 * mass * radius * radius; 2])
        }
        Shape::Cuboid { half } => {
            let [x, y, z] = wide(half);
            let mass = density * 8.0 * x * y * z;
            let squares = [y * y + z * z, x * x + z * z, x * x + y * y];
            Lump { mass, centre: [0.0; 3], inertia: diagonal(scaled(squares, mass / 3.0)) }
        }
        Shape::Capsule { half_height, radius } => capsule(*half_height, *radius, density),
        Shape::Cylinder { half_height, radius } => {
            let (height, square) = (f64::from(*half_height), square(*radius));
            let mass = density * PI * square * 2.0 * height;
            let across = mass * (square / 4.0 + height * height / 3.0);
            round(mass, 0.0, [across, mass * square / 2.0])
        }
        Shape::Cone { half_height, radius } => {
            let (height, square) = (f64::from(*half_height), square(*radius));
            let mass = density * PI * square * 2.0 * height / 3.0;
            let across = mass * 0.15 * (square + height * height);
            round(mass, -0.5 * height, [across, mass * 0.3 * square])
        }
        Shape::Hull { points, triangles } => hull(points, triangles, density)?,
        Shape::Terrain { .. } | Shape::Mesh { .. } => {
            return Err("a terrain and a mesh weigh nothing".into());
        }
    })
}

/// What is round about y, with its inertia across that axis and about it.
fn round(mass: f64, centre: f64, [across, about]: [f64; 2]) -> Lump {
    Lump { mass, centre: [0.0, centre, 0.0], inertia: diagonal([across, about, across]) }
}

fn square(number: f32) -> f64 {
    f64::from(number) * f64::from(number)
}

/// A cylinder between two halves of a ball.
fn capsule(half_height: f32, radius: f32, density: f64) -> Lump {
    let (height, radius) = (f64::from(half_height), f64::from(radius));
    let square = radius * radius;
    let middle = density * PI * square * 2.0 * height;
    let ends = density * PI * square * radius * 4.0 / 3.0;
    let across = middle * (square / 4.0 + height * height / 3.0)
        + ends * (0.4 * square + height * height + 0.75 * height * radius);
    round(middle + ends, 0.0, [across, middle * square / 2.0 + ends * 0.4 * square])
}

/// A tetrahedron for each triangle, all of which have the first point as their fourth corner.
fn hull(points: &[[f32; 3]], triangles: &[[u32; 3]], density: f64) -> Result<Lump, String> {
    let points: Vec<Vector> = points.iter().map(wide).collect();
    let at = |corner: u32| usize::try_from(corner).ok().and_then(|at| points.get(at)).copied();
    let first = at(0).ok_or("a hull without points")?;
    let (mut mass, mut moment, mut spread) = (0.0, [0.0; 3], diagonal([0.0; 3]));
    for corners in triangles {
        let [a, b, c] = corners.map(|corner| difference(at(corner).unwrap_or(first), first));
        let volume = density * dot(a, cross(b, c));
        let all = sum(sum(a, b), c);
        mass += volume / 6.0;
        moment = sum(moment, scaled(all, volume / 24.0));
        let squares = plus(plus(outer(a, a), outer(b, b)), plus(outer(c, c), outer(all, all)));
        spread = plus(spread, squares.map(|row| scaled(row, volume / 120.0)));
    }
    let centre = scaled(moment, 1.0 / mass);
    // About the centre instead of the first point, and then as inertia.
    let spread = plus(spread, outer(centre, scaled(centre, -mass)));
    let trace = spread[0][0] + spread[1][1] + spread[2][2];
    let inertia = plus(diagonal([trace; 3]), spread.map(|row| scaled(row, -1.0)));
    Ok(Lump { mass, centre: sum(first, centre), inertia })
}

/// As a scene writes it.
pub fn written(mass: f64, at: Pose, inertia: Matrix) -> Mass {
    let [[xx, xy, xz], [_, yy, yz], [_, _, zz]] = turned(inertia, matrix(at.rotation));
    let inertia = narrow([xx, yy, zz, xy, xz, yz]);
    Mass { mass: mass as f32, centre: narrow(at.position), inertia }
}
