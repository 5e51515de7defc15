//! The form that is computed with, derived once and then mapped.

use crate::{
    contents::{Contents, Kind, Numbers, Tensor},
    files, little,
    map::Map,
    name::hex,
    store::Store,
    Error,
};
use cairn_kernel::run::{pack, packed_len, Artifact, PACKING};
use cairn_protocol::id::{ContentId, File};
use std::{
    borrow::Cow,
    io::{Seek, SeekFrom, Write},
    ops::Range,
    path::{Path, PathBuf},
};

#[cfg(test)]
mod tests;

/// What the files are of. Another form of them has another.
const MAGIC: &[u8; 16] = b"cairn-packed-1\r\n";
/// What separates hashes that name such files from all others.
const CONTEXT: &str = "cairn-packed-1 2026-11-21 what a file of packed weights is derived from";
/// Parts begin at multiples of this, which pages of memory do.
const PAGE: u64 = 4_096;
/// Bytes that say what the rest is: up to the hash of the rest, and with their own.
const SAID: usize = 96;
const HEADER: usize = 128;

/// A folder of files that can be derived from those of a store. All of it may be deleted at any
/// time, and so may each file.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
}

/// A tensor in one of the forms that a program needs it in. Its rows and columns are a checked
/// program's, and so no more than there can be.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Part {
    pub name: String,
    pub form: Form,
    pub rows: u32,
    pub columns: u32,
}

/// What is held of a tensor.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Form {
    /// Weights in the order in which they are multiplied with.
    Panels = 0,
    Masters = 1,
    Constants = 2,
}

/// How a file came to be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Origin {
    /// It was there.
    Found,
    /// It was not, and now is.
    Derived,
    /// It was, but damaged, and has been replaced.
    Repaired(Damage),
}

/// What is wrong with a file of the cache.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Damage {
    #[error("has {have} bytes where it needs {need}")]
    Length { need: u64, have: u64 },
    #[error("has a damaged header")]
    Header,
    #[error("is of something else")]
    Other,
    #[error("has damaged numbers")]
    Numbers,
}

/// What is held of a component, in memory that is the file's.
#[derive(Debug)]
pub struct Packed {
    map: Map,
    /// In ascending order, with where they lie.
    parts: Vec<(Part, Range<usize>)>,
    origin: Origin,
}

impl Part {
    fn bytes(&self) -> u64 {
        let count = u64::from(self.rows) * u64::from(self.columns);
        match self.form {
            Form::Panels => packed_len(self.rows, self.columns),
            Form::Masters => 2 * count,
            Form::Constants => 4 * count,
        }
    }
}

impl Cache {
    /// The cache in this folder, which is made where there is none.
    pub fn at(folder: impl Into<PathBuf>) -> Result<Self, Error> {
        files::folder(folder.into()).map(|folder| Self { folder })
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// These parts of a component: those that are there, else derived from its file in the store.
    /// Who else derives them at the same time comes to the same.
    pub(crate) fn open(
        &self,
        store: &Store,
        file: &File,
        mut parts: Vec<Part>,
    ) -> Result<Packed, Error> {
        parts.sort();
        let key = key(&file.id, &parts);
        let name =
            format!("{}-{}", hex(&file.id), hex(&ContentId(key)).get(..16).unwrap_or_default());
        let path = self.folder.join(&name);
        let (ranges, need) = places(&parts);
        let found = match files::open(&path)? {
            None => Err(Origin::Derived),
            Some(map) => match check(&map, &key, need) {
                Ok(()) => Ok(map),
                Err(damage) => Err(Origin::Repaired(damage)),
            },
        };
        let (map, origin) = match found {
            Ok(map) => (map, Origin::Found),
            Err(origin) => {
                let map = self.derive(store, file, &parts, &key, &name)?;
                check(&map, &key, need).map_err(|damage| Error::Lost { path, damage })?;
                (map, origin)
            }
        };
        Ok(Packed { map, parts: parts.into_iter().zip(ranges).collect(), origin })
    }

    fn derive(
        &self,
        store: &Store,
        file: &File,
        parts: &[Part],
        key: &[u8; 32],
        name: &str,
    ) -> Result<Map, Error> {
        let held = store.open_file(file)?;
        let contents = Contents::decode(&held);
        let contents = contents.map_err(|flaw| Error::Contents { id: file.id, flaw })?;
        let tensors = parts.iter().map(|part| tensor(&file.id, &contents, part));
        let tensors = tensors.collect::<Result<Vec<_>, _>>()?;
        let (derived, ()) = files::write(&self.folder, |to| {
            let (ranges, length) = places(parts);
            to.write_all(&[0; HEADER])?;
            let mut rest = files::Hashing::new(&mut *to);
            let mut at = HEADER;
            for ((part, range), tensor) in parts.iter().zip(ranges).zip(tensors) {
                rest.write_all([0; PAGE as usize].get(..range.start - at).unwrap_or_default())?;
                rest.write_all(&part.of(tensor))?;
                at = range.end;
            }
            let (hash, _) = rest.finish();
            to.seek(SeekFrom::Start(0))?;
            to.write_all(&header(key, length, &hash))?;
            Ok((name.into(), ()))
        })?;
        // The file itself, whatever has its name by now.
        let path = self.folder.join(name);
        Map::of(&derived).map_err(|reason| Error::file("read", &path, reason))
    }
}

impl Part {
    /// The bytes that it has of a tensor of its kind and shape.
    fn of<'t>(&self, tensor: &'t Tensor<'_>) -> Cow<'t, [u8]> {
        match &tensor.numbers {
            Numbers::Masters(masters) if self.form == Form::Panels => {
                let panels = pack(masters, self.columns as usize);
                Cow::Owned(bytemuck::cast_vec(panels))
            }
            Numbers::Masters(masters) => little::bytes(masters),
            Numbers::Constants(constants) => little::bytes(constants),
        }
    }
}

impl Packed {
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// What there is of a tensor, where it lies.
    pub fn artifact(&self, name: &str) -> Option<Artifact<'_>> {
        let constants = self.part(name, Form::Constants).map(little::numbers);
        let masters = self.part(name, Form::Masters).map(little::numbers);
        match self.part(name, Form::Panels) {
            Some(panels) => {
                let panels = Cow::Borrowed(bytemuck::cast_slice(panels));
                Some(Artifact::Packed { panels, masters })
            }
            None => masters.map(Artifact::Masters).or(constants.map(Artifact::Constants)),
        }
    }

    fn part(&self, name: &str, form: Form) -> Option<&[u8]> {
        let order = |(part, _): &(Part, _)| (part.name.as_str(), part.form).cmp(&(name, form));
        let at = self.parts.binary_search_by(order).ok()?;
        let (_, range) = self.parts.get(at)?;
        self.map.get(range.clone())
    }
}

/// What names a file: what it is derived from, and how.
fn key(id: &ContentId, parts: &[Part]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
    hasher.update(&id.0).update(&PACKING.to_le_bytes());
    for Part { name, form, rows, columns } in parts {
        hasher.update(&[*form as u8]);
        hasher.update(&rows.to_le_bytes()).update(&columns.to_le_bytes());
        hasher.update(&(name.len() as u64).to_le_bytes()).update(name.as_bytes());
    }
    *hasher.finalize().as_bytes()
}

/// Where the parts are, and how long the file is.
fn places(parts: &[Part]) -> (Vec<Range<usize>>, u64) {
    let mut at = HEADER as u64;
    let mut place = |part: &Part| {
        let begin = at.next_multiple_of(PAGE);
        at = begin + part.bytes();
        // Where addresses are shorter than files no file is mapped that is so long.
        (begin as usize)..(at as usize)
    };
    let ranges = parts.iter().map(&mut place).collect();
    (ranges, at)
}

fn header(key: &[u8; 32], length: u64, rest: &[u8; 32]) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    let said = [&MAGIC[..], key, &length.to_le_bytes(), &[0; 8], rest].concat();
    let hash = blake3::hash(&said);
    for (to, from) in header.iter_mut().zip(said.iter().chain(hash.as_bytes())) {
        *to = *from;
    }
    header
}

/// Whether a file is the one of this key and length, and all of it is as it was written.
fn check(file: &[u8], key: &[u8; 32], need: u64) -> Result<(), Damage> {
    let have = file.len() as u64;
    let length = Damage::Length { need, have };
    let (said, rest) = file.split_first_chunk::<HEADER>().ok_or(length)?;
    let (before, hash) = said.split_at(SAID);
    if blake3::hash(before).as_bytes() != hash {
        return Err(Damage::Header);
    }
    let expected = header(key, need, blake3::hash(rest).as_bytes());
    let equal = |range: Range<usize>| said.get(range.clone()) == expected.get(range);
    if !equal(0..48) {
        Err(Damage::Other)
    } else if have != need || !equal(48..64) {
        Err(length)
    } else if !equal(64..SAID) {
        Err(Damage::Numbers)
    } else {
        Ok(())
    }
}

/// The tensor of a part, if it is what the program declares.
fn tensor<'c, 'a>(
    id: &ContentId,
    contents: &'c Contents<'a>,
    part: &Part,
) -> Result<&'c Tensor<'a>, Error> {
    let name = || part.name.clone();
    let found =
        contents.get(&part.name).ok_or_else(|| Error::NoTensor { id: *id, name: name() })?;
    let kind = match part.form {
        Form::Panels | Form::Masters => Kind::Masters,
        Form::Constants => Kind::Constants,
    };
    let need = (kind, part.rows, part.columns);
    let have = (found.numbers.kind(), found.rows, found.columns);
    if need == have {
        return Ok(found);
    }
    let text = |(kind, rows, columns): (Kind, u32, u32)| format!("{rows} x {columns} {kind}");
    Err(Error::Unlike { id: *id, name: name(), need: text(need), have: text(have) })
}
