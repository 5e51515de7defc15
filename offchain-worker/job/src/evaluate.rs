//! What an exact decoder loses on records.

use crate::{check_units, fault, input, model, product};
use blake3::Hasher;
use cairn_engine::{exact, folder::Purpose};
use cairn_order::{Fault, Made, Order};
use cairn_protocol::spec::EvaluateSpec;
use codec::Encode;
use std::path::Path;

/// Bytes of a token.
const TOKEN: u64 = 4;

pub(crate) fn run(spec: &EvaluateSpec, order: &Order, scratch: &Path) -> Result<Made, Fault> {
    let length = length(spec)?;
    let tokens = spec.count.saturating_mul(length.saturating_sub(1));
    check_units(order, tokens)?;
    let set = input::stored(order, &spec.set.file)?;
    let records = records(spec, &set)?;
    let folder = model::open(order, scratch)?;
    let package = folder.package(Purpose::Loss).map_err(fault::folder)?;
    let plan = package.plan().map_err(fault::folder)?;
    let crew = model::crew(order.threads)?;
    let (mut sum, mut units, mut each) = (0_i64, 0_u64, Vec::new());
    for record in records {
        let lost = exact::loss(&plan, &*crew, &[record]).map_err(fault::exact)?;
        sum = sum.saturating_add(lost.micro_nats);
        units = units.saturating_add(lost.tokens);
        each.extend_from_slice(&lost.micro_nats.to_le_bytes());
    }
    let output = (sum, units).encode();
    let trace = *Hasher::new().update(&output).update(&each).finalize().as_bytes();
    let product = product::of(output, order.inline, scratch)?;
    Ok(Made { product, units, trace, fingerprint: None })
}

/// Tokens of a record.
fn length(spec: &EvaluateSpec) -> Result<u64, Fault> {
    let bytes = u64::from(spec.set.record_bytes);
    if !bytes.is_multiple_of(TOKEN) {
        return Err(fault::malformed(format_args!(
            "a record of {bytes} bytes is no whole number of tokens; write each as four bytes"
        )));
    }
    Ok(bytes / TOKEN)
}

/// The tokens of those that are asked for.
fn records(spec: &EvaluateSpec, set: &[u8]) -> Result<Vec<Vec<u32>>, Fault> {
    let bytes = spec.set.record_bytes as usize;
    let place = |record: u64| usize::try_from(record).ok()?.checked_mul(bytes);
    let span = || Some(place(spec.first)?..place(spec.first.checked_add(spec.count)?)?);
    let chosen = span().and_then(|span| set.get(span));
    let chosen = chosen.ok_or_else(|| fault::malformed("the set has no such records"))?;
    let tokens = |record: &[u8]| -> Vec<u32> {
        let (tokens, _) = record.as_chunks::<4>();
        tokens.iter().copied().map(u32::from_le_bytes).collect()
    };
    Ok(chosen.chunks_exact(bytes).map(tokens).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_protocol::{
        failure::Failure,
        id::{ContentId, File},
        spec::Records,
    };

    fn spec(record_bytes: u32, first: u64, count: u64) -> EvaluateSpec {
        let file = File { id: ContentId([1; 32]), bytes: 24 };
        EvaluateSpec { set: Records { file, record_bytes }, first, count }
    }

    #[test]
    fn records_should_be_the_tokens_of_those_asked_for() {
        let set: Vec<u8> = (0..6_u32).flat_map(|token| (token << 8).to_le_bytes()).collect();
        let all = records(&spec(8, 1, 2), &set).expect("they are there");
        assert_eq!(all, [[2 << 8, 3 << 8], [4 << 8, 5 << 8]]);
        for beyond in [spec(8, 2, 2), spec(8, u64::MAX, 1), spec(8, u64::MAX / 2, 1)] {
            let fault = records(&beyond, &set).expect_err("there are three");
            assert_eq!(fault.failure, Failure::MalformedSpec);
        }
    }

    #[test]
    fn record_should_be_refused_when_it_is_no_whole_number_of_tokens() {
        assert_eq!(length(&spec(8, 0, 1)), Ok(2));
        assert_eq!(length(&spec(6, 0, 1)).expect_err("ragged").failure, Failure::MalformedSpec);
    }
}
