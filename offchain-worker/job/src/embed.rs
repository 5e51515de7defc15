//! A text as a vector, by an exact encoder.

use crate::{check_units, fault, input, model, product};
use cairn_engine::{exact, folder::Purpose};
use cairn_order::{Fault, Made, Order};
use std::path::Path;

pub(crate) fn run(order: &Order, scratch: &Path) -> Result<Made, Fault> {
    let input = input::read(order)?;
    let text = input::text(&input)?;
    let folder = model::open(order, scratch)?;
    let codec = folder.codec().map_err(fault::folder)?;
    let tokens = codec.encode(text).map_err(fault::folder)?;
    let units = tokens.len() as u64;
    check_units(order, units)?;
    let package = folder.package(Purpose::Embedding).map_err(fault::folder)?;
    let plan = package.plan().map_err(fault::folder)?;
    let crew = model::crew(order.threads)?;
    let numbers = exact::embed(&plan, &*crew, &tokens).map_err(fault::exact)?;
    let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    let trace = *blake3::hash(&bytes).as_bytes();
    let product = product::of(bytes, order.inline, scratch)?;
    Ok(Made { product, units, trace, fingerprint: None })
}
