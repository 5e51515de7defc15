//! What learning begins from: published masters, and what one of them stands for.

use crate::apply::Deltas;
use cairn_artifact::{
    change::{self, Change},
    contents::{Contents, Numbers, Tensor},
    manifest,
    store::Store,
};
use cairn_protocol::id::ContentId;
use std::collections::BTreeMap;
use thiserror::Error;

/// What the name of a tensor's steps ends in.
pub(crate) const STEPS: &str = ".steps";

/// Why a published model is none that learning can begin from.
#[derive(Debug, Error)]
pub enum BaseError {
    #[error("component {component} is no file of tensors: {flaw}; fetch it again")]
    Component { component: String, flaw: String },
    #[error("{name} does not say what its numbers stand for; publish the model anew")]
    NoSteps { name: String },
    #[error(
        "what numbers of {name} stand for is {found}, which no step is; publish the model anew"
    )]
    Step { name: String, found: f32 },
    #[error("{name} is changed, and no component of the base has it; learn from that base")]
    Unknown { name: String },
    #[error("what was learned cannot be written: {0}")]
    Change(#[from] change::Flaw),
    #[error(transparent)]
    Artifact(#[from] cairn_artifact::Error),
}

/// The tensors of a published model, with what their numbers stand for.
#[derive(Clone, Debug, PartialEq)]
pub struct Base {
    /// The file of each component.
    files: BTreeMap<String, ContentId>,
    tensors: BTreeMap<String, Tensor<'static>>,
    steps: BTreeMap<String, Vec<f32>>,
}

impl Base {
    /// Reads the model that a manifest names.
    pub fn open(store: &Store, id: &ContentId) -> Result<Self, BaseError> {
        let manifest = store.manifest(id)?;
        let mut base =
            Self { files: BTreeMap::new(), tensors: BTreeMap::new(), steps: BTreeMap::new() };
        for (component, held) in &manifest.components {
            let file = store.open_file(&held.file)?;
            let contents = Contents::decode(&file).map_err(|flaw| BaseError::Component {
                component: component.clone(),
                flaw: flaw.to_string(),
            })?;
            for (short, tensor) in contents.tensors() {
                let name = manifest::full_name(component, short);
                match name.strip_suffix(STEPS) {
                    Some(of) => drop(base.steps.insert(of.to_owned(), decoded(of, tensor)?)),
                    None => drop(base.tensors.insert(name, owned(tensor))),
                }
            }
            base.files.insert(component.clone(), held.file.id);
        }
        Ok(base)
    }

    /// What each component is called.
    pub fn files(&self) -> &BTreeMap<String, ContentId> {
        &self.files
    }

    pub fn tensors(&self) -> &BTreeMap<String, Tensor<'static>> {
        &self.tensors
    }

    /// What one of a tensor's numbers stands for: one number for all rows, or one for each.
    pub fn steps(&self) -> &BTreeMap<String, Vec<f32>> {
        &self.steps
    }

    /// Deltas as changes of this base's components, by their names.
    pub fn changes(&self, deltas: Deltas) -> Result<BTreeMap<String, Change>, BaseError> {
        let mut parts: BTreeMap<&str, Deltas> = BTreeMap::new();
        for (name, delta) in &deltas {
            let (component, short) = manifest::component(name);
            if !self.tensors.contains_key(name) {
                return Err(BaseError::Unknown { name: name.clone() });
            }
            parts.entry(component).or_default().insert(short.into(), delta.clone());
        }
        let change = |(component, deltas): (&str, Deltas)| {
            let base = self.files[component];
            Ok((component.to_owned(), Change::new(base, deltas)?))
        };
        parts.into_iter().map(change).collect()
    }
}

/// What the steps of a tensor are called.
pub(crate) fn steps_of(name: &str) -> String {
    format!("{name}{STEPS}")
}

/// The bits of steps, as constants that nothing computes with.
pub(crate) fn encoded(steps: &[f32]) -> Tensor<'static> {
    let bits: Vec<i32> = steps.iter().map(|step| step.to_bits() as i32).collect();
    Tensor { rows: 1, columns: bits.len() as u32, numbers: Numbers::Constants(bits.into()) }
}

fn decoded(of: &str, tensor: &Tensor<'_>) -> Result<Vec<f32>, BaseError> {
    let Numbers::Constants(bits) = &tensor.numbers else {
        return Err(BaseError::NoSteps { name: of.into() });
    };
    let steps: Vec<f32> = bits.iter().map(|bits| f32::from_bits(*bits as u32)).collect();
    match steps.iter().find(|step| !(step.is_finite() && **step > 0.0)) {
        None => Ok(steps),
        Some(found) => Err(BaseError::Step { name: of.into(), found: *found }),
    }
}

fn owned(tensor: &Tensor<'_>) -> Tensor<'static> {
    let numbers = match &tensor.numbers {
        Numbers::Masters(masters) => Numbers::Masters(masters.to_vec().into()),
        Numbers::Constants(constants) => Numbers::Constants(constants.to_vec().into()),
    };
    Tensor { rows: tensor.rows, columns: tensor.columns, numbers }
}
