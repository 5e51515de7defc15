//! Which files a model is made of.

use crate::name;
use cairn_kernel::{check::Checked, program::TensorId};
use cairn_protocol::id::{ContentId, File};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, iter};

#[cfg(test)]
mod tests;

/// The most bytes of a manifest.
pub const MOST: u64 = 1 << 24;
/// What the form of manifests is called.
const FORM: &str = "cairn-manifest-1";
/// What a component is called that has whatever has no component of its own.
const TRUNK: &str = "trunk";

/// A program, and where what it reads of artifacts is found.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    form: String,
    /// The program in its byte form.
    #[serde(with = "Written")]
    pub program: File,
    pub components: BTreeMap<String, Component>,
}

/// How a file is written here.
#[derive(Deserialize, Serialize)]
#[serde(remote = "File", deny_unknown_fields)]
struct Written {
    #[serde(with = "hexadecimal")]
    id: ContentId,
    bytes: u64,
}

/// A file with tensors of which some, or all, are the program's.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Component {
    #[serde(with = "Written")]
    pub file: File,
    /// Names in the file, with the numbers that the program has for them.
    pub tensors: BTreeMap<String, u32>,
}

/// Why bytes are no manifest, or not one of a program.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Flaw {
    #[error("it has {have} bytes, and at most {most} are read; see that it is the manifest, not one of its files")]
    Long { most: u64, have: u64 },
    #[error("it is no JSON of this format ({reason}); see that it is the manifest, not one of its files")]
    Json { reason: String },
    #[error(
        "it says that it is {have:?}, and only {need:?} is known here; get what reads that form"
    )]
    Form { need: &'static str, have: String },
    #[error("a component or tensor is called {name:?}, and names are {}; rename it", name::RULE)]
    Name { name: String },
    #[error("its byte {at} is not the one that the only form of such a manifest has there; write it anew")]
    Canonical { at: u64 },
    #[error("tensor {tensor} of the program is found in two places, one of them {name:?} of {component:?}; take one out")]
    Twice { tensor: u32, component: String, name: String },
    #[error("{name:?} of {component:?} is said to be tensor {tensor}, which is none that the program reads of artifacts; take it out")]
    Stranger { tensor: u32, component: String, name: String },
    #[error("tensor {tensor} of the program is found nowhere; add it")]
    Missing { tensor: u32 },
}

impl Manifest {
    pub fn new(program: File, components: BTreeMap<String, Component>) -> Self {
        Self { form: FORM.into(), program, components }
    }

    /// The only byte form that it has, if its names are good ones.
    pub fn encode(&self) -> Result<Vec<u8>, Flaw> {
        let tensors = self.components.values().flat_map(|component| component.tensors.keys());
        if let Some(bad) = self.components.keys().chain(tensors).find(|name| !name::is_good(name)) {
            return Err(Flaw::Name { name: name::short(bad) });
        }
        let bytes = serde_json::to_vec(self).map_err(json)?;
        check_length(bytes.len())?;
        Ok(bytes)
    }

    /// The manifest of which these are the bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, Flaw> {
        check_length(bytes.len())?;
        let manifest: Self = serde_json::from_slice(bytes).map_err(json)?;
        if manifest.form != FORM {
            return Err(Flaw::Form { need: FORM, have: name::short(&manifest.form) });
        }
        match name::differ(bytes, &manifest.encode()?) {
            None => Ok(manifest),
            Some(at) => Err(Flaw::Canonical { at: at as u64 }),
        }
    }

    /// The files that it names: its program's, and that of each component.
    pub fn files(&self) -> impl Iterator<Item = File> + '_ {
        let components = self.components.values().map(|component| component.file);
        iter::once(self.program).chain(components)
    }

    /// For each tensor that the program reads of artifacts, its component and its name there.
    pub fn places(&self, program: &Checked) -> Result<BTreeMap<TensorId, (&str, &str)>, Flaw> {
        let mut places = BTreeMap::new();
        for (component, held) in &self.components {
            for (name, tensor) in &held.tensors {
                let (component, name, tensor) = (component.as_str(), name.as_str(), *tensor);
                let place = || (component.to_string(), name.to_string());
                let found = program.tensor(TensorId(tensor));
                if !found.is_some_and(|found| found.values.is_bound()) {
                    let (component, name) = place();
                    return Err(Flaw::Stranger { tensor, component, name });
                }
                if places.insert(TensorId(tensor), (component, name)).is_some() {
                    let (component, name) = place();
                    return Err(Flaw::Twice { tensor, component, name });
                }
            }
        }
        let mut bound = program.tensors().filter(|(_, found)| found.values.is_bound());
        match bound.find(|(tensor, _)| !places.contains_key(tensor)) {
            None => Ok(places),
            Some((tensor, _)) => Err(Flaw::Missing { tensor: tensor.0 }),
        }
    }
}

/// The component that a tensor of a model is in, and its name there: an expert is a component,
/// which may be another model's or layer's as well, and the rest is one.
pub fn component(name: &str) -> (&str, &str) {
    const EXPERTS: &str = ".experts.";
    let split = || {
        let number = name.find(EXPERTS)? + EXPERTS.len();
        let end = number + name.get(number..)?.find('.')?;
        Some((name.get(..end)?, name.get(end + 1..)?))
    };
    split().unwrap_or((TRUNK, name))
}

/// What a component's tensor is called in the model that [`component`] took it from.
pub fn full_name(component: &str, short: &str) -> String {
    match component {
        TRUNK => short.into(),
        _ => format!("{component}.{short}"),
    }
}

fn json(reason: serde_json::Error) -> Flaw {
    Flaw::Json { reason: name::short(&reason.to_string()) }
}

fn check_length(have: usize) -> Result<(), Flaw> {
    match have as u64 {
        have if have > MOST => Err(Flaw::Long { most: MOST, have }),
        _ => Ok(()),
    }
}

/// Identities of content as text.
mod hexadecimal {
    use crate::name;
    use cairn_protocol::id::ContentId;
    use serde::{de::Error, Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(id: &ContentId, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&name::hex(id))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<ContentId, D::Error> {
        let text = String::deserialize(from)?;
        let bad = || D::Error::custom("an identity is 64 lower-case hexadecimal digits");
        name::from_hex(&text).ok_or_else(bad)
    }
}
