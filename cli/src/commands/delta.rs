//! Deltas: how they stand, and what became of them.

use super::model::spoken;
use crate::{
    exit::{Exit, Failure, Outcome},
    loss::percent,
    output::{Output, Report},
    progress::{self, Progress},
    session::Global,
    values::{self, words},
};
use cairn_protocol::{
    id::{DeltaId, Digest},
    learning::{
        delta::{DeltaView, DeltaWaitsFor},
        evaluation::DeltaFlaw,
        reward,
    },
    lifecycle::delta::{Reason, Stage},
};
use cairn_sdk::{address, learning::calls, AccountId32, Chain, Learning};
use clap::{Args, Subcommand};
use std::time::Duration;
use tokio::time::timeout;

#[derive(Debug, Subcommand)]
pub enum Delta {
    /// Says how a delta stands.
    #[command(alias = "show")]
    Status(Status),
    /// Lists the deltas of an account that are still kept.
    List(List),
    /// Takes off a commitment that is too old to count. Its deposit goes back to who made it.
    Withdraw(Withdraw),
}

#[derive(Debug, Args)]
pub struct Status {
    delta: u64,

    /// Wait until it is laid, or is not.
    #[arg(long)]
    wait: bool,

    /// For how many seconds at most.
    #[arg(long, value_name = "SECONDS", default_value_t = 3_600)]
    timeout: u64,
}

#[derive(Debug, Args)]
pub struct List {
    /// Whose [default: the account that would sign]
    #[arg(value_parser = values::account)]
    account: Option<AccountId32>,
}

#[derive(Debug, Args)]
pub struct Withdraw {
    /// What was committed, as `cairn learn` says it.
    #[arg(value_parser = values::digest)]
    commitment: Digest,

    /// Who made it. Anyone may take it off [default: the account that signs]
    #[arg(long, value_name = "ACCOUNT", value_parser = values::account)]
    author: Option<AccountId32>,
}

impl Delta {
    pub async fn run(&self, global: &Global, output: &Output) -> Outcome {
        match self {
            Self::Status(status) => status.run(global, output).await,
            Self::List(list) => list.run(global, output).await,
            Self::Withdraw(withdraw) => withdraw.run(global, output).await,
        }
    }
}

impl Status {
    async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let (chain, delta) = (global.chain().await?, DeltaId(self.delta));
        let view = view(&chain.learning().await?, delta).await?;
        if !self.wait || !view.delta.stage.is_pending() {
            return output.say(&described(delta, &view));
        }
        output.progress_report(&described(delta, &view));
        let ended = to_the_end(&chain, delta, Duration::from_secs(self.timeout), output).await?;
        output.say(&laid(delta, &ended)?)
    }
}

impl List {
    async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let account = match self.account {
            Some(account) => account,
            None => global.signer()?.account(),
        };
        let learning = global.chain().await?.learning().await?;
        let mut reports = Vec::new();
        for delta in learning.deltas_of(&account).await? {
            if let Some(view) = learning.delta(delta).await? {
                reports.push(short(delta, &view));
            }
        }
        output.list("deltas", "No delta of the account is kept.", &reports)
    }
}

impl Withdraw {
    async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let account = global.account().await?;
        let included = match &self.author {
            Some(author) => {
                let call = calls::forget_commit(author, self.commitment);
                account.send("withdrawal", &call, output).await?
            }
            None => {
                let call = calls::withdraw_commit(self.commitment);
                account.send("withdrawal", &call, output).await?
            }
        };
        let report = Report::default().text("commitment", hex::encode(self.commitment));
        output.say(&report.number("block", included.number))
    }
}

async fn view(learning: &Learning, delta: DeltaId) -> Outcome<DeltaView<AccountId32>> {
    learning.delta(delta).await?.ok_or_else(|| {
        Failure::failed(format!("there is no delta {}, or it is no longer kept", delta.0))
    })
}

/// Follows a delta until it has ended.
pub async fn to_the_end(
    chain: &Chain,
    delta: DeltaId,
    within: Duration,
    output: &Output,
) -> Outcome<DeltaView<AccountId32>> {
    let progress = Progress::begin(output, progress::DELTA, true);
    let ended = async {
        let mut blocks = chain.follow().await?;
        let mut said = String::new();
        loop {
            let view = view(&chain.learning().await?, delta).await?;
            if !view.delta.stage.is_pending() {
                return Ok::<_, Failure>(view);
            }
            let step = words(&view.delta.stage);
            if step != said {
                progress.step(&step);
                said = step;
            }
            blocks.next().await?;
        }
    };
    let ended = timeout(within, ended).await;
    progress.end();
    ended.unwrap_or_else(|_| {
        let words = format!(
            "delta {0} has not ended after {1} s; wait on with `cairn delta status {0} --wait`",
            delta.0,
            within.as_secs()
        );
        let details = Report::default().number("delta", delta.0);
        Err(Failure::new(Exit::TimedOut, words).with(details))
    })
}

/// What is said of a delta that has ended: a failure where it was not laid.
pub fn laid(delta: DeltaId, view: &DeltaView<AccountId32>) -> Outcome<Report> {
    let report = described(delta, view);
    if view.delta.stage == Stage::Laid {
        return Ok(report);
    }
    let why = view.delta.reason.as_ref().map(why).unwrap_or_default();
    let words = format!("delta {} is {}: {why}", delta.0, words(&view.delta.stage));
    Err(Failure::new(Exit::Unlaid, words).with(report))
}

/// What fits into a line.
fn short(delta: DeltaId, view: &DeltaView<AccountId32>) -> Report {
    let known = &view.delta;
    let model = known.header.model.map(|model| hex::encode(model.0)).unwrap_or_default();
    let report = Report::default()
        .number("delta", delta.0)
        .text("stage", words(&known.stage))
        .text("component", spoken(&known.header.component))
        .with("model", model.clone(), model.get(..8).unwrap_or_default());
    match known.stage {
        Stage::Laid | Stage::RolledBack => {
            report.with("gain", known.gain, percent(known.gain)).amount("reward", known.reward)
        }
        _ => report.with("claimed", known.header.gain, percent(known.header.gain)),
    }
}

/// All that is known of a delta.
pub fn described(delta: DeltaId, view: &DeltaView<AccountId32>) -> Report {
    let known = &view.delta;
    let report = short(delta, view);
    let report = match &known.reason {
        Some(reason) => report.with("reason", kind(reason), why(reason)),
        None => report,
    };
    let report = report
        .text("block", hex::encode(view.block.0))
        .text("author", address(&known.header.author))
        .text("artifact", hex::encode(known.header.artifact.id.0))
        .number("bytes", known.header.artifact.bytes)
        .with("parent", known.parent().map(|parent| hex::encode(parent.0)), "")
        .number("submitted", known.submitted);
    let report = if known.stage.is_pending() {
        report.text("waits_for", waits_for(view)).number("due", known.due)
    } else {
        report
    };
    let report = report.and(measured(view));
    if known.stage == Stage::Laid && known.waits {
        return report.with("waits", true, "the reward waits for sealed sets");
    }
    report
}

/// What guards measured, in millionths of a nat over all examples for programs.
fn measured(view: &DeltaView<AccountId32>) -> Report {
    let Some(evaluation) = view.delta.evaluation() else { return Report::default() };
    let gain = reward::progress(evaluation.baseline, evaluation.loss);
    let told = format!("{:+.3} % on {} examples", gain as f64 / 1e4, evaluation.count);
    Report::default()
        .with("measured", gain, told)
        .with("examples", evaluation.count, "")
        .with("baseline", evaluation.baseline, "")
        .with("loss", evaluation.loss, "")
}

/// What a delta waits for, in a few words.
pub fn waits_for(view: &DeltaView<AccountId32>) -> String {
    match view.waits_for {
        DeltaWaitsFor::Nothing => words(&view.delta.stage),
        DeltaWaitsFor::Panel(panel) => format!("{}, panel {}", words(&view.delta.stage), panel.0),
        DeltaWaitsFor::Turn { ahead } => format!("{ahead} before it"),
        DeltaWaitsFor::Keepers => "whoever keeps it".into(),
        DeltaWaitsFor::Rollback => "the end of a roll-back".into(),
        DeltaWaitsFor::Chain => words(&view.delta.stage),
    }
}

/// What a reason is called, without what it is about.
fn kind(reason: &Reason) -> String {
    let spelled = format!("{reason:?}");
    let name = spelled.split(['(', ' ']).next().unwrap_or_default();
    values::name(&format_args!("{name}"))
}

/// Why a delta came to its end, and what to do about it.
pub fn why(reason: &Reason) -> String {
    match reason {
        Reason::Accepted => "it is better, and is kept".into(),
        Reason::NotBetter => {
            "by what was measured it may have been lucky, or is no better; learn longer".into()
        }
        Reason::Unavailable(id) => format!(
            "guards did not get {}; put it into the archive that they fetch from",
            hex::encode(id.0)
        ),
        Reason::Flawed(flaw) => format!("guards cannot lay it on: {}", flawed(*flaw)),
        Reason::HeadMoved => {
            "the head moved while it was judged, and moved again; learn anew".into()
        }
        Reason::Superseded => "its author published the component anew; learn from that".into(),
        Reason::Divided => "guards did not agree on it".into(),
        Reason::NobodyFit => {
            "there were too few guards, or too few with memory for the model; try again later"
                .into()
        }
        Reason::NotKept => "too few keep what the component would become; try again later".into(),
        Reason::Invalidated => "governance took it off".into(),
        Reason::AncestorInvalidated => "governance took off what it was laid on".into(),
        Reason::Unmeasurable => {
            "something of the model or of the set was not to be had, or cannot be measured".into()
        }
    }
}

fn flawed(flaw: DeltaFlaw) -> &'static str {
    match flaw {
        DeltaFlaw::NotAChange => "it is no change",
        DeltaFlaw::OtherBase => "it is of another base than the block that it stands on",
        DeltaFlaw::UnknownTensor => "it changes a tensor that the component does not have",
        DeltaFlaw::NoMasters => "it changes constants",
        DeltaFlaw::WrongShape => "it changes a tensor of another shape",
        DeltaFlaw::TooLarge => "it is larger than guards take",
        DeltaFlaw::Unmeasurable => "the model cannot be measured on the set",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_protocol::{
        dag::{Component, Header, SemVer},
        id::{BlockId, ContentId, File, PanelId},
        learning::{
            delta::{Delta as Record, Stakes},
            evaluation::{Evaluation, Opinion},
            panel::Outcome as Said,
        },
    };

    const DELTA: DeltaId = DeltaId(7);

    fn view(stage: Stage, reason: Option<Reason>) -> DeltaView<AccountId32> {
        let component = Component::try_from(b"trunk".to_vec()).unwrap();
        let file = File { id: ContentId([3; 32]), bytes: 900 };
        let (model, parent) = (BlockId([1; 32]), BlockId([2; 32]));
        let release = SemVer { major: 1, minor: 0, patch: 1 };
        let author = AccountId32([4; 32]);
        let header = Header::delta(model, component, parent, file, release, author, 5_000);
        let evaluation = Evaluation {
            candidate: ContentId([5; 32]),
            baseline: 2_000_000,
            loss: 1_980_000,
            count: 64,
            sum: 1,
            squares: 1u64.into(),
            trace: [6; 32],
        };
        let delta = Record {
            header,
            submitted: 9,
            stage,
            reason,
            due: 99,
            next: 99,
            panel: None,
            trial: None,
            again: false,
            word: Some(Said::Decided(Opinion::Measured(evaluation))),
            kept: None,
            stakes: Stakes::default(),
            gain: 10_050,
            reward: 500,
            waits: false,
            root: None,
            above: None,
        };
        let waits_for = match stage.is_pending() {
            true => DeltaWaitsFor::Panel(PanelId(3)),
            false => DeltaWaitsFor::Nothing,
        };
        DeltaView { delta, block: BlockId([8; 32]), waits_for }
    }

    #[test]
    fn laid_should_be_told_with_gain_and_reward() {
        let told = laid(DELTA, &view(Stage::Laid, Some(Reason::Accepted))).unwrap().json();
        assert_eq!((&told["gain"], &told["reward"]), (&10_050.into(), &"500".into()));
        assert_eq!((&told["stage"], &told["reason"]), (&"laid".into(), &"accepted".into()));
        assert_eq!(told["measured"], 10_050);
        assert!(!told.contains_key("due"));
    }

    #[test]
    fn delta_should_end_with_a_code_of_its_own_and_say_why_when_it_is_not_laid() {
        let flawed = Reason::Flawed(DeltaFlaw::TooLarge);
        let missing = Reason::Unavailable(ContentId([3; 32]));
        for (stage, reason, said) in [
            (Stage::Rejected, Reason::NotBetter, "no better"),
            (Stage::Rejected, flawed, "larger than guards take"),
            (Stage::Rejected, missing, "0303"),
            (Stage::Stale, Reason::HeadMoved, "moved again"),
            (Stage::Lapsed, Reason::NobodyFit, "too few guards"),
        ] {
            let failure = laid(DELTA, &view(stage, Some(reason))).unwrap_err();
            assert_eq!(failure.exit(), Exit::Unlaid);
            let told = failure.to_string();
            assert!(told.starts_with("delta 7 is ") && told.contains(said), "{told}");
            assert!(failure.details().json().contains_key("measured"));
        }
    }

    #[test]
    fn described_should_say_what_a_delta_waits_for() {
        let told = described(DELTA, &view(Stage::Judging, None)).json();
        assert_eq!(told["waits_for"], "judging, panel 3");
        assert_eq!((&told["due"], &told["claimed"]), (&99.into(), &5_000.into()));
        assert!(!told.contains_key("reward") && !told.contains_key("reason"));
    }
}
