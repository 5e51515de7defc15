//! A delta on a decoder, learnt from examples in floats. How it was come by is nobody's business:
//! it is worth what guards measure.

use crate::{check_units, fault, model, product, records};
use cairn_artifact::{change::Change, changes::Changes};
use cairn_engine::{
    folder::{ExactFolder, FolderError, Model, Shape},
    train::{Learned, Schedule, Sequence, Sequences, Settings, Trainer},
};
use cairn_order::{Fault, Made, Order};
use cairn_protocol::spec::{Records, TrainSpec, STEP_EXAMPLES};
use std::{collections::BTreeMap, path::Path};

/// For this part of all steps the rate rises.
const WARMUP: u64 = 12;
/// What part of the highest rate is left at the end.
const LAST: f64 = 0.05;

pub(crate) fn run(spec: &TrainSpec, order: &Order, scratch: &Path) -> Result<Made, Fault> {
    let units = spec.units();
    check_units(order, units)?;
    let lessons = sequences(order, &spec.data)?;
    let set = sequences(order, &spec.set)?;
    let folder = model::open(order, scratch)?;
    let Shape::Decoder(config) = folder.shape() else {
        let found = folder.shape().kind();
        return Err(fault::folder(FolderError::Kind { found, need: "a decoder" }));
    };
    // What nobody can measure the delta on would not be paid.
    for examples in [&lessons, &set] {
        examples.fit(config).map_err(fault::train)?;
    }
    let threads = model::pool(order.threads)?;
    let changes = threads.install(|| learn(spec, order, &folder, &lessons))?;
    let changes = Changes::new(changes.into_values()).map_err(|flaw| {
        fault::malformed(format_args!("no delta came of it ({flaw}); learn faster, or longer"))
    })?;
    let bytes = changes.encode();
    let trace = *blake3::hash(&bytes).as_bytes();
    let product = product::of(bytes, order.inline, scratch)?;
    Ok(Made { product, units, trace, fingerprint: None })
}

/// All examples of a file that the job names, of which a decoder is to foretell all but the first
/// tokens.
pub(crate) fn sequences(order: &Order, records: &Records) -> Result<Sequences, Fault> {
    let examples = records::all(order, records)?.into_iter();
    let examples = examples.map(|tokens| Sequence { tokens, given: 1 }).collect();
    Ok(Sequences { seed: order.seed, examples, count: STEP_EXAMPLES as usize })
}

fn learn(
    spec: &TrainSpec,
    order: &Order,
    folder: &ExactFolder,
    lessons: &Sequences,
) -> Result<BTreeMap<String, Change>, Fault> {
    check_component(order, folder)?;
    let device = model::device(order)?;
    let Model::Decoder(decoder) = folder.floats(&device).map_err(fault::folder)? else {
        return Err(fault::internal("the model is of another kind than its card says"));
    };
    let settings = settings(spec, order);
    let mut trainer = Trainer::new(decoder, settings.clone()).map_err(fault::train)?;
    while trainer.done() < settings.steps {
        trainer.step(lessons).map_err(fault::train)?;
    }
    folder.changes(&trainer.snapshot(), settings.learned).map_err(fault::folder)
}

fn settings(spec: &TrainSpec, order: &Order) -> Settings {
    let steps = u64::from(spec.steps);
    let learned = match spec.rank {
        None => Learned::Masters,
        Some(rank) => Learned::LowRank { rank: rank.into(), alpha: 2.0 * f64::from(rank) },
    };
    let rate = f64::from(spec.rate_ppm) / 1e6;
    let schedule = Schedule { rate, warmup: (steps / WARMUP).max(1), last: LAST };
    let component = order.component.clone();
    Settings { seed: order.seed, steps, schedule, learned, component, ..Settings::default() }
}

/// Refuses a component that the model does not have, of which nothing would be learnt.
fn check_component(order: &Order, folder: &ExactFolder) -> Result<(), Fault> {
    let Some(component) = &order.component else { return Ok(()) };
    let base = folder.base().map_err(fault::folder)?;
    if base.files().contains_key(component) {
        return Ok(());
    }
    let names: Vec<&str> = base.files().keys().map(String::as_str).collect();
    let words = format!("the model has no component {component:?}, but {}", names.join(", "));
    Err(fault::malformed(words))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_order::Input;
    use cairn_protocol::{
        id::{ContentId, EngineId, File},
        job::{Job, JobKind, Payload},
    };

    #[test]
    fn settings_should_be_what_the_job_asks_for() {
        let job = Job {
            kind: JobKind::Train,
            model: None,
            engine: EngineId([1; 32]),
            input: Payload::Inline(Default::default()),
            parameters: Default::default(),
            seed: [3; 32],
            units: 4,
            sampled: false,
        };
        let order = Order::of(&job, Input::Inline(Vec::new()), None);
        let data = Records { file: File { id: ContentId([1; 32]), bytes: 8 }, record_bytes: 8 };
        let spec = TrainSpec { data, set: data, steps: 120, rate_ppm: 2_000, rank: None };
        let all = settings(&spec, &order);
        assert_eq!((all.seed, all.steps, all.learned), ([3; 32], 120, Learned::Masters));
        assert_eq!(all.schedule.warmup, 10);
        assert!((all.schedule.rate - 0.002).abs() < 1e-12);
        let few = settings(&TrainSpec { steps: 1, rank: Some(4), ..spec }, &order);
        assert_eq!(few.schedule.warmup, 1);
        let Learned::LowRank { rank: 4, alpha } = few.learned else { panic!("{few:?}") };
        assert!((alpha - 8.0).abs() < 1e-12);
    }
}
