//! Registers a provider that runs modules, and says that it is there.

mod common;

use std::process::ExitCode;

use cairn_protocol::{
    id::Region,
    job::JobKind,
    profile::{DeviceClass, Hardware, Offer, Offers, Profile, Role},
};
use cairn_sdk::{calls, Outbox, Result};

const CRN: u128 = 1_000_000_000_000;

fn profile() -> Profile {
    let offer = Offer { kind: JobKind::Wasm, price: 1 };
    Profile {
        hardware: Hardware {
            class: DeviceClass::Cpu,
            memory_mib: 8_192,
            compute: 0,
            slots: 2,
            // A commitment over the device ids, of which there can be one registration each.
            binding: [42; 32],
        },
        region: Region(0x0101),
        offers: Offers(vec![offer].try_into().expect("one offer is not too many")),
        payload_key: None,
        node: [42; 32],
        enclave: None,
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    common::run(register()).await
}

async fn register() -> Result<()> {
    let chain = common::connect().await?;
    let signer = common::signer()?;
    let owner = signer.account();
    let directory = common::outbox();
    let outbox = Outbox::open(&directory.path().join("outbox"), signer, chain.clone())?;

    let roles = [Role::Compute].into_iter().collect();
    let register = calls::register(&owner, profile(), roles, 200 * CRN);
    outbox.submit("register", &register).await?.succeeded().await?;
    let market = chain.market().await?;
    for provider in market.providers_of(&owner).await? {
        let purpose = format!("first heartbeat of {}", provider.0);
        outbox.submit(&purpose, &calls::heartbeat(provider)).await?.succeeded().await?;
        println!("provider {} is there", provider.0);
    }
    Ok(())
}
