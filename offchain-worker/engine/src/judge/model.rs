//! The model of a brief, with the components that it has by now.

use super::{error::Stop, Desk};
use crate::folder::ExactFolder;
use cairn_artifact::{cache::Cache, manifest::Manifest, package::Package, store::Store};
use cairn_protocol::{
    chunk::content,
    id::{ContentId, File},
    learning::{
        brief::Brief,
        evaluation::DeltaFlaw,
        model::{Component, Parts},
    },
};
use codec::Encode;
use std::iter;

/// What the bundle says of the program that comes to losses, before anything large is read.
pub(super) struct Frame {
    id: ContentId,
    manifest: Manifest,
}

/// The same with the components that stand in place of the bundle's.
pub(super) struct Stands {
    id: ContentId,
    manifest: Manifest,
}

/// A model whose weights are at hand.
pub(super) struct Opened {
    pub package: Package,
    pub stands: Stands,
}

impl Frame {
    pub(super) fn read(desk: &Desk, brief: &Brief) -> Result<Self, Stop> {
        desk.need([&brief.bundle])?;
        let folder = ExactFolder::open_bundle(desk.store.folder(), &desk.cache, &brief.bundle)?;
        let (id, manifest) = folder.judge()?;
        match manifest.program.id == brief.judge {
            true => Ok(Self { id, manifest }),
            false => Err(DeltaFlaw::Unmeasurable.into()),
        }
    }

    /// The model with these components, each of which it has.
    pub(super) fn stands(&self, parts: &Parts) -> Result<Stands, Stop> {
        let mut manifest = self.manifest.clone();
        for part in parts {
            let held = manifest.components.get_mut(name(&part.component)?);
            held.ok_or(DeltaFlaw::Unmeasurable)?.file = part.file;
        }
        Ok(Stands { id: self.id, manifest })
    }

    /// The bundle's own file of a component.
    pub(super) fn file(&self, component: &Component) -> Option<File> {
        Some(self.manifest.components.get(name(component).ok()?)?.file)
    }
}

impl Stands {
    pub(super) fn file(&self, component: &Component) -> Result<File, Stop> {
        let held = self.manifest.components.get(name(component)?);
        Ok(held.ok_or(DeltaFlaw::Unmeasurable)?.file)
    }

    /// All that its program needs, the program first.
    pub(super) fn files(&self) -> impl Iterator<Item = &File> {
        let components = self.manifest.components.values().map(|component| &component.file);
        iter::once(&self.manifest.program).chain(components)
    }

    pub(super) fn package(&self, store: &Store, cache: &Cache) -> Result<Package, Stop> {
        Ok(Package::of(store, cache, &self.id, &self.manifest)?)
    }
}

/// What a component is called; one that is called otherwise no model has.
pub(super) fn name(component: &Component) -> Result<&str, Stop> {
    std::str::from_utf8(component).map_err(|_| DeltaFlaw::Unmeasurable.into())
}

/// What tells a brief's model with these components from all others.
pub(super) fn key(brief: &Brief, parts: &Parts) -> ContentId {
    content(&(&brief.bundle, brief.judge, parts).encode())
}
