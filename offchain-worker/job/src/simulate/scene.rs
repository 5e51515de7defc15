//! A scene as it is written, and as it is when it has been checked.

use super::{check, hull, urdf};
use serde::Deserialize;

pub const FORM: &str = "cairn-scene-1";
const UNTURNED: [f32; 4] = [0.0, 0.0, 0.0, 1.0];

/// What has been read and found to be in bounds. Robots have become bodies and joints.
pub struct Scene {
    pub gravity: [f32; 3],
    pub timestep: f32,
    pub bodies: Vec<Body>,
    pub joints: Vec<Joint>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    form: String,
    gravity: [f32; 3],
    timestep: f32,
    bodies: Vec<Body>,
    #[serde(default)]
    joints: Vec<Joint>,
    #[serde(default)]
    robots: Vec<Robot>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// Where it stands in what was written.
    #[serde(skip)]
    pub at: String,
    pub kind: Kind,
    #[serde(default)]
    pub position: [f32; 3],
    #[serde(default = "unturned")]
    pub rotation: [f32; 4],
    #[serde(default)]
    pub linear_velocity: [f32; 3],
    #[serde(default)]
    pub angular_velocity: [f32; 3],
    #[serde(default)]
    pub colliders: Vec<Collider>,
    /// Instead of what its colliders weigh.
    #[serde(default)]
    pub mass: Option<Mass>,
}

#[derive(Clone, Copy, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Fixed,
    Dynamic,
    /// Keeps its velocities, whatever is in its way.
    Kinematic,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mass {
    pub mass: f32,
    #[serde(default)]
    pub centre: [f32; 3],
    /// About the centre, by the body's axes: xx, yy, zz, xy, xz, yz.
    pub inertia: [f32; 6],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collider {
    pub shape: Shape,
    #[serde(default)]
    pub position: [f32; 3],
    #[serde(default = "unturned")]
    pub rotation: [f32; 4],
    #[serde(default = "one")]
    pub density: f32,
    #[serde(default = "half")]
    pub friction: f32,
    #[serde(default)]
    pub restitution: f32,
}

/// Capsules, cylinders and cones stand along y.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Shape {
    Ball {
        radius: f32,
    },
    Cuboid {
        half: [f32; 3],
    },
    Capsule {
        half_height: f32,
        radius: f32,
    },
    Cylinder {
        half_height: f32,
        radius: f32,
    },
    Cone {
        half_height: f32,
        radius: f32,
    },
    Hull {
        points: Vec<[f32; 3]>,
        /// Its surface, which is found when the scene is read.
        #[serde(skip)]
        triangles: Vec<[u32; 3]>,
    },
    /// Rows lie along z, and the numbers of a row along x.
    Terrain {
        size: [f32; 2],
        heights: Vec<Vec<f32>>,
    },
    Mesh {
        points: Vec<[f32; 3]>,
        triangles: Vec<[u32; 3]>,
    },
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Joint {
    /// Where it stands in what was written.
    #[serde(skip)]
    pub at: String,
    pub kind: JointKind,
    /// Numbers of bodies: those written first, then the links of robots.
    pub bodies: [u32; 2],
    /// Where it is in either body. A hinge turns, and a slider slides, along their x.
    #[serde(default)]
    pub frames: [Frame; 2],
    #[serde(default)]
    pub axes: Vec<Axis>,
    /// Whether the two bodies collide.
    #[serde(default = "yes")]
    pub contacts: bool,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum JointKind {
    Fixed,
    Revolute,
    Prismatic,
    Spherical,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frame {
    #[serde(default)]
    pub position: [f32; 3],
    #[serde(default = "unturned")]
    pub rotation: [f32; 4],
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Axis {
    pub axis: Letter,
    #[serde(default)]
    pub limits: Option<[f32; 2]>,
    #[serde(default)]
    pub motor: Option<Motor>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Letter {
    X,
    Y,
    Z,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Motor {
    #[serde(default)]
    pub target_position: f32,
    #[serde(default)]
    pub target_velocity: f32,
    #[serde(default)]
    pub stiffness: f32,
    #[serde(default)]
    pub damping: f32,
    /// None is as much as it takes.
    #[serde(default)]
    pub most_force: Option<f32>,
    #[serde(default)]
    pub model: Model,
}

/// What stiffness and damping are of.
#[derive(Clone, Copy, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    #[default]
    Acceleration,
    Force,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Robot {
    pub urdf: String,
    #[serde(default)]
    pub position: [f32; 3],
    #[serde(default = "unturned")]
    pub rotation: [f32; 4],
    /// Whether the link that all others hang on stays where it is.
    #[serde(default = "yes")]
    pub fixed: bool,
    #[serde(default = "half")]
    pub friction: f32,
    #[serde(default)]
    pub restitution: f32,
}

impl Scene {
    /// Words of an error begin with the path of what is wrong.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let written: Written = serde_json::from_slice(bytes).map_err(|error| unread(&error))?;
        let Written { form, gravity, timestep, bodies, joints, robots } = written;
        if form != FORM {
            return Err(format!("form: \"{FORM}\", and not \"{form}\""));
        }
        let mut scene = Self { gravity, timestep, bodies, joints };
        for (index, body) in scene.bodies.iter_mut().enumerate() {
            body.at = format!("bodies[{index}]");
        }
        for (index, joint) in scene.joints.iter_mut().enumerate() {
            joint.at = format!("joints[{index}]");
        }
        for (index, robot) in robots.iter().enumerate() {
            urdf::add(robot, index, &mut scene)
                .map_err(|words| format!("robots[{index}].{words}"))?;
        }
        check::scene(&scene)?;
        scene.find_hulls()?;
        Ok(scene)
    }

    fn find_hulls(&mut self) -> Result<(), String> {
        for body in &mut self.bodies {
            for (index, collider) in body.colliders.iter_mut().enumerate() {
                let Shape::Hull { points, triangles } = &mut collider.shape else { continue };
                let at = &body.at;
                (*points, *triangles) = hull::of(points).ok_or_else(|| {
                    format!("{at}.colliders[{index}].shape.hull.points: not all in one plane")
                })?;
            }
        }
        Ok(())
    }
}

impl Collider {
    /// Whether it lies as its body does.
    pub fn is_unmoved(&self) -> bool {
        let moved = self.position.iter().any(|number| number.abs() > 0.0);
        let turned = self.rotation.iter().zip(UNTURNED).any(|(one, two)| (one - two).abs() > 0.0);
        !moved && !turned
    }
}

impl Shape {
    /// How many numbers its terrain has.
    pub fn heights(&self) -> usize {
        let Self::Terrain { heights, .. } = self else { return 0 };
        heights.iter().map(Vec::len).sum()
    }

    pub fn points(&self) -> usize {
        let (Self::Hull { points, .. } | Self::Mesh { points, .. }) = self else { return 0 };
        points.len()
    }

    pub fn triangles(&self) -> usize {
        let Self::Mesh { triangles, .. } = self else { return 0 };
        triangles.len()
    }
}

impl Default for Frame {
    fn default() -> Self {
        Self { position: [0.0; 3], rotation: UNTURNED }
    }
}

/// Its own words say line and column last, where they are cut off first.
fn unread(error: &serde_json::Error) -> String {
    let words = error.to_string();
    let words = words.rsplit_once(" at line ").map_or(words.as_str(), |(words, _)| words);
    format!("line {}, column {}: {words}", error.line(), error.column())
}

fn unturned() -> [f32; 4] {
    UNTURNED
}

fn one() -> f32 {
    1.0
}

fn half() -> f32 {
    0.5
}

fn yes() -> bool {
    true
}
