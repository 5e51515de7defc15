//! A file that goes from one worker's store to another's, and one that is copied without all that.

use super::Error;
use crate::{
    common::apart,
    figures::{rate, Figure, Measured},
};
use cairn_store::{Archive, NodeId, Peer, PeerError, Quota, Source, Store};
use std::{
    fs::{self, File},
    io::{self, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::Path,
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// What is read and written at once by whoever copies.
const BUFFER: usize = 256 << 10;
/// What stores may hold beside the file.
const SPARE: u64 = 64 << 20;

/// From one store over QUIC, proven piece by piece, hashed, flushed, and offered on.
const STORES: Figure = Figure::new("transfer_mb_per_s", "between two stores, MB/s");
/// Read, sent, written: neither hashed nor encrypted, and left to the system to be flushed.
const COPY: Figure = Figure::new("tcp_copy_mb_per_s", "copy by TCP without hashes, MB/s");
const FLUSHED: Figure = Figure::new("tcp_copy_flushed_mb_per_s", "the same, flushed, MB/s");

pub async fn measure(bytes: u64) -> Result<Measured, Error> {
    let folder = tempfile::tempdir()?;
    let source = folder.path().join("source");
    let path = source.clone();
    apart(move || make(&path, bytes).map_err(Error::from)).await?;
    let fetched = fetched(&folder, &source, bytes).await?;
    let (flushed, copied) = apart(move || both(&folder, &source, bytes)).await?;
    Ok(vec![
        (STORES, rate(bytes, fetched)),
        (COPY, rate(bytes, copied)),
        (FLUSHED, rate(bytes, flushed)),
    ])
}

/// What it takes until a worker has the file that another one has.
async fn fetched(folder: &TempDir, source: &Path, bytes: u64) -> Result<Duration, Error> {
    let quota = Quota(bytes.saturating_add(SPARE));
    let giver = Node::open(&folder.path().join("giver"), 1, quota).await?;
    let taker = Node::open(&folder.path().join("taker"), 2, quota).await?;
    giver.admit(&taker)?;
    taker.admit(&giver)?;
    let file = giver.store.put_file(source).await?;
    let began = Instant::now();
    taker.store.fetch(&file, &[Source::Peer(giver.id)], &mut |_| ()).await?;
    let time = began.elapsed();
    let received = taker.store.received().peers;
    giver.store.close().await;
    taker.store.close().await;
    if received == bytes {
        Ok(time)
    } else {
        Err(Error::Setup(format!("{received} of {bytes} bytes came from the other store")))
    }
}

/// A store with a node on the loopback address.
struct Node {
    store: Store,
    id: NodeId,
    addresses: Vec<SocketAddr>,
}

impl Node {
    async fn open(folder: &Path, seed: u8, quota: Quota) -> Result<Self, Error> {
        fs::create_dir(folder)?;
        let archive = Archive::open(&folder.join("archive").display().to_string(), &[])?;
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let peer = Peer::open(&folder.join("peer"), &[seed; 32], &[listen], &[]).await?;
        let (id, addresses) = (peer.id(), peer.addresses());
        let store = Store::open(&folder.join("store"), quota, archive, Some(peer)).await?;
        Ok(Self { store, id, addresses })
    }

    fn admit(&self, other: &Self) -> Result<(), PeerError> {
        self.store.peer().map_or(Ok(()), |peer| peer.admit(other.id, &other.addresses))
    }
}

/// What it takes to copy the file so that it is flushed, and so that it is not.
fn both(folder: &TempDir, source: &Path, bytes: u64) -> Result<(Duration, Duration), Error> {
    let mut times = [Duration::ZERO; 2];
    for (time, flush) in times.iter_mut().zip([true, false]) {
        let target = folder.path().join(format!("copy-{flush}"));
        let began = Instant::now();
        let copied = copy(source, &target, flush)?;
        *time = began.elapsed();
        if copied != bytes {
            return Err(Error::Setup(format!("{copied} of {bytes} bytes were copied")));
        }
    }
    let [flushed, copied] = times;
    Ok((flushed, copied))
}

/// Writes a file of which no two pieces are the same, and has it on the disk.
fn make(path: &Path, bytes: u64) -> io::Result<()> {
    let mut file = File::create(path)?;
    let words = bytes.div_ceil(8);
    let piece = (BUFFER / 8) as u64;
    for from in (0..words).step_by(BUFFER / 8) {
        let to = from.saturating_add(piece).min(words);
        let written: Vec<u8> = (from..to).flat_map(u64::to_le_bytes).collect();
        file.write_all(&written)?;
    }
    file.set_len(bytes)?;
    file.sync_all()
}

/// Copies a file over a connection on this machine; how many bytes there were.
fn copy(source: &Path, target: &Path, flush: bool) -> io::Result<u64> {
    let (source, target) = (File::open(source)?, File::create(target)?);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    // It waits to be accepted, which nothing is in the way of.
    let outgoing = TcpStream::connect(listener.local_addr()?)?;
    let (incoming, _) = listener.accept()?;
    let copied = thread::scope(|scope| {
        let sender = scope.spawn(move || pour(source, outgoing));
        let received = pour(incoming, &target);
        let sent = sender.join().map_err(|_| io::Error::other("the thread that sends panicked"))?;
        received.and_then(|bytes| sent.map(|_| bytes))
    })?;
    if flush {
        target.sync_all()?;
    }
    Ok(copied)
}

/// From one to the other until the first has ended. Not by `io::copy`, which has the system move
/// the bytes where no program sees them.
fn pour(mut from: impl Read, mut to: impl Write) -> io::Result<u64> {
    let (mut buffer, mut all) = (vec![0; BUFFER], 0);
    loop {
        match from.read(&mut buffer)? {
            0 => return Ok(all),
            read => {
                to.write_all(buffer.get(..read).unwrap_or_default())?;
                all += read as u64;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copy_should_give_the_same_file_when_it_is_no_multiple_of_anything() {
        let folder = tempfile::tempdir().unwrap();
        let (source, target) = (folder.path().join("source"), folder.path().join("target"));
        let bytes = 3 * BUFFER as u64 + 5;
        make(&source, bytes).unwrap();
        assert_eq!(copy(&source, &target, true).unwrap(), bytes);
        assert!(fs::read(&source).unwrap() == fs::read(&target).unwrap());
        assert_eq!(fs::metadata(&target).unwrap().len(), bytes);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn measure_should_have_the_file_come_from_the_other_store() {
        let measured = measure((1 << 20) + 3).await.unwrap();
        assert_eq!(measured.len(), 3);
        assert!(measured.iter().all(|(_, value)| *value > 0.0));
    }
}
