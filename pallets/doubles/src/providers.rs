//! Providers as tests register them.

use cairn_protocol::{
    id::{ProviderId, Region},
    job::JobKind,
    profile::{DeviceClass, Hardware, Offer, Offers, Profile},
};

/// Each provider has an owner of its own.
pub fn owner(provider: ProviderId) -> u64 {
    100 + provider.0
}

pub fn operator(provider: ProviderId) -> u64 {
    1_000 + provider.0
}

/// Hardware that no other number has, which works on so many jobs of these kinds at once.
pub fn profile(nth: u64, class: DeviceClass, slots: u8, kinds: &[JobKind]) -> Profile {
    let mut binding = [0; 32];
    binding[..8].copy_from_slice(&nth.to_le_bytes());
    let offers: Vec<_> = kinds.iter().map(|kind| Offer { kind: *kind, price: 1 }).collect();
    Profile {
        hardware: Hardware { class, memory_mib: 16_384, compute: 86, slots, binding },
        region: Region(0x0101),
        offers: Offers(offers.try_into().expect("there are no more kinds")),
        payload_key: None,
        node: [0; 32],
        enclave: None,
    }
}
