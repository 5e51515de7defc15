//! All that is asked of rapier.
//!
//! A collider stands at its body's origin and weighs nothing, or rapier would add up inertia by the
//! solver that `mass` avoids; where it lies elsewhere, its shape is moved instead.

use super::{
    joint::centred,
    mass::weight,
    math::{narrow, unit, wide, Pose as Place},
    scene::{Body, Collider, Frame, Joint, JointKind, Kind, Letter, Model, Scene, Shape},
};
use rapier3d::{
    dynamics::{
        GenericJoint, GenericJointBuilder, IntegrationParameters, JointAxesMask, JointAxis,
        MassProperties, MotorModel, RigidBody, RigidBodyBuilder, RigidBodyHandle,
    },
    geometry::{Array2, ColliderBuilder, SharedShape},
    math::{Pose, Rotation, Vector},
    pipeline::PhysicsWorld,
};

pub struct World {
    physics: PhysicsWorld,
    /// In the order of the scene.
    bodies: Vec<RigidBodyHandle>,
}

impl World {
    /// Words of an error begin with the path of what rapier cannot take.
    pub fn new(scene: &Scene) -> Result<Self, String> {
        let mut physics = PhysicsWorld::new();
        physics.gravity = vector(scene.gravity);
        physics.integration_parameters =
            IntegrationParameters { dt: scene.timestep, ..IntegrationParameters::default() };
        let mut world = Self { physics, bodies: Vec::new() };
        for body in &scene.bodies {
            world.add(body).map_err(|words| format!("{}: {words}", body.at))?;
        }
        for joint in &scene.joints {
            let [one, two] = joint.bodies.map(|number| world.body(number));
            if let (Some(one), Some(two)) = (one, two) {
                world.physics.insert_impulse_joint(one, two, generic(&centred(joint)));
            }
        }
        Ok(world)
    }

    /// Moves everything by one timestep. Whether all of it still is somewhere: rapier takes out of
    /// the world what has become infinite or not a number.
    pub fn step(&mut self) -> bool {
        self.physics.step();
        self.physics.quarantine().is_empty()
    }

    /// Writes the state in place of what the buffer holds. False where a number is none.
    pub fn write(&self, state: &mut Vec<u8>) -> bool {
        state.clear();
        let mut finite = true;
        for handle in &self.bodies {
            for number in numbers(&self.physics.bodies[*handle]) {
                finite &= number.is_finite();
                state.extend_from_slice(&number.to_bits().to_le_bytes());
            }
        }
        finite
    }

    pub fn bodies(&self) -> u64 {
        u64::try_from(self.bodies.len()).unwrap_or(u64::MAX)
    }

    fn body(&self, number: u32) -> Option<RigidBodyHandle> {
        usize::try_from(number).ok().and_then(|number| self.bodies.get(number)).copied()
    }

    fn add(&mut self, body: &Body) -> Result<(), String> {
        let builder = match body.kind {
            Kind::Fixed => RigidBodyBuilder::fixed(),
            Kind::Kinematic => RigidBodyBuilder::kinematic_velocity_based(),
            Kind::Dynamic => RigidBodyBuilder::dynamic().additional_mass_properties(mass(body)?),
        };
        let builder = builder
            .pose(pose(body.position, body.rotation))
            .linvel(vector(body.linear_velocity))
            .angvel(vector(body.angular_velocity));
        let handle = self.physics.insert_body(builder);
        for (index, collider) in body.colliders.iter().enumerate() {
            let shape = shape(collider).map_err(|words| format!("colliders[{index}]: {words}"))?;
            let builder = ColliderBuilder::new(shape)
                .density(0.0)
                .friction(collider.friction)
                .restitution(collider.restitution);
            self.physics.insert_collider(builder, Some(handle));
        }
        self.bodies.push(handle);
        Ok(())
    }

    /// Makes a body's next position no number.
    #[cfg(test)]
    pub fn poison(&mut self, number: usize) {
        let handle = self.bodies[number];
        self.physics.bodies[handle].add_force(Vector::new(f32::NAN, 0.0, 0.0), true);
    }
}

/// Position, rotation, linear and angular velocity.
fn numbers(body: &RigidBody) -> impl Iterator<Item = f32> {
    let place = body.translation().to_array().into_iter().chain(body.rotation().to_array());
    place.chain(body.linvel().to_array()).chain(body.angvel().to_array())
}

fn vector([x, y, z]: [f32; 3]) -> Vector {
    Vector::new(x, y, z)
}

fn vectors(points: &[[f32; 3]]) -> Vec<Vector> {
    points.iter().copied().map(vector).collect()
}

fn turn([x, y, z, w]: [f32; 4]) -> Rotation {
    Rotation::from_xyzw(x, y, z, w)
}

/// Given in f32 and of about unit length, it is made so, and rounded once.
fn pose(position: [f32; 3], rotation: [f32; 4]) -> Pose {
    Pose::from_parts(vector(position), turn(narrow(unit(wide(&rotation)))))
}

fn mass(body: &Body) -> Result<MassProperties, String> {
    let weight = weight(body)?;
    Ok(MassProperties::with_principal_inertia_frame(
        vector(weight.centre),
        weight.mass,
        vector(weight.inertia),
        turn(weight.frame),
    ))
}

fn shape(collider: &Collider) -> Result<SharedShape, String> {
    let shape = match &collider.shape {
        Shape::Ball { radius } => SharedShape::ball(*radius),
        Shape::Cuboid { half: [x, y, z] } => SharedShape::cuboid(*x, *y, *z),
        Shape::Capsule { half_height, radius } => SharedShape::capsule_y(*half_height, *radius),
        Shape::Cylinder { half_height, radius } => SharedShape::cylinder(*half_height, *radius),
        Shape::Cone { half_height, radius } => SharedShape::cone(*half_height, *radius),
        Shape::Hull { points, triangles } => {
            SharedShape::convex_mesh(vectors(points), triangles)
                .ok_or("the points are too near to each other for a hull")?
        }
        Shape::Terrain { size, heights } => return Ok(terrain(*size, heights)),
        Shape::Mesh { points, triangles } => return mesh(collider, points, triangles),
    };
    if collider.is_unmoved() {
        return Ok(shape);
    }
    Ok(SharedShape::compound(vec![(pose(collider.position, collider.rotation), shape)]))
}

/// rapier has it column after column, where a column lies along z.
fn terrain([x, z]: [f32; 2], heights: &[Vec<f32>]) -> SharedShape {
    let columns = heights.first().map_or(0, Vec::len);
    let numbers = (0..columns).flat_map(|column| heights.iter().map(move |row| row[column]));
    let heights = Array2::new(heights.len(), columns, numbers.collect());
    SharedShape::heightfield(heights, Vector::new(x, 1.0, z))
}

/// No compound takes a mesh, so its points are moved one by one.
fn mesh(
    collider: &Collider,
    points: &[[f32; 3]],
    triangles: &[[u32; 3]],
) -> Result<SharedShape, String> {
    let place = Place::of(&collider.position, &collider.rotation);
    let moved = |point: &[f32; 3]| vector(narrow(place.point(wide(point))));
    let points = points.iter().map(moved).collect();
    SharedShape::trimesh(points, triangles.to_vec()).map_err(|error| format!("{error:?}"))
}

fn generic(joint: &Joint) -> GenericJoint {
    let locked = match joint.kind {
        JointKind::Fixed => JointAxesMask::LOCKED_FIXED_AXES,
        JointKind::Revolute => JointAxesMask::LOCKED_REVOLUTE_AXES,
        JointKind::Prismatic => JointAxesMask::LOCKED_PRISMATIC_AXES,
        JointKind::Spherical => JointAxesMask::LOCKED_SPHERICAL_AXES,
    };
    let [first, second] = joint.frames.map(|Frame { position, rotation }| pose(position, rotation));
    let mut made = GenericJointBuilder::new(locked)
        .local_frame1(first)
        .local_frame2(second)
        .contacts_enabled(joint.contacts);
    for axis in &joint.axes {
        let on = match (joint.kind, axis.axis) {
            (JointKind::Prismatic, _) => JointAxis::LinX,
            (_, Letter::X) => JointAxis::AngX,
            (_, Letter::Y) => JointAxis::AngY,
            (_, Letter::Z) => JointAxis::AngZ,
        };
        if let Some(limits) = axis.limits {
            made = made.limits(on, limits);
        }
        let Some(motor) = &axis.motor else { continue };
        let model = match motor.model {
            Model::Acceleration => MotorModel::AccelerationBased,
            Model::Force => MotorModel::ForceBased,
        };
        let (position, velocity) = (motor.target_position, motor.target_velocity);
        made = made
            .motor_model(on, model)
            .set_motor(on, position, velocity, motor.stiffness, motor.damping)
            .motor_max_force(on, motor.most_force.unwrap_or(f32::MAX));
    }
    made.build()
}
