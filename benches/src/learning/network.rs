//! Deltas on a network, one after another: how long each is under way beside the waits that are asked
//! for, and what the chain has of it.

use super::burden;
use crate::{
    figures::{Figure, Measured},
    Error,
};
use cairn_localnet::{
    school::{School, LETTERS, STEPS, TRUNK},
    Block, Client, Event, Network, Options, JUDGES,
};
use cairn_protocol::{id::DeltaId, lifecycle::delta::Reason};
use cairn_runtime::{BlockNumber, Hash, RuntimeCall, RuntimeEvent, UncheckedExtrinsic};
use codec::Decode;
use frame_system::Phase;
use pallet_cairn_learning::Event as LearningEvent;
use pallet_cairn_panels::Event as PanelEvent;
use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    time::{Duration, Instant},
};

/// Deltas that there are to hand in.
pub const MOST: u32 = LETTERS.len() as u32;
const WHO: &str = "Dave";
/// More than a delta takes, on a machine that has more to do.
const WITHIN: Duration = Duration::from_secs(400);
const POLL: Duration = Duration::from_millis(200);

const MOVED: Figure = Figure::new("head_moved_ms", "a delta handed in until the head moves, ms");
const BEYOND: Figure =
    Figure::new("head_moved_beyond_windows_ms", "of that beyond seed and window, ms");
const TRANSACTIONS: Figure = Figure::new("transactions_per_delta", "transactions of all for it");
const BYTES: Figure = Figure::new("chain_bytes_per_delta", "their bytes");
const WEIGHT: Figure = Figure::new("chain_weight_per_delta_ms", "what they weigh, ms of a block");
const HOOKS: Figure =
    Figure::new("hook_weight_per_delta_ms", "what hooks weigh for it, ms of a block");
const STATE: Figure =
    Figure::new("state_bytes_per_delta", "state for it when guards have decided, bytes");
const LASTING: Figure = Figure::new("state_bytes_per_delta_laid", "when it is laid, bytes");

/// When what became of a delta, in milliseconds since 1970 as blocks have it, and what the chain took
/// for it.
#[derive(Default)]
struct Way {
    submitted: Option<u64>,
    drawn: Option<u64>,
    decided: Option<u64>,
    judged: Option<u64>,
    laid: Option<u64>,
    transactions: u32,
    bytes: usize,
    /// Picoseconds of reference time.
    weight: u64,
    /// The same of hooks, beyond what they take of a block with nothing to do.
    hooks: u64,
    /// Where it was decided about, and where it was laid.
    blocks: [Option<Hash>; 2],
    /// Bytes that the chain kept there more than before the delta was committed to.
    state: [f64; 2],
}

/// Hands so many deltas in, each when the one before it is laid.
pub async fn measure(deltas: u32) -> Result<Vec<Measured>, Error> {
    let state = tempfile::tempdir()?;
    // Jobs run as other users where this one is root, and have to get in.
    fs::set_permissions(state.path(), Permissions::from_mode(0o755))?;
    let mut options = Options::new(state.path());
    (options.workers, options.model_steps) = (JUDGES, STEPS);
    let mut network = Network::start(options).await?;
    let school = School::open(&network, &[(TRUNK, &LETTERS)]).await?;
    let client = network.client(0).await?;
    let mut measured = Vec::new();
    for spot in 0..deltas {
        let first = client.finalized().await?.number + 1;
        let (delta, _) = school.hand_in(WHO, TRUNK, spot as usize).await?;
        measured.push(Way::of(&client, delta, first).await?.measured(delta)?);
    }
    network.check_alive()?;
    network.stop().await?;
    Ok(measured)
}

impl Way {
    /// Follows final blocks until the delta is laid.
    async fn of(client: &Client, delta: DeltaId, first: BlockNumber) -> Result<Self, Error> {
        let (mut way, mut next) = (Self::default(), first);
        let idle = burden::idle(client, first).await?;
        let deadline = Instant::now() + WITHIN;
        while way.laid.is_none() {
            if Instant::now() >= deadline {
                return Err(Error::Setup(format!("{delta:?} is not laid after {WITHIN:?}")));
            }
            if next > client.finalized().await?.number {
                tokio::time::sleep(POLL).await;
                continue;
            }
            let hash = burden::block(client, next).await?;
            way.read(client, delta, hash, idle).await?;
            next += 1;
        }
        // Not while others are at work.
        let before = burden::block(client, first.saturating_sub(1)).await?;
        let before = burden::state(client, before).await?;
        for (block, more) in way.blocks.into_iter().zip(&mut way.state) {
            let block = block.ok_or_else(|| missed(delta))?;
            *more = burden::state(client, block).await? as f64 - before as f64;
        }
        Ok(way)
    }

    async fn read(
        &mut self,
        client: &Client,
        delta: DeltaId,
        hash: Hash,
        idle: u64,
    ) -> Result<(), Error> {
        let (block, events) = (client.block(hash).await?, client.events(hash).await?);
        self.count(&block, &events)?;
        if burden::moves_on(&events) {
            let all = burden::hooks(client, hash, &events).await?;
            self.hooks += all.saturating_sub(idle);
        }
        let now = client.timestamp(hash).await?;
        for event in events {
            match event.event {
                RuntimeEvent::Learning(event) => self.note(delta, event, now)?,
                RuntimeEvent::Panels(PanelEvent::Drawn { .. }) => {
                    self.drawn.get_or_insert(now);
                }
                RuntimeEvent::Panels(PanelEvent::Decided { .. }) => {
                    self.decided = Some(now);
                    self.blocks[0] = Some(hash);
                }
                RuntimeEvent::Panels(PanelEvent::Judged { .. }) => self.judged = Some(now),
                _ => {}
            }
        }
        if self.laid.is_some() {
            self.blocks[1] = Some(hash);
        }
        Ok(())
    }

    fn note(
        &mut self,
        delta: DeltaId,
        event: LearningEvent<cairn_runtime::Runtime>,
        now: u64,
    ) -> Result<(), Error> {
        let lost = |reason: Reason| Err(Error::Setup(format!("{delta:?} came to {reason:?}")));
        match event {
            LearningEvent::DeltaSubmitted { delta: id, .. } if id == delta => {
                self.submitted = Some(now);
            }
            LearningEvent::DeltaLaid { delta: id, .. } if id == delta => self.laid = Some(now),
            LearningEvent::Rejected { delta: id, reason, .. }
            | LearningEvent::Outdated { delta: id, reason }
            | LearningEvent::Lapsed { delta: id, reason }
                if id == delta =>
            {
                return lost(reason);
            }
            _ => {}
        }
        Ok(())
    }

    /// What was sent of it: no other delta is under way.
    fn count(&mut self, block: &Block, events: &[Event]) -> Result<(), Error> {
        for (index, bytes) in (0u32..).zip(&block.extrinsics) {
            let call = UncheckedExtrinsic::decode(&mut &bytes[..])
                .map_err(|error| Error::Setup(format!("a transaction is none: {error}")))?;
            let is_of_it = matches!(
                call.function,
                RuntimeCall::Learning(_) | RuntimeCall::Panels(_) | RuntimeCall::Custody(_)
            );
            if !is_of_it {
                continue;
            }
            self.transactions += 1;
            self.bytes += bytes.len();
            let own = events.iter().filter(|event| event.phase == Phase::ApplyExtrinsic(index));
            self.weight += own.map(|event| burden::weight(&event.event)).sum::<u64>();
        }
        Ok(())
    }

    fn measured(&self, delta: DeltaId) -> Result<Measured, Error> {
        let between = |from: Option<u64>, to: Option<u64>| {
            let elapsed = from.zip(to).and_then(|(from, to)| to.checked_sub(from));
            elapsed.map(|elapsed| elapsed as f64).ok_or_else(|| missed(delta))
        };
        let moved = between(self.submitted, self.laid)?;
        let seed = between(self.submitted, self.drawn)?;
        let window = between(self.decided, self.judged)?;
        Ok(vec![
            (MOVED, moved),
            (BEYOND, moved - seed - window),
            (TRANSACTIONS, self.transactions.into()),
            (BYTES, self.bytes as f64),
            (WEIGHT, self.weight as f64 / 1e9),
            (HOOKS, self.hooks as f64 / 1e9),
            (STATE, self.state[0]),
            (LASTING, self.state[1]),
        ])
    }
}

fn missed(delta: DeltaId) -> Error {
    Error::Setup(format!("not all that became of {delta:?} was seen"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measured_should_leave_out_what_the_rules_have_all_wait_for() {
        let way = Way {
            submitted: Some(10_000),
            drawn: Some(27_000),
            decided: Some(40_000),
            judged: Some(51_000),
            laid: Some(55_000),
            transactions: 10,
            bytes: 2_000,
            weight: 3_500_000_000,
            hooks: 1_500_000_000,
            blocks: [None; 2],
            state: [4_096.0, 900.0],
        };
        let values = way.measured(DeltaId(0)).unwrap().into_iter().map(|(_, value)| value);
        let expected = [45_000.0, 17_000.0, 10.0, 2_000.0, 3.5, 1.5, 4_096.0, 900.0];
        assert_eq!(values.collect::<Vec<_>>(), expected);
        assert!(Way { judged: None, ..way }.measured(DeltaId(0)).is_err());
    }
}
