//! Registers a model, and what it is made of.

use super::spoken;
use crate::{
    exit::{Failure, Outcome},
    names,
    output::{Output, Report},
    session::{Account, Global},
    values,
};
use cairn_protocol::{
    dag::{BlockKind, Component, Header, SemVer},
    id::{Amount, BlockId},
    learning::model::{Access, ModelCard, LICENCE_BYTES, MAX_COMPONENTS},
    share::Ppm,
};
use cairn_sdk::{address, amount, learning::calls, AccountId32, Published};
use clap::Args;
use std::{collections::BTreeSet, fs, path::PathBuf};

/// All that the chain leaves to authors: a twentieth.
const ROYALTY: Ppm = 50_000;
/// Components that are published at once. Each is a transaction of its own.
const AT_ONCE: usize = 16;

#[derive(Debug, Args)]
pub struct Create {
    /// A file with what `cairn-engine publish --json` said of the model.
    #[arg(long, value_name = "FILE")]
    published: PathBuf,

    /// Under what others may use it, as SPDX writes licences.
    #[arg(long, default_value = "Apache-2.0")]
    licence: String,

    /// What part of what jobs on it bring is its author's, in millionths: at most what the chain
    /// leaves to authors.
    #[arg(long, value_name = "PPM", default_value_t = ROYALTY)]
    royalty: Ppm,

    /// What a unit of work on it should be worth. Nobody is bound by it.
    #[arg(long, value_name = "CRN", value_parser = amount::parse, default_value = "0")]
    price_hint: Amount,

    /// A component that chooses among experts. Given again, another one [default: none does]
    #[arg(long = "router", value_name = "COMPONENT", value_parser = values::component)]
    routers: Vec<Component>,

    /// What each job on it costs, beside what its workers are paid.
    #[arg(long, value_name = "CRN", value_parser = amount::parse, conflicts_with = "licensed")]
    per_use: Option<Amount>,

    /// Only accounts that its author licenses may use it.
    #[arg(long)]
    licensed: bool,

    /// Which release it is.
    #[arg(long, default_value = "1.0.0", value_parser = values::release)]
    release: SemVer,

    /// What to call it on this machine [default: its id alone]
    #[arg(long, value_parser = values::model_name)]
    name: Option<String>,
}

impl Create {
    pub async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let text = fs::read_to_string(&self.published).map_err(|error| {
            Failure::usage(format!("{} cannot be read: {error}", self.published.display()))
        })?;
        let wrong = |what: String| Failure::usage(format!("{}: {what}", self.published.display()));
        let published = Published::read(&text).map_err(|flaw| wrong(flaw.to_string()))?;
        let access = match (self.per_use, self.licensed) {
            (Some(price), _) => Access::PerUse { price },
            (None, true) => Access::Licensed,
            (None, false) => Access::Open,
        };
        let card = published.card(&self.licence, self.royalty, access).ok_or_else(|| {
            wrong(format!("a model has {MAX_COMPONENTS} components at most, and a licence {LICENCE_BYTES} letters"))
        })?;
        let card = ModelCard { price_hint: self.price_hint, ..card };
        card.check().map_err(|flaw| wrong(flaw.to_string()))?;
        if let Some(unknown) = self.routers.iter().find(|name| !card.has(name)) {
            return Err(wrong(format!("the model has no component {}", spoken(unknown))));
        }
        let account = global.account().await?;
        let header = Header::meta(account.id(), published.bundle, self.release);
        let model = header.id();
        // What was begun before goes on.
        let known = account.chain.learning().await?.model(model).await?;
        let mut report = Report::default()
            .text("model", hex::encode(model.0))
            .text("author", address(&account.id()))
            .text("release", self.release.to_string());
        let mut there = BTreeSet::new();
        match known {
            Some(view) => there.extend(view.heads.into_iter().map(|head| head.component)),
            None => {
                let call = calls::create_model(header, card);
                let included = account.send("model", &call, output).await?;
                report = report.number("block", included.number);
            }
        }
        let missing = self.missing(&published, &there, model, &account.id());
        publish(&account, &missing, output).await?;
        if let Some(name) = &self.name {
            names::give(&global.names(&account.chain.genesis().0)?, name, model)?;
            report = report.text("name", name);
        }
        output.say(&report.number("components", published.components.len() as u64))
    }

    /// The blocks of components of which there is none yet.
    fn missing(
        &self,
        published: &Published,
        there: &BTreeSet<Component>,
        model: BlockId,
        author: &AccountId32,
    ) -> Vec<Header<AccountId32>> {
        let missing = published.components.iter().filter(|(name, _)| !there.contains(name));
        let header = |(name, file): &(Component, _)| {
            let kind =
                if self.routers.contains(name) { BlockKind::Router } else { BlockKind::Expert };
            Header::component(kind, model, name.clone(), model, *file, self.release, *author)
        };
        missing.map(header).collect()
    }
}

/// Publishes components, some at once.
async fn publish(account: &Account, headers: &[Header<AccountId32>], output: &Output) -> Outcome {
    for some in headers.chunks(AT_ONCE) {
        let all: Vec<_> = some.iter().cloned().map(calls::publish).collect();
        account.send_all("components", &all, output).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_protocol::id::{ContentId, File};
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        create: Create,
    }

    #[test]
    fn missing_should_be_what_is_not_there_and_routers_where_they_are_named() {
        let line = Line::try_parse_from(["cairn", "--published", "f", "--router", "gate"]);
        let create = line.expect("it makes sense").create;
        let named = |name: &str| Component::try_from(name.as_bytes().to_vec()).expect("short");
        let file = File { id: ContentId([1; 32]), bytes: 5 };
        let published = Published {
            bundle: file,
            configuration: file.id,
            tokenizer: None,
            judge: file.id,
            components: ["gate", "one", "two"].map(|name| (named(name), file)).to_vec(),
        };
        let there = BTreeSet::from([named("one")]);
        let author = AccountId32([3; 32]);
        let missing = create.missing(&published, &there, BlockId([2; 32]), &author);
        let kinds: Vec<_> =
            missing.into_iter().map(|header| (header.component, header.kind)).collect();
        let expected = [(named("gate"), BlockKind::Router), (named("two"), BlockKind::Expert)];
        assert_eq!(kinds, expected);
    }
}
