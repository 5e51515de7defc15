//! Everything that anyone may try in any stage, in time and after it, against a description in plain
//! words that shares no rule with the pallet.

use super::mock::*;
use crate::{types::*, Error};
use cairn_protocol::{id::ProviderId, job::Policy};
use frame_support::{
    assert_ok,
    storage::{with_transaction, TransactionOutcome},
};
use sp_runtime::DispatchError;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    PostKey,
    RejectKey,
    Commit,
    Reveal,
    Unmask,
    Poke,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Who {
    Requester,
    Guard,
    Worker,
    /// The operator of a provider that takes no part.
    Outsider,
    Nobody,
}

struct Scene {
    guard: ProviderId,
    worker: ProviderId,
    outsider: ProviderId,
    planter: ProviderId,
}

/// A planted result of a sealed task, with everyone ready for what comes next.
fn scene(stage: Stage) -> Scene {
    let (worker, outsider) = (worker(), super::mock::worker());
    crowd(5);
    let planter = planter();
    assert_ok!(Audits::plant(by(planter), note(planter, worker)));
    run(1);
    // Of a policy that compares no traces, so that guards who agree can be unmasked.
    begin(TASK, cairn_seams::Brief { sealed: true, ..brief(Policy::Replicated, &[worker]) });
    if stage > Stage::Drawing {
        run(SEED);
    }
    let guards: Vec<_> = guards();
    let all = || guards.iter().copied().chain([worker]);
    if stage > Stage::Keys {
        for guard in &guards {
            assert_ok!(Audits::post_key(signed(ALICE), TASK, *guard, key()));
        }
    }
    if stage > Stage::Commits {
        all().for_each(|one| commit(one, &same()));
    }
    if stage > Stage::Reveals {
        all().for_each(|one| reveal(one, &same()));
    }
    assert_eq!(audit().stage, stage);
    let guard = guards.first().copied().unwrap_or(ProviderId(2));
    Scene { guard, worker, outsider, planter }
}

impl Scene {
    fn account(&self, who: Who) -> AccountId {
        match who {
            Who::Requester => ALICE,
            Who::Guard => operator(self.guard),
            Who::Worker => operator(self.worker),
            Who::Outsider => operator(self.outsider),
            Who::Nobody => BOB,
        }
    }

    /// Does it as well as it can be done.
    fn attempt(&self, act: Act, who: Who) -> Result<(), DispatchError> {
        let origin = signed(self.account(who));
        let provider = match who {
            Who::Worker => self.worker,
            Who::Outsider => self.outsider,
            _ => self.guard,
        };
        let plain = |done: frame_support::dispatch::DispatchResultWithPostInfo| {
            done.map(|_| ()).map_err(|refused| refused.error)
        };
        match act {
            Act::PostKey => Audits::post_key(origin, TASK, self.guard, key()),
            Act::RejectKey => Audits::reject_key(origin, TASK),
            Act::Commit => plain(Audits::commit(origin, TASK, commitment(provider, &same()))),
            Act::Reveal => plain(Audits::reveal(origin, TASK, same(), SALT)),
            Act::Unmask => Audits::unmask(origin, TASK, self.planter, SALT),
            Act::Poke => plain(Audits::poke(origin, TASK)),
        }
    }

    /// Undoes it after.
    fn try_out(&self, act: Act, who: Who) -> Result<(), DispatchError> {
        let told = (Awaiting::get(), Heard::get());
        let mut done = Ok(());
        let undone = with_transaction(|| {
            done = self.attempt(act, who);
            TransactionOutcome::Rollback(Ok::<_, DispatchError>(()))
        });
        assert_ok!(undone);
        Awaiting::set(told.0);
        Heard::set(told.1);
        done
    }
}

fn expected(stage: Stage, act: Act, who: Who, late: bool) -> Result<(), Error<Test>> {
    let its_stage = match act {
        Act::PostKey => Stage::Keys,
        Act::RejectKey | Act::Commit => Stage::Commits,
        Act::Reveal => Stage::Reveals,
        Act::Unmask => Stage::Unmasking,
        Act::Poke => stage,
    };
    let all_committed = matches!(stage, Stage::Reveals | Stage::Unmasking);
    match (act, who) {
        (Act::Commit, Who::Guard | Who::Worker) if all_committed => Err(Error::CommittedAlready),
        _ if stage != its_stage => Err(Error::WrongStage),
        (Act::Poke, _) if late => Ok(()),
        (Act::Poke, _) => Err(Error::TooEarly),
        _ if late => Err(Error::TooLate),
        (Act::PostKey | Act::Unmask, Who::Requester) => Ok(()),
        (Act::PostKey | Act::Unmask, _) => Err(Error::NotTheRequester),
        (_, Who::Requester | Who::Nobody) => Err(Error::NotAnOperator),
        (_, Who::Outsider) | (Act::RejectKey, Who::Worker) => Err(Error::NotTakingPart),
        (_, Who::Guard | Who::Worker) => Ok(()),
    }
}

#[test]
fn every_call_should_be_taken_from_whom_it_may_come_and_when() {
    let acts = [Act::PostKey, Act::RejectKey, Act::Commit, Act::Reveal, Act::Unmask, Act::Poke];
    let everyone = [Who::Requester, Who::Guard, Who::Worker, Who::Outsider, Who::Nobody];
    let times = Stage::ALL.into_iter().flat_map(|stage| [(stage, false), (stage, true)]);
    for (stage, late) in times {
        execute(|| {
            let scene = scene(stage);
            while late && now() <= audit().due {
                full_block();
            }
            for (act, who) in acts.into_iter().flat_map(|act| everyone.map(|who| (act, who))) {
                let wanted = expected(stage, act, who, late).map_err(DispatchError::from);
                let say = format!("{act:?} of {who:?} in {stage:?}, late: {late}");
                assert_eq!(scene.try_out(act, who), wanted, "{say}");
            }
        });
    }
}
