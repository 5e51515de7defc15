//! Where what was made is put.

use crate::fault;
use cairn_order::{Fault, Product};
use cairn_protocol::failure::Failure;
use std::{
    fs,
    io::{self, ErrorKind},
    path::Path,
};

/// What the file is called that has what is too long for the answer.
pub(crate) const NAME: &str = "output";

/// What it is called of one job of several, none of which has its number.
pub(crate) fn numbered(number: u32) -> String {
    format!("{NAME}-{number}")
}

/// Into the answer, where it is no longer than that; else into a file.
pub(crate) fn of(bytes: Vec<u8>, inline: u32, scratch: &Path) -> Result<Product, Fault> {
    named(NAME, bytes, inline, scratch)
}

/// The same, into a file of that name.
pub(crate) fn named(
    name: &str,
    bytes: Vec<u8>,
    inline: u32,
    scratch: &Path,
) -> Result<Product, Fault> {
    if bytes.len() as u64 <= u64::from(inline) {
        return Ok(Product::Inline(bytes));
    }
    fs::write(scratch.join(name), bytes).map_err(|reason| unwritten(&reason))?;
    Ok(Product::Scratch(name.into()))
}

fn unwritten(reason: &io::Error) -> Fault {
    match reason.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            Fault::new(Failure::DiskFull, "the scratch folder has no room for the output")
        }
        _ => fault::internal(format_args!("the output cannot be written: {reason}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_should_be_a_file_when_it_is_longer_than_an_answer() {
        let scratch = tempfile::tempdir().expect("a folder");
        let of = |inline| of(b"stone".to_vec(), inline, scratch.path()).expect("written");
        assert_eq!(of(5), Product::Inline(b"stone".to_vec()));
        assert!(!scratch.path().join("output").exists());
        assert_eq!(of(4), Product::Scratch("output".into()));
        assert_eq!(fs::read(scratch.path().join("output")).expect("a file"), b"stone");
    }

    #[test]
    fn failure_should_name_the_disk_when_it_is_full() {
        let failure = |kind: ErrorKind| unwritten(&kind.into()).failure;
        assert_eq!(failure(ErrorKind::StorageFull), Failure::DiskFull);
        assert_eq!(failure(ErrorKind::PermissionDenied), Failure::Internal);
    }
}
