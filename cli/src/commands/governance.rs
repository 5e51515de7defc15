//! How the chain is governed: proposals, and votes on them.

use crate::{
    amount,
    exit::{Failure, Outcome},
    output::{Output, Report},
    session::Global,
    values,
};
use cairn_protocol::id::Amount;
use cairn_sdk::{
    governance::{self, calls, Proposal, Referendum, Stage, Track},
    Error,
};
use clap::{value_parser, Args, Subcommand, ValueEnum};
use serde_json::Value;

#[derive(Debug, Subcommand)]
pub enum Governance {
    /// Lists the referenda that are still kept.
    List,
    /// Says how a referendum stands.
    Show { referendum: u32 },
    /// Proposes a call; 10 CRN are held for it, which come back if it is approved.
    Propose(Propose),
    /// Pays for a referendum's decision, without which nothing is decided. It comes back.
    Deposit { referendum: u32 },
    /// Votes on a referendum.
    Vote(Vote),
    /// Takes a vote back.
    Unvote { referendum: u32 },
}

#[derive(Debug, Args)]
pub struct Propose {
    /// The call, encoded, in hexadecimal, as wallets show it.
    call: String,

    /// What it is made as: root, treasurer, emergency-stop. Each takes another share of votes.
    #[arg(long, default_value = "root", value_parser = values::track)]
    track: Track,

    /// How long after it is approved it is made; the track may say later.
    #[arg(long, value_name = "BLOCKS", default_value_t = 0)]
    after: u32,
}

#[derive(Debug, Args)]
pub struct Vote {
    referendum: u32,

    side: Side,

    /// With how much, in CRN.
    #[arg(value_parser = amount::parse)]
    amount: Amount,

    /// How often it counts, from 1 to 6: the more, the longer it is locked if the side wins. 0
    /// counts a tenth and locks nothing.
    #[arg(long, default_value_t = 1, value_parser = value_parser!(u8).range(0..=6))]
    conviction: u8,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Side {
    Aye,
    Nay,
}

impl Governance {
    pub async fn run(&self, global: &Global, output: &Output) -> Outcome {
        match self {
            Self::List => list(global, output).await,
            Self::Show { referendum } => show(*referendum, global, output).await,
            Self::Propose(propose) => propose.run(global, output).await,
            Self::Deposit { referendum } => {
                let account = global.account().await?;
                let call = calls::place_deposit(*referendum);
                let included = account.send("decision deposit", &call, output).await?;
                output.say(&done(*referendum, included.number))
            }
            Self::Vote(vote) => vote.run(global, output).await,
            Self::Unvote { referendum } => {
                let account = global.account().await?;
                let call = calls::unvote(*referendum);
                let included = account.send("withdrawal", &call, output).await?;
                output.say(&done(*referendum, included.number))
            }
        }
    }
}

impl Propose {
    async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let call = values::bytes(&self.call).map_err(Failure::usage)?;
        let account = global.account().await?;
        let market = account.chain.market().await?;
        // Enacted it would come to nothing, and nobody would see before.
        if !market.is_call(&account.id(), &call).await? {
            return Err(Failure::usage(
                "these bytes are no call of this runtime; take them from a wallet that is \
                 connected to this chain",
            ));
        }
        let proposal = Proposal::of(&call);
        if matches!(proposal, Proposal::Noted { .. }) {
            let note = calls::note(call);
            match market.check(&account.id(), &note).await {
                // By an earlier try, or by somebody else.
                Err(Error::Runtime { name, .. }) if name == "AlreadyNoted" => {}
                _ => {
                    account.send("preimage", &note, output).await?;
                }
            }
        }
        let submit = calls::propose(self.track, proposal.clone(), self.after);
        let included = account.send("proposal", &submit, output).await?;
        let at = account.chain.at(included.block).await?;
        let ours =
            |one: &Referendum| one.votes.as_ref().is_some_and(|votes| votes.proposal == proposal);
        let found = governance::referenda(&at).await?.into_iter().rev().find(ours);
        let found = found.ok_or_else(|| {
            Failure::failed("it was proposed, and is not there; see `cairn governance list`")
        })?;
        let number = found.number;
        output.progress(&format!(
            "It is decided once its deposit is placed: `cairn governance deposit {number}`."
        ));
        output.say(&done(number, included.number).text("track", values::name(&self.track)))
    }
}

impl Vote {
    async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let account = global.account().await?;
        let aye = self.side == Side::Aye;
        let call = calls::vote(self.referendum, aye, self.conviction, self.amount);
        let included = account.send("vote", &call, output).await?;
        let report = done(self.referendum, included.number)
            .text("side", values::name(&self.side))
            .amount("amount", self.amount)
            .number("conviction", self.conviction);
        output.say(&report)
    }
}

fn done(referendum: u32, block: u64) -> Report {
    Report::default().number("referendum", referendum).number("block", block)
}

async fn list(global: &Global, output: &Output) -> Outcome {
    let at = global.chain().await?.at_finalized().await?;
    let reports: Vec<Report> = governance::referenda(&at).await?.iter().map(short).collect();
    output.list("referenda", "No referendum is kept.", &reports)
}

async fn show(number: u32, global: &Global, output: &Output) -> Outcome {
    let at = global.chain().await?.at_finalized().await?;
    let found = governance::referendum(&at, number).await?.ok_or_else(|| {
        let words = format!("there is no referendum {number}");
        Failure::failed(format!("{words}; `cairn governance list` has those that there are"))
    })?;
    output.say(&described(&found))
}

fn short(referendum: &Referendum) -> Report {
    let (name, text) = stage(&referendum.stage);
    let report =
        Report::default().number("referendum", referendum.number).with("stage", name, text);
    let Some(votes) = &referendum.votes else {
        let nothing = |report: Report, name| report.with(name, Value::Null, "");
        return ["track", "ayes", "nays", "support"].into_iter().fold(report, nothing);
    };
    report
        .text("track", track(votes.track))
        .amount("ayes", votes.ayes)
        .amount("nays", votes.nays)
        .amount("support", votes.support)
}

fn described(referendum: &Referendum) -> Report {
    let report = short(referendum);
    let Some(votes) = &referendum.votes else { return report };
    let placed = votes.has_decision_deposit;
    let report = report.with("decision_deposit", placed, if placed { "placed" } else { "missing" });
    match &votes.proposal {
        Proposal::Inline(call) => report.text("call", format!("0x{}", hex::encode(call))),
        Proposal::Noted { hash, bytes } => {
            let report = report.text("call_hash", format!("0x{}", hex::encode(hash)));
            match bytes {
                Some(bytes) => report.number("call_bytes", *bytes),
                None => report,
            }
        }
    }
}

/// The name of a stage, and the stage in words.
fn stage(stage: &Stage) -> (&'static str, String) {
    match stage {
        Stage::Preparing { submitted } => ("Preparing", format!("preparing since {submitted}")),
        Stage::Deciding { since } => ("Deciding", format!("deciding since {since}")),
        Stage::Confirming { until } => ("Confirming", format!("confirming until {until}")),
        Stage::Approved { at } => ("Approved", format!("approved at {at}")),
        Stage::Rejected { at } => ("Rejected", format!("rejected at {at}")),
        Stage::Cancelled { at } => ("Cancelled", format!("cancelled at {at}")),
        Stage::TimedOut { at } => ("TimedOut", format!("timed out at {at}")),
        Stage::Killed { at } => ("Killed", format!("killed at {at}")),
    }
}

fn track(number: u16) -> String {
    Track::of(number).map_or_else(|| number.to_string(), |track| values::name(&track))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_sdk::governance::Votes;

    fn referendum(proposal: Proposal) -> Referendum {
        let votes = Votes {
            track: 2,
            proposal,
            ayes: 3 * amount::CRN,
            nays: 0,
            support: amount::CRN,
            has_decision_deposit: false,
        };
        Referendum { number: 7, stage: Stage::Deciding { since: 40 }, votes: Some(votes) }
    }

    #[test]
    fn described_should_say_what_is_voted_on_and_how_it_stands() {
        let told = format!("{:?}", described(&referendum(Proposal::Inline(vec![0, 1]))));
        for part in ["deciding since 40", "emergency-stop", "3 CRN", "missing", "0x0001"] {
            assert!(told.contains(part), "{part}: {told}");
        }
        let noted = Proposal::Noted { hash: [0xab; 32], bytes: Some(900) };
        let told = format!("{:?}", described(&referendum(noted)));
        assert!(told.contains("abab") && told.contains("900"), "{told}");
    }

    #[test]
    fn short_should_have_the_same_columns_when_it_has_ended() {
        let ended = Referendum { stage: Stage::Killed { at: 9 }, votes: None, number: 8 };
        let columns = |report: Report| format!("{report:?}").matches("name:").count();
        let going = short(&referendum(Proposal::Inline(Vec::new())));
        assert_eq!(columns(short(&ended)), columns(going));
    }
}
