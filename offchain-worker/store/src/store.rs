//! What a worker asks for files.

use crate::{
    archive::Archive,
    disk::{Disk, Quota},
    error::{Error, Have},
    ledger,
    partial::Partial,
    peer::Peer,
    proof,
    source::{Pieces, Source, Unread},
};
use bytes::Bytes;
use cairn_protocol::{
    chunk::{content, Proof},
    id::{ContentId, File},
};
use futures::StreamExt;
use parking_lot::Mutex;
use redb::Database;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{
        atomic::{AtomicU64, Ordering},
        Arc,
    },
    time::Duration,
};
use tokio::{task::spawn_blocking, time::timeout};

/// A source that has sent nothing for so long is left for the next one.
const PATIENCE: Duration = Duration::from_secs(30);
/// Transfers are taken up again where such a piece begins; so long are those that peers prove.
const PIECE_BYTES: u64 = 16 << 10;
const COPY_BYTES: usize = 1 << 20;

type Gate = tokio::sync::Mutex<()>;

/// Files by the hash of their bytes: held here within a quota, fetched when they are not.
pub struct Store {
    disk: Arc<Disk>,
    archive: Archive,
    peer: Option<Peer>,
    /// Of a file one copy is written at a time.
    gates: Mutex<HashMap<ContentId, Arc<Gate>>>,
    received: Mutex<Received>,
    /// Bytes of files that were asked for and were held.
    cached: AtomicU64,
}

/// Bytes of files that were received since the store was opened.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Received {
    pub archive: u64,
    pub peers: u64,
}

impl Store {
    /// Opens a folder that no other process has, and finds what is there. Other nodes are offered
    /// it, if this one has a node; what was not offered before is read for that.
    pub async fn open(
        folder: &Path,
        quota: Quota,
        archive: Archive,
        peer: Option<Peer>,
    ) -> Result<Self, Error> {
        Self::open_with(folder, quota, archive, peer, ledger::database).await
    }

    /// The same with a ledger that the caller opens in the file of this name, and so decides for
    /// example what becomes of a write to a full disk.
    pub async fn open_with(
        folder: &Path,
        quota: Quota,
        archive: Archive,
        peer: Option<Peer>,
        ledger: impl FnOnce(&Path) -> Result<Database, redb::Error> + Send + 'static,
    ) -> Result<Self, Error> {
        let folder = folder.to_owned();
        let disk = blocking(move || Disk::open(&absolute(&folder)?, quota, ledger)).await?;
        if let Some(peer) = &peer {
            let held = disk.held().into_iter().map(|file| (file, disk.path(&file.id)));
            peer.offer_just(held.collect()).await;
        }
        Ok(Self {
            disk: Arc::new(disk),
            archive,
            peer,
            gates: Mutex::default(),
            received: Mutex::default(),
            cached: AtomicU64::default(),
        })
    }

    /// Where files lie by their names, to be mapped; nothing may be written there.
    pub fn folder(&self) -> &Path {
        self.disk.folder()
    }

    /// This worker's node, to say whom it deals with.
    pub fn peer(&self) -> Option<&Peer> {
        self.peer.as_ref()
    }

    /// Whether the file is held. That is not a use of it.
    pub fn has(&self, file: &File) -> bool {
        self.disk.has(file)
    }

    /// Where the file is, if need be after it was fetched: from each of the sources in turn until
    /// all is there, each going on where the one before has stopped. Progress is told of in bytes
    /// that are there; it begins anew where they turn out to be none of the file's.
    ///
    /// Whoever needs it to stay has to pin it, best beforehand.
    pub async fn fetch(
        &self,
        file: &File,
        sources: &[Source],
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Result<PathBuf, Error> {
        let gate = self.gate(file.id);
        let _alone = gate.lock().await;
        if let Some(path) = self.find(file).await? {
            self.cached.fetch_add(file.bytes, Ordering::Relaxed);
            return Ok(path);
        }
        let mut partial = self.begin(file, true).await?;
        if partial.is_whole() {
            match partial.check() {
                Ok(()) => return self.finish(partial).await,
                Err(_) => partial.cut(0)?,
            }
        }
        let mut tried = Vec::new();
        for source in sources {
            match self.take(source, &mut partial, progress).await {
                Ok(()) => return self.finish(partial).await,
                Err(Unread::Here(error)) => return Err(error),
                Err(unread) => tried.push((*source, unread)),
            }
        }
        Err(refused(file, &tried))
    }

    /// Takes bytes in, offers them to other nodes and archives them. To do it twice is to do it
    /// once.
    pub async fn put(&self, bytes: impl Into<Bytes>) -> Result<File, Error> {
        let bytes = bytes.into();
        let file = File { id: content(&bytes), bytes: bytes.len() as u64 };
        self.keep(&file, move |partial| partial.append(&bytes)).await?;
        Ok(file)
    }

    /// The same for a file that lies elsewhere, which is copied.
    pub async fn put_file(&self, path: &Path) -> Result<File, Error> {
        let (measured, copied) = (path.to_owned(), path.to_owned());
        let file = blocking(move || measure(&measured)).await?;
        self.keep(&file, move |partial| copy(&copied, |piece| partial.append(piece))).await?;
        Ok(file)
    }

    /// Keeps a file from being evicted, there or not, until each holder has let go of it. Pins
    /// outlast the process: whoever restarts goes by [`Self::pins`].
    pub async fn pin(&self, file: &File, holder: &str) -> Result<(), Error> {
        let (disk, id, holder) = (Arc::clone(&self.disk), file.id, holder.to_owned());
        blocking(move || disk.pin(&id, &holder)).await
    }

    /// The same for many files at once, which waits for the disk once.
    pub async fn pin_all(&self, files: &[File], holder: &str) -> Result<(), Error> {
        let ids: Vec<ContentId> = files.iter().map(|file| file.id).collect();
        let (disk, holder) = (Arc::clone(&self.disk), holder.to_owned());
        blocking(move || disk.pin_all(&ids, &holder)).await
    }

    pub async fn unpin(&self, file: &File, holder: &str) -> Result<(), Error> {
        let (disk, id, holder) = (Arc::clone(&self.disk), file.id, holder.to_owned());
        blocking(move || disk.unpin(&id, &holder)).await
    }

    /// Lets go of all that a holder has pinned.
    pub async fn release(&self, holder: &str) -> Result<(), Error> {
        let (disk, holder) = (Arc::clone(&self.disk), holder.to_owned());
        blocking(move || disk.release(&holder)).await
    }

    /// What is pinned, and by whom.
    pub fn pins(&self) -> BTreeMap<ContentId, BTreeSet<String>> {
        self.disk.pins()
    }

    /// Proves chunks of a file that is held, to whoever doubts that it is.
    pub async fn prove(&self, file: &File, chunks: &[u64]) -> Result<Vec<Proof>, Error> {
        let (path, file, chunks) = (self.disk.path(&file.id), *file, chunks.to_vec());
        blocking(move || {
            let proofs = chunks.iter().map(|index| proof::prove(&path, &file, *index));
            let proofs: io::Result<Vec<Proof>> = proofs.collect();
            proofs.map_err(|reason| Error::file("read", &path, reason))
        })
        .await
    }

    /// Ends what other nodes are being given. Without this they notice only after a while.
    pub async fn close(&self) {
        if let Some(peer) = &self.peer {
            peer.close().await;
        }
    }

    pub fn received(&self) -> Received {
        *self.received.lock()
    }

    /// Bytes of files that were fetched from nowhere since the store was opened, as they were held.
    pub fn cached(&self) -> u64 {
        self.cached.load(Ordering::Relaxed)
    }

    async fn keep(
        &self,
        file: &File,
        fill: impl FnOnce(&mut Partial) -> Result<(), Error> + Send + 'static,
    ) -> Result<(), Error> {
        let gate = self.gate(file.id);
        let _alone = gate.lock().await;
        let path = match self.find(file).await? {
            Some(path) => path,
            None => {
                let mut partial = self.begin(file, false).await?;
                let filled = blocking(move || fill(&mut partial).map(|()| partial)).await?;
                self.finish(filled).await?
            }
        };
        self.archive.put(file, &path).await
    }

    /// Fetches what is missing from one source. What it gives is believed when the whole is hashed.
    async fn take(
        &self,
        source: &Source,
        partial: &mut Partial,
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Result<(), Unread> {
        loop {
            partial.cut(partial.bytes() / PIECE_BYTES * PIECE_BYTES)?;
            let resumed = partial.bytes() > 0;
            self.pour(source, partial, progress).await?;
            let Err(have) = partial.check() else { return Ok(()) };
            partial.cut(0)?;
            // What was there before may have been the false part: it is asked for that as well.
            if !resumed {
                return Err(Unread::False(have));
            }
        }
    }

    async fn pour(
        &self,
        source: &Source,
        partial: &mut Partial,
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Result<(), Unread> {
        let mut pieces = self.pieces(source, partial.file(), partial.bytes()).await?;
        while let Some(piece) = next(&mut pieces).await? {
            let bytes = partial.bytes() + piece.len() as u64;
            if bytes > partial.file().bytes {
                return Err(Unread::False(Have::Length(bytes)));
            }
            self.count(source, piece.len() as u64);
            partial.append(&piece)?;
            progress(bytes);
        }
        if partial.is_whole() {
            Ok(())
        } else {
            Err(Unread::Failed(format!("it stopped at {} bytes", partial.bytes())))
        }
    }

    async fn pieces(&self, source: &Source, file: &File, from: u64) -> Result<Pieces, Unread> {
        match source {
            Source::Archive => self.archive.read(file, from).await,
            Source::Peer(node) => match &self.peer {
                Some(peer) => peer.read(node, file, from).await,
                None => Err(Unread::Failed("cannot be asked without a node of one's own".into())),
            },
        }
    }

    fn count(&self, source: &Source, bytes: u64) {
        let mut received = self.received.lock();
        match source {
            Source::Archive => received.archive += bytes,
            Source::Peer(_) => received.peers += bytes,
        }
    }

    fn gate(&self, id: ContentId) -> Arc<Gate> {
        let mut gates = self.gates.lock();
        gates.retain(|_, gate| Arc::strong_count(gate) > 1);
        Arc::clone(gates.entry(id).or_default())
    }

    async fn find(&self, file: &File) -> Result<Option<PathBuf>, Error> {
        let (disk, file) = (Arc::clone(&self.disk), *file);
        blocking(move || disk.find(&file)).await
    }

    async fn begin(&self, file: &File, lasting: bool) -> Result<Partial, Error> {
        let (disk, file) = (Arc::clone(&self.disk), *file);
        // The ledger may wait for room, and whoever looks at the disk waits with it.
        let looked = blocking(move || Ok((disk.begin(&file, lasting), disk.evicted())));
        let (begun, evicted) = looked.await?;
        if let Some(peer) = &self.peer {
            for id in evicted {
                peer.withdraw(&id).await;
            }
        }
        begun
    }

    async fn finish(&self, partial: Partial) -> Result<PathBuf, Error> {
        let file = *partial.file();
        let path = blocking(move || partial.finish()).await?;
        if let Some(peer) = &self.peer {
            peer.offer(&file, &path).await;
        }
        Ok(path)
    }
}

async fn next(pieces: &mut Pieces) -> Result<Option<Bytes>, Unread> {
    match timeout(PATIENCE, pieces.next()).await {
        Ok(piece) => piece.transpose(),
        Err(_) => Err(Unread::Stalled),
    }
}

/// What to say when no source has given the file.
fn refused(file: &File, tried: &[(Source, Unread)]) -> Error {
    let file = *file;
    let have = tried.iter().find_map(|(_, unread)| match unread {
        Unread::False(have) => Some(*have),
        _ => None,
    });
    if let Some(have) = have {
        return Error::False { file, have };
    }
    let tried: Vec<_> =
        tried.iter().map(|(source, unread)| format!("{source}: {unread}")).collect();
    Error::Missing { file, tried: tried.join("; ") }
}

/// Does what waits for the disk where nobody else waits with it.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    spawn_blocking(work).await.unwrap_or(Err(Error::Ending))
}

fn absolute(folder: &Path) -> Result<PathBuf, Error> {
    fs::create_dir_all(folder)
        .and_then(|()| fs::canonicalize(folder))
        .map_err(|reason| Error::file("made", folder, reason))
}

/// What a file that lies somewhere is called.
pub(crate) fn measure(path: &Path) -> Result<File, Error> {
    let mut hasher = blake3::Hasher::new();
    copy(path, |piece| {
        hasher.update(piece);
        Ok(())
    })?;
    Ok(File { id: ContentId(*hasher.finalize().as_bytes()), bytes: hasher.count() })
}

fn copy(path: &Path, mut to: impl FnMut(&[u8]) -> Result<(), Error>) -> Result<(), Error> {
    let failed = |reason| Error::file("read", path, reason);
    let mut from = fs::File::open(path).map_err(failed)?;
    let mut buffer = vec![0; COPY_BYTES];
    loop {
        match from.read(&mut buffer).map_err(failed)? {
            0 => return Ok(()),
            read => to(buffer.get(..read).unwrap_or_default())?,
        }
    }
}

#[cfg(test)]
mod tests;
