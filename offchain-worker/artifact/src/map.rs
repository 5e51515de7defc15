//! Files as memory: the only unsafe code here.

#![allow(unsafe_code)]

use std::{fs::File, io, ops::Deref};

/// A file that is read where it lies.
#[derive(Debug)]
pub(crate) struct Map(memmap2::Mmap);

impl Map {
    pub(crate) fn of(file: &File) -> io::Result<Self> {
        // SAFETY: a mapped file must not change. Files of a store and of a cache are written under
        // another name, made read-only, and only then given theirs; nothing writes to them again,
        // and what replaces or deletes one leaves the mapped one as it is. A user who writes into
        // these folders by hand is asked not to, as the README says.
        let map = unsafe { memmap2::Mmap::map(file)? };
        // Wanted at once and from front to back; if the system does not care, neither do we.
        #[cfg(unix)]
        let _ = map.advise(memmap2::Advice::WillNeed);
        Ok(Self(map))
    }
}

impl Deref for Map {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}
