//! What a task costs, and what of it the chain takes.

use super::reference::{Account, World, DUST};
use crate::tests::mock::{BOB, LICENSED, MODEL, PRICE, PRICED};
use cairn_protocol::{
    id::{Amount, BlockId},
    job::{JobKind, Policy, Terms},
};
use codec::Encode;

/// How many may look at the result, at most: nobody where all of several have to say the same.
pub(super) fn guards(terms: &Terms) -> Amount {
    match terms.policy {
        Policy::Outcome { guards, .. } => guards.into(),
        Policy::Proven | Policy::Tolerance { .. } if terms.redundancy > 1 => 0,
        _ if terms.auditable => 9,
        _ => 0,
    }
}

/// What is held for the room a task may take: five for each entry, and one for each byte in it, as
/// they are encoded where accounts have eight bytes.
fn deposit(terms: &Terms) -> Amount {
    let exact = matches!(terms.policy, Policy::Proven | Policy::Tolerance { .. });
    let first = Amount::from(terms.redundancy);
    let workers = if exact && first > 1 { 9 } else { first };
    let guards = guards(terms);
    let members = workers + guards;
    let keys = if terms.seal.is_some() { members } else { 0 };
    // Complaints, or the record of an audit and its place on an agenda.
    let (more, beside) = match terms.policy {
        _ if guards == 0 => (1, 137),
        Policy::Tolerance { .. } => (2, 877 + 300 * members),
        _ => (2, 651 + 74 * members),
    };
    let record = 437 + 47 * workers;
    let answer = 302 + Amount::from(terms.output_bytes.max(40));
    let fixed = record + terms.encoded_size() as Amount + beside;
    5 * (4 + more + workers + keys) + fixed + workers * answer + keys * 1_283
}

/// What the author of a model asks of an account for a use, if that one may use it.
fn price_of(model: BlockId, who: Account) -> Option<Amount> {
    match model {
        MODEL => Some(0),
        PRICED => Some(PRICE),
        LICENSED if who == BOB => Some(0),
        _ => None,
    }
}

impl World {
    /// Whether the chain takes this task; what it then costs.
    pub(super) fn price(&self, who: Account, terms: &Terms) -> Option<[Amount; 5]> {
        let (now, job, workers) = (self.now(), &terms.job, terms.redundancy);
        let key_time = terms.seal.map_or(5, |seal| seal.key_blocks);
        let in_time = terms.match_by > now
            && terms.match_by <= now + 1_000
            && (5..=500).contains(&terms.work_blocks)
            && (5..=50).contains(&key_time);
        let countable = [1, 3, 5, 7, 9].contains(&workers);
        let (modelled, judged) = match (job.kind, terms.policy) {
            (JobKind::Infer, Policy::Tolerance { .. }) => (true, !job.sampled || workers == 1),
            (JobKind::Embed, Policy::Tolerance { .. })
            | (JobKind::Infer | JobKind::Embed | JobKind::Evaluate, Policy::Proven) => {
                (true, !job.sampled)
            }
            (JobKind::Simulate | JobKind::Wasm, Policy::Replicated) => (false, !job.sampled),
            (JobKind::Train, Policy::Outcome { guards, .. }) => {
                (true, !job.sampled && workers == 1 && [3, 5, 7, 9].contains(&guards))
            }
            _ => return None,
        };
        let price = match job.model {
            Some(model) if modelled => price_of(model, who)?,
            None if !modelled => 0,
            _ => return None,
        };
        let runs = job.units > 0;
        let small = terms.encoded_size() <= 2_048 && terms.output_bytes <= 2_048;
        let paid = terms.reward >= 100 * Amount::from(workers);
        if self.stopped.is_some() || !(in_time && countable && judged && runs && small && paid) {
            return None;
        }
        let earned = terms.reward.checked_add(terms.tip)?;
        let fee = earned / 100 + 10;
        let reserve = match terms.policy {
            Policy::Proven | Policy::Tolerance { .. } if workers > 1 => {
                terms.reward.checked_mul(9)? / Amount::from(workers) - terms.reward
            }
            _ => 0,
        };
        let held = [earned, fee, deposit(terms), reserve, price];
        let whole = held.iter().try_fold(DUST, |sum, part| sum.checked_add(*part))?;
        (self.free[&who] >= whole).then_some(held)
    }
}
