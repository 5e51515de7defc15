//! Keys of accounts.

use crate::{
    exit::Outcome,
    output::{Output, Report},
    session::{passphrase, Global},
};
use cairn_sdk::Signer;
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub enum Key {
    /// Makes a key, and keeps it in a new file, encrypted by a passphrase.
    New {
        /// The file, which must not be there yet.
        file: PathBuf,
    },
    /// Keeps the key that would sign in a new file, encrypted by a passphrase.
    Import {
        /// The file, which must not be there yet.
        file: PathBuf,
    },
    /// Says whose key it is that would sign.
    Address,
}

impl Key {
    pub fn run(&self, global: &Global, output: &Output) -> Outcome {
        match self {
            Self::New { file } => {
                let (signer, phrase) = Signer::generate();
                signer.save(file, &passphrase("A passphrase for it: ")?)?;
                output.progress("Write the phrase down, and show it to nobody: it is the account.");
                let report = Report::default()
                    .text("account", signer.address())
                    .text("phrase", phrase.as_str())
                    .text("file", file.display().to_string());
                output.say(&report)
            }
            Self::Import { file } => {
                let signer = global.signer()?;
                signer.save(file, &passphrase("A passphrase for it: ")?)?;
                let report = Report::default()
                    .text("account", signer.address())
                    .text("file", file.display().to_string());
                output.say(&report)
            }
            Self::Address => {
                let signer = global.signer()?;
                let digits = format!("0x{}", hex::encode(signer.account().0));
                let report =
                    Report::default().text("account", signer.address()).text("public_key", digits);
                output.say(&report)
            }
        }
    }
}
