//! Tasks: how they stand, and what their requester does with them.

use super::submit::{self, Wait};
use crate::{
    answer,
    exit::{Failure, Outcome},
    follow::{Follow, News},
    output::{Output, Report},
    past,
    sealing::Opener,
    session::Global,
    values::{self, words},
};
use cairn_protocol::{
    id::{ProviderId, TaskId},
    lifecycle::Stage,
    result,
    view::{TaskView, WaitsFor},
};
use cairn_sdk::{address, calls, AccountId32, Chain};
use clap::Args;
use std::time::Duration;

#[derive(Debug, Args)]
pub struct Show {
    task: u64,

    /// Wait until it has ended.
    #[arg(long)]
    wait: bool,

    /// For how many seconds at most.
    #[arg(long, value_name = "SECONDS", default_value_t = 900)]
    timeout: u64,
}

impl Show {
    pub async fn run(&self, global: &Global, output: &Output) -> Outcome {
        show(self.task, self.wait, self.timeout, global, output).await
    }
}

/// Says how a task stands, or waits so many seconds for how it ends.
pub async fn show(
    task: u64,
    wait: bool,
    timeout: u64,
    global: &Global,
    output: &Output,
) -> Outcome {
    let (chain, task) = (global.chain().await?, TaskId(task));
    // Before the task is looked at, so that no block is left out between the two.
    let follow = Follow::begin(&chain, task).await?;
    let view = view(&chain, task).await?;
    if !wait || has_ended(&view) {
        let end = end(&chain, task, &view).await;
        return output.say(&described(task, &view, end.as_ref()));
    }
    output.progress_report(&described(task, &view, None));
    let wait = Wait { follow, within: Duration::from_secs(timeout), keys: None };
    output.say(&submit::to_the_end(&chain, task, wait, output).await?)
}

#[derive(Debug, Args)]
pub struct Unlock {
    task: u64,

    /// For how many seconds at most.
    #[arg(long, value_name = "SECONDS", default_value_t = 900)]
    timeout: u64,
}

impl Unlock {
    pub async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let (account, task) = (global.account().await?, TaskId(self.task));
        let follow = Follow::begin(&account.chain, task).await?;
        let view = view(&account.chain, task).await?;
        let genesis = account.chain.genesis().0;
        let opener = Opener::of(global, genesis, task, &view)?;
        let opener = opener.ok_or_else(|| {
            Failure::usage(format!("task {} is not sealed; everyone can read it", self.task))
        })?;
        if has_ended(&view) {
            let end = end(&account.chain, task, &view).await;
            return output.say(&described(task, &view, end.as_ref()));
        }
        // Whoever waits already waits for no block.
        opener.hand_out(&account, output).await?;
        let (keys, within) = (Some((&opener, &account)), Duration::from_secs(self.timeout));
        let wait = Wait { follow, within, keys };
        output.say(&submit::to_the_end(&account.chain, task, wait, output).await?)
    }
}

#[derive(Debug, Args)]
pub struct List {
    /// Whose [default: the account that would sign]
    #[arg(value_parser = values::account)]
    account: Option<AccountId32>,
}

impl List {
    pub async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let account = match self.account {
            Some(account) => account,
            None => global.signer()?.account(),
        };
        let chain = global.chain().await?;
        let market = chain.market().await?;
        let mut reports = Vec::new();
        for task in market.tasks_of(&account).await? {
            if let Some(view) = market.task(task).await? {
                let end = end(&chain, task, &view).await;
                reports.push(short(task, &view).and(money(&view, end.as_ref())));
            }
        }
        output.list("tasks", "No task of the account is kept.", &reports)
    }
}

#[derive(Debug, Args)]
pub struct Cancel {
    task: u64,
}

impl Cancel {
    pub async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let account = global.account().await?;
        let call = calls::cancel(TaskId(self.task));
        let included = account.send("cancellation", &call, output).await?;
        let report = Report::default().number("task", self.task).number("block", included.number);
        output.say(&report)
    }
}

#[derive(Debug, Args)]
pub struct Complain {
    task: u64,

    /// About whose result [default: the one that stands]
    #[arg(long)]
    provider: Option<u64>,
}

impl Complain {
    pub async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let (account, task) = (global.account().await?, TaskId(self.task));
        let provider = match self.provider {
            Some(provider) => ProviderId(provider),
            None => answer::standing(task, &view(&account.chain, task).await?)?.0,
        };
        let call = calls::complain(task, provider);
        let included = account.send("complaint", &call, output).await?;
        let report = Report::default()
            .number("task", self.task)
            .number("provider", provider.0)
            .number("block", included.number);
        output.say(&report)
    }
}

/// How a task ended, where it has and the node still knows it: the chain's events have its history.
async fn end(chain: &Chain, task: TaskId, view: &TaskView<AccountId32>) -> Option<News> {
    if !has_ended(view) {
        return None;
    }
    past::end(chain, task).await.ok().flatten()
}

/// A task that is still kept.
pub async fn view(chain: &Chain, task: TaskId) -> Outcome<TaskView<AccountId32>> {
    let view = chain.market().await?.task(task).await?;
    view.ok_or_else(|| {
        Failure::failed(format!(
            "there is no task {}, or it ended and is kept no more; the chain's events have its \
             history",
            task.0
        ))
    })
}

fn has_ended(view: &TaskView<AccountId32>) -> bool {
    matches!(view.stage, Stage::Settled | Stage::Refunded)
}

fn short(task: TaskId, view: &TaskView<AccountId32>) -> Report {
    Report::default()
        .number("task", task.0)
        .text("kind", values::name(&view.terms.job.kind))
        .with("stage", format!("{:?}", view.stage), words(&view.stage))
        .number("due", view.due)
        .number("now", view.now)
}

/// What is put aside for a task's workers. When it is over nothing is any more, and what was paid is
/// said instead, where the node still knows it.
fn money(view: &TaskView<AccountId32>, end: Option<&News>) -> Report {
    let report = Report::default();
    if !has_ended(view) {
        return report.amount("reward", view.escrow.reward);
    }
    match end {
        Some(News::Settled { each, burnt, .. }) => {
            report.amount("paid_each", *each).amount("burnt", *burnt)
        }
        Some(News::Refunded { back, burnt, .. }) => {
            report.amount("back", *back).amount("burnt", *burnt)
        }
        Some(News::Step(_)) | None => report,
    }
}

/// Why nobody was paid.
fn why(end: Option<&News>) -> Report {
    match end {
        Some(News::Refunded { reason, failure, .. }) => {
            Report::default().text("reason", reason).and(submit::failed(*failure))
        }
        _ => Report::default(),
    }
}

fn described(task: TaskId, view: &TaskView<AccountId32>, end: Option<&News>) -> Report {
    let report = short(task, view).and(why(end)).and(money(view, end));
    let report = report.text("requester", address(&view.requester));
    let report = match &view.terms.job.model {
        Some(model) => report.text("model", hex::encode(model.0)),
        None => report,
    };
    let report = match &view.terms.seal {
        Some(_) => report.with("sealed", true, "yes"),
        None => report,
    };
    let seats: Vec<u64> = view.seats.iter().map(|seat| seat.provider.0).collect();
    let report = report.with("workers", seats.clone(), listed(&seats));
    let report = if has_ended(view) {
        report
    } else {
        let (what, whom) = waits_for(&view.waits_for);
        let text = format!("{what} {}", listed(&whom));
        report.with("waits_for", what, text.trim_end()).with("waits_for_providers", whom, "")
    };
    match answer::standing(task, view) {
        Ok((_, stands)) => report.and(told(&stands)),
        Err(_) => report,
    }
}

/// What an answer says, as far as the chain has it.
fn told(stands: &result::Answer) -> Report {
    let inline = match &stands.output {
        result::Output::Inline(bytes) => Some(bytes.as_slice()),
        result::Output::Artifact { .. } => None,
    };
    answer::report(stands, inline)
}

/// What has to be done next, and by whom.
fn waits_for(waits: &WaitsFor) -> (&'static str, Vec<u64>) {
    let numbers =
        |providers: &[ProviderId]| providers.iter().map(|provider| provider.0).collect::<Vec<_>>();
    match waits {
        WaitsFor::Chain => ("the chain", Vec::new()),
        WaitsFor::Keys(providers) => ("keys for", numbers(providers)),
        WaitsFor::Commitments(providers) => ("commitments of", numbers(providers)),
        WaitsFor::Reveals(providers) => ("reveals of", numbers(providers)),
        WaitsFor::Results(providers) => ("results of", numbers(providers)),
    }
}

fn listed(numbers: &[u64]) -> String {
    numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_protocol::{
        id::EngineId,
        job::{Job, JobKind, Payload, Policy, Requirements, Terms},
        profile::DeviceClass,
        settlement::Escrow,
    };
    use cairn_sdk::H256;

    const TASK: TaskId = TaskId(7);

    /// A task for which so much is put aside.
    fn view(stage: Stage, reward: u128) -> TaskView<AccountId32> {
        let job = Job {
            kind: JobKind::Wasm,
            model: None,
            engine: EngineId([1; 32]),
            input: Payload::Inline(Default::default()),
            parameters: Default::default(),
            seed: [3; 32],
            units: 100,
            sampled: false,
        };
        let terms = Terms {
            job,
            policy: Policy::Replicated,
            redundancy: 3,
            requirements: Requirements::any(DeviceClass::Cpu),
            reward: 300,
            tip: 0,
            match_by: 100,
            work_blocks: 50,
            seal: None,
            output_bytes: 16,
            auditable: false,
        };
        TaskView {
            requester: AccountId32::from([6; 32]),
            terms,
            escrow: Escrow { reward, ..Escrow::default() },
            submitted: 1,
            stage,
            due: 9,
            now: 5,
            waits_for: WaitsFor::Chain,
            redundancy: 3,
            reassigned: 0,
            seats: Vec::new(),
            answers: Vec::new(),
            acknowledged: false,
            complaint: None,
        }
    }

    /// What is said of a task that is over, for which nothing is put aside any more.
    fn over(stage: Stage, end: Option<&News>) -> String {
        format!("{:?}", described(TASK, &view(stage, 0), end))
    }

    #[test]
    fn described_should_have_what_was_paid_and_no_reward_when_a_task_is_over() {
        let open = format!("{:?}", described(TASK, &view(Stage::Assigned, 300), None));
        assert!(open.contains("\"reward\"") && open.contains("\"300\""), "{open}");

        let settled = News::Settled { block: H256::default(), each: 80, burnt: 7 };
        let paid = over(Stage::Settled, Some(&settled));
        assert!(paid.contains("\"paid_each\"") && paid.contains("\"80\""), "{paid}");
        let reason = "nobody found".to_owned();
        let refunded = News::Refunded { reason, failure: None, back: 290, burnt: 10 };
        let back = over(Stage::Refunded, Some(&refunded));
        assert!(back.contains("nobody found") && back.contains("\"290\""), "{back}");
        for told in [paid, back] {
            assert!(told.contains("\"burnt\"") && !told.contains("\"reward\""), "{told}");
        }
    }

    #[test]
    fn described_should_leave_money_away_when_nobody_knows_what_was_paid() {
        for stage in [Stage::Settled, Stage::Refunded] {
            let told = over(stage, None);
            assert!(!told.contains(" CRN"), "{told}");
        }
    }
}
