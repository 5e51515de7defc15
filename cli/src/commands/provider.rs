//! Providers: bonded, given roles and operators, sent to rest, ended, looked at.

use crate::{
    amount::{self, crn},
    exit::{Failure, Outcome},
    output::{Output, Report},
    session::Global,
    values,
};
use cairn_protocol::{
    id::{Amount, ProviderId},
    job::JobKind,
    profile::{Availability, Offers, Role, RoleSet},
};
use cairn_sdk::{address, calls, AccountId32, Chain, Market, ProviderView};
use clap::Args;

#[derive(Debug, Args)]
pub struct Bond {
    provider: u64,

    /// How much more, in CRN.
    #[arg(value_parser = amount::parse)]
    amount: Amount,
}

impl Bond {
    pub async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let account = global.account().await?;
        let call = calls::add_bond(ProviderId(self.provider), self.amount);
        let included = account.send("bond", &call, output).await?;
        let report = Report::default()
            .number("provider", self.provider)
            .amount("bonded", self.amount)
            .number("block", included.number);
        output.say(&report)
    }
}

#[derive(Debug, Args)]
pub struct Unbond {
    provider: u64,

    /// How much less, in CRN.
    #[arg(value_parser = amount::parse)]
    amount: Amount,
}

impl Unbond {
    pub async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let account = global.account().await?;
        let provider = ProviderId(self.provider);
        let call = calls::unbond(provider, self.amount);
        let included = account.send("unbonding", &call, output).await?;
        let report = Report::default()
            .number("provider", self.provider)
            .amount("unbonding", self.amount)
            .number("block", included.number);
        output.say(&dated(report, &account.chain, provider).await?)
    }
}

/// With the height from which on what unbonds is paid out.
async fn dated(report: Report, chain: &Chain, provider: ProviderId) -> Outcome<Report> {
    let view = chain.market().await?.provider(provider).await?;
    let until = view.and_then(|view| view.card.withdrawable_at);
    Ok(match until {
        Some(height) => report.number("withdrawable_at", height),
        None => report,
    })
}

#[derive(Debug, Args)]
pub struct Withdraw {
    provider: u64,
}

impl Withdraw {
    pub async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let account = global.account().await?;
        let provider = ProviderId(self.provider);
        let before = account.chain.market().await?.provider(provider).await?;
        let amount = before.map_or(0, |view| view.card.unbonding);
        let included = account.send("payment", &calls::withdraw(provider), output).await?;
        let report = Report::default()
            .number("provider", self.provider)
            .amount("withdrawn", amount)
            .number("block", included.number);
        output.say(&report)
    }
}

#[derive(Debug, Args)]
pub struct Leave {
    provider: u64,
}

impl Leave {
    pub async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let account = global.account().await?;
        let provider = ProviderId(self.provider);
        let included = account.send("notice", &calls::leave(provider), output).await?;
        let report =
            Report::default().number("provider", self.provider).number("block", included.number);
        output.say(&dated(report, &account.chain, provider).await?)
    }
}

#[derive(Debug, Args)]
pub struct SetRoles {
    provider: u64,

    /// All that it may be asked to do from now on: compute, guard, router, storage, entropy.
    #[arg(
        value_name = "ROLE,...",
        value_delimiter = ',',
        required = true,
        value_parser = values::role
    )]
    roles: Vec<Role>,
}

impl SetRoles {
    pub async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let account = global.account().await?;
        let roles: RoleSet = self.roles.iter().copied().collect();
        let call = calls::set_roles(ProviderId(self.provider), roles);
        let included = account.send("change of roles", &call, output).await?;
        let report = Report::default().number("provider", self.provider);
        output.say(&with_roles(report, roles).number("block", included.number))
    }
}

fn with_roles(report: Report, roles: RoleSet) -> Report {
    let names: Vec<String> = roles.iter().map(|role| values::name(&role)).collect();
    report.with("roles", names.clone(), names.join(", "))
}

#[derive(Debug, Args)]
pub struct RotateOperator {
    provider: u64,

    /// The account that works and sends heartbeats from now on.
    #[arg(value_parser = values::account)]
    operator: AccountId32,
}

impl RotateOperator {
    pub async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let account = global.account().await?;
        let call = calls::rotate_operator(ProviderId(self.provider), &self.operator);
        let included = account.send("change of operators", &call, output).await?;
        output.progress("It gets work again when its new operator has sent a heartbeat.");
        let report = Report::default()
            .number("provider", self.provider)
            .text("operator", address(&self.operator))
            .number("block", included.number);
        output.say(&report)
    }
}

#[derive(Debug, Args)]
pub struct SetAvailability {
    provider: u64,

    /// Whether it takes work: available; draining, for what it has; paused, for none.
    #[arg(value_parser = values::availability)]
    availability: Availability,
}

impl SetAvailability {
    pub async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let account = global.account().await?;
        let call = calls::set_availability(ProviderId(self.provider), self.availability);
        let included = account.send("availability", &call, output).await?;
        let report = Report::default()
            .number("provider", self.provider)
            .text("availability", values::name(&self.availability))
            .number("block", included.number);
        output.say(&report)
    }
}

#[derive(Debug, Args)]
pub struct Show {
    /// Which, in full [default: all, in short]
    provider: Option<u64>,

    /// Those of the account that would sign alone.
    #[arg(long, conflicts_with = "provider")]
    own: bool,

    /// Those alone who do this kind of job: infer, embed, train, evaluate, simulate, wasm.
    #[arg(long, value_name = "KIND", conflicts_with = "provider", value_parser = values::kind)]
    kind: Option<JobKind>,

    /// How many to list at most.
    #[arg(long, value_name = "N", conflicts_with = "provider", default_value_t = 50)]
    most: usize,
}

impl Show {
    pub async fn run(&self, global: &Global, output: &Output) -> Outcome {
        if let Some(number) = self.provider {
            let market = global.chain().await?.market().await?;
            let view = market.provider(ProviderId(number)).await?;
            let view = view.ok_or_else(|| {
                let words = format!("there is no provider {number}, or it has left");
                Failure::failed(format!("{words}; `cairn providers` lists those that there are"))
            })?;
            return output.say(&described(number, &view));
        }
        let owner = if self.own { Some(global.signer()?.account()) } else { None };
        let market = global.chain().await?.market().await?;
        let all = match owner {
            Some(owner) => market.providers_of(&owner).await?,
            None => market.providers().await?,
        };
        let (reports, left) = self.listed(&market, &all).await?;
        if left > 0 {
            output.progress(&format!("{left} more were not looked at; see --most and --kind."));
        }
        let none = if self.own { "The account has no provider." } else { "There is no provider." };
        output.list("providers", none, &reports)
    }

    /// The first of these that are asked for, and how many were left out.
    async fn listed(&self, market: &Market, all: &[ProviderId]) -> Outcome<(Vec<Report>, usize)> {
        let mut reports = Vec::new();
        for (at, provider) in all.iter().enumerate() {
            if reports.len() >= self.most {
                return Ok((reports, all.len().saturating_sub(at)));
            }
            let Some(view) = market.provider(*provider).await? else { continue };
            let Offers(offers) = &view.card.offers.0;
            if self.kind.is_none_or(|kind| offers.iter().any(|offer| offer.kind == kind)) {
                reports.push(short(provider.0, &view));
            }
        }
        Ok((reports, 0))
    }
}

/// Why it gets no work, or that it does.
fn standing(view: &ProviderView) -> String {
    view.card.obstacle.as_ref().map_or_else(|| "available".into(), values::words)
}

fn brief(number: u64, view: &ProviderView) -> Report {
    Report::default()
        .number("provider", number)
        .text("standing", standing(view))
        .text("class", values::name(&*view.card.class))
        .amount("bond", view.card.bond)
        .number("load", view.card.load)
}

fn short(number: u64, view: &ProviderView) -> Report {
    let Offers(offers) = &view.card.offers.0;
    let kinds: Vec<String> = offers.iter().map(|offer| values::name(&offer.kind)).collect();
    brief(number, view).with("kinds", kinds.clone(), kinds.join(" "))
}

fn described(number: u64, view: &ProviderView) -> Report {
    let card = &view.card;
    let report = brief(number, view)
        .text("owner", address(&card.owner))
        .text("operator", address(&card.operator));
    let report = with_roles(report, card.roles.0)
        .amount("unbonding", card.unbonding)
        .amount("pending", card.pending)
        .number("memory_mib", card.hardware.memory_mib)
        .number("slots", card.hardware.slots)
        .with("sealable", card.sealable, if card.sealable { "yes" } else { "no" });
    let report = match card.throughput {
        Some(measured) => report.number("throughput", measured),
        None => report,
    };
    let Offers(offers) = &card.offers.0;
    let prices: serde_json::Map<String, serde_json::Value> = offers
        .iter()
        .map(|offer| (values::name(&offer.kind), offer.price.to_string().into()))
        .collect();
    let told: Vec<String> = offers
        .iter()
        .map(|offer| format!("{} {} a unit", values::name(&offer.kind), crn(offer.price)))
        .collect();
    report.with("offers", prices, told.join("\n"))
}
