//! What becomes of bytes that are wanted.

/// They with some changed, put in or taken away, as others say.
pub fn edited(wanted: &[u8], edits: &[u8]) -> Vec<u8> {
    let mut bytes = wanted.to_vec();
    for edit in edits.chunks_exact(4) {
        let at = usize::from(u16::from_le_bytes([edit[0], edit[1]])) % (bytes.len() + 1);
        match edit[2] % 4 {
            0 if at < bytes.len() => bytes[at] = edit[3],
            1 => bytes.insert(at, edit[3]),
            2 => drop(bytes.drain(at..bytes.len().min(at + usize::from(edit[3])))),
            3 => bytes.truncate(at),
            _ => {}
        }
    }
    bytes
}
