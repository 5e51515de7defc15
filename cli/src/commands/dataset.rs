//! Sets of examples: files of records, and programs that make them.

use super::model::{self, view};
use crate::{
    archive,
    exit::{Failure, Outcome},
    output::{Output, Report},
    session::{Account, Global},
    values::{self, words, Which},
};
use cairn_protocol::{
    dag::{Header, SemVer},
    id::{BlockId, File},
    learning::source::{DataSet, Generator, Purpose, Source},
    spec::Records,
};
use cairn_sdk::{address, learning::calls, AccountId32};
use cairn_text::generator;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Indices that a generator makes records of where nobody says otherwise.
const COUNT: u64 = 1 << 32;

#[derive(Debug, Subcommand)]
pub enum Dataset {
    /// Registers a set of examples for a model, and puts its file into the archive.
    Register(Register),
    /// Has the deltas of a model judged on a set. Its author signs.
    Choose(Choose),
    /// Says where the examples of a set come from.
    Show(Show),
}

#[derive(Debug, Args)]
pub struct Register {
    /// The model's id, or its name on this machine.
    #[arg(long, value_parser = values::which)]
    model: Which,

    /// What it is for: training, validation or sealed.
    #[arg(long, default_value = "validation", value_parser = values::purpose)]
    purpose: Purpose,

    #[command(flatten)]
    from: From,

    /// Bytes of a record: four for each token.
    #[arg(long, value_name = "BYTES")]
    record_bytes: u32,

    /// What a generator may burn for a record [default: 1048576]
    #[arg(long, conflicts_with = "records")]
    fuel: Option<u64>,

    /// Of how many indices a generator makes records [default: 4294967296]
    #[arg(long, conflicts_with = "records")]
    count: Option<u64>,

    /// The archive: a folder, or a bucket as s3://bucket/prefix.
    #[arg(long, value_name = "DIR|URL")]
    archive: PathBuf,

    /// Which release of the set it is.
    #[arg(long, default_value = "1.0.0", value_parser = values::release)]
    release: SemVer,

    /// Have the model's deltas judged on it from now on.
    #[arg(long)]
    choose: bool,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct From {
    /// A file of records, as `cairn-engine records` cuts them.
    #[arg(long, value_name = "FILE")]
    records: Option<PathBuf>,

    /// A WebAssembly module that makes records of a seed and an index; `demo` is the one that makes
    /// the demo's text.
    #[arg(long, value_name = "MODULE")]
    generator: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Choose {
    /// The model's id, or its name on this machine.
    #[arg(value_parser = values::which)]
    model: Which,

    /// The set's id.
    #[arg(value_parser = values::model)]
    set: BlockId,
}

#[derive(Debug, Args)]
pub struct Show {
    /// The set's id.
    #[arg(value_parser = values::model)]
    set: BlockId,
}

impl Dataset {
    pub async fn run(&self, global: &Global, output: &Output) -> Outcome {
        match self {
            Self::Register(register) => register.run(global, output).await,
            Self::Choose(choose) => choose.run(global, output).await,
            Self::Show(show) => show.run(global, output).await,
        }
    }
}

impl Register {
    async fn run(&self, global: &Global, output: &Output) -> Outcome {
        // Before anybody is called, and before anything is put anywhere.
        let bytes = self.from.bytes()?;
        let source = self.source(archive::describe(&bytes));
        source.check().map_err(|flaw| Failure::usage(flaw.to_string()))?;
        if self.choose && self.purpose != Purpose::Validation {
            let words = "deltas are judged on sets for validation; leave --choose or --purpose out";
            return Err(Failure::usage(words));
        }
        let account = global.account().await?;
        let model = global.model(&account.chain, &self.model).await?;
        let learning = account.chain.learning().await?;
        view(&learning, model).await?;
        archive::put(&self.archive, &bytes)?;
        let header = Header::data(model, source.file(), self.release, account.id());
        let set = header.id();
        let report = described(set, &learning_set(model, source, self.purpose, account.id()));
        // The same set again is the same block.
        if learning.data(set).await?.is_none() {
            let call = calls::register_data(header, source, self.purpose);
            account.send("set", &call, output).await?;
        }
        if self.choose {
            choose(&account, model, set, output).await?;
        }
        output.say(&report.with("chosen", self.choose, if self.choose { "yes" } else { "no" }))
    }

    fn source(&self, file: File) -> Source {
        let record_bytes = self.record_bytes;
        match self.from.generator {
            None => Source::Records(Records { file, record_bytes }),
            Some(_) => Source::Generator(Generator {
                module: file,
                record_bytes,
                fuel: self.fuel.unwrap_or(generator::FUEL),
                count: self.count.unwrap_or(COUNT),
            }),
        }
    }
}

impl From {
    fn bytes(&self) -> Outcome<Vec<u8>> {
        match (&self.records, &self.generator) {
            (Some(records), _) => archive::read(records),
            (None, Some(demo)) if demo.as_os_str() == "demo" && !demo.exists() => {
                Ok(generator::MODULE.to_vec())
            }
            (None, Some(module)) => archive::read(module),
            (None, None) => Err(Failure::usage("name records or a generator")),
        }
    }
}

impl Choose {
    async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let account = global.account().await?;
        let model = global.model(&account.chain, &self.model).await?;
        let number = choose(&account, model, self.set, output).await?;
        let report = Report::default()
            .text("model", hex::encode(model.0))
            .text("set", hex::encode(self.set.0));
        output.say(&report.number("block", number))
    }
}

impl Show {
    async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let found = global.chain().await?.learning().await?.data(self.set).await?;
        let found = found.ok_or_else(|| {
            let id = hex::encode(self.set.0);
            Failure::failed(format!("no set of examples {id} is registered"))
        })?;
        output.say(&described(self.set, &found))
    }
}

async fn choose(account: &Account, model: BlockId, set: BlockId, output: &Output) -> Outcome<u64> {
    let call = calls::choose_validation(model, set);
    Ok(account.send("choice", &call, output).await?.number)
}

fn learning_set(
    model: BlockId,
    source: Source,
    purpose: Purpose,
    author: AccountId32,
) -> DataSet<AccountId32> {
    DataSet { model, source, purpose, author }
}

fn described(set: BlockId, known: &DataSet<AccountId32>) -> Report {
    let report = Report::default()
        .text("set", hex::encode(set.0))
        .text("model", hex::encode(known.model.0))
        .text("purpose", words(&known.purpose))
        .text("author", address(&known.author))
        .with("generator", known.source.is_generator(), "")
        .with("record_bytes", known.source.record_bytes(), "")
        .with("count", known.source.count(), "")
        .with("examples", model::source(&known.source), model::source(&known.source));
    model::file(report, "file", known.source.file())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        register: Register,
    }

    fn register(words: &[&str]) -> Register {
        let fixed = ["cairn", "--model", "demo", "--archive", "a", "--record-bytes", "1024"];
        let line = fixed.into_iter().chain(words.iter().copied());
        Line::try_parse_from(line).expect("it makes sense").register
    }

    #[test]
    fn source_should_be_what_is_named() {
        let demo = register(&["--generator", "demo", "--count", "500"]);
        let bytes = demo.from.bytes().unwrap();
        assert_eq!(bytes, generator::MODULE);
        let source = demo.source(archive::describe(&bytes));
        assert_eq!(source.check(), Ok(()));
        assert_eq!((source.is_generator(), source.count()), (true, 500));

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("set");
        std::fs::write(&path, vec![0; 64 * 1_024]).unwrap();
        let records = register(&["--records", path.to_str().unwrap()]);
        let source = records.source(archive::describe(&records.from.bytes().unwrap()));
        assert_eq!((source.check(), source.count()), (Ok(()), 64));
    }

    #[tokio::test]
    async fn register_should_be_refused_before_anybody_is_called_when_nothing_can_be_judged_on_it()
    {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("set");
        std::fs::write(&path, vec![0; 1_024]).unwrap();
        #[derive(Debug, Parser)]
        struct All {
            #[command(flatten)]
            global: Global,
        }
        // An endpoint where nobody is.
        let line = ["cairn", "--key", "//Alice", "--url", "ws://127.0.0.1:1"];
        let global = All::try_parse_from(line).unwrap().global;
        let output = Output { json: true };
        let file = path.to_str().unwrap();
        for words in [
            vec!["--records", file],
            vec!["--generator", file, "--fuel", "0"],
            vec!["--generator", "demo", "--purpose", "training", "--choose"],
        ] {
            let refused = register(&words).run(&global, &output).await.unwrap_err();
            assert_eq!(refused.exit(), Exit::Usage, "{refused}");
        }
    }
}
