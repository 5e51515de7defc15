//! Everything that anyone may try in any stage, in time and after it, against a description in plain
//! words that shares no rule with the pallet.

use super::mock::*;
use crate::{types::*, Error};
use cairn_protocol::id::ProviderId;
use frame_support::{
    assert_ok,
    storage::{with_transaction, TransactionOutcome},
};
use sp_runtime::DispatchError;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    Commit,
    Reveal,
    Poke,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Who {
    Guard,
    /// The operator of a provider that has no seat.
    Outsider,
    Nobody,
}

struct Scene {
    guard: ProviderId,
    outsider: ProviderId,
}

fn scene(stage: Stage) -> Scene {
    crowd(3);
    open(CASE);
    let guard = if stage > Stage::Drawing {
        run(SEED);
        guards()[0]
    } else {
        ProviderId(0)
    };
    if stage > Stage::Commits {
        guards().into_iter().for_each(|one| commit(one, &measured(1)));
    }
    if stage > Stage::Reveals {
        guards().into_iter().for_each(|one| reveal(one, &measured(1)));
    }
    assert_eq!(panel().stage, stage);
    Scene { guard, outsider: crowd(1)[0] }
}

impl Scene {
    /// Does it as well as it can be done, and undoes it after.
    fn try_out(&self, act: Act, who: Who) -> Result<(), DispatchError> {
        let (account, guard) = match who {
            Who::Guard => (operator(self.guard), self.guard),
            Who::Outsider => (operator(self.outsider), self.outsider),
            Who::Nobody => (BOB, self.guard),
        };
        let origin = signed(account);
        let told = (Cases::get(), Heard::get(), Paid::get());
        let mut done = Ok(());
        let undone = with_transaction(|| {
            let call = match act {
                Act::Commit => {
                    Panels::commit(origin, PANEL, commitment_of(PANEL, guard, &measured(1)))
                }
                Act::Reveal => Panels::reveal(origin, PANEL, measured(1), SALT),
                Act::Poke => Panels::poke(origin, PANEL),
            };
            done = call.map(|_| ()).map_err(|refused| refused.error);
            TransactionOutcome::Rollback(Ok::<_, DispatchError>(()))
        });
        assert_ok!(undone);
        Cases::set(told.0);
        Heard::set(told.1);
        Paid::set(told.2);
        done
    }
}

fn expected(stage: Stage, act: Act, who: Who, late: bool) -> Result<(), Error<Test>> {
    let its_stage = match act {
        Act::Commit => Stage::Commits,
        Act::Reveal => Stage::Reveals,
        Act::Poke => stage,
    };
    let all_committed = matches!(stage, Stage::Reveals | Stage::Window);
    match (act, who) {
        (Act::Commit, Who::Guard) if all_committed => Err(Error::CommittedAlready),
        _ if stage != its_stage => Err(Error::WrongStage),
        (Act::Poke, _) if late => Ok(()),
        (Act::Poke, _) => Err(Error::TooEarly),
        _ if late => Err(Error::TooLate),
        (_, Who::Nobody) => Err(Error::NotAnOperator),
        (_, Who::Outsider) => Err(Error::NotTakingPart),
        (_, Who::Guard) => Ok(()),
    }
}

#[test]
fn every_call_should_be_taken_from_whom_it_may_come_and_when() {
    let everyone = [Who::Guard, Who::Outsider, Who::Nobody];
    let times = Stage::ALL.into_iter().flat_map(|stage| [(stage, false), (stage, true)]);
    for (stage, late) in times {
        execute(|| {
            let scene = scene(stage);
            while late && now() <= panel().due {
                full_block();
            }
            let acts = [Act::Commit, Act::Reveal, Act::Poke];
            for (act, who) in acts.into_iter().flat_map(|act| everyone.map(|who| (act, who))) {
                let wanted = expected(stage, act, who, late).map_err(DispatchError::from);
                let say = format!("{act:?} of {who:?} in {stage:?}, late: {late}");
                assert_eq!(scene.try_out(act, who), wanted, "{say}");
            }
        });
    }
}
