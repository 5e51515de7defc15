//! Models: how they are made, how they stand, and how they are had.

mod access;
mod create;
mod lineage;
mod publish;
mod pull;
mod servers;
mod show;

use crate::{
    exit::{Failure, Outcome},
    loss::percent,
    names,
    output::{Output, Report},
    session::Global,
    values::{self, Which},
};
use cairn_protocol::{
    id::{BlockId, File},
    learning::{model::Component, source::Source},
    view::ModelView,
};
use cairn_sdk::{AccountId32, Learning};
use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub enum Model {
    /// Registers a model that is published, with all its components, and says its id.
    Create(create::Create),
    /// Publishes a component of a model anew.
    Publish(publish::Publish),
    /// Says what a model is, how its components stand, and how good it is.
    Show(show::Show),
    /// Draws what each component is made of, from the block that began the model on.
    Lineage(lineage::Lineage),
    /// Fetches a model as it stands, every byte of it verified.
    Pull(pull::Pull),
    /// Says who may use a model, and for how much.
    Access(access::SetAccess),
    /// Lets an account use a model that is licensed.
    License(access::License),
    /// Says that a provider serves components of a model.
    Serve(access::Serve),
    /// Lists the providers that say that they serve a model, component by component.
    Servers(servers::Servers),
    /// Calls a model by a name on this machine.
    Name(Name),
    /// Lists all models.
    List(List),
}

#[derive(Debug, Args)]
pub struct Name {
    #[arg(value_parser = values::model_name)]
    name: String,

    #[arg(value_parser = values::model)]
    model: BlockId,
}

#[derive(Debug, Args)]
pub struct List {}

impl Model {
    pub async fn run(&self, global: &Global, output: &Output) -> Outcome {
        match self {
            Self::Create(create) => create.run(global, output).await,
            Self::Publish(publish) => publish.run(global, output).await,
            Self::Show(show) => show.run(global, output).await,
            Self::Lineage(lineage) => lineage.run(global, output).await,
            Self::Pull(pull) => pull.run(global, output).await,
            Self::Access(access) => access.run(global, output).await,
            Self::License(license) => license.run(global, output).await,
            Self::Serve(serve) => serve.run(global, output).await,
            Self::Servers(servers) => servers.run(global, output).await,
            Self::Name(name) => name.run(global, output).await,
            Self::List(List {}) => list(global, output).await,
        }
    }
}

impl Name {
    async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let chain = global.chain().await?;
        view(&chain.learning().await?, self.model).await?;
        names::give(&global.names(&chain.genesis().0)?, &self.name, self.model)?;
        let report = Report::default().text("name", &self.name);
        output.say(&report.text("model", hex::encode(self.model.0)))
    }
}

async fn list(global: &Global, output: &Output) -> Outcome {
    let chain = global.chain().await?;
    let (learning, names) = (chain.learning().await?, global.names(&chain.genesis().0)?);
    let mut reports = Vec::new();
    for model in learning.models().await? {
        let Some(view) = learning.model(model).await? else { continue };
        let licence = String::from_utf8_lossy(&view.card.licence).into_owned();
        let quality = view.quality.map(|share| percent(share.into())).unwrap_or_default();
        let report = Report::default()
            .text("model", hex::encode(model.0))
            .text("name", names::of(&names, model).unwrap_or_default())
            .number("components", view.card.components.len() as u64)
            .number("uses", view.uses)
            .with("quality", view.quality, quality)
            .text("licence", licence);
        reports.push(report);
    }
    output.list("models", "No model is registered.", &reports)
}

/// What is known of a model.
pub async fn view(learning: &Learning, model: BlockId) -> Outcome<ModelView<AccountId32>> {
    learning.model(model).await?.ok_or_else(|| {
        let id = hex::encode(model.0);
        Failure::failed(format!("no model {id} is registered; list them with `cairn model list`"))
    })
}

/// A component that the model has; of one that has a single one, that.
pub fn component(view: &ModelView<AccountId32>, asked: Option<&Component>) -> Outcome<Component> {
    let all = &view.card.components;
    let names = || all.iter().map(spoken).collect::<Vec<_>>().join(", ");
    match (asked, all.as_slice()) {
        (Some(asked), _) if all.contains(asked) => Ok(asked.clone()),
        (Some(asked), _) => Err(Failure::usage(format!(
            "the model has no component {}, but {}",
            spoken(asked),
            names()
        ))),
        (None, [only]) => Ok(only.clone()),
        (None, _) => {
            Err(Failure::usage(format!("name one of its components with --component: {}", names())))
        }
    }
}

/// A component's name, whatever its bytes are.
pub fn spoken(component: &Component) -> String {
    String::from_utf8_lossy(component).into_owned()
}

/// The model that is meant, and what is known of it.
pub async fn meant(
    global: &Global,
    which: &Which,
) -> Outcome<(cairn_sdk::Chain, Learning, BlockId, ModelView<AccountId32>)> {
    let chain = global.chain().await?;
    let model = global.model(&chain, which).await?;
    let learning = chain.learning().await?;
    let view = view(&learning, model).await?;
    Ok((chain, learning, model, view))
}

/// Where examples come from, in a few words.
pub fn source(source: &Source) -> String {
    let (count, bytes) = (source.count(), source.record_bytes());
    match source {
        Source::Records(_) => format!("{count} records of {bytes} bytes"),
        Source::Generator(_) => format!("a generator of records of {bytes} bytes"),
    }
}

/// A file, for programs and for people.
pub fn file(report: Report, name: &'static str, File { id, bytes }: File) -> Report {
    let id = hex::encode(id.0);
    let json = serde_json::json!({ "id": id, "bytes": bytes });
    report.with(name, json, format!("{id}, {bytes} bytes"))
}
