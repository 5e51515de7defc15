//! What other nodes can have: the files where they lie, and the hashes between a file's pieces and
//! its name, which iroh-blobs keeps.

use super::PeerError;
use crate::name::Name;
use cairn_protocol::id::{ContentId, File};
use futures::StreamExt;
use iroh_blobs::{
    api::blobs::{AddPathOptions, ImportMode},
    store::{
        fs::{options::Options, FsStore},
        GcConfig,
    },
    BlobFormat, BlobsProtocol, Hash,
};
use std::{collections::BTreeSet, fmt::Display, path::Path, pin::pin, time::Duration};

/// How often the hashes of files that are withdrawn are thrown away.
const SWEEP: Duration = Duration::from_secs(60);

pub(super) struct Offers {
    blobs: FsStore,
}

impl Offers {
    pub(super) async fn open(folder: &Path) -> Result<Self, PeerError> {
        let mut options = Options::new(folder);
        options.gc = Some(GcConfig { interval: SWEEP, add_protected: None });
        let opened = FsStore::load_with_opts(folder.join("blobs.db"), options).await;
        let blobs = opened.map_err(|reason| PeerError::Offers {
            folder: folder.into(),
            reason: reason.to_string(),
        })?;
        Ok(Self { blobs })
    }

    /// What answers those who are let in. It takes nothing from them.
    pub(super) fn protocol(&self) -> BlobsProtocol {
        BlobsProtocol::new(&self.blobs, None)
    }

    /// Offers a file where it lies, of which no second copy is made unless it is tiny.
    pub(super) async fn add(&self, file: &File, path: &Path) -> Result<(), String> {
        let options = AddPathOptions {
            path: path.to_owned(),
            format: BlobFormat::Raw,
            mode: ImportMode::TryReference,
        };
        let adding = self.blobs.blobs().add_path_with_opts(options);
        let added = adding.with_named_tag(Name(file.id).to_string()).await.map_err(text)?;
        if added.hash == Hash::from(file.id.0) {
            return Ok(());
        }
        self.remove(&file.id).await?;
        Err(format!("its bytes are those of {}", added.hash.to_hex()))
    }

    pub(super) async fn remove(&self, id: &ContentId) -> Result<(), String> {
        let removed = self.blobs.tags().delete(Name(*id).to_string()).await;
        removed.map(drop).map_err(text)
    }

    pub(super) async fn list(&self) -> Result<BTreeSet<ContentId>, String> {
        let mut tags = pin!(self.blobs.tags().list().await.map_err(text)?);
        let mut listed = BTreeSet::new();
        while let Some(tag) = tags.next().await {
            listed.insert(ContentId(*tag.map_err(text)?.hash.as_bytes()));
        }
        Ok(listed)
    }
}

fn text(reason: impl Display) -> String {
    reason.to_string()
}
