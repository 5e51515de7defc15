//! What is said of a change of a model, by the function that whoever learned it has checked it by.
//! Of several in one process each finds what the one before has opened.

use crate::{guarded, line::Tell, model, product, wasm::Modules};
use cairn_engine::judge::{Judge, JudgeError, Judged, Place};
use cairn_kernel::run::Crew;
use cairn_order::{Fault, Judging, Made, Outcome, Product, Want};
use cairn_protocol::{failure::Failure, id::File, learning::evaluation::Opinion};
use codec::Encode;
use std::{path::Path, sync::mpsc::Receiver};

/// One that is alone.
pub(crate) fn run(judging: &Judging, scratch: &Path) -> Result<Made, Fault> {
    let (crew, modules) = able(judging.threads)?;
    one(&mut Judge::new(&*crew, &modules), judging, product::NAME, scratch)
}

/// Judges as briefs come, until no more do.
pub(crate) fn serve(come: Receiver<(u32, Judging)>, scratch: &Path, tell: &mut Tell<'_>) {
    let Ok((number, first)) = come.recv() else { return };
    let able = able(first.threads);
    let mut judge = able.as_ref().map(|(crew, modules)| Judge::new(&**crew, modules));
    for (number, judging) in [(number, first)].into_iter().chain(come) {
        let outcome = match &mut judge {
            // What is kept is whole when one panics, as it is put there last.
            Ok(judge) => guarded(|| one(judge, &judging, &product::numbered(number), scratch)),
            Err(fault) => Outcome::Failed((*fault).clone()),
        };
        tell(number, outcome);
    }
}

fn able(threads: u16) -> Result<(Box<dyn Crew>, Modules), Fault> {
    Ok((model::crew(threads)?, Modules::new()?))
}

fn one(
    judge: &mut Judge<'_>,
    judging: &Judging,
    name: &str,
    scratch: &Path,
) -> Result<Made, Fault> {
    let cache = model::cache(&judging.cache, scratch);
    let place = Place { store: Path::new(&judging.store), cache };
    match judging.want {
        Want::Opinion => {
            let Judged { opinion, tokens, .. } =
                judge.judge(&judging.brief, place).map_err(failed)?;
            Ok(said(&opinion, tokens))
        }
        Want::Candidate => {
            let laid = judge.lay(&judging.brief, place, &scratch.join(name)).map_err(failed)?;
            let unlaid = |said| unwritten("the delta cannot be laid on the component", said);
            Ok(written(&laid.map_err(unlaid)?, name))
        }
        Want::Sample => {
            let drawn = judge.sample(&judging.brief, place, &scratch.join(name)).map_err(failed)?;
            let undrawn = |said| unwritten("no records come of the source", said);
            Ok(written(&drawn.map_err(undrawn)?, name))
        }
    }
}

/// An opinion is short, so it always goes into the answer.
fn said(opinion: &Opinion, units: u64) -> Made {
    let output = opinion.encode();
    let trace = *blake3::hash(&output).as_bytes();
    Made { product: Product::Inline(output), units, trace, fingerprint: None }
}

/// A file of the scratch folder, of which nothing was measured.
fn written(file: &File, name: &str) -> Made {
    let product = Product::Scratch(name.into());
    Made { product, units: 0, trace: file.id.0, fingerprint: None }
}

/// Why there is no such file, for all who try.
fn unwritten(what: &str, opinion: Opinion) -> Fault {
    match opinion {
        Opinion::Unavailable(id) => {
            let words = format_args!("there is no file {}", cairn_artifact::hex(&id));
            Fault::new(Failure::MissingArtifact, words)
        }
        said => Fault::new(Failure::FalseArtifact, format_args!("{what}: {said:?}")),
    }
}

fn failed(error: JudgeError) -> Fault {
    Fault::new(error.failure(), error)
}
