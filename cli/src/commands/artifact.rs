//! Files by the names of their contents.

use crate::{
    archive,
    exit::Outcome,
    output::{Output, Report},
    values,
};
use cairn_protocol::id::{ContentId, File};
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub enum Artifact {
    /// Puts a file into an archive.
    Put {
        file: PathBuf,

        /// The archive: a folder, or a bucket as s3://bucket/prefix.
        #[arg(long, value_name = "DIR|URL")]
        archive: PathBuf,
    },
    /// Takes a file out of an archive, if it is the one that was asked for.
    Get {
        #[arg(value_parser = values::content)]
        id: ContentId,

        /// The archive: a folder, or a bucket as s3://bucket/prefix.
        #[arg(long, value_name = "DIR|URL")]
        archive: PathBuf,

        /// Where to write it.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Says what a file is called.
    Id { file: PathBuf },
}

impl Artifact {
    pub fn run(&self, output: &Output) -> Outcome {
        let file = match self {
            Self::Put { file, archive } => archive::put_file(archive, file)?,
            Self::Id { file } => archive::describe(&archive::read(file)?),
            Self::Get { id, archive, out } => archive::get_file(archive, *id, out)?,
        };
        output.say(&named(file))
    }
}

fn named(File { id, bytes }: File) -> Report {
    Report::default().text("id", hex::encode(id.0)).number("bytes", bytes)
}
