//! Jobs on texts: several on one model share what is opened of it.

use crate::{
    embed, fault, float, infer,
    line::{Line, OnText, Orders},
};
use cairn_order::{Fault, Made, Order, Outcome};
use cairn_protocol::{
    job::JobKind,
    spec::{EmbedSpec, InferSpec, Spec},
};
use std::{path::Path, sync::mpsc};

impl OnText for EmbedSpec {
    fn of(spec: Spec) -> Option<Self> {
        match spec {
            Spec::Embed(spec) => Some(spec),
            _ => None,
        }
    }
}

impl OnText for InferSpec {
    fn of(spec: Spec) -> Option<Self> {
        match spec {
            Spec::Infer(spec) => Some(spec),
            _ => None,
        }
    }
}

/// What comes of one job, with what its output is called where it is a file; else its number says.
pub(crate) fn alone(
    (number, order): (u32, &Order),
    name: Option<&'static str>,
    scratch: &Path,
) -> Result<Made, Fault> {
    let (to, come) = mpsc::channel();
    // Who takes it is here.
    let _ = to.send((number, order.clone()));
    drop(to);
    let mut ended = None;
    run(&mut Orders::new(come, name, &mut |_, outcome| ended = Some(outcome)), scratch);
    match ended {
        Some(Outcome::Made(made)) => Ok(made),
        Some(Outcome::Failed(fault)) => Err(fault),
        None => Err(fault::internal("nothing came of it")),
    }
}

/// Does jobs of one kind, by one engine, on one model, until none comes any more.
pub(crate) fn run(orders: &mut Orders<'_>, scratch: &Path) {
    let Some(first) = orders.first() else { return };
    let in_floats = first.engine == float::engine();
    match first.kind {
        JobKind::Embed => Line::<EmbedSpec>::of(orders).serve(|first, line| match in_floats {
            true => float::embed(first, line, scratch),
            false => embed::run(first, line, scratch),
        }),
        JobKind::Infer => Line::<InferSpec>::of(orders).serve(|first, line| match in_floats {
            true => float::infer(first, line, scratch),
            false => infer::run(first, line, scratch),
        }),
        _ => {
            while let Some((number, _)) = orders.next(true) {
                orders.tell(number, Outcome::Failed(fault::internal("it is no job on a text")));
            }
        }
    }
}
