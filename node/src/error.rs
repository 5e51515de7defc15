//! What keeps the node from starting, told in one line that says what to do.

use std::{error::Error, io, net::SocketAddr, path::PathBuf};

use crate::preflight::{database::Damage, ports::Purpose};

/// The longest line printed, in characters: a library's error can quote a whole file.
const LONGEST_LINE: usize = 2_000;

/// What a library puts before a message that it only passes on.
const WRAPPERS: [&str; 2] = ["Application: ", "Other: "];

/// A mistake in what the operator gave the node, found before it touches the chain.
#[derive(Debug, thiserror::Error)]
pub enum StartFault {
    #[error("cannot write to the base path {path}: {cause}; {advice}")]
    BasePath { path: PathBuf, cause: io::Error, advice: &'static str },

    #[error(
        "only {free_mib} MiB are free at the base path {path} and the node needs {needed_mib}: \
         free some space there, or choose another directory with --base-path"
    )]
    SpaceShort { path: PathBuf, free_mib: u64, needed_mib: u64 },

    #[error("there is no home directory to keep the chain in: name a directory with --base-path")]
    HomeMissing,

    #[error(
        "cannot make a temporary base path: {cause}; name a directory with --base-path, or a \
         writable one for temporary files in the variable TMPDIR"
    )]
    TemporaryDirectory { cause: String },

    #[error(
        "the node key file {path} is not usable: {cause}; it must hold 64 hexadecimal digits \
         without a line break, or 32 raw bytes; `cairn-node key generate-node-key --file FILE` \
         writes a new one"
    )]
    NodeKey { path: PathBuf, cause: io::Error },

    #[error(
        "a validator needs a lasting network identity and {path} does not exist: make it with \
         `cairn-node key generate-node-key` (--file for a file of your own, --base-path and \
         --chain for the node's directory), or pass --unsafe-force-node-key-generation for a \
         network that may lose it"
    )]
    NodeKeyMissing { path: PathBuf },

    #[error("cannot read the keystore's password file {path}: {cause}; check --password-filename")]
    PasswordFile { path: PathBuf, cause: io::Error },

    #[error("cannot open the keystore {path}: {cause}; check --keystore-path and who owns it")]
    Keystore { path: PathBuf, cause: String },

    #[error(
        "the keystore file {path} is not usable: {flaw}; restore it from a backup, or move it \
         away and insert the key again with `cairn-node key insert`"
    )]
    KeystoreKey { path: PathBuf, flaw: String },

    #[error(
        "the {purpose} address {address} is already in use: stop the process that holds it, or \
         choose another port with {}", .purpose.flags()
    )]
    AddressTaken { purpose: Purpose, address: SocketAddr },

    #[error(
        "cannot listen on the {purpose} address {address}: {cause}; choose another address or \
         port with {}", .purpose.flags()
    )]
    AddressRefused { purpose: Purpose, address: SocketAddr, cause: io::Error },

    #[error(
        "the database in {path} is damaged and was left as it is: {damage}; restore the \
         directory from a backup, or move it away and start again to sync the chain anew"
    )]
    DatabaseDamaged { path: PathBuf, damage: Damage },

    #[error(
        "another process uses the database in {path}: stop it, or choose another directory with \
         --base-path"
    )]
    DatabaseInUse { path: PathBuf },

    #[error(
        "cannot read the database in {path}: {cause}; check the disk, and that the user who \
         runs the node owns the directory"
    )]
    DatabaseUnreadable { path: PathBuf, cause: io::Error },
}

impl From<StartFault> for sc_cli::Error {
    fn from(fault: StartFault) -> Self {
        Self::Application(Box::new(fault))
    }
}

/// The error with its causes, as one line.
pub fn one_line(error: &sc_cli::Error) -> String {
    let text = match error {
        // The library's text spans ten lines and names another binary.
        sc_cli::Error::NetworkKeyNotFound(path) => {
            StartFault::NodeKeyMissing { path: path.clone() }.to_string()
        }
        sc_cli::Error::Input(message) => message.clone(),
        other => with_causes(other),
    };
    flattened(&text)
}

/// Joins the lines of a text, and cuts it where nobody would read on.
pub fn flattened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST_LINE) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line,
    }
}

fn with_causes(error: &dyn Error) -> String {
    let mut text = unwrapped(&error.to_string()).to_owned();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        // Most libraries repeat the cause in their own text.
        if !text.contains(unwrapped(&inner_text)) {
            text.push_str(": ");
            text.push_str(unwrapped(&inner_text));
        }
        cause = inner.source();
    }
    text
}

fn unwrapped(text: &str) -> &str {
    let mut text = text;
    while let Some(rest) = WRAPPERS.iter().find_map(|wrapper| text.strip_prefix(wrapper)) {
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_should_hold_no_line_break_when_the_message_has_several() {
        let error = sc_cli::Error::Input("first\n\t second\n\nthird".into());
        assert_eq!(one_line(&error), "first second third");
    }

    #[test]
    fn one_line_should_name_our_command_when_the_network_key_is_missing() {
        let line = one_line(&sc_cli::Error::NetworkKeyNotFound("/keys/node".into()));
        assert!(line.contains("/keys/node"), "{line}");
        assert!(line.contains("cairn-node key generate-node-key"), "{line}");
        assert!(!line.contains('\n'), "{line}");
    }

    #[test]
    fn one_line_should_tell_the_fault_alone_when_libraries_wrapped_it() {
        let fault = StartFault::HomeMissing.to_string();
        let wrapped = sc_service::Error::Application(Box::new(StartFault::HomeMissing));
        assert_eq!(one_line(&sc_cli::Error::Service(wrapped)), fault);
        assert_eq!(one_line(&StartFault::HomeMissing.into()), fault);
    }

    #[test]
    fn one_line_should_add_the_cause_when_the_message_lacks_it() {
        #[derive(Debug, thiserror::Error)]
        #[error("reading failed")]
        struct Outer(#[source] io::Error);

        let outer = Outer(io::Error::other("bad sector"));
        let line = one_line(&sc_cli::Error::Application(Box::new(outer)));
        assert_eq!(line, "reading failed: bad sector");
    }

    #[test]
    fn flattened_should_cut_the_text_when_it_is_a_whole_file() {
        let line = flattened(&"é".repeat(LONGEST_LINE + 1));
        assert_eq!(line.chars().count(), LONGEST_LINE + 3);
        assert!(line.ends_with("..."));
    }
}
