//! Texts that go on where a prompt ends, by an exact decoder.

use crate::{
    fault,
    line::{Asked, Line},
    model,
};
use blake3::Hasher;
use cairn_engine::{
    exact::{Generation, Prompt},
    folder::{Codec, Purpose},
    generate::Reason,
};
use cairn_kernel::{
    num::Scale,
    run::{Crew, Plan},
    sample::Rule,
};
use cairn_order::{Fault, Made, Order};
use cairn_protocol::spec::{Choice, InferSpec};
use std::path::Path;

/// One after another, on the model of the first of them.
pub(crate) fn run(
    first: &Order,
    line: &mut Line<'_, '_, InferSpec>,
    scratch: &Path,
) -> Result<(), Fault> {
    let folder = model::open(first, scratch)?;
    let codec = folder.codec().map_err(fault::folder)?;
    let package = folder.package(Purpose::Next).map_err(fault::folder)?;
    let plan = package.plan().map_err(fault::folder)?;
    let crew = model::crew(first.threads)?;
    while let Some(asked) = line.wait() {
        let made = one(&asked, &codec, &plan, &*crew, scratch);
        line.tell(&asked, made);
    }
    Ok(())
}

fn one(
    asked: &Asked<InferSpec>,
    codec: &Codec,
    plan: &Plan<'_>,
    crew: &dyn Crew,
    scratch: &Path,
) -> Result<Made, Fault> {
    let prompt = Prompt {
        tokens: tokens(codec, &asked.text)?,
        rule: rule(asked.spec.choice),
        seed: asked.order.seed,
        most: most(&asked.spec, &asked.order),
        stops: asked.spec.stops.to_vec(),
    };
    let generation = Generation::with_rule(plan, crew, prompt).map_err(fault::exact)?;
    let (tokens, trace) = made(generation)?;
    let text = codec.decode(&tokens).map_err(fault::folder)?;
    Ok(Made {
        product: asked.product(text.into_bytes(), scratch)?,
        units: tokens.len() as u64,
        trace: *trace.finalize().as_bytes(),
        fingerprint: None,
    })
}

/// A text as what goes on, without what the rules end one with.
pub(crate) fn tokens(codec: &Codec, text: &str) -> Result<Vec<u32>, Fault> {
    let (mut tokens, before) = codec.encode_on(text, "").map_err(fault::folder)?;
    tokens.truncate(before);
    Ok(tokens)
}

/// The tokens, and what all steps came to, also the one that ended it.
fn made(mut generation: Generation<'_>) -> Result<(Vec<u32>, Hasher), Fault> {
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
pub(crate) fn most(spec: &InferSpec, order: &Order) -> usize {
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
