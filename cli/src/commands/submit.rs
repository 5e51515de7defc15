//! Asks for work, and waits for what comes of it.

use super::{
    job::{Asked, Job},
    quote,
};
use crate::{
    answer,
    exit::{Exit, Failure, Outcome},
    follow::{Follow, News},
    output::{Output, Report},
    progress::{self, Progress},
    sealing::{self, Opener},
    session::{Account, Global},
    values,
};
use cairn_protocol::{
    failure,
    id::{Amount, TaskId},
    job::Terms,
};
use cairn_sdk::{calls, Chain, Included, Market, H256};
use clap::Args;
use std::time::Duration;
use tokio::time::timeout;

#[derive(Debug, Args)]
pub struct Submit {
    #[command(subcommand)]
    job: Job,

    /// Say what it would cost, and submit nothing.
    #[arg(long, global = true)]
    dry_run: bool,

    /// Wait until the task has ended, and say what came of it.
    #[arg(long, global = true)]
    wait: bool,

    /// Note on the chain that the result has come, once the task is settled.
    #[arg(long, global = true)]
    acknowledge: bool,

    /// For how many seconds to wait at most.
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 900)]
    timeout: u64,
}

impl Submit {
    pub async fn run(&self, global: &Global, output: &Output) -> Outcome {
        if self.acknowledge && !self.wait {
            let words = "--acknowledge is for a result that is waited for; add --wait";
            return Err(Failure::usage(words));
        }
        let account = global.account().await?;
        let market = account.chain.market().await?;
        let party = account.party();
        let Asked { terms, kept } = self.job.asked(market.at().block_number(), &party)?;
        let sealed = party.context(&terms).zip(kept);
        let quoted = quote::described(&market.quote(&account.id(), &terms).await?);
        if self.dry_run {
            return output.say(&quoted);
        }
        output.progress_report(&quoted);

        if let Some((context, kept)) = &sealed {
            sealing::keep(global, context, kept)?;
        }
        let included = account.send("submission", &calls::submit(terms.clone()), output).await?;
        let task = find(&account, &included, &terms).await?;
        let submitted = Report::default().number("task", task.0).number("block", included.number);
        if !self.wait {
            if sealed.is_some() {
                let command = format!("`cairn unlock {}`", task.0);
                output.progress(&format!("Its workers wait for the key: run {command} now."));
            }
            return output.say(&submitted.and(quoted));
        }
        output.progress(&format!("Submitted as task {}, in block {}.", task.0, included.number));
        let opener = sealed.map(|(context, kept)| Opener::new(task, context, kept)).transpose()?;
        let wait = Wait {
            follow: Follow::begin(&account.chain, task).await?.from(included.number),
            within: Duration::from_secs(self.timeout),
            keys: opener.as_ref().map(|opener| (opener, &account)),
        };
        let ended = to_the_end(&account.chain, task, wait, output).await?;
        if self.acknowledge {
            account.send("acknowledgement", &calls::acknowledge(task), output).await?;
        }
        output.say(&ended.number("block", included.number))
    }
}

/// Which task it has become. No two have the same terms, as each has a seed of its own.
async fn find(account: &Account, included: &Included, terms: &Terms) -> Outcome<TaskId> {
    let market = Market::new(account.chain.at(included.block).await?);
    let mut tasks = market.tasks_of(&account.id()).await?;
    tasks.reverse();
    for task in tasks {
        if market.task(task).await?.is_some_and(|view| view.terms == *terms) {
            return Ok(task);
        }
    }
    Err(Failure::failed(format!(
        "the task was submitted in block {}, and is not among the account's; list them with \
         `cairn tasks`",
        included.number
    )))
}

/// How a task is waited for.
pub struct Wait<'a> {
    pub follow: Follow,
    pub within: Duration,
    /// What opens it, and who hands that out; none where it is not sealed, or somebody else's.
    pub keys: Option<(&'a Opener, &'a Account)>,
}

/// Follows a task until it has ended, and says how.
pub async fn to_the_end(
    chain: &Chain,
    task: TaskId,
    wait: Wait<'_>,
    output: &Output,
) -> Outcome<Report> {
    let Wait { mut follow, within, keys } = wait;
    // Whoever hands out keys says so, in lines.
    let progress = Progress::begin(output, progress::TASK, keys.is_none());
    let ended = async {
        loop {
            for news in follow.next().await? {
                match news {
                    News::Step(words) => progress.step(&words),
                    ended => return Ok::<_, Failure>(ended),
                }
            }
            if let Some((opener, account)) = keys {
                opener.hand_out(account, output).await?;
            }
        }
    };
    let ended = timeout(within, ended).await;
    progress.end();
    let Ok(ended) = ended else {
        let words = format!(
            "task {} has not ended after {} s; wait on with `cairn task {} --wait`",
            task.0,
            within.as_secs(),
            task.0
        );
        let details = Report::default().number("task", task.0);
        return Err(Failure::new(Exit::TimedOut, words).with(details));
    };
    match ended? {
        News::Settled { block, each, burnt } => {
            let opener = keys.map(|(opener, _)| opener);
            settled(chain, task, block, opener, (each, burnt)).await
        }
        News::Refunded { reason, failure, back, burnt } => {
            Err(refunded(task, &reason, failure, back, burnt))
        }
        News::Step(_) => Err(Failure::failed("a step is no end")),
    }
}

async fn settled(
    chain: &Chain,
    task: TaskId,
    block: H256,
    opener: Option<&Opener>,
    (each, burnt): (Amount, Amount),
) -> Outcome<Report> {
    let view = Market::new(chain.at(block).await?).task(task).await?;
    let view = view.ok_or_else(|| {
        Failure::failed(format!("task {} is settled, and its record is gone already", task.0))
    })?;
    let (_, stands) = answer::standing(task, &view)?;
    let workers: Vec<u64> = view.seats.iter().map(|seat| seat.provider.0).collect();
    let report = Report::default()
        .number("task", task.0)
        .with("stage", format!("{:?}", view.stage), "settled")
        .with("settled_in", format!("0x{}", hex::encode(block.0)), "")
        .with("workers", workers, "")
        .amount("paid_each", each)
        .amount("burnt", burnt);
    let bytes = match (answer::bytes(&stands, None)?, opener) {
        (Some(sealed), Some(opener)) => Some(opener.read(&sealed)?),
        (bytes, _) => bytes,
    };
    Ok(report.and(answer::report(&stands, bytes.as_deref())))
}

fn refunded(
    task: TaskId,
    reason: &str,
    failure: Option<failure::Failure>,
    back: Amount,
    burnt: Amount,
) -> Failure {
    let words = format!("task {} was refunded: {reason}", task.0);
    let details = Report::default()
        .number("task", task.0)
        .text("reason", reason)
        .and(failed(failure))
        .amount("back", back)
        .amount("burnt", burnt);
    Failure::new(Exit::Refunded, words).with(details)
}

/// What workers said that kept them from it, by its name.
pub fn failed(failure: Option<failure::Failure>) -> Report {
    let report = Report::default();
    match failure {
        Some(failure) => report.text("failure", values::name(&failure)),
        None => report,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refunded_should_end_with_its_own_code_and_say_why() {
        let full = Some(failure::Failure::DiskFull);
        let failure = refunded(TaskId(7), "nobody found", full, 5, 0);
        assert_eq!(failure.exit(), Exit::Refunded);
        assert_eq!(failure.to_string(), "task 7 was refunded: nobody found");
        let details = format!("{:?}", failure.details());
        assert!(details.contains("nobody found"), "{details}");
        assert!(details.contains("disk-full"), "{details}");
        let unsaid = refunded(TaskId(7), "nobody found", None, 5, 0);
        assert!(!format!("{:?}", unsaid.details()).contains("failure"));
    }
}
