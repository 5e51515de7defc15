//! What is paid for learning, and for serving.

use crate::{
    exit::{Failure, Outcome},
    output::{Output, Report},
    session::Global,
    values::{self, Which},
};
use cairn_protocol::id::{Amount, ProviderId};
use cairn_sdk::{amount, learning::calls, AccountId32, Learning};
use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub struct Sponsor {
    /// The model's id, or its name on this machine.
    #[arg(value_parser = values::which)]
    model: Which,

    /// What is put aside for it, in CRN.
    #[arg(value_parser = amount::parse, required_unless_present = "withdraw")]
    amount: Option<Amount>,

    /// Take back what is left: with notice at first, and again when that is over.
    #[arg(long, conflicts_with = "amount")]
    withdraw: bool,
}

#[derive(Debug, Args)]
pub struct Grants {
    #[command(subcommand)]
    claim: Option<Claims>,

    /// Of which provider [default: all of the account that would sign]
    provider: Option<u64>,
}

#[derive(Debug, Subcommand)]
enum Claims {
    /// Has what can be claimed paid to the owner.
    Claim(Claim),
}

#[derive(Debug, Args)]
struct Claim {
    /// Of which provider [default: all of the account that signs]
    provider: Option<u64>,
}

/// What a provider can claim for a period.
type Grant = (ProviderId, u32, Amount);

impl Sponsor {
    pub async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let account = global.account().await?;
        let model = global.model(&account.chain, &self.model).await?;
        let included = match self.amount {
            Some(amount) => {
                account.send("sponsorship", &calls::sponsor(model, amount), output).await?
            }
            None => {
                let call = calls::withdraw_sponsorship(model);
                account.send("withdrawal", &call, output).await?
            }
        };
        let support = account.chain.learning().await?.support_of(model).await?;
        let report = Report::default()
            .text("model", hex::encode(model.0))
            .amount("escrow", support.escrow)
            .number("sponsors", support.sponsors);
        output.say(&report.number("block", included.number))
    }
}

impl Grants {
    pub async fn run(&self, global: &Global, output: &Output) -> Outcome {
        if let Some(Claims::Claim(claim)) = &self.claim {
            return claim.run(global, output).await;
        }
        let (chain, providers) = match self.provider {
            Some(provider) => (global.chain().await?, vec![ProviderId(provider)]),
            None => {
                let owner = global.signer()?.account();
                let chain = global.chain().await?;
                let providers = own(&chain, &owner).await?;
                (chain, providers)
            }
        };
        let grants = grants(&chain.learning().await?, &providers).await?;
        let reports: Vec<Report> = grants.iter().map(report).collect();
        output.list("grants", "Nothing can be claimed.", &reports)
    }
}

impl Claim {
    async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let account = global.account().await?;
        let providers = match self.provider {
            Some(provider) => vec![ProviderId(provider)],
            None => own(&account.chain, &account.id()).await?,
        };
        let grants = grants(&account.chain.learning().await?, &providers).await?;
        if grants.is_empty() {
            return Err(Failure::failed(
                "nothing can be claimed; grants are for fees of periods that are over, as long as \
                 they are kept",
            ));
        }
        let all: Vec<_> =
            grants.iter().map(|(provider, period, _)| calls::claim(*period, *provider)).collect();
        account.send_all("claims", &all, output).await?;
        let reports: Vec<Report> = grants.iter().map(report).collect();
        output.list("claimed", "Nothing was claimed.", &reports)
    }
}

async fn own(chain: &cairn_sdk::Chain, owner: &AccountId32) -> Outcome<Vec<ProviderId>> {
    Ok(chain.market().await?.providers_of(owner).await?)
}

async fn grants(learning: &Learning, providers: &[ProviderId]) -> Outcome<Vec<Grant>> {
    let mut all = Vec::new();
    for provider in providers {
        for (period, amount) in learning.grants_of(*provider).await? {
            all.push((*provider, period, amount));
        }
    }
    Ok(all)
}

fn report((provider, period, amount): &Grant) -> Report {
    Report::default()
        .number("provider", provider.0)
        .number("period", *period)
        .amount("amount", *amount)
}
