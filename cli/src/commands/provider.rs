//! Providers: registered, bonded, looked at.

use crate::{
    amount::{self, crn},
    archive,
    exit::{Failure, Outcome},
    output::{Output, Report},
    session::{random, Global},
    values,
};
use cairn_protocol::{
    id::{Amount, Digest, ProviderId, Region},
    profile::{
        DeviceClass, Hardware, Offer, Offers, PayloadKey, Profile, Role, RoleSet, PAYLOAD_KEY_BYTES,
    },
};
use cairn_sdk::{address, calls, AccountId32, ProviderView};
use clap::Args;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub struct Register {
    /// A kind of job that it does and what a unit of it costs, in CRN. Given again, another kind.
    #[arg(
        long = "price",
        value_name = "KIND=AMOUNT",
        required = true,
        value_parser = values::offer
    )]
    prices: Vec<Offer>,

    /// What it puts up for its work, in CRN. A worker may be offered 6 % of it for a task.
    #[arg(long, value_name = "CRN", default_value = "100", value_parser = amount::parse)]
    bond: Amount,

    /// What it may be asked to do: compute, guard, router, storage, entropy.
    #[arg(
        long,
        value_name = "ROLE,...",
        value_delimiter = ',',
        default_value = "compute",
        value_parser = values::role
    )]
    roles: Vec<Role>,

    /// Memory for jobs, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 4_096)]
    memory: u32,

    /// Jobs that it works on at once. One is taken while it shows what it can compute.
    #[arg(long, default_value_t = 2)]
    slots: u8,

    /// What it computes on: cpu, small-gpu, gpu, large-gpu, accelerator.
    #[arg(long, default_value = "cpu", value_parser = values::class)]
    class: DeviceClass,

    /// Compute capability of its GPU, major times ten plus minor.
    #[arg(long, default_value_t = 0)]
    compute: u16,

    /// Where it stands, area before place.
    #[arg(long, default_value = "0x0000", value_parser = values::region)]
    region: Region,

    /// The account that works and sends heartbeats [default: the one that signs]
    #[arg(long, value_name = "ACCOUNT", value_parser = values::account)]
    operator: Option<AccountId32>,

    /// A salted commitment over its devices, which backs one provider at a time [default: random]
    #[arg(long, value_name = "DIGEST", value_parser = values::digest)]
    binding: Option<Digest>,

    /// A file with the key that payloads are sealed for its worker with, as `cairn-worker identity`
    /// says it [default: none, and it gets no sealed task]
    #[arg(long, value_name = "FILE")]
    payload_key: Option<PathBuf>,

    /// The node that its artifacts are fetched from [default: none]
    #[arg(long, value_name = "ID", value_parser = values::digest)]
    node: Option<Digest>,
}

impl Register {
    pub async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let profile = self.profile()?;
        let account = global.account().await?;
        let owner = account.id();
        let roles: RoleSet = self.roles.iter().copied().collect();
        let operator = self.operator.unwrap_or(owner);
        let call = calls::register(&operator, profile, roles, self.bond);
        let included = account.send("registration", &call, output).await?;
        let market = account.chain.market().await?;
        let provider = market.providers_of(&owner).await?.into_iter().max();
        let provider =
            provider.ok_or_else(|| Failure::failed("the registration is there no more"))?;
        output.progress("It gets work as soon as its operator runs `cairn-worker run`.");
        let report = Report::default()
            .number("provider", provider.0)
            .text("operator", address(&operator))
            .amount("bond", self.bond)
            .number("block", included.number);
        output.say(&report)
    }

    fn profile(&self) -> Outcome<Profile> {
        let binding = match self.binding {
            Some(binding) => binding,
            None => random()?,
        };
        Ok(Profile {
            hardware: Hardware {
                class: self.class,
                memory_mib: self.memory,
                compute: self.compute,
                slots: self.slots,
                binding,
            },
            region: self.region,
            offers: Offers(self.prices.clone().try_into().map_err(|_| {
                Failure::usage("there are six kinds of jobs; give each one price at most")
            })?),
            payload_key: self.payload_key.as_deref().map(payload_key).transpose()?,
            node: self.node.unwrap_or_default(),
            enclave: None,
        })
    }
}

/// A worker's key, in hexadecimal digits.
fn payload_key(path: &Path) -> Outcome<PayloadKey> {
    let bytes = archive::read(path)?;
    let mut key = [0; PAYLOAD_KEY_BYTES as usize];
    hex::decode_to_slice(bytes.trim_ascii(), &mut key).map_err(|_| {
        let words = "is no payload key; have `cairn-worker identity` write it";
        Failure::usage(format!("{} {words}", path.display()))
    })?;
    Ok(key)
}

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
        let view = account.chain.market().await?.provider(provider).await?;
        let until = view.and_then(|view| view.card.withdrawable_at);
        output.say(&match until {
            Some(height) => report.number("withdrawable_at", height),
            None => report,
        })
    }
}

#[derive(Debug, Args)]
pub struct Show {
    /// Which [default: all of the account that would sign]
    provider: Option<u64>,
}

impl Show {
    pub async fn run(&self, global: &Global, output: &Output) -> Outcome {
        if let Some(number) = self.provider {
            let market = global.chain().await?.market().await?;
            let view = market.provider(ProviderId(number)).await?;
            let view = view.ok_or_else(|| {
                Failure::failed(format!("there is no provider {number}, or it has left"))
            })?;
            return output.say(&described(number, &view));
        }
        let owner = global.signer()?.account();
        let market = global.chain().await?.market().await?;
        let mut reports = Vec::new();
        for provider in market.providers_of(&owner).await? {
            if let Some(view) = market.provider(provider).await? {
                reports.push(short(provider.0, &view));
            }
        }
        output.list("providers", "The account has no provider.", &reports)
    }
}

/// Why it gets no work, or that it does.
fn standing(view: &ProviderView) -> String {
    view.card.obstacle.as_ref().map_or_else(|| "available".into(), values::words)
}

fn short(number: u64, view: &ProviderView) -> Report {
    Report::default()
        .number("provider", number)
        .text("standing", standing(view))
        .amount("bond", view.card.bond)
        .number("load", view.card.load)
}

fn described(number: u64, view: &ProviderView) -> Report {
    let card = &view.card;
    let roles: Vec<String> = card.roles.iter().map(|role| values::name(&role)).collect();
    let report = short(number, view)
        .text("owner", address(&card.owner))
        .text("operator", address(&card.operator))
        .with("roles", roles.clone(), roles.join(", "))
        .amount("unbonding", card.unbonding)
        .amount("pending", card.pending)
        .text("class", values::name(&*card.class))
        .number("memory_mib", card.hardware.memory_mib)
        .number("slots", card.hardware.slots);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payload_key_should_be_read_as_a_worker_says_it_and_refused_when_it_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, format!("{}\n", "ab".repeat(1_216))).unwrap();
        assert_eq!(payload_key(&path).unwrap(), [0xab; 1_216]);
        for bad in ["", "ab", &"xy".repeat(1_216), &"ab".repeat(1_217)] {
            std::fs::write(&path, bad).unwrap();
            let refused = payload_key(&path).unwrap_err().to_string();
            assert!(refused.contains("cairn-worker identity"), "{refused}");
        }
    }
}
