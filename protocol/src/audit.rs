//! Whether a result is looked at again, who looks, and what is made of what they find.
//!
//! Several guards compute a result once more. All of them, and the workers, commit before anyone
//! opens, so nobody can repeat another. More than half of the guards drawn have to report, else
//! nothing was found out, and a result of which nothing was found out passes.

pub mod record;

use crate::{
    id::{Amount, Digest, ProviderId, Seed},
    job::{Policy, Requirements},
    preimage::Statement,
    profile::Candidate,
    result::Fingerprint,
    share::{mul_div, Ppm, WHOLE},
    tally::{measured, quorum, Measured},
    wire::wire,
};
use alloc::vec::Vec;
use codec::Encode;

wire! {
    /// What a guard found.
    pub enum Finding {
        /// What the answer should have been: [`crate::result::Answer::gist`].
        #[codec(index = 0)]
        Answer(Digest),
        /// What the fingerprint should have been like, for the policy Tolerance.
        #[codec(index = 1)]
        Fingerprint(Fingerprint),
        /// The loss of a trained delta in micro-nats, for the policy Outcome.
        #[codec(index = 2)]
        Loss(u64),
    }

    /// What a guard or a worker reveals in an audit.
    pub struct Report {
        pub finding: Finding,
        /// The root of the trace; all zero for the policy Tolerance, since float engines have none.
        pub trace: Digest,
    }

    /// How likely it is that a result is audited.
    #[derive(Copy)]
    pub struct Shares {
        /// That of a single worker.
        pub alone: Ppm,
        /// One that a majority agreed on against others.
        pub contested: Ppm,
        /// One that several workers agreed on.
        pub unanimous: Ppm,
    }

    /// What an audit comes to.
    #[derive(Copy, Hash)]
    pub enum Verdict {
        /// Nothing was found out, so the result stands.
        #[codec(index = 0)]
        Passed,
        /// Enough guards found the same.
        #[codec(index = 1)]
        Confirmed,
        /// The guards found something else, which proves nothing against the worker.
        #[codec(index = 2)]
        Contradicted,
        /// Enough guards found that the workers' hash is wrong.
        #[codec(index = 3)]
        Wrong,
        /// No worker showed its trace.
        #[codec(index = 4)]
        Withheld,
        /// The result was false, and known to be: guards were put to the test.
        #[codec(index = 5)]
        Unmasked,
        /// Guards could not measure what the task is paid for.
        #[codec(index = 6)]
        Unmeasured,
    }
}

impl Statement for Finding {
    const TAG: &'static str = "cairn/finding";
}

impl Verdict {
    /// Whether the result is paid.
    pub fn passes(self) -> bool {
        matches!(self, Self::Passed | Self::Confirmed)
    }

    /// What it says of the workers' accuracy.
    pub fn accurate(self) -> Option<bool> {
        match self {
            Self::Confirmed => Some(true),
            Self::Contradicted | Self::Wrong => Some(false),
            Self::Passed | Self::Withheld | Self::Unmasked | Self::Unmeasured => None,
        }
    }

    /// Whether it tells against who was outvoted, of those who [may be](may_convict_outvoted). That
    /// most said something else proves nothing; that guards found the same does.
    pub fn convicts_outvoted(self) -> bool {
        self == Self::Confirmed
    }
}

impl Report {
    /// What [`crate::preimage::AuditCommitment`] holds of it: an answer's digest, or that of
    /// whatever else was found.
    pub fn digest(&self, genesis: &Digest) -> Digest {
        match &self.finding {
            Finding::Answer(digest) => *digest,
            other => other.digest(genesis),
        }
    }

    /// Whether it is what guards are to report under that policy.
    pub fn fits(&self, policy: Policy) -> bool {
        match (policy, &self.finding) {
            (Policy::Proven | Policy::Replicated, Finding::Answer(_))
            | (Policy::Outcome { .. }, Finding::Loss(_)) => true,
            (Policy::Tolerance { .. }, Finding::Fingerprint(_)) => self.trace == Digest::default(),
            _ => false,
        }
    }

    /// Whether both found the same, as far as the policy compares it.
    fn agrees(&self, other: &Self, policy: Policy) -> bool {
        match (&self.finding, &other.finding, policy) {
            (Finding::Fingerprint(a), Finding::Fingerprint(b), Policy::Tolerance { within }) => {
                a.distance(b).is_some_and(|distance| distance <= within.into())
            }
            (a, b, _) => a == b,
        }
    }

    /// Whether both came to it in the same way. Only exact programs have one way.
    fn retraces(&self, other: &Self, policy: Policy) -> bool {
        self.agrees(other, policy)
            && (!matches!(policy, Policy::Proven) || self.trace == other.trace)
    }
}

/// Whether a result of such a task may ever be audited. Where several workers were asked, only a
/// majority of equal hashes needs it.
pub fn may_be(policy: Policy, redundancy: u8) -> bool {
    match policy {
        Policy::Replicated | Policy::Outcome { .. } => true,
        Policy::Proven | Policy::Tolerance { .. } => redundancy <= 1,
    }
}

/// Whether guards can convict who was outvoted: where more than half of equal hashes decide,
/// theirs do so too.
pub fn may_convict_outvoted(policy: Policy) -> bool {
    matches!(policy, Policy::Replicated)
}

/// How likely an agreed result is audited.
pub fn chance(policy: Policy, redundancy: u8, contested: bool, shares: &Shares) -> Ppm {
    if !may_be(policy, redundancy) {
        return 0;
    }
    match (policy, redundancy) {
        (Policy::Outcome { .. }, _) => WHOLE,
        (_, 0..=1) => shares.alone,
        _ if contested => shares.contested,
        _ => shares.unanimous,
    }
}

/// Whether a lot falls that does so with that chance.
pub fn falls(chance: Ppm, seed: &Seed) -> bool {
    let hash = sp_crypto_hashing::blake2_64(&(b"cairn/audit?", seed).encode());
    let lot = u64::from_le_bytes(hash).checked_rem(WHOLE.into());
    lot.is_some_and(|lot| lot < chance.into())
}

/// Whether a guard has what it takes to do the job again. What it would ask for a job, and how
/// fast it is, do not matter here.
pub fn fits(wanted: &Requirements, sealed: bool, candidate: &Candidate) -> bool {
    let has = &candidate.hardware;
    has.class >= wanted.class
        && has.memory_mib >= wanted.memory_mib
        && has.compute >= wanted.compute
        // What may be read only there may be read by guards only there.
        && wanted.within.is_none_or(|there| there == candidate.region)
        && (candidate.enclave || !wanted.enclave)
        && (candidate.sealable || !sealed)
        && candidate.load < has.slots
}

/// What each of `drawn` guards gets who reports: its part of a share of what a worker is offered,
/// which may be more than the whole.
pub fn pay(offered: Amount, share: Ppm, drawn: u8) -> Amount {
    let whole = Amount::from(WHOLE).saturating_mul(Amount::from(drawn.max(1)));
    mul_div(offered, share.into(), whole).unwrap_or(0)
}

/// What an audit says of its guards, too.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Judgement {
    pub verdict: Verdict,
    /// Whether each of those who reported was right, where that is known.
    pub guards: Vec<(ProviderId, Option<bool>)>,
}

/// Judges what `drawn` guards reported of a result that came with `claim`. None is missing of the
/// claim but its trace, where nobody was asked for one.
pub fn judge(
    policy: Policy,
    drawn: u8,
    claim: &Report,
    reports: &[(ProviderId, Report)],
) -> Judgement {
    let majority = Majority::of(policy, quorum(drawn), claim, reports);
    let known = |report| majority.as_ref().and_then(|majority| majority.knows(policy, report));
    let guards = reports.iter().map(|(guard, report)| (*guard, known(report))).collect();
    Judgement { verdict: verdict(policy, drawn, claim, reports), guards }
}

/// What more than half of the guards drawn found.
struct Majority<'a> {
    found: &'a Report,
    /// And how, if more than half came to it in the same way.
    retraced: Option<&'a Report>,
}

impl<'a> Majority<'a> {
    fn of(
        policy: Policy,
        enough: usize,
        claim: &'a Report,
        reports: &'a [(ProviderId, Report)],
    ) -> Option<Self> {
        let centres = || core::iter::once(claim).chain(reports.iter().map(|(_, report)| report));
        let most = |same: &dyn Fn(&Report) -> bool| {
            reports.iter().filter(|(_, report)| same(report)).count() >= enough
        };
        let found = centres().find(|centre| most(&|one| one.agrees(centre, policy)))?;
        let retraced = centres().find(|centre| {
            centre.agrees(found, policy) && most(&|one| one.retraces(centre, policy))
        });
        Some(Self { found, retraced })
    }

    /// Whether the guard of a report was right. Who found the same in another way may have been
    /// or not.
    fn knows(&self, policy: Policy, report: &Report) -> Option<bool> {
        if !report.agrees(self.found, policy) {
            return Some(false);
        }
        let retraces = self.retraced.is_some_and(|same| report.retraces(same, policy));
        retraces.then_some(true)
    }
}

fn verdict(policy: Policy, drawn: u8, claim: &Report, reports: &[(ProviderId, Report)]) -> Verdict {
    if let Policy::Outcome { target, .. } = policy {
        return match measured(target, drawn, &losses(reports)) {
            Measured::Met => Verdict::Confirmed,
            Measured::Missed => Verdict::Contradicted,
            Measured::Disagreed | Measured::Short => Verdict::Unmeasured,
        };
    }
    let enough = quorum(drawn);
    if reports.len() < enough {
        return Verdict::Passed;
    }
    let all = || reports.iter().map(|(_, report)| report);
    if all().filter(|report| report.retraces(claim, policy)).count() >= enough {
        return Verdict::Confirmed;
    }
    if matches!(policy, Policy::Replicated) {
        let wrong = all().any(|centre| {
            !centre.agrees(claim, policy)
                && all().filter(|report| report.agrees(centre, policy)).count() >= enough
        });
        return if wrong { Verdict::Wrong } else { Verdict::Passed };
    }
    // Here a majority convicts nobody: one who finds the same is enough to pass.
    let contradicted = all().all(|report| {
        !report.agrees(claim, policy) && all().all(|other| report.agrees(other, policy))
    });
    if contradicted {
        Verdict::Contradicted
    } else {
        Verdict::Passed
    }
}

/// Whether a guard found what the workers claim.
pub fn agrees(policy: Policy, claim: &Report, report: &Report) -> bool {
    report.agrees(claim, policy)
}

/// Whether a guard came to what the worker claims in the one way there is to it, which nobody can
/// know of an answer that is made up. Only exact programs have one.
pub fn retraced(policy: Policy, claim: &Report, report: &Report) -> bool {
    matches!(policy, Policy::Proven) && report.retraces(claim, policy)
}

/// Whether too few reported for the outcome to be known.
pub fn is_short(policy: Policy, drawn: u8, reports: &[(ProviderId, Report)]) -> bool {
    match policy {
        Policy::Outcome { target, .. } => {
            measured(target, drawn, &losses(reports)) == Measured::Short
        }
        _ => false,
    }
}

fn losses(reports: &[(ProviderId, Report)]) -> Vec<u64> {
    let loss = |(_, report): &(ProviderId, Report)| match report.finding {
        Finding::Loss(loss) => Some(loss),
        Finding::Answer(_) | Finding::Fingerprint(_) => None,
    };
    reports.iter().filter_map(loss).collect()
}

#[cfg(test)]
mod tests;
