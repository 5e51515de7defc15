//! What a delta is worth that another worker delivered: what the model loses with it, exactly.
//!
//! All guards have to come to the same, whatever they are given. What is no delta of the model, and
//! a spec or a set by which nothing can be measured, have the highest loss that there is: such a
//! job was not to be accepted, so its worker is not paid. What only one machine lacks is a failure.

use crate::{
    evaluate::{self, Lost},
    fault, input, model, product, records, train,
};
use cairn_artifact::changes::Changes;
use cairn_engine::{
    apply::ApplyError,
    exact::Loss,
    folder::{ExactFolder, FolderError, Purpose, Shape},
};
use cairn_order::{Fault, Input, Made, Order};
use cairn_protocol::{job::JobKind, spec::Spec};
use codec::Encode;
use std::path::Path;

/// The loss of what nobody can measure.
const WORST: u64 = u64::MAX;

pub(crate) fn run(delta: &Input, order: &Order, scratch: &Path) -> Result<Made, Fault> {
    if order.kind != JobKind::Train {
        return Err(fault::internal("deltas are measured of jobs that learn, and of no others"));
    }
    let delta = input::bytes(order, delta)?;
    let folder = model::open(order, scratch)?;
    let lost = measured(&delta, order, &folder, scratch)?;
    let (loss, units) = lost.as_ref().map_or((WORST, 0), |lost| (mean(lost.all), lost.all.tokens));
    let output = loss.encode();
    let trace = match &lost {
        Some(lost) => lost.trace(&output),
        None => *blake3::hash(&output).as_bytes(),
    };
    let product = product::of(output, order.inline, scratch)?;
    Ok(Made { product, units, trace, fingerprint: None })
}

/// What is lost on the set; none where nobody could say.
fn measured(
    delta: &[u8],
    order: &Order,
    folder: &ExactFolder,
    scratch: &Path,
) -> Result<Option<Lost>, Fault> {
    let Some(set) = set(order, folder)? else { return Ok(None) };
    let Ok(changes) = Changes::decode(delta) else { return Ok(None) };
    let changed = folder.changed_package(Purpose::Loss, changes.as_slice(), scratch);
    let package = match changed {
        Ok(package) => package,
        Err(FolderError::Apply(reason)) if is_deltas(&reason) => return Ok(None),
        Err(other) => return Err(fault::folder(other)),
    };
    evaluate::lost(&package, order, set).map(Some)
}

/// What it is measured on; none where that measures no decoder, or is more than the job pays for.
fn set(order: &Order, folder: &ExactFolder) -> Result<Option<Vec<Vec<u32>>>, Fault> {
    let Shape::Decoder(config) = folder.shape() else { return Ok(None) };
    let spec = Spec::decode(order.kind, &order.parameters);
    let Ok(Spec::Train(spec)) = spec else { return Ok(None) };
    if spec.units() > order.units || records::length(&spec.set).is_err() {
        return Ok(None);
    }
    let set = train::sequences(order, &spec.set)?;
    let fits = set.fit(config).is_ok();
    let tokens = set.examples.into_iter().map(|example| example.tokens);
    Ok(fits.then(|| tokens.collect()))
}

/// Whether it is the delta's fault that it cannot be applied.
fn is_deltas(reason: &ApplyError) -> bool {
    match reason {
        ApplyError::Nothing
        | ApplyError::Unknown { .. }
        | ApplyError::Constants { .. }
        | ApplyError::Shape { .. }
        | ApplyError::Delta { .. }
        | ApplyError::Base { .. }
        | ApplyError::Ambiguous { .. } => true,
        ApplyError::Component { .. } | ApplyError::Artifact(_) => false,
    }
}

/// What is lost on a token on average, in millionths of a nat, rounded up.
fn mean(lost: Loss) -> u64 {
    let sum = u64::try_from(lost.micro_nats).unwrap_or(0);
    sum.div_ceil(lost.tokens.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_should_be_rounded_up_and_never_below_nothing() {
        for (micro_nats, tokens, expected) in [(10, 5, 2), (11, 5, 3), (-3, 5, 0), (7, 0, 7)] {
            assert_eq!(mean(Loss { micro_nats, tokens }), expected);
        }
    }
}
