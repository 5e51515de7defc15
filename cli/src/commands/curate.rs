//! Sealed sets: examples that nobody can fit a delta to, as nobody has seen them.

use super::model::view;
use crate::{
    archive,
    exit::{Failure, Outcome},
    output::{Output, Report},
    sealing::failed,
    session::{Account, Global},
    values::{self, words, Which},
};
use cairn_protocol::{
    id::BlockId,
    learning::{
        curation::{Opening, Progress, SetView},
        source::Source,
    },
    spec::Records,
};
use cairn_sdk::{address, learning::calls, AccountId32, Learning};
use cairn_vault::KeptSet;
use clap::{Args, Subcommand};
use std::{
    fs::DirBuilder,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

#[derive(Debug, Subcommand)]
pub enum Curate {
    /// Puts a bond aside, after which sets can be sealed; or fills one up.
    Register,
    /// Takes the bond back, once no set depends on it.
    Leave,
    /// Says what a curator has at stake.
    Status(Status),
    /// Seals a set for a period that has not begun. What opens it is kept here.
    #[command(alias = "commit")]
    Seal(Seal),
    /// Opens a set after its period, and puts its records where guards get them.
    Reveal(Reveal),
    /// Says how a model's trial on sealed sets stands.
    Trial(Trial),
}

#[derive(Debug, Args)]
pub struct Status {
    /// Whose [default: the account that would sign]
    #[arg(value_parser = values::account)]
    account: Option<AccountId32>,
}

/// A period of a model.
#[derive(Debug, Args)]
struct Place {
    /// The model's id, or its name on this machine.
    #[arg(long, value_parser = values::which)]
    model: Which,

    /// Which period: `cairn curate trial` says which one goes on.
    #[arg(long)]
    period: u32,
}

#[derive(Debug, Args)]
pub struct Seal {
    #[command(flatten)]
    place: Place,

    /// A file of records, as `cairn-engine records` cuts them, that nobody else has.
    #[arg(long, value_name = "FILE")]
    records: PathBuf,

    /// Bytes of a record: four for each token.
    #[arg(long, value_name = "BYTES")]
    record_bytes: u32,

    /// The archive that the encrypted records are put into: a folder, or a bucket as
    /// s3://bucket/prefix.
    #[arg(long, value_name = "DIR|URL")]
    archive: PathBuf,
}

#[derive(Debug, Args)]
pub struct Reveal {
    #[command(flatten)]
    place: Place,

    /// The archive that has the encrypted records, and is to have them in clear: a folder, or a
    /// bucket as s3://bucket/prefix.
    #[arg(long, value_name = "DIR|URL")]
    archive: PathBuf,
}

#[derive(Debug, Args)]
pub struct Trial {
    /// The model's id, or its name on this machine.
    #[arg(long, value_parser = values::which)]
    model: Which,

    /// Which period [default: the one that goes on]
    #[arg(long)]
    period: Option<u32>,
}

impl Curate {
    pub async fn run(&self, global: &Global, output: &Output) -> Outcome {
        match self {
            Self::Register => {
                let account = global.account().await?;
                account.send("bond", &calls::register_curator(), output).await?;
                output.say(&standing(&account.chain.learning().await?, &account.id()).await?)
            }
            Self::Leave => {
                let account = global.account().await?;
                let call = calls::leave_curation();
                let included = account.send("leave", &call, output).await?;
                let report = Report::default().text("curator", address(&account.id()));
                output.say(&report.number("block", included.number))
            }
            Self::Status(status) => status.run(global, output).await,
            Self::Seal(seal) => seal.run(global, output).await,
            Self::Reveal(reveal) => reveal.run(global, output).await,
            Self::Trial(trial) => trial.run(global, output).await,
        }
    }
}

impl Status {
    async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let account = match self.account {
            Some(account) => account,
            None => global.signer()?.account(),
        };
        let learning = global.chain().await?.learning().await?;
        output.say(&standing(&learning, &account).await?)
    }
}

async fn standing(learning: &Learning, account: &AccountId32) -> Outcome<Report> {
    let view = learning.curator(account).await?.ok_or_else(|| {
        let who = address(account);
        Failure::failed(format!("{who} is no curator; register it with `cairn curate register`"))
    })?;
    Ok(Report::default()
        .text("curator", address(account))
        .amount("bond", view.bond)
        .amount("need", view.need)
        .number("sets", view.sets))
}

impl Seal {
    async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let records = archive::read(&self.records)?;
        let source = Records { file: archive::describe(&records), record_bytes: self.record_bytes };
        let count = source.count();
        Source::Records(source).check().map_err(|flaw| Failure::usage(flaw.to_string()))?;
        let account = global.account().await?;
        let model = global.model(&account.chain, &self.place.model).await?;
        let learning = account.chain.learning().await?;
        view(&learning, model).await?;
        let period = self.place.period;
        if let Some(known) = own(&learning, model, period, &account.id()).await? {
            // It was sealed by this command before.
            return output.say(&told(model, period, &known));
        }
        let kept = keep(&path(global, &account, model, period)?, &records)?;
        let encrypted = kept.encrypted(&records).ok_or_else(|| other(&self.records))?;
        let encrypted = archive::put(&self.archive, &encrypted)?;
        let genesis = account.chain.genesis().0;
        let commitment = kept.commitment(&genesis, period, model, account.id());
        let call =
            calls::commit_set(model, period, commitment, encrypted, self.record_bytes, count);
        let included = account.send("set", &call, output).await?;
        output.progress("Keep what opens it: --data has it, and this machine alone.");
        let report = Report::default()
            .text("model", hex::encode(model.0))
            .number("period", period)
            .number("records", count);
        let report = super::model::file(report, "encrypted", encrypted);
        output.say(&report.number("block", included.number))
    }
}

impl Reveal {
    async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let account = global.account().await?;
        let model = global.model(&account.chain, &self.place.model).await?;
        let period = self.place.period;
        let learning = account.chain.learning().await?;
        let known = own(&learning, model, period, &account.id()).await?.ok_or_else(|| {
            Failure::failed(format!("the account has sealed no set for period {period}"))
        })?;
        let path = path(global, &account, model, period)?;
        let kept = KeptSet::open(&path).map_err(|error| {
            Failure::failed(format!(
                "{error}; what opens the set is where it was sealed, in the folder that --data names"
            ))
        })?;
        let commitment = kept.commitment(&account.chain.genesis().0, period, model, account.id());
        if commitment != known.sealed.commitment {
            let words = format!("{} opens another set than was committed to", path.display());
            return Err(Failure::failed(words));
        }
        let Opening { root, key, salt } = kept.opening();
        let call = calls::reveal_set(model, period, root, key, salt);
        let is_sealed = known.sealed.progress == Progress::Sealed;
        if is_sealed {
            // Before its period is over nobody is to see any of it.
            account.chain.market().await?.check(&account.id(), &call).await?;
        }
        // Guards look for the records as soon as the set is open.
        let encrypted = archive::get(&self.archive, known.sealed.encrypted.id)?;
        let records = kept.records(&encrypted).ok_or_else(|| {
            Failure::failed("the archive's file is not what the set was sealed as")
        })?;
        archive::put(&self.archive, &records)?;
        if is_sealed {
            account.send("opening", &call, output).await?;
        }
        let learning = account.chain.learning().await?;
        let known = own(&learning, model, period, &account.id()).await?.unwrap_or(known);
        output.say(&told(model, period, &known))
    }
}

impl Trial {
    async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let chain = global.chain().await?;
        let model = global.model(&chain, &self.model).await?;
        let learning = chain.learning().await?;
        let current = learning.period().await?.map(|period| period.number);
        let none = || Failure::failed("no period has begun yet");
        let period = self.period.or(current).ok_or_else(none)?;
        let report = Report::default()
            .text("model", hex::encode(model.0))
            .number("period", period)
            .with("now", current, current.map(|now| now.to_string()).unwrap_or_default());
        let Some(trial) = learning.trial(model, period).await? else {
            let words = "none: no set is sealed for it, and no reward waits for it";
            return output.say(&report.with("stage", serde_json::Value::Null, words));
        };
        let report = report.text("stage", words(&trial.stage)).with(
            "due",
            trial.due,
            trial.due.map(|due| due.to_string()).unwrap_or_default(),
        );
        let sets = learning.sets_of(model, period).await?;
        let json: Vec<_> = sets.iter().map(|set| told(model, period, set).json()).collect();
        let lines: Vec<String> = sets.iter().map(line).collect();
        output.say(&report.with("gain", trial.gain, "").with("sets", json, lines.join("\n")))
    }
}

/// The account's set of a trial.
async fn own(
    learning: &Learning,
    model: BlockId,
    period: u32,
    account: &AccountId32,
) -> Outcome<Option<SetView<AccountId32>>> {
    let sets = learning.sets_of(model, period).await?;
    Ok(sets.into_iter().find(|set| set.sealed.curator == *account))
}

/// Where what opens a set is kept.
fn path(global: &Global, account: &Account, model: BlockId, period: u32) -> Outcome<PathBuf> {
    let folder = global.bench("sets", account)?;
    Ok(folder.join(format!("{}-{period}.set", hex::encode(model.0))))
}

/// What opens a set, which is on disk before anybody hears of the set.
fn keep(path: &Path, records: &[u8]) -> Outcome<KeptSet> {
    match KeptSet::open(path) {
        Ok(kept) => return Ok(kept),
        Err(error) if error.is_absent() => {}
        Err(error) => return Err(failed(error)),
    }
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| {
            Failure::failed(format!("cannot make {}: {error}", folder.display()))
        })?;
    }
    let kept = KeptSet::draw(records).map_err(failed)?;
    kept.save(path).map_err(failed)?;
    Ok(kept)
}

/// A set was begun for this period that has other records.
fn other(records: &Path) -> Failure {
    Failure::usage(format!(
        "{} is not the set that was begun for this period; name that one, or another period",
        records.display()
    ))
}

fn told(model: BlockId, period: u32, set: &SetView<AccountId32>) -> Report {
    let report = Report::default()
        .text("model", hex::encode(model.0))
        .number("period", period)
        .number("set", set.set)
        .text("curator", address(&set.sealed.curator))
        .number("records", set.sealed.count)
        .text("progress", progress(&set.sealed.progress));
    super::model::file(report, "encrypted", set.sealed.encrypted)
}

fn line(set: &SetView<AccountId32>) -> String {
    let curator = address(&set.sealed.curator);
    format!("{}  {curator}  {}", set.set, progress(&set.sealed.progress))
}

fn progress(progress: &Progress) -> String {
    match progress {
        Progress::Sealed => "sealed".into(),
        Progress::Opened(_) => "opened".into(),
        Progress::Judging { panel, .. } => format!("judging, panel {}", panel.0),
        Progress::Measured { gain, .. } => format!("measured, {:+.2} %", *gain as f64 / 1e4),
        Progress::Missed { lack, .. } => format!("not measured: {}", words(lack)),
        Progress::Void(lack) => format!("void: {}", words(lack)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        seal: Seal,
        #[command(flatten)]
        global: Global,
    }

    #[tokio::test]
    async fn seal_should_be_refused_before_anybody_is_called_when_it_is_no_set() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        let (few, archive, missing) = (at("few"), at("archive"), at("missing"));
        std::fs::write(&few, vec![0; 63 * 64]).unwrap();
        let empty = at("empty");
        std::fs::write(&empty, []).unwrap();
        // An endpoint where nobody is.
        let fixed = ["cairn", "--key", "//Alice", "--url", "ws://127.0.0.1:1", "--model", "demo"];
        for (records, bytes, exit, said) in [
            (&missing, "64", Exit::Failed, "name one that is there"),
            (&few, "64", Exit::Usage, "63 examples are too few"),
            (&few, "65", Exit::Usage, "no whole number of tokens"),
            (&few, "60", Exit::Usage, "no whole number of records"),
            (&few, "0", Exit::Usage, "a record has from 2"),
            (&empty, "64", Exit::Usage, "0 examples are too few"),
        ] {
            let own = ["--period", "4", "--records", records, "--record-bytes", bytes];
            let line = fixed.iter().chain(&own).copied().chain(["--archive", &archive]);
            let Line { seal, global } = Line::try_parse_from(line).expect("it makes sense");
            let refused = seal.run(&global, &Output { json: true }).await.unwrap_err();
            assert_eq!(refused.exit(), exit, "{refused}");
            assert!(refused.to_string().contains(said), "{refused}");
        }
        assert!(!Path::new(&archive).exists());
    }

    #[test]
    fn keep_should_draw_once_for_a_set_and_never_for_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sets/one.set");
        let first = keep(&path, b"records").unwrap();
        let again = keep(&path, b"others").unwrap();
        assert_eq!(first.opening(), again.opening());
        assert!(again.encrypted(b"others").is_none());
        assert!(again.encrypted(b"records").is_some());
    }
}
