//! Publishes a component of a model anew.

use super::{component, view};
use crate::{
    archive,
    exit::{Failure, Outcome},
    output::{Output, Report},
    session::Global,
    values::{self, Which},
};
use cairn_protocol::{
    dag::{BlockKind, Component, Header, SemVer},
    id::File,
};
use cairn_sdk::learning::calls;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct Publish {
    /// The model's id, or its name on this machine.
    #[arg(value_parser = values::which)]
    model: Which,

    /// Which of its components [default: the only one]
    #[arg(long, value_parser = values::component)]
    component: Option<Component>,

    /// The component's file, which is put into the archive.
    #[arg(long, value_name = "FILE")]
    file: PathBuf,

    /// The archive: a folder, or a bucket as s3://bucket/prefix.
    #[arg(long, value_name = "DIR|URL")]
    archive: PathBuf,

    /// Which release it is: of a higher major or minor number than the last.
    #[arg(long, value_parser = values::release)]
    release: SemVer,

    /// It chooses among experts.
    #[arg(long)]
    router: bool,
}

impl Publish {
    pub async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let account = global.account().await?;
        let model = global.model(&account.chain, &self.model).await?;
        let learning = account.chain.learning().await?;
        let view = view(&learning, model).await?;
        let component = component(&view, self.component.as_ref())?;
        let before = view.heads.iter().find(|head| head.component == component);
        if let Some(head) = before.filter(|one| one.head.release.series() >= self.release.series())
        {
            return Err(Failure::usage(format!(
                "the component is of release {} by now; give the new one a higher major or minor \
                 number",
                head.head.release
            )));
        }
        let onto = before.map_or(model, |head| head.head.block);
        let kind = if self.router { BlockKind::Router } else { BlockKind::Expert };
        let file: File = archive::put_file(&self.archive, &self.file)?;
        let was_admitted = learning.support_of(model).await?.cap.is_some();
        let header =
            Header::component(kind, model, component, onto, file, self.release, account.id());
        let block = header.id();
        let included = account.send("component", &calls::publish(header), output).await?;
        let report = Report::default()
            .text("component_block", hex::encode(block.0))
            .text("release", self.release.to_string());
        let report = if was_admitted {
            let told =
                "ended with this: no tokens are minted for the model until governance admits \
                        it again";
            report.with("admission", "ended", told)
        } else {
            report
        };
        output.say(&super::file(report, "file", file).number("block", included.number))
    }
}
