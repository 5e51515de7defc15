//! What an exact decoder loses on records.

use crate::{check_units, fault, model, product, records};
use blake3::Hasher;
use cairn_artifact::package::Package;
use cairn_engine::{
    exact::{self, Loss},
    folder::Purpose,
};
use cairn_order::{Fault, Made, Order};
use cairn_protocol::{id::Digest, spec::EvaluateSpec};
use codec::Encode;
use std::path::Path;

/// What was lost, and on which record how much.
pub(crate) struct Lost {
    pub all: Loss,
    each: Vec<u8>,
}

pub(crate) fn run(spec: &EvaluateSpec, order: &Order, scratch: &Path) -> Result<Made, Fault> {
    let length = records::length(&spec.set)?;
    let tokens = spec.count.saturating_mul(length.saturating_sub(1));
    check_units(order, tokens)?;
    let records = records::some(order, &spec.set, spec.first, spec.count)?;
    let folder = model::open(order, scratch)?;
    let package = folder.package(Purpose::Loss).map_err(fault::folder)?;
    let lost = lost(&package, order, records)?;
    let (sum, units) = (lost.all.micro_nats, lost.all.tokens);
    let output = (sum, units).encode();
    let trace = lost.trace(&output);
    let product = product::of(output, order.inline, scratch)?;
    Ok(Made { product, units, trace, fingerprint: None })
}

/// What a program loses on records, one after another.
pub(crate) fn lost(
    package: &Package,
    order: &Order,
    records: Vec<Vec<u32>>,
) -> Result<Lost, Fault> {
    let plan = package.plan().map_err(fault::folder)?;
    let crew = model::crew(order.threads)?;
    let mut lost = Lost { all: Loss::default(), each: Vec::new() };
    for record in records {
        let one = exact::loss(&plan, &*crew, &[record]).map_err(fault::exact)?;
        lost.all.micro_nats = lost.all.micro_nats.saturating_add(one.micro_nats);
        lost.all.tokens = lost.all.tokens.saturating_add(one.tokens);
        lost.each.extend_from_slice(&one.micro_nats.to_le_bytes());
    }
    Ok(lost)
}

impl Lost {
    /// What guards compare of how an output was come by.
    pub(crate) fn trace(&self, output: &[u8]) -> Digest {
        *Hasher::new().update(output).update(&self.each).finalize().as_bytes()
    }
}
