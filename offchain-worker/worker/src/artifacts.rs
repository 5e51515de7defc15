//! Files by what they hold: fetched from an archive and other workers, none of which is trusted,
//! and published to them.
//!
//! Whatever comes is hashed on its way into the store, so that all that is there is what it is
//! called. What a job works on, and what it came to, is pinned: it is not evicted for want of room.

use crate::{
    config::Config,
    disk::{patient, reserve::Reserve},
    folders::Folders,
    metrics::Metrics,
    node,
    work::{Part, Seat},
};
use cairn_protocol::{
    chunk::Proof,
    id::{ContentId, File},
    result::Output,
};
use cairn_store::{Archive, Have, Name, NodeId, Quota, Received, Source, Store};
use std::{
    collections::BTreeSet,
    fs::{self, Permissions},
    io, iter,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tempfile::{Builder, TempDir};
use tokio::{runtime::Handle, time::sleep};
use tracing::warn;

/// Left free on the disk of the store, for journals and logs.
const SPARE: u64 = 256 << 20;
/// Jobs run as users of their own, who have to get to what they are given.
const ENTERABLE: u32 = 0o755;
/// Between two looks at whether a file is still wanted.
const LOOK: Duration = Duration::from_millis(200);
/// What pins of results begin with, and those of what is kept of models; all others are jobs'.
const RESULT: &str = "result";
const KEPT: &str = "keep-result";
const JOB: &str = "job";
/// Where bytes are counted to have come from.
const FROM: [&str; 3] = ["archive", "peer", "cached"];

/// Why a file is not there.
#[derive(Debug, thiserror::Error)]
pub enum Missing {
    #[error("nobody gave {}: {tried}", Name(*id))]
    Absent { id: ContentId, tried: String },
    #[error("{} has {have} bytes, and {need} were named", Name(*id))]
    Length { id: ContentId, need: u64, have: u64 },
    #[error("{} holds something else where it was found", Name(*id))]
    Content { id: ContentId },
    #[error("{need} bytes are needed, and the store has room for {have}")]
    Full { need: u64, have: u64 },
    #[error("the job's files have {need} bytes together, and the store is given {have}")]
    TooMuch { need: u64, have: u64 },
    #[error("'{}': {reason}", path.display())]
    Disk { path: PathBuf, reason: io::Error },
    #[error(transparent)]
    Store(cairn_store::Error),
}

type Result<T> = std::result::Result<T, Missing>;

impl Missing {
    /// Of a file that was to be fetched.
    fn fetched(error: cairn_store::Error) -> Self {
        match error {
            cairn_store::Error::Missing { file, tried } => Self::Absent { id: file.id, tried },
            cairn_store::Error::False { file, have: Have::Length(have) } => {
                Self::Length { id: file.id, need: file.bytes, have }
            }
            cairn_store::Error::False { file, .. } => Self::Content { id: file.id },
            other => Self::own(other),
        }
    }

    /// Where nobody else is to blame.
    fn own(error: cairn_store::Error) -> Self {
        match error {
            cairn_store::Error::DiskFull { need, room } => Self::Full { need, have: room },
            cairn_store::Error::File { path, reason, .. } => Self::Disk { path, reason },
            other => Self::Store(other),
        }
    }
}

/// The store, and where its files come from. What is not `async` waits, and is for threads that
/// may.
#[derive(Clone)]
pub struct Artifacts {
    store: Arc<Store>,
    /// Where a file may come from, in this order.
    sources: Arc<[Source]>,
    archive: Archive,
    quota: u64,
    /// Where jobs find their files; on the disk of the store.
    desks: PathBuf,
    runtime: Handle,
    metrics: Arc<Metrics>,
    /// Bytes that the metrics know of, in the order of [`FROM`].
    counted: Arc<Mutex<[u64; 3]>>,
}

impl Artifacts {
    /// Opens the store in the data folder, its archive and its node. What is left of jobs that were
    /// killed is removed. What the store notes waits for room while the disk is full.
    pub(crate) async fn open(
        config: &Config,
        folders: &Folders,
        metrics: Arc<Metrics>,
        reserve: Arc<Reserve>,
    ) -> crate::Result<Self> {
        let (store, desks) = (folders.store(), folders.data.join("desks"));
        if desks.exists() {
            fs::remove_dir_all(&desks).map_err(at(&desks))?;
        }
        for folder in [&store, &desks] {
            fs::create_dir_all(folder).map_err(at(folder))?;
        }
        fs::set_permissions(&desks, Permissions::from_mode(ENTERABLE)).map_err(at(&desks))?;

        let quota = quota(&store, config.quota)?;
        let archive = Archive::open(&config.archive, &[])?;
        let peer = node::open(config, folders).await?;
        let peers = peer.as_ref().map(cairn_store::Peer::admitted).unwrap_or_default();
        let sources = iter::once(Source::Archive).chain(peers.into_iter().map(Source::Peer));
        let ledger = move |path: &Path| patient::open(path, &reserve);
        let store = Store::open_with(&store, Quota(quota), archive.clone(), peer, ledger).await?;
        let this = Self {
            store: Arc::new(store),
            sources: sources.collect(),
            archive,
            quota,
            desks,
            runtime: Handle::current(),
            metrics,
            counted: Arc::default(),
        };
        // No job runs yet.
        let mut jobs = this.holders();
        jobs.retain(|holder| !is_kept(holder));
        this.release(jobs).await?;
        this.count();
        Ok(this)
    }

    /// Whether there is anybody to ask besides the archive.
    pub fn has_peers(&self) -> bool {
        self.sources.iter().any(|source| matches!(source, Source::Peer(_)))
    }

    /// The file in the store, fetched if it is not there yet. Of other nodes those that are near
    /// are asked first.
    pub fn fetch(&self, file: &File, near: &[NodeId]) -> Result<PathBuf> {
        self.runtime.block_on(self.bring(file, near))
    }

    /// The same for as long as it is wanted; nothing from then on. What has come by then is kept.
    pub fn fetch_while(
        &self,
        file: &File,
        near: &[NodeId],
        wanted: impl Fn() -> bool,
    ) -> Result<Option<PathBuf>> {
        let unwanted = async {
            while wanted() {
                sleep(LOOK).await;
            }
        };
        self.runtime.block_on(async {
            tokio::select! {
                biased;
                () = unwanted => Ok(None),
                brought = self.bring(file, near) => brought.map(Some),
            }
        })
    }

    /// A file's bytes from the archive, of which nothing is kept.
    pub fn bytes(&self, file: &File) -> Result<Vec<u8>> {
        self.runtime.block_on(self.archive.get_named(file)).map_err(Missing::fetched)
    }

    async fn bring(&self, file: &File, near: &[NodeId]) -> Result<PathBuf> {
        let sources = in_order(&self.sources, near);
        let first = sources.iter().filter(|source| is_near(source, near)).count();
        self.metrics.near(first as u64);
        let brought = self.store.fetch(file, &sources, &mut |_| ()).await;
        self.count();
        brought.map_err(Missing::fetched)
    }

    /// Tells the metrics what has come since they were told last, of whatever fetches.
    fn count(&self) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let Received { archive, peers } = self.store.received();
        let now = [archive, peers, self.store.cached()];
        for ((from, now), before) in FROM.into_iter().zip(now).zip(counted.iter_mut()) {
            self.metrics.fetched(from, now.saturating_sub(*before));
            *before = now;
        }
    }

    /// Keeps a job's files, there or not yet, until [`Self::unpin`]. Refused where the store is too
    /// small for them, whatever it would let go of.
    pub fn pin(&self, seat: &Seat, files: &[File]) -> Result<()> {
        let files: BTreeSet<File> = files.iter().copied().collect();
        let need = files.iter().fold(0u64, |sum, file| sum.saturating_add(file.bytes));
        if need > self.quota {
            return Err(Missing::TooMuch { need, have: self.quota });
        }
        let (files, holder) = (Vec::from_iter(files), seat.purpose(JOB));
        self.runtime.block_on(self.store.pin_all(&files, &holder)).map_err(Missing::own)
    }

    /// A job has ended.
    pub async fn unpin(&self, seat: &Seat) -> Result<()> {
        self.store.release(&seat.purpose(JOB)).await.map_err(Missing::own)
    }

    /// Keeps what a worker came to, until [`Self::keep_only`] leaves its seat out.
    pub fn keep(&self, seat: &Seat, output: &Output) -> Result<()> {
        let Output::Artifact { id, bytes } = output else { return Ok(()) };
        // Of what guards find nothing but its hash is ever asked for.
        if seat.part != Part::Worker {
            return Ok(());
        }
        let (file, holder) = (File { id: *id, bytes: *bytes }, seat.purpose(RESULT));
        self.runtime.block_on(self.store.pin(&file, &holder)).map_err(Missing::own)
    }

    /// Keeps what a component becomes by a delta, fetched if it is not there, until
    /// [`Self::keep_only`] leaves its keeper out.
    pub async fn bring_kept(&self, seat: &Seat, file: &File) -> Result<()> {
        self.store.pin(file, &keeper(seat)).await.map_err(Missing::own)?;
        self.bring(file, &[]).await.map(drop)
    }

    /// The same of a file that is there.
    pub fn keep_model(&self, seat: &Seat, file: &File) -> Result<()> {
        self.runtime.block_on(self.store.pin(file, &keeper(seat))).map_err(Missing::own)
    }

    /// Lets go of all results, and of all that is kept of models, but those of these seats.
    pub async fn keep_only(&self, seats: &[Seat]) -> Result<()> {
        let kept: BTreeSet<String> = seats.iter().map(|seat| seat.purpose(RESULT)).collect();
        let mut over = self.holders();
        over.retain(|holder| is_kept(holder) && !kept.contains(holder));
        self.release(over).await
    }

    /// Who has pinned anything.
    fn holders(&self) -> BTreeSet<String> {
        self.store.pins().into_values().flatten().collect()
    }

    /// Whether anybody has pinned it.
    #[cfg(test)]
    pub(crate) fn is_pinned(&self, file: &File) -> bool {
        self.store.pins().contains_key(&file.id)
    }

    async fn release(&self, holders: BTreeSet<String>) -> Result<()> {
        for holder in holders {
            self.store.release(&holder).await.map_err(Missing::own)?;
        }
        Ok(())
    }

    /// Proves chunks of a result, which is fetched if it was let go of.
    pub async fn prove(&self, file: &File, chunks: &[u64]) -> Result<Vec<Proof>> {
        self.bring(file, &[]).await?;
        self.store.prove(file, chunks).await.map_err(Missing::own)
    }

    /// A folder with these files and no others, for one job; they have been fetched. Gone when
    /// dropped.
    pub fn desk(&self, files: &[File]) -> Result<TempDir> {
        self.desk_in(&self.desks, files)
    }

    /// The same within another desk, whose job then sees these files as well.
    pub fn desk_in(&self, folder: &Path, files: &[File]) -> Result<TempDir> {
        let desk = Builder::new()
            .permissions(Permissions::from_mode(ENTERABLE))
            .tempdir_in(folder)
            .map_err(at(folder))?;
        for file in files {
            let name = Name(file.id).to_string();
            let link = desk.path().join(&name);
            match fs::hard_link(self.store.folder().join(name), &link) {
                // Named twice.
                Err(reason) if reason.kind() == io::ErrorKind::AlreadyExists => {}
                linked => linked.map_err(at(&link))?,
            }
        }
        Ok(desk)
    }

    /// Puts bytes into the store and the archive.
    pub fn publish(&self, bytes: &[u8]) -> Result<File> {
        self.runtime.block_on(self.store.put(bytes.to_vec())).map_err(Missing::own)
    }

    /// Puts a file into the store and the archive.
    pub fn publish_file(&self, path: &Path) -> Result<File> {
        self.runtime.block_on(self.store.put_file(path)).map_err(Missing::own)
    }

    /// Tells other nodes that this one ends.
    pub async fn close(&self) {
        self.store.close().await;
    }
}

/// By whom a file of a model is kept, however often it is wanted.
fn keeper(seat: &Seat) -> String {
    Seat::keeper(seat.delta()).purpose(RESULT)
}

/// Whether a pin outlasts the job that it came of.
fn is_kept(holder: &str) -> bool {
    [RESULT, KEPT].iter().any(|kept| holder.starts_with(kept))
}

/// What files may take: as much as is asked for, or half of what their disk can hold.
fn quota(folder: &Path, asked: Option<u64>) -> Result<u64> {
    let most = room(folder)?;
    let quota = asked.unwrap_or(most / 2);
    if quota > most {
        let (asked, most) = (quota >> 20, most >> 20);
        warn!("the disk can hold files of {most} MiB, and {asked} are given with --quota");
    }
    Ok(quota.min(most))
}

/// Bytes of files that a folder could have: what is left of its disk, and what it has.
pub(crate) fn room(folder: &Path) -> Result<u64> {
    let taken = taken(folder).map_err(at(folder))?;
    Ok(free(folder)?.saturating_sub(SPARE).saturating_add(taken))
}

/// Bytes of all files in a folder.
fn taken(folder: &Path) -> io::Result<u64> {
    let mut sum = 0u64;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let about = entry.metadata()?;
        let bytes = if about.is_dir() { taken(&entry.path())? } else { about.len() };
        sum = sum.saturating_add(bytes);
    }
    Ok(sum)
}

/// Bytes that the disk of a folder has left.
pub(crate) fn free(folder: &Path) -> Result<u64> {
    let disk = rustix::fs::statvfs(folder).map_err(|reason| at(folder)(reason.into()))?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// What becomes of an error of the file system.
fn at(path: &Path) -> impl FnOnce(io::Error) -> Missing + '_ {
    move |reason| Missing::Disk { path: path.into(), reason }
}

/// The archive, then nodes that are near, then all others.
fn in_order(sources: &[Source], near: &[NodeId]) -> Vec<Source> {
    let mut sources = sources.to_vec();
    sources.sort_by_key(|source| match source {
        Source::Archive => 0,
        Source::Peer(_) if is_near(source, near) => 1,
        Source::Peer(_) => 2,
    });
    sources
}

/// Whether it is a node that is near.
fn is_near(source: &Source, near: &[NodeId]) -> bool {
    matches!(source, Source::Peer(node) if near.contains(node))
}

#[cfg(test)]
mod tests;
