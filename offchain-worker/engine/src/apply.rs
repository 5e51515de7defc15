//! Changes of a model in exact form: integers added to masters, the same bits for everyone.

use cairn_artifact::{
    change::Change,
    contents::{Contents, Kind, Numbers, Tensor},
    manifest::{self, Manifest},
    store::Store,
};
use cairn_kernel::delta::{self, Delta};
use cairn_protocol::id::ContentId;
use std::collections::BTreeMap;
use thiserror::Error;

/// What is added to the masters of a model, by the names of its tensors.
pub type Deltas = BTreeMap<String, Delta>;

/// Why a model is not changed.
#[derive(Debug, Error)]
pub enum ApplyError {
    #[error("there is nothing to apply; give the delta of at least one tensor")]
    Nothing,
    #[error("the model has no tensor {name}; the delta is of another model")]
    Unknown { name: String },
    #[error("{name} has constants, which belong to its scales and are never changed")]
    Constants { name: String },
    #[error("the delta of {name} is for {need:?} rows and columns, and there are {have:?}; it is of another model")]
    Shape { name: String, need: (u32, u32), have: (u32, u32) },
    #[error("the delta of {name} cannot be applied: {reason}")]
    Delta { name: String, reason: delta::Error },
    #[error("no component of the model has the content {base}; the change is of another model, or of an earlier or later one of this")]
    Base { base: String },
    #[error("{count} components of the model have the content {base}; give each its own before it is changed")]
    Ambiguous { base: String, count: usize },
    #[error("component {component} of {manifest} is no file of tensors: {flaw}")]
    Component { component: String, manifest: String, flaw: String },
    #[error(transparent)]
    Artifact(#[from] cairn_artifact::Error),
}

/// Changes tensors, or none of them.
pub fn apply(
    tensors: &mut BTreeMap<String, Tensor<'_>>,
    deltas: &Deltas,
) -> Result<(), ApplyError> {
    if deltas.is_empty() {
        return Err(ApplyError::Nothing);
    }
    for (name, delta) in deltas {
        check(name, tensors.get(name), delta)?;
    }
    for (name, delta) in deltas {
        let numbers = tensors.get_mut(name).map(|tensor| &mut tensor.numbers);
        if let Some(Numbers::Masters(masters)) = numbers {
            let masters = masters.to_mut();
            delta.apply(masters).map_err(|reason| {
                // What was checked leaves nothing that this could be.
                ApplyError::Delta { name: name.clone(), reason }
            })?;
        }
    }
    Ok(())
}

/// Writes what a published model comes to with deltas, and says what its manifest is called.
/// Components that do not change stay the files that they are. A file may have tensors that only
/// other models read of it, and they change with the rest of it.
pub fn apply_published(
    store: &Store,
    manifest: &ContentId,
    deltas: &Deltas,
) -> Result<ContentId, ApplyError> {
    if deltas.is_empty() {
        return Err(ApplyError::Nothing);
    }
    let Manifest { program, mut components, .. } = store.manifest(manifest)?;
    let mut parts: BTreeMap<&str, Deltas> = BTreeMap::new();
    for (name, delta) in deltas {
        let (component, short) = manifest::component(name);
        if !components.contains_key(component) {
            return Err(ApplyError::Unknown { name: name.clone() });
        }
        parts.entry(component).or_default().insert(short.into(), delta.clone());
    }
    for (name, deltas) in parts {
        let Some(component) = components.get_mut(name) else { continue };
        let held = store.open_file(&component.file)?;
        let contents = Contents::decode(&held).map_err(|flaw| unreadable(name, manifest, flaw))?;
        let mut tensors = contents.tensors().clone();
        if let Some(short) = deltas.keys().find(|short| !tensors.contains_key(*short)) {
            return Err(ApplyError::Unknown { name: manifest::full_name(name, short) });
        }
        apply(&mut tensors, &deltas)?;
        let changed = Contents::new(tensors).map_err(|flaw| unreadable(name, manifest, flaw))?;
        component.file = store.put_contents(&changed)?;
    }
    let changed = Manifest::new(program, components);
    let encoded = changed.encode().map_err(|flaw| unreadable("manifest", manifest, flaw))?;
    Ok(store.put(&encoded)?.id)
}

/// Writes what a published model comes to with changes of its components, one after another. All
/// of them are of the components as they are now, as several may be of one: their sums come to the
/// same in any order.
pub fn apply_changes(
    store: &Store,
    manifest: &ContentId,
    changes: &[Change],
) -> Result<ContentId, ApplyError> {
    if changes.is_empty() {
        return Err(ApplyError::Nothing);
    }
    let Manifest { components, .. } = store.manifest(manifest)?;
    let mut changed = *manifest;
    for change in changes {
        let of = components.iter().filter(|(_, component)| component.file.id == change.base());
        let names: Vec<&String> = of.map(|(name, _)| name).collect();
        let base = || cairn_artifact::hex(&change.base());
        let component = match names.as_slice() {
            [] => return Err(ApplyError::Base { base: base() }),
            [name] => name,
            several => {
                return Err(ApplyError::Ambiguous { base: base(), count: several.len() });
            }
        };
        let full = |(short, delta): (&String, &Delta)| {
            (manifest::full_name(component, short), delta.clone())
        };
        let deltas = change.deltas().iter().map(full).collect();
        changed = apply_published(store, &changed, &deltas)?;
    }
    Ok(changed)
}

fn unreadable(component: &str, manifest: &ContentId, flaw: impl ToString) -> ApplyError {
    ApplyError::Component {
        component: component.into(),
        manifest: cairn_artifact::hex(manifest),
        flaw: flaw.to_string(),
    }
}

fn check(name: &str, tensor: Option<&Tensor<'_>>, delta: &Delta) -> Result<(), ApplyError> {
    let name = || name.to_owned();
    let tensor = tensor.ok_or_else(|| ApplyError::Unknown { name: name() })?;
    let (need, have) = (delta.shape(), (tensor.rows, tensor.columns));
    match &tensor.numbers {
        numbers if numbers.kind() == Kind::Constants => Err(ApplyError::Constants { name: name() }),
        _ if need != have => Err(ApplyError::Shape { name: name(), need, have }),
        Numbers::Masters(masters) => match masters.iter().position(|master| *master == i16::MIN) {
            Some(at) => {
                Err(ApplyError::Delta { name: name(), reason: delta::Error::Master { at } })
            }
            None => Ok(()),
        },
        Numbers::Constants(_) => Ok(()),
    }
}
