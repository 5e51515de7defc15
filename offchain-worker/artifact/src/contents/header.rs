//! The header: which tensors there are, and where.

use super::{Flaw, Kind, BOUNDARY, MOST};
use crate::name;
use serde::{
    de::{MapAccess, Visitor},
    Deserialize, Deserializer,
};
use std::{collections::BTreeMap, fmt};

/// Bytes that tell the length of what follows.
const PREFIX: usize = 8;
/// The most bytes of a header: some hundred thousand tensors.
pub(super) const MOST_HEADER: u64 = 1 << 24;
/// What the format calls what is no tensor.
const ABOUT: &str = "__metadata__";
/// What the form of these files is called.
const FORM: &str = "cairn-artifact-1";
/// What fillers are called, before the number of the tensor that they come after. No tensor can be.
const FILLER: &str = "_fill.";

/// A tensor of a file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Entry {
    pub name: String,
    pub kind: Kind,
    pub rows: u32,
    pub columns: u32,
}

/// The one header of these tensors, with the length before it and spaces after it.
pub(super) fn encode<'n>(
    tensors: impl Iterator<Item = (&'n str, Kind, [u32; 2])>,
) -> Result<Vec<u8>, Flaw> {
    let mut json = format!(r#"{{"{ABOUT}":{{"form":"{FORM}"}}"#);
    let mut at = 0u64;
    let mut last = None;
    for (index, (name, kind, [rows, columns])) in tensors.enumerate() {
        if let Some(last) = last.filter(|_| !at.is_multiple_of(BOUNDARY)) {
            let (begin, name) = (at, format!("{FILLER}{last}"));
            at = at.next_multiple_of(BOUNDARY);
            json += &entry(&name, "U8", &(at - begin).to_string(), [begin, at]);
        }
        let begin = at;
        let bytes = u64::from(rows) * u64::from(columns) * kind.width();
        at += bytes;
        json += &entry(name, kind.dtype(), &format!("{rows},{columns}"), [begin, at]);
        last = Some(index);
    }
    if last.is_none() {
        return Err(Flaw::Empty);
    }
    json.push('}');
    let whole = (PREFIX + json.len()).next_multiple_of(BOUNDARY as usize);
    let length = (whole - PREFIX) as u64;
    check_length(length)?;
    let mut bytes = length.to_le_bytes().to_vec();
    bytes.extend(json.into_bytes());
    bytes.resize(whole, b' ');
    Ok(bytes)
}

fn entry(name: &str, dtype: &str, shape: &str, [begin, end]: [u64; 2]) -> String {
    format!(r#","{name}":{{"dtype":"{dtype}","shape":[{shape}],"data_offsets":[{begin},{end}]}}"#)
}

/// The tensors of a file that is as long as its header says, and where its data begins. The header
/// is the one that [`encode`] makes of them.
pub(super) fn decode(bytes: &[u8]) -> Result<(Vec<Entry>, u64), Flaw> {
    let have = bytes.len() as u64;
    let short = |need| Flaw::Short { need, have };
    let prefix = bytes.first_chunk::<PREFIX>().ok_or(short(PREFIX as u64))?;
    let length = u64::from_le_bytes(*prefix);
    check_length(length)?;
    let start = PREFIX + length as usize;
    let header = bytes.get(PREFIX..start).ok_or(short(start as u64))?;
    let said: Said = serde_json::from_slice(header)
        .map_err(|reason| Flaw::Json { reason: name::short(&reason.to_string()) })?;
    check_form(&said)?;
    let (entries, end) = entries(said.tensors)?;
    // Whatever else could be written in two ways is found here.
    let only = encode(entries.iter().map(|one| (&*one.name, one.kind, [one.rows, one.columns])))?;
    if let Some(at) = name::differ(bytes.get(..start).unwrap_or_default(), &only) {
        return Err(Flaw::Header { at: at as u64 });
    }
    let start = start as u64;
    let need = start.saturating_add(end);
    match have {
        _ if have < need => Err(short(need)),
        _ if have > need => Err(Flaw::Left { need, have: have - need }),
        _ => Ok((entries, start)),
    }
}

/// Two numbers, neither nothing nor more than there can be.
pub(super) fn check_shape(name: &str, shape: &[u64]) -> Result<[u32; 2], Flaw> {
    let side = |side: u64| u32::try_from(side).ok().filter(|side| (1..=MOST).contains(side));
    let sides = match shape {
        [rows, columns] => side(*rows).zip(side(*columns)),
        _ => None,
    };
    let few = shape.get(..shape.len().min(8)).unwrap_or_default();
    let flaw = Flaw::Shape { name: name.into(), have: format!("{few:?}") };
    sides.map(<[u32; 2]>::from).ok_or(flaw)
}

fn check_length(have: u64) -> Result<(), Flaw> {
    if have <= MOST_HEADER {
        Ok(())
    } else {
        Err(Flaw::Long { most: MOST_HEADER, have })
    }
}

fn check_form(said: &Said) -> Result<(), Flaw> {
    let have = said.about.get("form").map_or("", String::as_str);
    if have == FORM {
        Ok(())
    } else {
        Err(Flaw::Form { need: FORM, have: name::short(have) })
    }
}

/// The tensors that are said to be there, one after the other, and where they end.
fn entries(said: Vec<(String, Place)>) -> Result<(Vec<Entry>, u64), Flaw> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut at = 0;
    let mut filled = None;
    for (name, place) in said {
        let [begin, end] = place.data_offsets;
        let named = || name::short(&name);
        if begin != at {
            return Err(Flaw::Offset { name: named(), need: at, have: begin });
        }
        let need = if name.starts_with(FILLER) {
            // Only what comes behind a tensor that does not end at a boundary fills anything.
            let rest = at.next_multiple_of(BOUNDARY) - at;
            let due = entries.len().checked_sub(1).map(|last| format!("{FILLER}{last}"));
            let fits = due.as_ref() == Some(&name) && place.dtype == "U8" && place.shape == [rest];
            if rest == 0 || !fits {
                return Err(Flaw::Filler { name: named() });
            }
            filled = Some(named());
            rest
        } else {
            let entry = tensor(&name, &place, at, entries.last())?;
            let bytes = u64::from(entry.rows) * u64::from(entry.columns) * entry.kind.width();
            entries.push(entry);
            filled = None;
            bytes
        };
        if end.checked_sub(begin) != Some(need) {
            let have = end.saturating_sub(begin);
            return Err(Flaw::Length { name: named(), need, have });
        }
        at = end;
    }
    match filled {
        Some(name) => Err(Flaw::Filler { name }),
        None if entries.is_empty() => Err(Flaw::Empty),
        None => Ok((entries, at)),
    }
}

fn tensor(name: &str, place: &Place, at: u64, before: Option<&Entry>) -> Result<Entry, Flaw> {
    let named = || name::short(name);
    if !name::is_good(name) {
        return Err(Flaw::Name { name: named() });
    }
    match before.map(|before| before.name.as_str()) {
        Some(before) if before == name => return Err(Flaw::Twice { name: named() }),
        Some(before) if before > name => {
            return Err(Flaw::Order { name: named(), before: name::short(before) });
        }
        _ => {}
    }
    if !at.is_multiple_of(BOUNDARY) {
        return Err(Flaw::Boundary { name: named(), at });
    }
    let dtype = Flaw::Dtype { name: named(), have: name::short(&place.dtype) };
    let kind = Kind::ALL.into_iter().find(|kind| kind.dtype() == place.dtype).ok_or(dtype)?;
    let [rows, columns] = check_shape(name, &place.shape)?;
    Ok(Entry { name: name.into(), kind, rows, columns })
}

/// A header as it stands, nothing of it believed.
#[derive(Default)]
struct Said {
    about: BTreeMap<String, String>,
    /// In the order in which they are listed.
    tensors: Vec<(String, Place)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: [u64; 2],
}

impl<'de> Deserialize<'de> for Said {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Listed)
    }
}

/// Keeps what a map would lose: order, and what is there twice.
struct Listed;

impl<'de> Visitor<'de> for Listed {
    type Value = Said;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tensors by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Said, A::Error> {
        let mut said = Said::default();
        while let Some(name) = map.next_key::<String>()? {
            if name == ABOUT {
                said.about = map.next_value()?;
            } else {
                said.tensors.push((name, map.next_value()?));
            }
        }
        Ok(said)
    }
}
