//! How bytes travel between parent and child: their number as u32, little endian, then they.

use std::io::{self, ErrorKind, Read, Write};

/// The next frame, or none where the other side has ended.
pub(crate) fn read(from: &mut impl Read, most: u64) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    // A first byte alone tells an end from a break in the middle.
    if from.read(&mut length[..1])? == 0 {
        return Ok(None);
    }
    from.read_exact(&mut length[1..])?;
    let length = u64::from(u32::from_le_bytes(length));
    if length > most {
        let words = format!("{length} bytes were announced, and {most} are allowed");
        return Err(io::Error::new(ErrorKind::InvalidData, words));
    }
    let mut bytes = Vec::new();
    // Room is made for what comes, not for what was announced.
    from.take(length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == length {
        Ok(Some(bytes))
    } else {
        Err(ErrorKind::UnexpectedEof.into())
    }
}

pub(crate) fn write(to: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    let length = u32::try_from(bytes.len())
        .map_err(|_| io::Error::new(ErrorKind::InvalidInput, "a frame has less than 4 GiB"))?;
    to.write_all(&length.to_le_bytes())?;
    to.write_all(bytes)?;
    to.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_should_come_back_when_written() {
        let mut bytes = Vec::new();
        write(&mut bytes, b"stone").unwrap();
        write(&mut bytes, b"").unwrap();
        let mut from = bytes.as_slice();
        assert_eq!(read(&mut from, 5).unwrap(), Some(b"stone".to_vec()));
        assert_eq!(read(&mut from, 5).unwrap(), Some(Vec::new()));
        assert_eq!(read(&mut from, 5).unwrap(), None);
    }

    #[test]
    fn frame_should_be_refused_when_longer_than_allowed() {
        let mut bytes = Vec::new();
        write(&mut bytes, b"stone").unwrap();
        assert_eq!(read(&mut bytes.as_slice(), 4).unwrap_err().kind(), ErrorKind::InvalidData);
    }

    #[test]
    fn frame_should_be_refused_when_it_breaks_off() {
        let mut bytes = Vec::new();
        write(&mut bytes, b"stone").unwrap();
        for length in 1..bytes.len() {
            let broken = read(&mut &bytes[..length], 5).unwrap_err();
            assert_eq!(broken.kind(), ErrorKind::UnexpectedEof, "{length} bytes");
        }
    }
}
