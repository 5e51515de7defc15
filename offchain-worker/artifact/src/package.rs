//! Whole models: written to a store, and brought from there to where they can be run.

use crate::{
    cache::{Cache, Form, Packed, Part},
    contents::{Contents, Tensor},
    manifest::{self, Component, Manifest},
    store::Store,
    Error,
};
use cairn_kernel::{
    check::Checked,
    models::Model,
    program::{Program, TensorId, Values},
    run::{Artifact, Plan},
};
use cairn_protocol::id::{ContentId, File};
use std::collections::BTreeMap;

#[cfg(test)]
mod tests;

/// A program with all that it reads of artifacts, in memory that is their files'.
#[derive(Debug)]
pub struct Package {
    program: Checked,
    components: BTreeMap<String, Packed>,
    /// Component and name of each tensor.
    places: BTreeMap<TensorId, (String, String)>,
}

impl Package {
    /// Writes a model to a store, component by component, and says what its manifest is called. What
    /// is beside it is in the components too, and no program reads it. A tensor is asked for once.
    pub fn publish<'t>(
        store: &Store,
        model: &Model,
        beside: &[String],
        mut tensor: impl FnMut(&str) -> Option<Tensor<'t>>,
    ) -> Result<ContentId, Error> {
        let mut names: BTreeMap<&str, BTreeMap<&str, (&str, Option<TensorId>)>> = BTreeMap::new();
        let beside = beside.iter().map(|name| (name, None));
        for (name, id) in beside.chain(model.names.iter().map(|(name, id)| (name, Some(*id)))) {
            let (component, short) = manifest::component(name);
            names.entry(component).or_default().insert(short, (name.as_str(), id));
        }
        let mut components = BTreeMap::new();
        for (component, names) in names {
            let mut contents = BTreeMap::new();
            for (short, (name, _)) in &names {
                let given = tensor(name).ok_or_else(|| Error::NotGiven { name: (*name).into() })?;
                contents.insert((*short).to_string(), given);
            }
            let contents = Contents::new(contents).map_err(|flaw| Error::Unwritable { flaw })?;
            let file = store.put_contents(&contents)?;
            let read = names.into_iter().filter_map(|(short, (_, id))| Some((short.into(), id?.0)));
            let tensors = read.collect();
            components.insert(component.into(), Component { file, tensors });
        }
        let program = store.put(&model.program.encode())?;
        let manifest = Manifest::new(program, components);
        let encoded = manifest.encode().map_err(|flaw| Error::NoManifest { flaw })?;
        store.put(&encoded).map(|file| file.id)
    }

    /// Opens what a manifest names: mapped where the cache has it, else derived from the store. A
    /// file of the store whose derived form is there need not be.
    pub fn open(store: &Store, cache: &Cache, manifest: &ContentId) -> Result<Self, Error> {
        Self::of(store, cache, manifest, &store.manifest(manifest)?)
    }

    /// Opens what a manifest says that was of this name, and may name other files for components by
    /// now.
    pub fn of(
        store: &Store,
        cache: &Cache,
        id: &ContentId,
        manifest: &Manifest,
    ) -> Result<Self, Error> {
        let id = *id;
        let program = program(store, &manifest.program)?;
        let held = manifest.places(&program).map_err(|flaw| Error::Manifest { id, flaw })?;
        let mut components = BTreeMap::new();
        for (name, component) in &manifest.components {
            let mut parts = Vec::new();
            for (tensor, id) in &component.tensors {
                parts.extend(needed(&program, tensor, TensorId(*id)));
            }
            let packed = cache.open(store, &component.file, parts)?;
            components.insert(name.clone(), packed);
        }
        let place = |(component, name): (&str, &str)| (component.to_string(), name.to_string());
        let places = held.into_iter().map(|(tensor, at)| (tensor, place(at))).collect();
        Ok(Self { program, components, places })
    }

    pub fn program(&self) -> &Checked {
        &self.program
    }

    pub fn components(&self) -> &BTreeMap<String, Packed> {
        &self.components
    }

    /// What the artifacts have for a tensor, where it lies.
    pub fn artifact(&self, tensor: TensorId) -> Option<Artifact<'_>> {
        let (component, name) = self.places.get(&tensor)?;
        self.components.get(component)?.artifact(name)
    }

    /// The program, ready to run.
    pub fn plan(&self) -> Result<Plan<'_>, Error> {
        let plan = Plan::bind(&self.program, |tensor| self.artifact(tensor));
        plan.map_err(|reason| Error::Bind { reason })
    }

    /// The same with other masters in some tensors of a component. All else is read where it lies.
    pub fn plan_with<'a>(
        &'a self,
        component: &str,
        masters: &BTreeMap<&str, &'a [i16]>,
    ) -> Result<Plan<'a>, Error> {
        let other = |tensor| {
            let (held, name) = self.places.get(&tensor)?;
            let masters = masters.get(name.as_str()).filter(|_| held == component)?;
            Some(Artifact::Masters((*masters).into()))
        };
        let plan = Plan::bind(&self.program, |id| other(id).or_else(|| self.artifact(id)));
        plan.map_err(|reason| Error::Bind { reason })
    }
}

fn program(store: &Store, file: &File) -> Result<Checked, Error> {
    let bytes = store.open_file(file)?;
    let program = Program::decode(&bytes);
    let program = program.map_err(|reason| Error::Program { id: file.id, reason })?;
    program.check().map_err(|reason| Error::Unchecked { reason })
}

/// The forms that the program needs a tensor in.
fn needed(program: &Checked, name: &str, id: TensorId) -> Vec<Part> {
    let Some(tensor) = program.tensor(id) else { return Vec::new() };
    // Tensors of artifacts have fixed rows, whatever the length.
    let (rows, columns) = (tensor.rows.count(0) as u32, tensor.columns);
    let part = |form| Part { name: name.into(), form, rows, columns };
    let multiplied = program.is_multiplied(id);
    match tensor.values {
        Values::Constants => vec![part(Form::Constants)],
        _ if multiplied && program.is_read(id) => vec![part(Form::Panels), part(Form::Masters)],
        _ if multiplied => vec![part(Form::Panels)],
        _ => vec![part(Form::Masters)],
    }
}
