//! Text that goes on where a prompt ends, by an exact decoder.

use crate::{fault, input, model, product};
use blake3::Hasher;
use cairn_engine::{
    exact::{Generation, Prompt},
    folder::Purpose,
    generate::Reason,
};
use cairn_kernel::{num::Scale, sample::Rule};
use cairn_order::{Fault, Made, Order};
use cairn_protocol::spec::{Choice, InferSpec};
use std::path::Path;

pub(crate) fn run(spec: &InferSpec, order: &Order, scratch: &Path) -> Result<Made, Fault> {
    let input = input::read(order)?;
    let text = input::text(&input)?;
    let folder = model::open(order, scratch)?;
    let codec = folder.codec().map_err(fault::folder)?;
    // Without what the rules end a text with: it goes on.
    let (mut tokens, before) = codec.encode_on(text, "").map_err(fault::folder)?;
    tokens.truncate(before);
    let prompt = Prompt {
        tokens,
        rule: rule(spec.choice),
        seed: order.seed,
        most: most(spec, order),
        stops: spec.stops.to_vec(),
    };
    let package = folder.package(Purpose::Next).map_err(fault::folder)?;
    let plan = package.plan().map_err(fault::folder)?;
    let crew = model::crew(order.threads)?;
    let generation = Generation::with_rule(&plan, &*crew, prompt).map_err(fault::exact)?;
    let (tokens, trace) = all(generation)?;
    let text = codec.decode(&tokens).map_err(fault::folder)?;
    Ok(Made {
        product: product::of(text.into_bytes(), order.inline, scratch)?,
        units: tokens.len() as u64,
        trace: *trace.finalize().as_bytes(),
        fingerprint: None,
    })
}

/// The tokens, and what all steps came to, also the one that ended it.
fn all(mut generation: Generation<'_>) -> Result<(Vec<u32>, Hasher), Fault> {
    let (mut tokens, mut trace) = (Vec::new(), Hasher::new());
    while let Some(token) = generation.next() {
        tokens.push(token.map_err(fault::exact)?);
        add(&mut trace, generation.logits());
    }
    if generation.reason() == Some(Reason::Stop) {
        add(&mut trace, generation.logits());
    }
    Ok((tokens, trace))
}

fn add(trace: &mut Hasher, logits: &[i32]) {
    let bytes: Vec<u8> = logits.iter().flat_map(|logit| logit.to_le_bytes()).collect();
    trace.update(&bytes);
}

/// No more than is paid for.
fn most(spec: &InferSpec, order: &Order) -> usize {
    usize::try_from(order.units.min(spec.most.into())).unwrap_or(usize::MAX)
}

fn rule(choice: Choice) -> Rule {
    match choice {
        Choice::Greedy => Rule::Greedy,
        Choice::Drawn { multiplier, shift, most, prefix } => {
            Rule::Drawn { scale: Scale { multiplier, shift }, most, prefix }
        }
    }
}
