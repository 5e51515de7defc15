//! Texts as vectors, by an exact encoder.

use crate::{
    check_units, fault,
    line::{Asked, Line},
    model,
};
use cairn_engine::{
    exact,
    folder::{Codec, Purpose},
};
use cairn_kernel::run::{Crew, Plan};
use cairn_order::{Fault, Made, Order};
use cairn_protocol::spec::EmbedSpec;
use std::path::Path;

/// One after another, on the model of the first of them.
pub(crate) fn run(
    first: &Order,
    line: &mut Line<'_, '_, EmbedSpec>,
    scratch: &Path,
) -> Result<(), Fault> {
    let folder = model::open(first, scratch)?;
    let codec = folder.codec().map_err(fault::folder)?;
    let package = folder.package(Purpose::Embedding).map_err(fault::folder)?;
    let plan = package.plan().map_err(fault::folder)?;
    let crew = model::crew(first.threads)?;
    while let Some(asked) = line.wait() {
        let made = one(&asked, &codec, &plan, &*crew, scratch);
        line.tell(&asked, made);
    }
    Ok(())
}

fn one(
    asked: &Asked<EmbedSpec>,
    codec: &Codec,
    plan: &Plan<'_>,
    crew: &dyn Crew,
    scratch: &Path,
) -> Result<Made, Fault> {
    let tokens = codec.encode(&asked.text).map_err(fault::folder)?;
    let units = tokens.len() as u64;
    check_units(&asked.order, units)?;
    let numbers = exact::embed(plan, crew, &tokens).map_err(fault::exact)?;
    let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    let trace = *blake3::hash(&bytes).as_bytes();
    let product = asked.product(bytes, scratch)?;
    Ok(Made { product, units, trace, fingerprint: None })
}
