//! How texts go on, those of several jobs step by step together. Each joins and leaves between two
//! steps.

use super::{not_finite, text};
use crate::{
    fault, infer,
    line::{Asked, Line},
};
use cairn_engine::{
    folder::Codec,
    generate::{Batch, Event, GenerateError, Id, Limits, Reason, Request, Sampling},
    model::Decoder,
};
use cairn_order::{Fault, Made, Over};
use cairn_protocol::{
    id::Seed,
    spec::{Choice, InferSpec, WHOLE_PREFIX},
};
use std::{collections::BTreeMap, f64::consts::LOG2_E, mem, path::Path, sync::Arc};

type Texts<'l, 'a> = Line<'l, 'a, InferSpec>;

/// The texts that are written now.
pub(super) struct Writing<'m> {
    decoder: Arc<Decoder>,
    codec: &'m Codec,
    scratch: &'m Path,
    batch: Batch,
    /// Each with what is made of it so far.
    texts: BTreeMap<Id, (Asked<InferSpec>, Vec<u32>)>,
}

impl<'m> Writing<'m> {
    pub(super) fn new(decoder: Arc<Decoder>, codec: &'m Codec, scratch: &'m Path) -> Self {
        let batch = Batch::new(Arc::clone(&decoder), Limits::default());
        Self { decoder, codec, scratch, batch, texts: BTreeMap::new() }
    }

    /// Until none comes any more.
    pub(super) fn serve(&mut self, line: &mut Texts<'_, '_>) {
        loop {
            while let Some(asked) = self.next(line) {
                self.begin(asked, line);
            }
            if self.texts.is_empty() {
                return;
            }
            self.step(line);
        }
    }

    /// Another that there is room for. It is waited for where there is nothing else to do.
    fn next(&self, line: &mut Texts<'_, '_>) -> Option<Asked<InferSpec>> {
        match self.texts.len() {
            0 => line.wait(),
            many if many >= Limits::default().sequences => None,
            _ => line.ready(),
        }
    }

    fn begin(&mut self, asked: Asked<InferSpec>, line: &mut Texts<'_, '_>) {
        let request = request(&asked, self.codec);
        let begun = request.and_then(|request| {
            let join = |request| self.batch.join(request).map_err(refused);
            request.map(join).transpose()
        });
        match begun {
            Ok(Some(id)) => {
                self.texts.insert(id, (asked, Vec::new()));
            }
            Ok(None) => line.tell(&asked, self.made(&asked, &[])),
            Err(fault) => line.tell(&asked, Err(fault)),
        }
    }

    fn step(&mut self, line: &mut Texts<'_, '_>) {
        match self.batch.step() {
            Ok(events) => events.iter().for_each(|event| self.take(event, line)),
            Err(error) => {
                self.batch.clear();
                let fault = fault::folder(error);
                for (asked, _) in mem::take(&mut self.texts).into_values() {
                    line.tell(&asked, Err(fault.clone()));
                }
            }
        }
    }

    fn take(&mut self, event: &Event, line: &mut Texts<'_, '_>) {
        if let Some((_, made)) = self.texts.get_mut(&event.id) {
            made.extend(event.token);
        }
        let Some(reason) = event.reason else { return };
        let Some((asked, made)) = self.texts.remove(&event.id) else { return };
        let made = match reason {
            Reason::NotFinite => Err(not_finite()),
            _ => self.made(&asked, &made),
        };
        line.tell(&asked, made);
    }

    fn made(&self, asked: &Asked<InferSpec>, tokens: &[u32]) -> Result<Made, Fault> {
        text(asked, tokens, &self.decoder, self.codec, self.scratch)
    }
}

/// None where the text is another's, of which nothing is made anew.
fn request(asked: &Asked<InferSpec>, codec: &Codec) -> Result<Option<Request>, Fault> {
    let order = &asked.order;
    if let Some(Over::Claimed(_)) = order.fingerprint {
        return Ok(None);
    }
    Ok(Some(Request {
        prompt: infer::tokens(codec, &asked.text)?,
        sampling: sampling(asked.spec.choice, order.seed),
        most: infer::most(&asked.spec, order),
        stops: asked.spec.stops.to_vec(),
    }))
}

fn refused(error: GenerateError) -> Fault {
    match error {
        GenerateError::Model(error) => fault::folder(error),
        unserved @ GenerateError::Unserved(_) => fault::internal(unserved),
        other => fault::malformed(other),
    }
}

/// What the kernel chooses by in integers, in floats.
fn sampling(choice: Choice, seed: Seed) -> Sampling {
    let Choice::Drawn { multiplier, shift, most, prefix } = choice else {
        return Sampling::Greedy;
    };
    // Logits times that are in powers of two.
    let scale = f64::from(multiplier) / 2_f64.powi(shift.into());
    Sampling::Drawn {
        temperature: (LOG2_E / scale) as f32,
        most: usize::try_from(most).unwrap_or(usize::MAX),
        share: (f64::from(prefix) / f64::from(WHOLE_PREFIX)) as f32,
        seed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_engine::exact;
    use cairn_kernel::sample::Rule;

    #[test]
    fn sampling_should_be_what_the_kernels_rule_was_made_of() {
        let drawn = Sampling::Drawn { temperature: 0.7, most: 40, share: 0.9, seed: [7; 32] };
        let Ok((Rule::Drawn { scale, most, prefix }, seed)) = exact::rule(&drawn) else {
            panic!("it is drawn");
        };
        let choice =
            Choice::Drawn { multiplier: scale.multiplier, shift: scale.shift, most, prefix };
        let Sampling::Drawn { temperature, most, share, seed } = sampling(choice, seed) else {
            panic!("it is drawn");
        };
        assert!((temperature - 0.7).abs() < 1e-4 && (share - 0.9).abs() < 1e-4);
        assert_eq!((most, seed), (40, [7; 32]));
        assert_eq!(sampling(Choice::Greedy, seed), Sampling::Greedy);
    }
}
