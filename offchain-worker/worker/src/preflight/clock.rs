//! Whether this machine's clock is right, by what blocks say of the time.

use super::Wrong;
use crate::view;
use cairn_sdk::{At, Chain, Result, H256};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::{sleep, Instant};

/// Milliseconds that a clock may be behind the one of a block's author.
const BEHIND: u64 = 2_000;
/// How old a block may be when it comes: it is made in one second, and here in the next one.
const LATE: u64 = 3_000;
/// How old the last final block may be.
const OLD: u64 = 60_000;
/// How many blocks have to come before a clock is said to be ahead.
const ENOUGH: usize = 5;
/// How much their ages may differ. A node that catches up has younger and younger ones.
const STEADY: u64 = 1_000;
/// How long they are waited for. One is made every second.
const WATCH: Duration = Duration::from_secs(12);
/// Between two questions for the last one.
const PAUSE: Duration = Duration::from_millis(100);

/// A block, in milliseconds since 1970.
#[derive(Clone, Copy, Debug)]
struct Seen {
    /// What its author's clock said when it was made.
    made: u64,
    /// What this clock said when it was seen.
    seen: u64,
}

impl Seen {
    async fn block(chain: &Chain, hash: H256) -> Result<Self> {
        let seen = now();
        Ok(Self { made: view::timestamp(&chain.at(hash).await?).await?, seen })
    }

    /// By this clock.
    fn age(&self) -> u64 {
        self.seen.saturating_sub(self.made)
    }
}

/// What is wrong with the clock, or else with the chain after its last final block.
pub(super) async fn look(chain: &Chain, at_final: &At) -> Result<Option<Wrong>> {
    let last = Seen::block(chain, chain.best().await?).await?;
    if let Some(wrong) = behind(&last) {
        return Ok(Some(wrong));
    }
    // One block says nothing: it can have been the last one for long.
    if last.age() > LATE {
        if let Some(wrong) = ahead(&watch(chain).await?) {
            return Ok(Some(wrong));
        }
    }
    let last_final = Seen { made: view::timestamp(at_final).await?, seen: last.seen };
    Ok(old(&last_final))
}

/// Blocks as they come, and not those that are there.
async fn watch(chain: &Chain) -> Result<Vec<Seen>> {
    let (begun, mut last) = (Instant::now(), chain.best().await?);
    let mut blocks = Vec::new();
    while blocks.len() < ENOUGH && begun.elapsed() < WATCH {
        sleep(PAUSE).await;
        let best = chain.best().await?;
        if best != last {
            blocks.push(Seen::block(chain, best).await?);
            last = best;
        }
    }
    Ok(blocks)
}

fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

fn behind(last: &Seen) -> Option<Wrong> {
    let by = last.made.saturating_sub(last.seen);
    (by > BEHIND).then(|| {
        let what = format!("this clock is {} s behind the chain's", by / 1_000);
        Wrong::new(what, "have it kept by NTP")
    })
}

/// A block is as old as the clock is ahead if it was young when it came. Of a chain that stands none
/// come, and of one that is caught up with they are not of one age.
fn ahead(blocks: &[Seen]) -> Option<Wrong> {
    let ages = || blocks.iter().map(Seen::age);
    let (least, most) = (ages().min()?, ages().max()?);
    let steady = blocks.len() >= ENOUGH && most.saturating_sub(least) <= STEADY;
    (steady && least > LATE).then(|| {
        let what = format!("blocks come {} s after they were made, by this clock", least / 1_000);
        let mend = "this clock is ahead: have it kept by NTP; if it is, see why the node has them \
                    so late";
        Wrong::new(what, mend)
    })
}

fn old(last_final: &Seen) -> Option<Wrong> {
    (last_final.age() > OLD).then(|| {
        let what = format!("the last final block is {} s old", last_final.age() / 1_000);
        let mend = "see whether the node is in sync and the chain goes on; else this clock is \
                    ahead: have it kept by NTP";
        Wrong::new(what, mend)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_700_000_000_000;

    /// Blocks that come in these milliseconds, and are so old then by this clock.
    fn blocks<const N: usize>(came: [(u64, u64); N]) -> [Seen; N] {
        came.map(|(at, age)| Seen { made: NOW + at - age, seen: NOW + at })
    }

    #[test]
    fn clock_should_be_behind_when_a_block_is_of_the_future() {
        assert_eq!(behind(&Seen { made: NOW + BEHIND, seen: NOW }), None);
        assert_eq!(behind(&Seen { made: NOW, seen: NOW + OLD }), None);
        let behind = behind(&Seen { made: NOW + 90_000, seen: NOW }).unwrap();
        assert!(behind.what.contains("90 s behind") && behind.mend.contains("NTP"));
    }

    #[test]
    fn clock_should_be_ahead_when_each_block_is_as_old_when_it_comes() {
        let late = [(0, 7_400), (1_100, 7_500), (2_000, 7_400), (4_300, 7_700), (5_000, 7_400)];
        let wrong = ahead(&blocks(late)).unwrap();
        assert!(wrong.what.contains("7 s after") && wrong.mend.contains("NTP"), "{wrong:?}");
        let young = late.map(|(at, age)| (at, age - 7_000));
        assert_eq!(ahead(&blocks(young)), None);
    }

    #[test]
    fn clock_should_not_be_ahead_when_the_chain_is_late() {
        // It stands, or nearly does.
        assert_eq!(ahead(&[]), None);
        assert_eq!(ahead(&blocks([(0, 9_000), (6_000, 9_000)])), None);
        // The node catches up, with two blocks a second.
        let caught = [(0, 9_000), (500, 8_500), (1_000, 8_000), (1_500, 7_500), (2_000, 7_000)];
        assert_eq!(ahead(&blocks(caught)), None);
    }

    #[test]
    fn chain_should_stand_when_its_last_final_block_is_old() {
        assert_eq!(old(&Seen { made: NOW, seen: NOW + OLD }), None);
        let old = old(&Seen { made: NOW, seen: NOW + 3_600_000 }).unwrap();
        assert!(old.what.contains("3600 s old"));
    }
}
