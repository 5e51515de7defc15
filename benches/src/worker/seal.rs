//! How fast an input is sealed and opened, in memory and by one thread.

use super::Error;
use crate::figures::{rate, Figure, Measured};
use cairn_vault::{seal, Identity, Secret};
use std::time::Instant;

const GENESIS: [u8; 32] = [5; 32];
const REQUESTER: [u8; 32] = [6; 32];
/// Of whoever the result would be sealed to.
const SEED: [u8; 32] = [7; 32];

const SEAL: Figure = Figure::new("seal_mb_per_s", "seal, MB/s");
const OPEN: Figure = Figure::new("open_mb_per_s", "open, MB/s");

pub fn measure(bytes: u64) -> Result<Measured, Error> {
    let input: Vec<u8> = (0..bytes.div_ceil(8)).flat_map(u64::to_le_bytes).collect();
    let reply = Identity::from_seed(&Secret::copied(&SEED)).public();
    let began = Instant::now();
    let sealed = seal(&input, &reply, &GENESIS, &REQUESTER)?;
    let sealing = began.elapsed();
    let began = Instant::now();
    let content = sealed.opening.open(&sealed.payload, &sealed.context)?;
    let opening = began.elapsed();
    if content.input() != input {
        return Err(Error::Setup("what was opened is not what was sealed".into()));
    }
    Ok(vec![(SEAL, rate(bytes, sealing)), (OPEN, rate(bytes, opening))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measure_should_open_what_it_sealed() {
        let measured = measure(1 << 16).unwrap();
        assert_eq!(measured.len(), 2);
        assert!(measured.iter().all(|(_, value)| *value > 0.0));
    }
}
