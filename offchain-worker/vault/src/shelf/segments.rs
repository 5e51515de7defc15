//! A file in segments, each with a tag of its own, so that none has to be in memory as a whole.
//!
//! The nonce of a segment is its number and whether it is the last, so that none can be left out,
//! moved or cut off unseen.

use crate::{cipher, secret::Secret};
use cairn_protocol::envelope::{NONCE_BYTES, TAG_BYTES};
use std::io::{self, BufRead, BufReader, Read, Write};
use zeroize::Zeroizing;

/// Plain bytes in every segment but the last.
pub(super) const SEGMENT: usize = 64 * 1_024;

/// Returns how many plain bytes there were.
pub(super) fn encrypt(
    key: &Secret,
    from: &mut impl BufRead,
    to: &mut impl Write,
) -> io::Result<u64> {
    let mut segment = Zeroizing::new(Vec::with_capacity(SEGMENT + TAG_BYTES));
    let (mut index, mut total) = (0, 0);
    loop {
        let count = fill(&mut segment, from, SEGMENT)?;
        let last = is_at_end(from)?;
        cipher::encrypt(key, &nonce(index, last), &[], &mut segment)
            .map_err(|_| io::Error::other("a segment is too long to be encrypted"))?;
        to.write_all(&segment)?;
        total += count;
        index += 1;
        if last {
            return Ok(total);
        }
    }
}

/// Decrypts while it is read.
pub struct Unsealing<R> {
    from: BufReader<R>,
    key: Secret,
    index: u64,
    segment: Zeroizing<Vec<u8>>,
    /// How much of the segment was handed out.
    given: usize,
    done: bool,
}

impl<R: Read> Unsealing<R> {
    pub(super) fn new(from: BufReader<R>, key: Secret) -> Self {
        let segment = Zeroizing::new(Vec::with_capacity(SEGMENT + TAG_BYTES));
        Self { from, key, index: 0, segment, given: 0, done: false }
    }

    fn advance(&mut self) -> io::Result<()> {
        self.given = 0;
        fill(&mut self.segment, &mut self.from, SEGMENT + TAG_BYTES)?;
        let last = is_at_end(&mut self.from)?;
        let nonce = nonce(self.index, last);
        if cipher::decrypt(&self.key, &nonce, &[], &mut self.segment).is_err() {
            self.segment.clear();
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "it was altered or cut off on disk; fetch it again",
            ));
        }
        self.index += 1;
        self.done = last;
        Ok(())
    }
}

impl<R: Read> Read for Unsealing<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.given == self.segment.len() {
            if self.done {
                return Ok(0);
            }
            self.advance()?;
        }
        let count = (&self.segment[self.given..]).read(into)?;
        self.given += count;
        Ok(count)
    }
}

fn fill(segment: &mut Vec<u8>, from: &mut impl BufRead, most: usize) -> io::Result<u64> {
    segment.clear();
    let count = from.take(most as u64).read_to_end(segment)?;
    Ok(count as u64)
}

fn is_at_end(from: &mut impl BufRead) -> io::Result<bool> {
    loop {
        match from.fill_buf() {
            Err(reason) if reason.kind() == io::ErrorKind::Interrupted => {}
            read => return Ok(read?.is_empty()),
        }
    }
}

fn nonce(index: u64, last: bool) -> [u8; NONCE_BYTES] {
    let mut nonce = [0; NONCE_BYTES];
    let [number @ .., _, _, _, end] = &mut nonce;
    number.copy_from_slice(&index.to_le_bytes());
    *end = last.into();
    nonce
}
