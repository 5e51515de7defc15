//! Who may use a model, and who serves it.

use super::{spoken, view};
use crate::{
    exit::{Failure, Outcome},
    output::{Output, Report},
    session::Global,
    values::{self, Which},
};
use cairn_protocol::{
    dag::Component,
    id::{Amount, ProviderId},
    learning::model::Access,
};
use cairn_sdk::{address, amount, amount::crn, learning::calls, AccountId32};
use clap::Args;

#[derive(Debug, Args)]
pub struct SetAccess {
    /// The model's id, or its name on this machine.
    #[arg(value_parser = values::which)]
    model: Which,

    #[command(flatten)]
    access: Asked,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Asked {
    /// Everyone may.
    #[arg(long)]
    open: bool,

    /// Everyone may who pays so much for each use. More than before counts some blocks later.
    #[arg(long, value_name = "CRN", value_parser = amount::parse)]
    per_use: Option<Amount>,

    /// Only accounts that are licensed may.
    #[arg(long)]
    licensed: bool,
}

#[derive(Debug, Args)]
pub struct License {
    /// The model's id, or its name on this machine.
    #[arg(value_parser = values::which)]
    model: Which,

    #[arg(value_parser = values::account)]
    account: AccountId32,

    /// Take the licence back.
    #[arg(long)]
    revoke: bool,
}

#[derive(Debug, Args)]
pub struct Serve {
    /// The model's id, or its name on this machine.
    #[arg(value_parser = values::which)]
    model: Which,

    /// Who serves it; its operator signs, once its worker has sent a heartbeat.
    #[arg(long)]
    provider: u64,

    /// A component that it serves. Given again, another one [default: all]
    #[arg(long = "component", value_name = "COMPONENT", value_parser = values::component)]
    components: Vec<Component>,

    /// Serve it no more.
    #[arg(long, conflicts_with = "components")]
    stop: bool,
}

impl Asked {
    fn access(&self) -> Access {
        match (self.per_use, self.licensed) {
            (Some(price), _) => Access::PerUse { price },
            (None, true) => Access::Licensed,
            (None, false) => Access::Open,
        }
    }
}

impl SetAccess {
    pub async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let account = global.account().await?;
        let model = global.model(&account.chain, &self.model).await?;
        let access = self.access.access();
        let call = calls::set_access(model, access);
        let included = account.send("access", &call, output).await?;
        let report = Report::default().text("model", hex::encode(model.0));
        output.say(&report.text("access", told(access)).number("block", included.number))
    }
}

impl License {
    pub async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let account = global.account().await?;
        let model = global.model(&account.chain, &self.model).await?;
        let included = if self.revoke {
            let call = calls::revoke_licence(model, &self.account);
            account.send("licence", &call, output).await?
        } else {
            account.send("licence", &calls::license(model, &self.account), output).await?
        };
        let report = Report::default()
            .text("model", hex::encode(model.0))
            .text("account", address(&self.account))
            .with("licensed", !self.revoke, if self.revoke { "no more" } else { "yes" });
        output.say(&report.number("block", included.number))
    }
}

impl Serve {
    pub async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let account = global.account().await?;
        let model = global.model(&account.chain, &self.model).await?;
        let provider = ProviderId(self.provider);
        let report =
            Report::default().number("provider", self.provider).text("model", hex::encode(model.0));
        if self.stop {
            let call = calls::stop_serving(provider, model);
            let included = account.send("word", &call, output).await?;
            return output.say(&report.number("block", included.number));
        }
        let view = view(&account.chain.learning().await?, model).await?;
        let known = &view.card.components;
        if let Some(unknown) = self.components.iter().find(|one| !known.contains(one)) {
            let words = format!("the model has no component {}", spoken(unknown));
            return Err(Failure::usage(words));
        }
        let served = match self.components.is_empty() {
            true => known.to_vec(),
            false => self.components.clone(),
        };
        let call = calls::serve(provider, model, &served);
        let included = account.send("word", &call, output).await?;
        let names: Vec<String> = served.iter().map(spoken).collect();
        let told = names.join(", ");
        output.say(&report.with("components", names, told).number("block", included.number))
    }
}

/// Who may use a model, in a few words.
pub fn told(access: Access) -> String {
    match access {
        Access::Open => "open to everyone".into(),
        Access::PerUse { price } => format!("{} for each use", crn(price)),
        Access::Licensed => "whom its author licenses".into(),
    }
}
