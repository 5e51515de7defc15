//! What a provider is registered with: its machine, its prices, and what it puts up.

use crate::{
    amount, archive,
    exit::{Failure, Outcome},
    output::{Output, Report},
    session::{random, Global},
    values,
};
use cairn_protocol::{
    id::{Amount, Digest, ProviderId, Region},
    preimage::{BindingCommitment, Statement},
    profile::{
        DeviceClass, Hardware, Offer, Offers, PayloadKey, Profile, Role, RoleSet, PAYLOAD_KEY_BYTES,
    },
};
use cairn_sdk::{address, calls, AccountId32};
use clap::Args;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Where nobody says otherwise: a machine without a GPU.
const MEMORY_MIB: u32 = 4_096;
const SLOTS: u8 = 2;

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

    /// The account that works and sends heartbeats [default: the one that signs]
    #[arg(long, value_name = "ACCOUNT", value_parser = values::account)]
    operator: Option<AccountId32>,

    #[command(flatten)]
    machine: Machine,
}

#[derive(Debug, Args)]
pub struct Update {
    provider: u64,

    /// A kind of job that it does and what a unit of it costs, in CRN. Given again, another kind
    /// [default: all as before]
    #[arg(long = "price", value_name = "KIND=AMOUNT", value_parser = values::offer)]
    prices: Vec<Offer>,

    #[command(flatten)]
    machine: Machine,
}

// What is left out stays as it is. As documentation, this would be taken for what the commands are.
#[derive(Debug, Args)]
struct Machine {
    /// What `cairn-worker init` wrote of the machine. Flags come before it.
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,

    /// Memory for jobs, in MiB [default: 4096]
    #[arg(long, value_name = "MIB")]
    memory: Option<u32>,

    /// Jobs that it works on at once. One is taken while it shows what it can compute [default: 2]
    #[arg(long)]
    slots: Option<u8>,

    /// What it computes on: cpu, small-gpu, gpu, large-gpu, accelerator [default: cpu]
    #[arg(long, value_parser = values::class)]
    class: Option<DeviceClass>,

    /// Compute capability of its GPU, major times ten plus minor [default: 0]
    #[arg(long)]
    compute: Option<u16>,

    /// Where it stands, area before place [default: 0x0000]
    #[arg(long, value_parser = values::region)]
    region: Option<Region>,

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
        let offers = offers(&self.prices)?;
        // Before anybody is called.
        let stated = self.machine.stated()?;
        let account = global.account().await?;
        let profile = self.machine.over(stated, plain(offers)?, &account.chain.genesis().0)?;
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
}

impl Update {
    pub async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let stated = self.machine.stated()?;
        let account = global.account().await?;
        let provider = ProviderId(self.provider);
        let view = account.chain.market().await?.provider(provider).await?;
        let view = view.ok_or_else(|| {
            Failure::failed(format!("there is no provider {}, or it has left", self.provider))
        })?;
        let mut profile = view.profile.0;
        if !self.prices.is_empty() {
            profile.offers = offers(&self.prices)?;
        }
        let profile = self.machine.over(stated, profile, &account.chain.genesis().0)?;
        let call = calls::update_profile(provider, profile);
        let included = account.send("profile", &call, output).await?;
        let report =
            Report::default().number("provider", self.provider).number("block", included.number);
        output.say(&report)
    }
}

/// What a file says of a machine.
#[derive(Debug)]
struct Stated {
    class: DeviceClass,
    memory_mib: u32,
    compute: u16,
    slots: u8,
    payload_key: Option<PayloadKey>,
    node: Option<Digest>,
    devices: BindingCommitment,
}

impl Machine {
    fn stated(&self) -> Outcome<Option<Stated>> {
        self.profile.as_deref().map(stated).transpose()
    }

    /// A profile with what flags say of the machine, and for what they leave out the file.
    fn over(&self, stated: Option<Stated>, base: Profile, genesis: &Digest) -> Outcome<Profile> {
        let base = match stated {
            Some(stated) => stated.over(base, genesis),
            None => base,
        };
        let hardware = base.hardware;
        Ok(Profile {
            hardware: Hardware {
                class: self.class.unwrap_or(hardware.class),
                memory_mib: self.memory.unwrap_or(hardware.memory_mib),
                compute: self.compute.unwrap_or(hardware.compute),
                slots: self.slots.unwrap_or(hardware.slots),
                binding: self.binding.unwrap_or(hardware.binding),
            },
            region: self.region.unwrap_or(base.region),
            payload_key: match &self.payload_key {
                Some(path) => Some(payload_key(path)?),
                None => base.payload_key,
            },
            node: self.node.unwrap_or(base.node),
            ..base
        })
    }
}

impl Stated {
    fn over(self, base: Profile, genesis: &Digest) -> Profile {
        Profile {
            hardware: Hardware {
                class: self.class,
                memory_mib: self.memory_mib,
                compute: self.compute,
                slots: self.slots,
                binding: self.devices.digest(genesis),
            },
            payload_key: self.payload_key.or(base.payload_key),
            node: self.node.unwrap_or(base.node),
            ..base
        }
    }
}

/// A machine of which nothing is said.
fn plain(offers: Offers) -> Outcome<Profile> {
    Ok(Profile {
        hardware: Hardware {
            class: DeviceClass::Cpu,
            memory_mib: MEMORY_MIB,
            compute: 0,
            slots: SLOTS,
            binding: random()?,
        },
        region: Region(0),
        offers,
        payload_key: None,
        node: Digest::default(),
        enclave: None,
    })
}

fn offers(prices: &[Offer]) -> Outcome<Offers> {
    Ok(Offers(
        prices.to_vec().try_into().map_err(|_| {
            Failure::usage("there are six kinds of jobs; give each one price at most")
        })?,
    ))
}

fn stated(path: &Path) -> Outcome<Stated> {
    let bytes = archive::read(path)?;
    let said = serde_json::from_slice(&bytes).ok();
    said.as_ref().and_then(read).ok_or_else(|| {
        let words = "is no profile of a machine; have `cairn-worker init` write it";
        Failure::usage(format!("{} {words}", path.display()))
    })
}

fn read(said: &Value) -> Option<Stated> {
    let text = |name: &str| said.get(name)?.as_str();
    let number = |name: &str| said.get(name)?.as_u64();
    let digest = |text: &str| values::digest(text).ok();
    let devices = said.get("devices")?.as_array()?.iter();
    Some(Stated {
        class: values::class(text("class")?).ok()?,
        memory_mib: number("memoryMib")?.try_into().ok()?,
        compute: number("compute")?.try_into().ok()?,
        slots: number("slots")?.try_into().ok()?,
        payload_key: match text("payloadKey") {
            Some(digits) => Some(key(digits.as_bytes())?),
            None => None,
        },
        node: match text("node") {
            Some(digits) => Some(digest(digits)?),
            None => None,
        },
        devices: BindingCommitment {
            devices: devices.map(|one| digest(one.as_str()?)).collect::<Option<_>>()?,
            salt: digest(text("salt")?)?,
        },
    })
}

/// A worker's key, in hexadecimal digits.
fn payload_key(path: &Path) -> Outcome<PayloadKey> {
    let bytes = archive::read(path)?;
    key(bytes.trim_ascii()).ok_or_else(|| {
        let words = "is no payload key; have `cairn-worker identity` write it";
        Failure::usage(format!("{} {words}", path.display()))
    })
}

fn key(digits: &[u8]) -> Option<PayloadKey> {
    let mut key = [0; PAYLOAD_KEY_BYTES as usize];
    hex::decode_to_slice(digits, &mut key).ok()?;
    Some(key)
}

#[cfg(test)]
mod tests;
