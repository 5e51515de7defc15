//! Rigid bodies of a scene, moved step by step by rapier. `SIMULATE.md` has the form of a scene and
//! the layout of the output.
//!
//! ```text
//! scene ─▶ read, check ─▶ world ─▶ step ─▶ state ─▶ hash' = BLAKE3(hash ‖ state)
//!                           ▲                │
//!                           └────────────────┘       hash ‖ last state ‖ states kept
//! ```
//!
//! Workers are compared by every bit of the output, so all of it rests on what each machine rounds
//! in one way: `+ - * /` and the square root of IEEE 754, in an order that the source says. x87
//! rounds otherwise. The frozen hashes of the tests hold that on x86-64, where alone they have been
//! run; what another kind of processor comes to nobody has seen.
//!
//! - `sin`, `cos` and their like come from the system where std is asked for them, and systems
//!   differ. Our own code asks `libm`, which is software, and only where there are angles. So does
//!   rapier by its feature `enhanced-determinism`, which also takes glam's scalar code.
//! - Three gaps are left in that, and kept shut here. Inertia that is not diagonal and hulls of
//!   points go through an eigenvalue solver that may ask std: see `mass` and `hull`. The middle of
//!   a range of angles does: see `joint`, which gives rapier ranges about zero alone.
//! - `rapier3d-urdf` is not used. It takes roll, pitch and yaw in the other order, gives inertia to
//!   that solver, panics where a joint names no link, and drops meshes: see `urdf`.
//! - Numbers are read by serde_json with `float_roundtrip`, which rounds decimals correctly and
//!   straight to f32; without it, other crates of a build would decide how. No type of a scene is
//!   tagged inside or flattened, since those are read in another way.
//! - There are no threads in it.

mod check;
mod hull;
mod joint;
mod mass;
mod math;
mod scene;
mod sink;
mod urdf;
mod world;
mod xml;

use self::{scene::Scene, sink::Sink, world::World};
use cairn_order::{Fault, Made};
use cairn_protocol::{
    failure::Failure,
    id::{Digest, EngineId},
    spec::SimulateSpec,
};
use std::{
    fmt,
    panic::{catch_unwind, AssertUnwindSafe},
    path::Path,
};

pub const MAX_STEPS: u32 = 1_000_000;
/// Of the whole output.
pub const MAX_BYTES: u64 = 256 << 20;
/// Of one body in a state: thirteen numbers of four bytes.
pub const BODY_BYTES: u64 = 52;

/// What a result of this kind is compared within.
pub fn engine() -> EngineId {
    cairn_order::engines::simulate()
}

/// Moves a scene so many steps. The units of work are steps times bodies; whether the order pays
/// for so many is the caller's question.
pub fn run(spec: &SimulateSpec, scene: &[u8], scratch: &Path, inline: u32) -> Result<Made, Fault> {
    if spec.steps > MAX_STEPS {
        let have = spec.steps;
        return Err(refused(format_args!("steps: at most {MAX_STEPS}, and not {have}")));
    }
    let read = Scene::read(scene).map_err(refused)?;
    let bodies = u64::try_from(read.bodies.len()).unwrap_or(u64::MAX);
    let bytes = bytes(spec, bodies)?;
    let world = guarded(0, || World::new(&read))?.map_err(refused)?;
    let sink = Sink::new(bytes, bodies * BODY_BYTES, scratch, inline)?;
    course(world, spec, *blake3::hash(scene).as_bytes(), sink)
}

/// Of the output: the hash, the last state, and those that are kept.
fn bytes(spec: &SimulateSpec, bodies: u64) -> Result<u64, Fault> {
    let states = u64::from(spec.steps.checked_div(spec.every).unwrap_or(0)) + 1;
    let state = bodies.saturating_mul(BODY_BYTES);
    let bytes = states.saturating_mul(state).saturating_add(sink::HASH_BYTES);
    if bytes > MAX_BYTES {
        return Err(refused(format_args!(
            "every: {states} states make {bytes} bytes, and {MAX_BYTES} are allowed; keep fewer"
        )));
    }
    Ok(bytes)
}

fn course(
    mut world: World,
    spec: &SimulateSpec,
    mut hash: Digest,
    mut sink: Sink,
) -> Result<Made, Fault> {
    let mut state = Vec::new();
    if !world.write(&mut state) {
        return Err(diverged(0));
    }
    for step in 1..=spec.steps {
        let fine = guarded(step, || world.step() && world.write(&mut state))?;
        if !fine {
            return Err(diverged(step));
        }
        hash = chained(&hash, &state);
        if spec.every > 0 && step.is_multiple_of(spec.every) {
            sink.push(&state)?;
        }
    }
    let units = u64::from(spec.steps).saturating_mul(world.bodies());
    Ok(Made { product: sink.finish(&hash, &state)?, units, trace: hash, fingerprint: None })
}

fn chained(hash: &Digest, state: &[u8]) -> Digest {
    let mut hasher = blake3::Hasher::new();
    hasher.update(hash);
    hasher.update(state);
    *hasher.finalize().as_bytes()
}

/// rapier has assertions of its own, and which scenes break them is the same on every machine.
fn guarded<T>(step: u32, work: impl FnOnce() -> T) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| {
        Fault::new(Failure::Trapped, format_args!("the engine gave up at step {step}"))
    })
}

fn diverged(step: u32) -> Fault {
    Fault::new(Failure::Trapped, format_args!("the simulation diverged at step {step}"))
}

fn refused(words: impl fmt::Display) -> Fault {
    Fault::new(Failure::MalformedSpec, words)
}

#[cfg(test)]
mod tests;
