//! What files are called.

use cairn_protocol::id::ContentId;
use std::fmt;

/// What a file of this content is called wherever it lies: 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Name(pub ContentId);

impl Name {
    /// The content that a name is of, if it is such a name.
    pub(crate) fn parse(text: &str) -> Option<ContentId> {
        let id = ContentId(*blake3::Hash::from_hex(text).ok()?.as_bytes());
        (Self(id).to_string() == text).then_some(id)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from_bytes(self.0 .0).to_hex())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_should_know_a_name_only_when_it_is_written_as_it_would_be() {
        let id = ContentId([0xab; 32]);
        let name = Name(id).to_string();
        assert_eq!(Name::parse(&name), Some(id));
        for other in [name.to_uppercase(), name.replacen("ab", "a", 1), format!("{name}#1")] {
            assert_eq!(Name::parse(&other), None, "{other}");
        }
    }
}
