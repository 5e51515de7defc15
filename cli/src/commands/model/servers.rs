//! Lists who says that it serves a model.

use super::{component, meant, spoken};
use crate::{
    exit::Outcome,
    output::{Output, Report},
    session::Global,
    values::{self, Which},
};
use cairn_protocol::dag::Component;
use clap::Args;

#[derive(Debug, Args)]
pub struct Servers {
    /// The model's id, or its name on this machine.
    #[arg(value_parser = values::which)]
    model: Which,

    /// Of this component alone [default: of each]
    #[arg(long, value_parser = values::component)]
    component: Option<Component>,
}

impl Servers {
    pub async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let (_, learning, model, view) = meant(global, &self.model).await?;
        let asked = match &self.component {
            Some(one) => vec![component(&view, Some(one))?],
            None => view.card.components.to_vec(),
        };
        let mut reports = Vec::new();
        for one in asked {
            let servers = learning.servers(model, &one).await?;
            let servers: Vec<u64> = servers.into_iter().map(|provider| provider.0).collect();
            let told: Vec<String> = servers.iter().map(u64::to_string).collect();
            let report = Report::default().text("component", spoken(&one));
            reports.push(report.with("providers", servers, told.join(", ")));
        }
        output.list("components", "The model has no components.", &reports)
    }
}
