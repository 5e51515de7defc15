//! Names of the engines that `cairn-job` has, for whoever does not link it.
//!
//! Whatever can change a bit of a result is in the name: see [`cairn_protocol::engine`].
//! `cairn-job` tests that what is said here is what it is built of.

use cairn_protocol::{id::EngineId, job::JobKind};

/// What operators of exact programs mean, by the kernel's number.
pub const SEMANTICS: u16 = 1;

pub const WASM_NAME: &str = "wasmtime";
pub const WASM_VERSION: &str = "36.0.20";
/// What decides how a module runs, and which functions of the worker's it may call.
pub const WASM_FLAGS: &[&str] = &[
    "cairn-imports-1",
    "canonical-nans",
    "fuel",
    "no-externref",
    "no-relaxed-simd",
    "no-threads",
    "stack-524288",
    "table-elements-1048576",
    "wasm-2",
];

pub const SIMULATE_NAME: &str = "rapier3d";
pub const SIMULATE_VERSION: &str = "0.35.2";
pub const SIMULATE_FLAGS: &[&str] = &["cairn-scene-1", "dim3", "enhanced-determinism", "f32"];

pub const FLOAT_NAME: &str = "cairn-float";
/// Not that of what computes floats: honest results differ a little as it is, from one device to
/// the next, and are compared by fingerprints. Raised when a model comes to mean something else.
pub const FLOAT_VERSION: &str = "1";
/// What weights and activations are, and how fingerprints are made.
pub const FLOAT_FLAGS: &[&str] = &["f32", "fingerprint-1"];

/// An engine, and the kinds of jobs that it does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Engine {
    pub name: &'static str,
    pub id: EngineId,
    pub kinds: &'static [JobKind],
}

/// Exact programs of the kernel. Learning is named by it too: a delta is for a model as this engine
/// runs it, and worth what is measured so, however it was learnt.
pub fn exact() -> EngineId {
    EngineId::exact(SEMANTICS)
}

/// Modules of users.
pub fn wasm() -> EngineId {
    EngineId::of(WASM_NAME, WASM_VERSION, WASM_FLAGS)
}

/// Rigid bodies.
pub fn simulate() -> EngineId {
    EngineId::of(SIMULATE_NAME, SIMULATE_VERSION, SIMULATE_FLAGS)
}

/// Models in floats, on any device.
pub fn float() -> EngineId {
    EngineId::of(FLOAT_NAME, FLOAT_VERSION, FLOAT_FLAGS)
}

/// All of them; of two that do one kind, the exact one first.
pub fn all() -> [Engine; 4] {
    const EXACT: &[JobKind] = &[JobKind::Infer, JobKind::Embed, JobKind::Train, JobKind::Evaluate];
    const FLOAT: &[JobKind] = &[JobKind::Infer, JobKind::Embed];
    [
        Engine { name: "exact", id: exact(), kinds: EXACT },
        Engine { name: "float", id: float(), kinds: FLOAT },
        Engine { name: "simulate", id: simulate(), kinds: &[JobKind::Simulate] },
        Engine { name: "wasm", id: wasm(), kinds: &[JobKind::Wasm] },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_should_do_each_kind_by_names_of_their_own() {
        let all = all();
        for kind in JobKind::ALL {
            let able = all.iter().filter(|engine| engine.kinds.contains(&kind));
            let names: Vec<&str> = able.map(|engine| engine.name).collect();
            let expected: &[&str] = match kind {
                JobKind::Infer | JobKind::Embed => &["exact", "float"],
                JobKind::Train | JobKind::Evaluate => &["exact"],
                JobKind::Simulate => &["simulate"],
                JobKind::Wasm => &["wasm"],
            };
            assert_eq!(names, expected, "{kind:?}");
        }
        for (at, engine) in all.iter().enumerate() {
            assert!(all[..at].iter().all(|other| other.id != engine.id), "{}", engine.name);
        }
    }
}
