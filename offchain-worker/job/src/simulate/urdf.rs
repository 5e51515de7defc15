//! Robots, as URDF describes them: a link becomes a body, and a joint between two links a joint.
//!
//! What moves or weighs something is read or refused. Looks, transmissions, friction in joints and
//! the limits of force and speed are left out: they say nothing here. Angles become quaternions by
//! software, see [`super::math::about`].

use super::{
    check::{self, LEAST_DRIVE, MAX_BODIES, MAX_JOINTS},
    mass::written,
    math::{about, from_x_to, length, narrow, product, scaled, Pose, Rotation},
    scene::{
        Axis, Body, Collider, Frame, Joint, JointKind, Kind, Letter, Mass, Model, Motor, Robot,
        Scene, Shape,
    },
    xml::{self, Element},
};
use std::{collections::BTreeMap, f64::consts::FRAC_1_SQRT_2};

/// URDF's cylinders stand along z.
const Y_TO_Z: Rotation = [FRAC_1_SQRT_2, 0.0, 0.0, FRAC_1_SQRT_2];

/// A joint, and which links it ties.
struct Tie<'a> {
    element: &'a Element,
    name: &'a str,
    parent: usize,
    child: usize,
    origin: Pose,
}

/// Words of an error begin with the field of the robot.
pub fn add(robot: &Robot, number: usize, scene: &mut Scene) -> Result<(), String> {
    check::vector("position", &robot.position)?;
    check::unit("rotation", &robot.rotation)?;
    let root = xml::read(&robot.urdf).map_err(|words| format!("urdf: {words}"))?;
    let at = format!("robots[{number}].urdf");
    let (bodies, joints) =
        parts(robot, &root, &at, scene.bodies.len()).map_err(|words| format!("urdf: {words}"))?;
    scene.bodies.extend(bodies);
    scene.joints.extend(joints);
    Ok(())
}

fn parts(
    robot: &Robot,
    root: &Element,
    at: &str,
    before: usize,
) -> Result<(Vec<Body>, Vec<Joint>), String> {
    if root.name != "robot" {
        return Err(format!("a robot, and not {}", root.name));
    }
    let mut names = BTreeMap::new();
    for (index, link) in root.all("link").enumerate() {
        if names.insert(link.text("name")?, index).is_some() {
            return Err(format!("two links {}", link.text("name")?));
        }
    }
    check::count("links", names.len(), 1, MAX_BODIES)?;
    let ties = root.all("joint").map(|joint| tie(joint, &names));
    let ties = ties.collect::<Result<Vec<Tie>, String>>()?;
    check::count("joints", ties.len(), 0, MAX_JOINTS)?;
    let base = Pose::of(&robot.position, &robot.rotation);
    let (first, places) = places(names.len(), &ties, base)?;
    let mut bodies = Vec::new();
    for (index, (link, place)) in root.all("link").zip(places).enumerate() {
        let name = link.text("name")?;
        let kind = if robot.fixed && index == first { Kind::Fixed } else { Kind::Dynamic };
        let mut body = body(robot, link, kind, place).map_err(|words| told(name, &words))?;
        body.at = format!("{at} link {name}");
        bodies.push(body);
    }
    let mut joints = Vec::new();
    for tie in &ties {
        let numbers = [tie.parent, tie.child].map(|link| u32::try_from(before + link));
        let [Ok(parent), Ok(child)] = numbers else { return Err("too many links".into()) };
        let mut joint = joint(tie, [parent, child]).map_err(|words| told(tie.name, &words))?;
        joint.at = format!("{at} joint {}", tie.name);
        joints.push(joint);
    }
    Ok((bodies, joints))
}

fn told(name: &str, words: &str) -> String {
    format!("{name}: {words}")
}

fn tie<'a>(joint: &'a Element, names: &BTreeMap<&str, usize>) -> Result<Tie<'a>, String> {
    let name = joint.text("name")?;
    let end = |end: &str| {
        let link = joint.one(end).ok_or_else(|| format!("{name}: it has no {end}"))?;
        let link = link.text("link")?;
        names.get(link).copied().ok_or_else(|| format!("{name}: there is no link {link}"))
    };
    let (parent, child) = (end("parent")?, end("child")?);
    let origin = origin(joint).map_err(|words| told(name, &words))?;
    Ok(Tie { element: joint, name, parent, child, origin })
}

/// Which link all others hang on, and where each of them is while no joint is moved.
fn places(links: usize, ties: &[Tie], base: Pose) -> Result<(usize, Vec<Pose>), String> {
    let mut hang = vec![false; links];
    for tie in ties {
        if std::mem::replace(&mut hang[tie.child], true) {
            return Err(format!("{}: its child has two parents", tie.name));
        }
    }
    let mut free = (0..links).filter(|link| !hang[*link]);
    let (Some(first), None) = (free.next(), free.next()) else {
        return Err("one link that is no child".into());
    };
    let mut places = vec![None; links];
    places[first] = Some(base);
    let mut waiting = vec![(first, base)];
    while let Some((parent, place)) = waiting.pop() {
        for tie in ties.iter().filter(|tie| tie.parent == parent) {
            let place = place.times(tie.origin);
            places[tie.child] = Some(place);
            waiting.push((tie.child, place));
        }
    }
    let places: Option<Vec<Pose>> = places.into_iter().collect();
    Ok((first, places.ok_or("links that hang on each other in a circle")?))
}

fn origin(element: &Element) -> Result<Pose, String> {
    let mut pose = Pose { position: [0.0; 3], rotation: [0.0, 0.0, 0.0, 1.0] };
    let Some(origin) = element.one("origin") else { return Ok(pose) };
    if let Some(position) = origin.numbers::<3>("xyz")? {
        pose.position = position;
    }
    if let Some([roll, pitch, yaw]) = origin.numbers::<3>("rpy")? {
        // About axes that stay where they are: roll comes first.
        pose.rotation = product(about(2, yaw), product(about(1, pitch), about(0, roll)));
    }
    Ok(pose)
}

fn body(robot: &Robot, link: &Element, kind: Kind, place: Pose) -> Result<Body, String> {
    let colliders = link.all("collision").map(|collision| collider(robot, collision));
    Ok(Body {
        at: String::new(),
        kind,
        position: narrow(place.position),
        rotation: narrow(place.rotation),
        linear_velocity: [0.0; 3],
        angular_velocity: [0.0; 3],
        colliders: colliders.collect::<Result<_, String>>()?,
        mass: mass(link, kind)?,
    })
}

fn mass(link: &Element, kind: Kind) -> Result<Option<Mass>, String> {
    let Some(inertial) = link.one("inertial") else {
        let still = kind != Kind::Dynamic;
        return if still { Ok(None) } else { Err("an inertial, for it is moved".into()) };
    };
    let mass = inertial.one("mass").ok_or("inertial: it has no mass")?.number("value")?;
    let inertia = inertial.one("inertia").ok_or("inertial: it has no inertia")?;
    let [xx, xy, xz] = [inertia.number("ixx")?, inertia.number("ixy")?, inertia.number("ixz")?];
    let [yy, yz, zz] = [inertia.number("iyy")?, inertia.number("iyz")?, inertia.number("izz")?];
    let matrix = [[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]];
    Ok(Some(written(mass, origin(inertial)?, matrix)))
}

fn collider(robot: &Robot, collision: &Element) -> Result<Collider, String> {
    let pose = origin(collision)?;
    let shape = collision.one("geometry").and_then(Element::first);
    let shape = shape.ok_or("collision: it has no geometry")?;
    let size = |name: &str| Ok::<f32, String>(shape.number(name)? as f32);
    let (shape, turn) = match shape.name.as_str() {
        "box" => {
            let sides = shape.numbers::<3>("size")?.ok_or("box: it has no size")?;
            (Shape::Cuboid { half: narrow(scaled(sides, 0.5)) }, None)
        }
        "sphere" => (Shape::Ball { radius: size("radius")? }, None),
        "cylinder" => {
            let [half_height, radius] = [size("length")? / 2.0, size("radius")?];
            (Shape::Cylinder { half_height, radius }, Some(Y_TO_Z))
        }
        "capsule" => {
            let [half_height, radius] = [size("length")? / 2.0, size("radius")?];
            (Shape::Capsule { half_height, radius }, Some(Y_TO_Z))
        }
        other => return Err(format!("box, sphere, cylinder or capsule, and no {other}")),
    };
    let pose = turn.map_or(pose, |turn| pose.times(Pose::turning(turn)));
    Ok(Collider {
        shape,
        position: narrow(pose.position),
        rotation: narrow(pose.rotation),
        density: 1.0,
        friction: robot.friction,
        restitution: robot.restitution,
    })
}

fn joint(tie: &Tie, bodies: [u32; 2]) -> Result<Joint, String> {
    let element = tie.element;
    let kind = element.text("type")?;
    let (kind, limited) = match kind {
        "fixed" => (JointKind::Fixed, false),
        "continuous" => (JointKind::Revolute, false),
        "revolute" => (JointKind::Revolute, true),
        "prismatic" => (JointKind::Prismatic, true),
        other => {
            return Err(format!("fixed, continuous, revolute or prismatic, and not {other}"));
        }
    };
    if element.one("mimic").is_some() {
        return Err("no mimic".into());
    }
    let along = Pose::turning(direction(element)?);
    let axis = Axis {
        axis: Letter::X,
        limits: if limited { Some(limits(element)?) } else { None },
        motor: motor(element)?,
    };
    Ok(Joint {
        at: String::new(),
        kind,
        bodies,
        frames: [frame(tie.origin.times(along)), frame(along)],
        axes: if kind == JointKind::Fixed { Vec::new() } else { vec![axis] },
        contacts: false,
    })
}

fn frame(pose: Pose) -> Frame {
    Frame { position: narrow(pose.position), rotation: narrow(pose.rotation) }
}

/// The turn that brings x to the joint's axis.
fn direction(joint: &Element) -> Result<Rotation, String> {
    let given = joint.one("axis").map_or(Ok(None), |axis| axis.numbers::<3>("xyz"))?;
    let given = given.unwrap_or([1.0, 0.0, 0.0]);
    let long = length(given);
    if long < 1e-6 {
        return Err("axis.xyz: longer than nothing".into());
    }
    Ok(from_x_to(scaled(given, 1.0 / long)))
}

fn limits(joint: &Element) -> Result<[f32; 2], String> {
    let limit = joint.one("limit").ok_or("it has no limit")?;
    let [least] = limit.numbers::<1>("lower")?.unwrap_or([0.0]);
    let [most] = limit.numbers::<1>("upper")?.unwrap_or([0.0]);
    Ok(narrow([least, most]))
}

/// Damping is a motor that wants to stand still.
fn motor(joint: &Element) -> Result<Option<Motor>, String> {
    let Some(dynamics) = joint.one("dynamics") else { return Ok(None) };
    let [damping] = narrow(dynamics.numbers::<1>("damping")?.unwrap_or([0.0]));
    let motor = Motor {
        target_position: 0.0,
        target_velocity: 0.0,
        stiffness: 0.0,
        damping,
        most_force: None,
        model: Model::Force,
    };
    Ok((damping >= LEAST_DRIVE).then_some(motor))
}
