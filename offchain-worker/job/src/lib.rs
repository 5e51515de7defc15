#![doc = include_str!("../README.md")]

mod batch;
mod challenge;
mod embed;
mod evaluate;
mod fault;
mod float;
mod infer;
mod input;
mod judge;
mod line;
mod measure;
mod model;
mod product;
mod records;
mod simulate;
mod texts;
mod train;
mod wasm;

pub use batch::{run_all, work_off};
pub use cairn_order::engines::Engine;

use cairn_kernel::program::SEMANTICS;
use cairn_order::{
    devices::QUESTION, is_judging, is_solving, Fault, Judging, Made, Order, Outcome, Solving,
    Unreadable,
};
use cairn_protocol::{failure::Failure, id::EngineId, job::JobKind, spec::Spec};
use std::{
    any::Any,
    panic::{catch_unwind, AssertUnwindSafe},
    path::Path,
};

/// What this program is built of, which is what [`cairn_order::engines`] says of it.
pub fn engines() -> [Engine; 4] {
    const EXACT: &[JobKind] = &[JobKind::Infer, JobKind::Embed, JobKind::Train, JobKind::Evaluate];
    const FLOAT: &[JobKind] = &[JobKind::Infer, JobKind::Embed];
    [
        Engine { name: "exact", id: EngineId::exact(SEMANTICS), kinds: EXACT },
        Engine { name: "float", id: float::engine(), kinds: FLOAT },
        Engine { name: "simulate", id: simulate::engine(), kinds: &[JobKind::Simulate] },
        Engine { name: "wasm", id: wasm::engine(), kinds: &[JobKind::Wasm] },
    ]
}

/// What is said to an order, a brief or a challenge in bytes that is alone, or to the question
/// which devices there are.
pub fn reply(bytes: &[u8], scratch: &Path) -> Vec<u8> {
    if bytes == QUESTION {
        // A driver that fails is as good as none.
        return catch_unwind(model::devices).unwrap_or_default().to_bytes();
    }
    if is_judging(bytes) {
        return judged(bytes, scratch).to_bytes();
    }
    if is_solving(bytes) {
        return solved(bytes).to_bytes();
    }
    answer(bytes, scratch).to_bytes()
}

fn judged(judging: &[u8], scratch: &Path) -> Outcome {
    guarded(|| {
        let judging = Judging::from_bytes(judging).map_err(|reason| unread(&reason))?;
        judge(&judging, scratch)
    })
}

fn solved(solving: &[u8]) -> Outcome {
    guarded(|| {
        let solving = Solving::from_bytes(solving).map_err(|reason| unread(&reason))?;
        solve(&solving)
    })
}

/// Solves a capability challenge on the device that it names.
pub fn solve(solving: &Solving) -> Result<Made, Fault> {
    challenge::run(solving)
}

/// Judges a change of a model, or lays it on its component.
pub fn judge(judging: &Judging, scratch: &Path) -> Result<Made, Fault> {
    judge::run(judging, scratch)
}

/// Does what an order in bytes says. A job that panics has an answer too.
pub fn answer(order: &[u8], scratch: &Path) -> Outcome {
    guarded(|| {
        let order = Order::from_bytes(order).map_err(|reason| unread(&reason))?;
        run(&order, scratch)
    })
}

fn unread(reason: &Unreadable) -> Fault {
    fault::internal(format_args!(
        "the order is not read ({reason}); install cairn-worker and cairn-job together"
    ))
}

/// Does what the order says. What is longer than an answer may be is written into the scratch
/// folder.
pub fn run(order: &Order, scratch: &Path) -> Result<Made, Fault> {
    if let Some(delta) = &order.delta {
        check_engine(order)?;
        return measure::run(delta, order, scratch);
    }
    let spec = Spec::decode(order.kind, &order.parameters).map_err(fault::malformed)?;
    check_engine(order)?;
    match spec {
        Spec::Infer(_) | Spec::Embed(_) => texts::alone((0, order), Some(product::NAME), scratch),
        Spec::Evaluate(spec) => evaluate::run(&spec, order, scratch),
        Spec::Simulate(spec) => {
            let scene = input::read(order)?;
            let made = simulate::run(&spec, &scene, scratch, order.inline)?;
            check_units(order, made.units)?;
            Ok(made)
        }
        Spec::Train(spec) => train::run(&spec, order, scratch),
        Spec::Wasm(spec) => wasm::run(&spec, order, scratch),
    }
}

/// Refuses another engine than those that do the kind.
fn check_engine(order: &Order) -> Result<(), Fault> {
    let able: Vec<Engine> =
        engines().into_iter().filter(|engine| engine.kinds.contains(&order.kind)).collect();
    if able.is_empty() || able.iter().any(|engine| engine.id == order.engine) {
        return Ok(());
    }
    let names: Vec<&str> = able.iter().map(|engine| engine.name).collect();
    let (kind, names) = (order.kind, names.join("' or '"));
    let words = format!("jobs of kind {kind:?} are done here by '{names}' of this version alone");
    Err(Fault::new(Failure::WrongEngine, words))
}

/// Refuses a job that is more work than it pays for.
fn check_units(order: &Order, need: u64) -> Result<(), Fault> {
    let have = order.units;
    if need <= have {
        return Ok(());
    }
    let words = format!("the job is {need} units of work, and pays for {have}; ask for {need}");
    Err(fault::malformed(words))
}

fn guarded(job: impl FnOnce() -> Result<Made, Fault>) -> Outcome {
    // What the job had in hand goes with it.
    let done = catch_unwind(AssertUnwindSafe(job));
    done.unwrap_or_else(|panic| Err(fault::internal(words(panic.as_ref())))).into()
}

/// What a panic says.
fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("it panicked")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(outcome: Outcome) -> (Failure, String) {
        let Outcome::Failed(fault) = outcome else { panic!("{outcome:?}") };
        (fault.failure, String::from_utf8_lossy(&fault.reason).into_owned())
    }

    #[test]
    fn guarded_should_answer_when_the_job_panics() {
        let number = 7;
        assert_eq!(failure(guarded(|| panic!("no stone"))), (Failure::Internal, "no stone".into()));
        let outcome = guarded(|| panic!("no stone {number}"));
        assert_eq!(failure(outcome), (Failure::Internal, "no stone 7".into()));
    }

    #[test]
    fn answer_should_say_so_when_the_order_is_not_read() {
        let (failure, said) = failure(answer(&[], Path::new(".")));
        assert_eq!(failure, Failure::Internal);
        assert!(said.contains("no bytes") && said.contains("install"), "{said}");
    }
}
