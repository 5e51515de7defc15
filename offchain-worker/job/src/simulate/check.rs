//! What a scene may hold. Words of an error are the path of the field and what is allowed there.

use super::scene::{Axis, Body, Collider, Joint, JointKind, Kind, Letter, Motor, Scene, Shape};

pub type Checked = Result<(), String>;

pub const MAX_BODIES: usize = 4_096;
pub const MAX_COLLIDERS: usize = 8_192;
pub const MAX_JOINTS: usize = 4_096;
/// Of all terrains.
pub const MAX_HEIGHTS: usize = 1 << 20;
/// Of all hulls and meshes.
pub const MAX_POINTS: usize = 1 << 16;
/// Of all meshes.
pub const MAX_TRIANGLES: usize = 1 << 17;
/// Of one hull, which takes time by the square of them.
pub const MAX_HULL: usize = 1_024;
/// What no number goes beyond, to either side.
pub const MOST: f32 = 1e6;
const LEAST_TIMESTEP: f32 = 1e-6;
/// A motor with less stiffness and damping than this would hold its joint as if it were locked.
pub const LEAST_DRIVE: f32 = 1e-6;
/// How far the square of a unit quaternion's length may be from one.
const ROUGH: f32 = 0.01;

pub fn scene(scene: &Scene) -> Checked {
    vector("gravity", &scene.gravity)?;
    between("timestep", scene.timestep, LEAST_TIMESTEP, 1.0)?;
    count("bodies", scene.bodies.len(), 1, MAX_BODIES)?;
    count("joints", scene.joints.len(), 0, MAX_JOINTS)?;
    let shapes = || scene.bodies.iter().flat_map(|body| &body.colliders).map(|one| &one.shape);
    count("bodies: their colliders", shapes().count(), 0, MAX_COLLIDERS)?;
    count("bodies: their heights", shapes().map(Shape::heights).sum(), 0, MAX_HEIGHTS)?;
    count("bodies: their points", shapes().map(Shape::points).sum(), 0, MAX_POINTS)?;
    count("bodies: their triangles", shapes().map(Shape::triangles).sum(), 0, MAX_TRIANGLES)?;
    for one in &scene.bodies {
        body(one).map_err(|words| format!("{}.{words}", one.at))?;
    }
    for one in &scene.joints {
        joint(one, &scene.bodies).map_err(|words| format!("{}.{words}", one.at))?;
    }
    Ok(())
}

fn body(body: &Body) -> Checked {
    vector("position", &body.position)?;
    unit("rotation", &body.rotation)?;
    vector("linear_velocity", &body.linear_velocity)?;
    vector("angular_velocity", &body.angular_velocity)?;
    let mut velocities = body.linear_velocity.iter().chain(&body.angular_velocity);
    if body.kind == Kind::Fixed && velocities.any(|number| number.abs() > 0.0) {
        return Err("linear_velocity, angular_velocity: zero, for it is fixed".into());
    }
    for (index, one) in body.colliders.iter().enumerate() {
        collider(one, body.kind).map_err(|words| format!("colliders[{index}].{words}"))?;
    }
    if let Some(mass) = &body.mass {
        above("mass.mass", mass.mass)?;
        vector("mass.centre", &mass.centre)?;
        vector("mass.inertia", &mass.inertia)?;
    } else if body.kind == Kind::Dynamic && body.colliders.is_empty() {
        return Err("colliders: at least one, or a mass, for it is dynamic".into());
    }
    Ok(())
}

fn collider(collider: &Collider, kind: Kind) -> Checked {
    vector("position", &collider.position)?;
    unit("rotation", &collider.rotation)?;
    above("density", collider.density)?;
    between("friction", collider.friction, 0.0, MOST)?;
    between("restitution", collider.restitution, 0.0, 1.0)?;
    match &collider.shape {
        Shape::Terrain { .. } | Shape::Mesh { .. } if kind == Kind::Dynamic => {
            Err("shape: no terrain and no mesh, for its body is dynamic".into())
        }
        Shape::Terrain { .. } if !collider.is_unmoved() => {
            Err("position, rotation: none for a terrain; move its body".into())
        }
        other => shape(other).map_err(|words| format!("shape.{words}")),
    }
}

fn shape(shape: &Shape) -> Checked {
    match shape {
        Shape::Ball { radius } => above("ball.radius", *radius),
        Shape::Cuboid { half } => half.iter().try_for_each(|one| above("cuboid.half", *one)),
        Shape::Capsule { half_height, radius } => {
            above("capsule.half_height", *half_height)?;
            above("capsule.radius", *radius)
        }
        Shape::Cylinder { half_height, radius } => {
            above("cylinder.half_height", *half_height)?;
            above("cylinder.radius", *radius)
        }
        Shape::Cone { half_height, radius } => {
            above("cone.half_height", *half_height)?;
            above("cone.radius", *radius)
        }
        Shape::Hull { points, .. } => {
            count("hull.points", points.len(), 4, MAX_HULL)?;
            vectors("hull.points", points)
        }
        Shape::Terrain { size, heights } => terrain(*size, heights),
        Shape::Mesh { points, triangles } => mesh(points, triangles),
    }
}

fn terrain(size: [f32; 2], heights: &[Vec<f32>]) -> Checked {
    size.iter().try_for_each(|one| above("terrain.size", *one))?;
    count("terrain.heights", heights.len(), 2, MAX_HEIGHTS)?;
    let columns = heights.first().map_or(0, Vec::len);
    for (index, row) in heights.iter().enumerate() {
        let at = format!("terrain.heights[{index}]");
        count(&at, columns, 2, MAX_HEIGHTS)?;
        count(&at, row.len(), columns, columns)?;
        vector(&at, row)?;
    }
    Ok(())
}

fn mesh(points: &[[f32; 3]], triangles: &[[u32; 3]]) -> Checked {
    vectors("mesh.points", points)?;
    count("mesh.triangles", triangles.len(), 1, MAX_TRIANGLES)?;
    for (index, triangle) in triangles.iter().enumerate() {
        let there = |corner: &u32| usize::try_from(*corner).is_ok_and(|at| at < points.len());
        let [a, b, c] = triangle;
        if !triangle.iter().all(there) || a == b || b == c || c == a {
            let most = points.len();
            return Err(format!("mesh.triangles[{index}]: three numbers of points below {most}"));
        }
    }
    Ok(())
}

fn joint(joint: &Joint, bodies: &[Body]) -> Checked {
    let [one, two] = joint.bodies;
    let mut kinds = Vec::new();
    for number in joint.bodies {
        let body = usize::try_from(number).ok().and_then(|number| bodies.get(number));
        let most = bodies.len();
        let body = body.ok_or_else(|| format!("bodies: numbers below {most}, and not {number}"))?;
        kinds.push(body.kind);
    }
    if one == two || !kinds.contains(&Kind::Dynamic) {
        return Err("bodies: two, of which one is dynamic".into());
    }
    for (index, frame) in joint.frames.iter().enumerate() {
        vector(&format!("frames[{index}].position"), &frame.position)?;
        unit(&format!("frames[{index}].rotation"), &frame.rotation)?;
    }
    for (index, one) in joint.axes.iter().enumerate() {
        let before = joint.axes.iter().take(index).any(|other| other.axis == one.axis);
        if before || !joint.kind.free().contains(&one.axis) {
            let free = joint.kind.free();
            return Err(format!("axes[{index}].axis: each of {free:?} at most once"));
        }
        axis(one, joint.kind).map_err(|words| format!("axes[{index}].{words}"))?;
    }
    Ok(())
}

fn axis(axis: &Axis, kind: JointKind) -> Checked {
    if let Some(limits) = axis.limits {
        vector("limits", &limits)?;
        let [least, most] = limits;
        if least > most {
            return Err(format!("limits: the least first, and not {least} before {most}"));
        }
        if kind == JointKind::Spherical && (least + most).abs() > 0.0 {
            return Err(format!("limits: about zero, and not {least} to {most}"));
        }
    }
    axis.motor.as_ref().map_or(Ok(()), motor)
}

fn motor(motor: &Motor) -> Checked {
    between("motor.target_position", motor.target_position, -MOST, MOST)?;
    between("motor.target_velocity", motor.target_velocity, -MOST, MOST)?;
    between("motor.stiffness", motor.stiffness, 0.0, MOST)?;
    between("motor.damping", motor.damping, 0.0, MOST)?;
    if motor.stiffness.max(motor.damping) < LEAST_DRIVE {
        return Err(format!("motor: a stiffness or a damping of {LEAST_DRIVE} at least"));
    }
    motor.most_force.map_or(Ok(()), |force| between("motor.most_force", force, 0.0, MOST))
}

impl JointKind {
    /// The axes that it leaves free.
    pub fn free(self) -> &'static [Letter] {
        match self {
            Self::Fixed => &[],
            Self::Revolute | Self::Prismatic => &[Letter::X],
            Self::Spherical => &[Letter::X, Letter::Y, Letter::Z],
        }
    }
}

pub fn count(name: &str, have: usize, least: usize, most: usize) -> Checked {
    if (least..=most).contains(&have) {
        return Ok(());
    }
    Err(format!("{name}: from {least} to {most}, and not {have}"))
}

pub fn between(name: &str, have: f32, least: f32, most: f32) -> Checked {
    if (least..=most).contains(&have) {
        return Ok(());
    }
    Err(format!("{name}: from {least} to {most}, and not {have}"))
}

fn above(name: &str, have: f32) -> Checked {
    if have > 0.0 && have <= MOST {
        return Ok(());
    }
    Err(format!("{name}: above 0 and at most {MOST}, and not {have}"))
}

pub fn vector(name: &str, numbers: &[f32]) -> Checked {
    numbers.iter().try_for_each(|number| between(name, *number, -MOST, MOST))
}

fn vectors(name: &str, points: &[[f32; 3]]) -> Checked {
    points.iter().try_for_each(|point| vector(name, point))
}

pub fn unit(name: &str, rotation: &[f32; 4]) -> Checked {
    vector(name, rotation)?;
    let square: f32 = rotation.iter().map(|number| number * number).sum();
    if (square - 1.0).abs() <= ROUGH {
        return Ok(());
    }
    Err(format!("{name}: a quaternion x, y, z, w of length 1, and not {rotation:?}"))
}
