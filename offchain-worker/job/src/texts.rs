//! Jobs on texts: several on one model share what is opened of it.

use crate::{check_engine, embed, fault, float, infer, input, product};
use cairn_order::{Fault, Made, Order, Product};
use cairn_protocol::{job::JobKind, spec::Spec};
use std::path::Path;

/// What comes of each, unless nothing comes of any.
pub(crate) type Each = Result<Vec<Result<Made, Fault>>, Fault>;

/// An order, and what its output is called where it is a file.
#[derive(Clone, Copy)]
pub(crate) struct Job<'a> {
    pub order: &'a Order,
    pub name: &'a str,
}

/// A job whose order makes sense, as far as it says.
pub(crate) struct Asked<'a, S> {
    pub job: Job<'a>,
    pub spec: S,
    pub text: String,
}

impl<S> Asked<'_, S> {
    pub(crate) fn product(&self, bytes: Vec<u8>, scratch: &Path) -> Result<Product, Fault> {
        product::named(self.job.name, bytes, self.job.order.inline, scratch)
    }
}

/// What comes of one job.
pub(crate) fn alone(order: &Order, scratch: &Path) -> Result<Made, Fault> {
    let mut made = run(&[Job { order, name: product::NAME }], scratch);
    made.pop().unwrap_or_else(|| Err(fault::internal("nothing came of it")))
}

/// What comes of jobs of one kind, by one engine, on one model.
pub(crate) fn run(jobs: &[Job<'_>], scratch: &Path) -> Vec<Result<Made, Fault>> {
    let Some(Job { order, .. }) = jobs.first().copied() else { return Vec::new() };
    let in_floats = order.engine == float::engine();
    match order.kind {
        JobKind::Embed => {
            let own = |spec: Spec| match spec {
                Spec::Embed(spec) => Some(spec),
                _ => None,
            };
            together(read(jobs, own), |all| match in_floats {
                true => float::embed(order, &all, scratch),
                false => embed::run(order, &all, scratch),
            })
        }
        JobKind::Infer => {
            let own = |spec: Spec| match spec {
                Spec::Infer(spec) => Some(spec),
                _ => None,
            };
            together(read(jobs, own), |all| match in_floats {
                true => float::infer(order, &all, scratch),
                false => infer::run(order, &all, scratch),
            })
        }
        _ => jobs.iter().map(|_| Err(fault::internal("it is no job on a text"))).collect(),
    }
}

/// Does those together that have no fault so far. Each of the others keeps its own.
pub(crate) fn together<T>(
    ready: Vec<Result<T, Fault>>,
    work: impl FnOnce(Vec<T>) -> Each,
) -> Vec<Result<Made, Fault>> {
    let (mut fit, mut faults) = (Vec::new(), Vec::new());
    for one in ready {
        faults.push(one.map(|one| fit.push(one)).err());
    }
    let count = fit.len();
    let made = match count {
        0 => Vec::new(),
        _ => work(fit).unwrap_or_else(|fault| vec![Err(fault); count]),
    };
    let mut made = made.into_iter();
    let mut next = || made.next().unwrap_or_else(|| Err(fault::internal("nothing came of it")));
    faults.into_iter().map(|fault| fault.map_or_else(&mut next, Err)).collect()
}

fn read<'a, S>(
    jobs: &[Job<'a>],
    of: impl Fn(Spec) -> Option<S>,
) -> Vec<Result<Asked<'a, S>, Fault>> {
    let one = |job: &Job<'a>| -> Result<Asked<'a, S>, Fault> {
        let order = job.order;
        let spec = Spec::decode(order.kind, &order.parameters).map_err(fault::malformed)?;
        check_engine(order)?;
        check_judged(order)?;
        let other = || fault::malformed("the parameters are another kind of job's");
        let spec = of(spec).ok_or_else(other)?;
        let bytes = input::read(order)?;
        let text = input::text(&bytes)?.to_owned();
        Ok(Asked { job: *job, spec, text })
    };
    jobs.iter().map(one).collect()
}

/// Floats are judged by fingerprints, and what is exact by its bits.
fn check_judged(order: &Order) -> Result<(), Fault> {
    match (order.engine == float::engine(), &order.fingerprint) {
        (true, None) => Err(fault::malformed(
            "results in floats are judged by their fingerprints alone; ask for Tolerance",
        )),
        (false, Some(_)) => Err(fault::malformed(
            "results of the exact engine are judged by their bits; ask for Proven",
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(units: u64) -> Made {
        Made { product: Product::Inline(Vec::new()), units, trace: [0; 32], fingerprint: None }
    }

    #[test]
    fn together_should_leave_each_its_own_fault() {
        let fault = fault::malformed("no text");
        let ready = || vec![Ok(1), Err(fault.clone()), Ok(3)];
        let done = |units: Vec<u64>| Ok(units.into_iter().map(|units| Ok(made(units))).collect());
        let each = together(ready(), done);
        assert_eq!(each, [Ok(made(1)), Err(fault.clone()), Ok(made(3))]);
        // What all of them need.
        let missing = fault::internal("no model");
        let each = together(ready(), |_| Err(missing.clone()));
        assert_eq!(each, [Err(missing.clone()), Err(fault.clone()), Err(missing)]);
        // Nothing is opened for nobody.
        let none: Vec<Result<u64, Fault>> = vec![Err(fault.clone())];
        assert_eq!(together(none, |_| panic!("there is nothing to do")), [Err(fault)]);
    }
}
