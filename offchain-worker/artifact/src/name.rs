//! What tensors, components and files are called.

use cairn_protocol::id::ContentId;

/// The most bytes of a name.
pub(crate) const MOST: usize = 255;
/// What a name has to be, for those who gave another.
pub(crate) const RULE: &str =
    "1 to 255 letters, digits, '.', '_' and '-' of ASCII, beginning with a letter or digit";

/// Whether something is called so that it needs no escape in JSON, and nothing of the format is
/// called the same.
pub(crate) fn is_good(name: &str) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric();
    let bytes = name.as_bytes();
    bytes.len() <= MOST
        && bytes.first().is_some_and(plain)
        && bytes.iter().all(|byte| plain(byte) || b"._-".contains(byte))
}

/// As much of a stranger's text as a message has room for.
pub(crate) fn short(text: &str) -> String {
    const ROOM: usize = 80;
    match text.char_indices().nth(ROOM) {
        None => text.into(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

/// The name of what has this content: 64 lower-case hexadecimal digits.
pub fn hex(id: &ContentId) -> String {
    blake3::Hash::from_bytes(id.0).to_hex().to_string()
}

/// The content that a name is of, if it is such a name.
pub fn from_hex(text: &str) -> Option<ContentId> {
    let id = ContentId(*blake3::Hash::from_hex(text).ok()?.as_bytes());
    (hex(&id) == text).then_some(id)
}

/// The first place where two texts differ, one ending there included.
pub(crate) fn differ(one: &[u8], other: &[u8]) -> Option<usize> {
    let place = one.iter().zip(other).position(|(one, other)| one != other);
    place.or((one.len() != other.len()).then_some(one.len().min(other.len())))
}
