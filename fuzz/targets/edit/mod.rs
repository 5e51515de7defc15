//! Bytes of several forms as strangers make them: one of each that is right with some changed, and
//! bytes that are nothing.

/// What is written of what was read, if it was.
pub type Read = fn(&[u8]) -> Option<Vec<u8>>;

/// What is right, once it is seen to be read as it was written.
pub fn wanted<const N: usize>(bytes: [Vec<u8>; N], forms: [Read; N]) -> [Vec<u8>; N] {
    for (bytes, read) in bytes.iter().zip(forms) {
        assert_eq!(read(bytes).as_ref(), Some(bytes));
    }
    bytes
}

/// Has a stranger's bytes read, and what they make of the right ones, in the form that they name.
/// What is read has to be written in the same bytes.
pub fn read<const N: usize>(wanted: &[Vec<u8>; N], forms: [Read; N], bytes: &[u8]) {
    let Some((form, rest)) = bytes.split_first() else { return };
    let form = usize::from(*form) % N;
    for bytes in [edited(&wanted[form], rest), rest.to_vec()] {
        if let Some(written) = forms[form](&bytes) {
            assert_eq!(written, bytes);
        }
    }
}

/// They with some changed, put in or taken away, as others say.
fn edited(wanted: &[u8], edits: &[u8]) -> Vec<u8> {
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
