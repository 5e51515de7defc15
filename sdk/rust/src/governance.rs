//! How the chain is governed: what is proposed, and how the votes stand.

use cairn_protocol::id::{Amount, Digest};
use sp_core::{Blake2Hasher, Hasher as _};

use crate::{
    chain::{
        self, referenda::storage::referendum_info_for::Output as Info,
        runtime_types::frame_support::traits::preimages::Bounded,
    },
    config::At,
    Result,
};

/// Bytes of a call that go into a proposal themselves; a longer one is noted before, and named.
pub const INLINE_BYTES: usize = 128;

/// What a proposal is enacted as, which decides how much agreement it takes and how long.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Track {
    Root,
    Treasurer,
    EmergencyStop,
}

/// How far a referendum is. Numbers are blocks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stage {
    /// It waits: for its decision deposit, for its time, or for others of its track.
    Preparing {
        submitted: u32,
    },
    Deciding {
        since: u32,
    },
    /// It is approved then, unless the votes change.
    Confirming {
        until: u32,
    },
    Approved {
        at: u32,
    },
    Rejected {
        at: u32,
    },
    Cancelled {
        at: u32,
    },
    /// Nobody placed the decision deposit in time.
    TimedOut {
        at: u32,
    },
    Killed {
        at: u32,
    },
}

/// What is voted on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Proposal {
    /// The call.
    Inline(Vec<u8>),
    /// BLAKE2-256 of the call, and how long it is where that is known.
    Noted { hash: Digest, bytes: Option<u32> },
}

/// A referendum that is still kept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Referendum {
    pub number: u32,
    pub stage: Stage,
    /// None once it has ended.
    pub votes: Option<Votes>,
}

/// How the votes stand.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Votes {
    /// By its number, as there may be more than are known here.
    pub track: u16,
    pub proposal: Proposal,
    /// Weighed by conviction.
    pub ayes: Amount,
    pub nays: Amount,
    /// CRN that voted aye, unweighed.
    pub support: Amount,
    pub has_decision_deposit: bool,
}

impl Track {
    pub const ALL: [Self; 3] = [Self::Root, Self::Treasurer, Self::EmergencyStop];

    pub fn number(self) -> u16 {
        match self {
            Self::Root => 0,
            Self::Treasurer => 1,
            Self::EmergencyStop => 2,
        }
    }

    /// The track of a number; none where this program does not know it.
    pub fn of(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|track| track.number() == number)
    }
}

impl Proposal {
    /// How a call is proposed. A long one has to be noted first, see [`calls::note`].
    pub fn of(call: &[u8]) -> Self {
        if call.len() <= INLINE_BYTES {
            return Self::Inline(call.to_vec());
        }
        let hash = Blake2Hasher::hash(call).0;
        Self::Noted { hash, bytes: u32::try_from(call.len()).ok() }
    }
}

/// All referenda that are kept after a block, oldest first.
pub async fn referenda(at: &At) -> Result<Vec<Referendum>> {
    let address = chain::storage().referenda().referendum_info_for();
    let mut all = at.storage().iter(address, ()).await?;
    let mut found = Vec::new();
    while let Some(entry) = all.next().await {
        let entry = entry?;
        let number = entry.key()?.decode()?.0;
        found.push(read(number, entry.value().decode()?));
    }
    found.sort_unstable_by_key(|referendum| referendum.number);
    Ok(found)
}

/// One of them; none where there is none of this number.
pub async fn referendum(at: &At, number: u32) -> Result<Option<Referendum>> {
    let address = chain::storage().referenda().referendum_info_for();
    let Some(found) = at.storage().try_fetch(address, (number,)).await? else { return Ok(None) };
    Ok(Some(read(number, found.decode()?)))
}

/// How many were ever submitted: the next one's number.
pub async fn submitted(at: &At) -> Result<u32> {
    let address = chain::storage().referenda().referendum_count();
    Ok(at.storage().fetch(address, ()).await?.decode()?)
}

fn read(number: u32, info: Info) -> Referendum {
    let ended = |stage| Referendum { number, stage, votes: None };
    let status = match info {
        Info::Ongoing(status) => status,
        Info::Approved(at, ..) => return ended(Stage::Approved { at }),
        Info::Rejected(at, ..) => return ended(Stage::Rejected { at }),
        Info::Cancelled(at, ..) => return ended(Stage::Cancelled { at }),
        Info::TimedOut(at, ..) => return ended(Stage::TimedOut { at }),
        Info::Killed(at) => return ended(Stage::Killed { at }),
    };
    let stage = match status.deciding {
        None => Stage::Preparing { submitted: status.submitted },
        Some(deciding) => match deciding.confirming {
            None => Stage::Deciding { since: deciding.since },
            Some(until) => Stage::Confirming { until },
        },
    };
    let proposal = match status.proposal {
        Bounded::Inline(call) => Proposal::Inline(call.0),
        Bounded::Lookup { hash, len } => Proposal::Noted { hash: hash.0, bytes: Some(len) },
        Bounded::Legacy { hash, .. } => Proposal::Noted { hash: hash.0, bytes: None },
        // Of no variant, but of what the type is made with.
        Bounded::__Ignore(..) => Proposal::Inline(Vec::new()),
    };
    let votes = Votes {
        track: status.track,
        proposal,
        ayes: status.tally.ayes,
        nays: status.tally.nays,
        support: status.tally.support,
        has_decision_deposit: status.decision_deposit.is_some(),
    };
    Referendum { number, stage, votes: Some(votes) }
}

/// The calls of whoever proposes and votes.
pub mod calls {
    use cairn_protocol::id::Amount;
    use subxt::tx::StaticPayload;

    use super::{Proposal, Track};
    use crate::{
        chain::{
            self,
            conviction_voting::calls as voting,
            preimage::calls as preimage,
            referenda::calls as referenda,
            runtime_types::{
                bounded_collections::bounded_vec::BoundedVec,
                cairn_runtime::{configs::governance::origins::pallet::Origin, OriginCaller},
                frame_support::{
                    dispatch::RawOrigin,
                    traits::{preimages::Bounded, schedule::DispatchTime},
                },
                pallet_conviction_voting::vote::{AccountVote, Vote},
            },
        },
        config::H256,
    };

    /// What the highest bit of a vote says.
    const AYE: u8 = 0x80;

    /// Keeps a call on the chain that is too long for a proposal.
    pub fn note(call: Vec<u8>) -> StaticPayload<preimage::NotePreimage> {
        chain::tx().preimage().note_preimage(call)
    }

    /// Proposes a call, to be made so many blocks after it is approved, at the earliest.
    pub fn propose(
        track: Track,
        proposal: Proposal,
        after: u32,
    ) -> StaticPayload<referenda::Submit> {
        let origin = match track {
            Track::Root => OriginCaller::system(RawOrigin::Root),
            Track::Treasurer => OriginCaller::Origins(Origin::Treasurer),
            Track::EmergencyStop => OriginCaller::Origins(Origin::EmergencyStop),
        };
        let call = match proposal {
            Proposal::Inline(call) => Bounded::Inline(BoundedVec(call)),
            Proposal::Noted { hash, bytes } => {
                Bounded::Lookup { hash: H256(hash), len: bytes.unwrap_or_default() }
            }
        };
        chain::tx().referenda().submit(origin, call, DispatchTime::After(after))
    }

    /// Pays for a decision; it comes back whenever that was made.
    pub fn place_deposit(referendum: u32) -> StaticPayload<referenda::PlaceDecisionDeposit> {
        chain::tx().referenda().place_decision_deposit(referendum)
    }

    /// Votes with so much, which counts as often as the conviction says, from 1 to 6, and is locked
    /// for longer the higher that is; 0 counts a tenth and locks nothing.
    pub fn vote(
        referendum: u32,
        aye: bool,
        conviction: u8,
        balance: Amount,
    ) -> StaticPayload<voting::Vote> {
        let vote = Vote(if aye { conviction | AYE } else { conviction });
        chain::tx().conviction_voting().vote(referendum, AccountVote::Standard { vote, balance })
    }

    /// Takes a vote back.
    pub fn unvote(referendum: u32) -> StaticPayload<voting::RemoveVote> {
        chain::tx().conviction_voting().remove_vote(None, referendum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn track_should_be_known_by_its_number() {
        for track in Track::ALL {
            assert_eq!(Track::of(track.number()), Some(track));
        }
        assert_eq!(Track::of(3), None);
    }

    #[test]
    fn proposal_should_name_a_call_that_is_too_long_for_it() {
        assert_eq!(Proposal::of(&[1; 128]), Proposal::Inline(vec![1; 128]));
        let hash = Blake2Hasher::hash(&[1; 129]).0;
        assert_eq!(Proposal::of(&[1; 129]), Proposal::Noted { hash, bytes: Some(129) });
    }

    #[test]
    fn vote_should_have_its_side_in_the_highest_bit() {
        for (aye, conviction, byte) in [(true, 1, 0x81), (false, 6, 6), (true, 0, 0x80)] {
            let call = calls::vote(7, aye, conviction, 5);
            assert_eq!((call.pallet_name(), call.call_name()), ("ConvictionVoting", "vote"));
            let shown = format!("{:?}", call.call_data());
            assert!(shown.contains(&format!("Vote({byte})")), "{shown}");
        }
    }
}
