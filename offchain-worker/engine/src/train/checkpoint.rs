//! All that a run needs to go on, in one file of safetensors: weights, both means of each, and how
//! far it is.

use super::{Lessons, Settings, TrainError, Trainer};
use crate::{
    files,
    model::{numbers, ModelError},
    parts,
};
use burn::{
    module::Module,
    optim::{AdamWState, AdaptiveMomentumState, DynState},
    tensor::{Tensor, TensorData},
};
use cairn_artifact::hex;
use cairn_protocol::chunk::content;
use safetensors::{tensor::TensorView, Dtype, SafeTensors};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::{collections::BTreeMap, collections::HashMap, fs, path::Path};

/// Where in a file's header a run is described.
const RUN: &str = "run";

#[derive(Deserialize, PartialEq, Serialize)]
struct Header {
    done: u64,
    /// As text, because numbers may come back from text a little different.
    settings: String,
    /// What was before the first step.
    from: Origin,
    /// How often each weight has learned.
    times: BTreeMap<String, usize>,
}

/// What a run begins with beside its settings: a checkpoint goes on from no other.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct Origin {
    /// Tells weights apart, before they have learned.
    model: String,
    lessons: String,
}

impl Origin {
    pub(super) fn of<M: Module>(model: &M, lessons: &impl Lessons<M>) -> Result<Self, ModelError> {
        let mut sums = String::new();
        for (name, part) in parts::read(model)? {
            let bytes: Vec<u8> = part.values.iter().flat_map(|value| value.to_le_bytes()).collect();
            sums += &format!("{name} {:?} {}\n", part.shape, hex(&content(&bytes)));
        }
        Ok(Self { model: hex(&content(sums.as_bytes())), lessons: lessons.about() })
    }
}

impl Header {
    /// Refuses a checkpoint of another run.
    fn check(&self, settings: &str, from: &Origin) -> Result<(), String> {
        if self.settings != settings {
            let differing = differing(&self.settings, settings);
            return Err(format!("it was begun with other settings ({differing})"));
        }
        // After what a drawn model may follow from.
        if self.from.model != from.model {
            return Err("it was begun with another model".to_owned());
        }
        if self.from.lessons != from.lessons {
            return Err("it learns from other examples".to_owned());
        }
        Ok(())
    }
}

type Stored = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

impl<M: Module> Trainer<M> {
    /// Writes a checkpoint in place of the one before.
    pub(super) fn save(&self, path: &Path, from: &Origin) -> Result<(), TrainError> {
        let mut stored = Stored::new();
        for (name, part) in parts::read(self.model())? {
            stored.insert(format!("weight:{name}"), (part.shape, part.values));
        }
        let mut times = BTreeMap::new();
        for (name, state) in &self.optimizer.states {
            let (time, [first, second]) = match state.rank() {
                1 => means(state.downcast_ref::<AdamWState<1>>())?,
                _ => means(state.downcast_ref::<AdamWState<2>>())?,
            };
            times.insert(name.clone(), time);
            stored.insert(format!("first:{name}"), first);
            stored.insert(format!("second:{name}"), second);
        }
        let settings = described(&self.settings).map_err(|reason| flaw(path, reason))?;
        let header = Header { done: self.done, settings, from: from.clone(), times };
        let bytes = encode(&header, &stored).map_err(|reason| flaw(path, reason))?;
        files::replace(path, &bytes)
            .map_err(|source| TrainError::File { path: path.to_owned(), source })
    }

    /// Goes on from a checkpoint, if there is one. Says whether there was.
    pub(super) fn resume(&mut self, path: &Path, from: &Origin) -> Result<bool, TrainError> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            Err(source) => return Err(TrainError::File { path: path.to_owned(), source }),
        };
        let fail = |reason: String| flaw(path, reason);
        let (header, mut stored) = decode(&bytes).map_err(fail)?;
        let settings = described(&self.settings).map_err(fail)?;
        header.check(&settings, from).map_err(fail)?;
        let shapes: BTreeMap<String, Vec<usize>> =
            parts::read(self.model())?.into_iter().map(|(name, part)| (name, part.shape)).collect();
        let mut weights = take(&mut stored, "weight", &shapes).map_err(fail)?;
        let learned: BTreeMap<String, Vec<usize>> =
            shapes.into_iter().filter(|(name, _)| header.times.contains_key(name)).collect();
        if let Some(name) = header.times.keys().find(|name| !learned.contains_key(*name)) {
            return Err(fail(format!("the model has no {name}")));
        }
        let mut firsts = take(&mut stored, "first", &learned).map_err(fail)?;
        let mut seconds = take(&mut stored, "second", &learned).map_err(fail)?;
        if let Some(name) = stored.keys().next() {
            return Err(fail(format!("{name} is left over")));
        }
        for (name, shape) in &learned {
            let means = [&mut firsts, &mut seconds].map(|of| of.remove(name).unwrap_or_default());
            let state = self.state(header.times[name], shape, means);
            self.optimizer.states.insert(name.clone(), state);
        }
        let model = self.model.take().expect("only a step that panicked leaves none");
        self.model = Some(parts::replace(model, |name, _, _| weights.remove(name)));
        self.done = header.done;
        Ok(true)
    }

    fn state(&self, time: usize, shape: &[usize], means: [Vec<f32>; 2]) -> DynState {
        match *shape {
            [length] => DynState::create(state(time, [length], means, &self.device), 1),
            [rows, columns] => {
                DynState::create(state(time, [rows, columns], means, &self.device), 2)
            }
            _ => unreachable!("weights are vectors and matrices"),
        }
    }
}

fn state<const D: usize>(
    time: usize,
    shape: [usize; D],
    means: [Vec<f32>; 2],
    device: &burn::tensor::Device,
) -> AdamWState<D> {
    let [moment_1, moment_2] =
        means.map(|values| Tensor::from_data(TensorData::new(values, shape), device));
    AdamWState::new(AdaptiveMomentumState { time, moment_1, moment_2, max_moment_2: None })
}

type Means = (usize, [(Vec<usize>, Vec<f32>); 2]);

fn means<const D: usize>(state: &AdamWState<D>) -> Result<Means, ModelError> {
    let AdaptiveMomentumState { time, moment_1, moment_2, .. } = &state.momentum;
    let read = |values: &Tensor<D>| -> Result<_, ModelError> {
        Ok((values.dims().to_vec(), numbers(values.clone())?))
    };
    Ok((*time, [read(moment_1)?, read(moment_2)?]))
}

/// What is stored of one kind, for exactly the weights that there are.
fn take(
    stored: &mut Stored,
    kind: &str,
    shapes: &BTreeMap<String, Vec<usize>>,
) -> Result<HashMap<String, Vec<f32>>, String> {
    let mut taken = HashMap::new();
    for (name, shape) in shapes {
        let key = format!("{kind}:{name}");
        match stored.remove(&key) {
            Some((found, values)) if found == *shape => taken.insert(name.clone(), values),
            Some((found, _)) => return Err(format!("{key} is {found:?}, and not {shape:?}")),
            None => return Err(format!("{key} is missing")),
        };
    }
    Ok(taken)
}

fn encode(header: &Header, stored: &Stored) -> Result<Vec<u8>, String> {
    let bytes: Vec<(&String, &Vec<usize>, Vec<u8>)> = stored
        .iter()
        .map(|(name, (shape, values))| {
            (name, shape, values.iter().flat_map(|value| value.to_le_bytes()).collect())
        })
        .collect();
    let mut views = Vec::with_capacity(bytes.len());
    for (name, shape, data) in &bytes {
        let view = TensorView::new(Dtype::F32, (*shape).clone(), data);
        views.push((name.as_str(), view.map_err(|error| error.to_string())?));
    }
    let run = serde_json::to_string(header).map_err(|error| error.to_string())?;
    let about = HashMap::from([(RUN.to_owned(), run)]);
    safetensors::serialize(views, Some(about)).map_err(|error| error.to_string())
}

fn decode(bytes: &[u8]) -> Result<(Header, Stored), String> {
    let damaged = |error: safetensors::SafeTensorError| format!("it is damaged ({error})");
    let (_, about) = SafeTensors::read_metadata(bytes).map_err(damaged)?;
    let run = about.metadata().as_ref().and_then(|about| about.get(RUN));
    let run = run.ok_or_else(|| "it is no checkpoint".to_owned())?;
    let header = serde_json::from_str(run).map_err(|error| format!("it is damaged ({error})"))?;
    let mut stored = Stored::new();
    for (name, view) in SafeTensors::deserialize(bytes).map_err(damaged)?.iter() {
        if view.dtype() != Dtype::F32 {
            return Err(format!("{name} is not of f32"));
        }
        let values = view.data().chunks_exact(4);
        let values: Vec<f32> = values
            .map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
            .collect();
        if values.iter().any(|value| !value.is_finite()) {
            return Err(format!("{name} has a number that is not finite"));
        }
        stored.insert(name.to_owned(), (view.shape().to_vec(), values));
    }
    Ok((header, stored))
}

fn described(settings: &Settings) -> Result<String, String> {
    serde_json::to_string(settings).map_err(|error| error.to_string())
}

/// Settings that are not what they were.
fn differing(before: &str, now: &str) -> String {
    let read = |text| serde_json::from_str::<Map<String, Value>>(text).unwrap_or_default();
    let (before, now) = (read(before), read(now));
    let said = now.iter().filter_map(|(name, value)| match before.get(name) {
        Some(old) if old == value => None,
        Some(old) => Some(format!("{name} was {old} and is {value}")),
        None => Some(format!("{name} is {value}")),
    });
    said.collect::<Vec<_>>().join(", ")
}

fn flaw(path: &Path, reason: String) -> TrainError {
    TrainError::Checkpoint { path: path.to_owned(), reason }
}
