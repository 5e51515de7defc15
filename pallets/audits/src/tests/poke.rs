use super::mock::*;
use crate::{types::*, Error};
use cairn_protocol::{audit::Verdict, id::TaskId, job::Policy};
use cairn_seams::Brief;
use frame_support::assert_ok;

fn poke(task: TaskId) -> Result<(), sp_runtime::DispatchError> {
    Audits::poke(signed(BOB), task).map(|_| ()).map_err(|failed| failed.error)
}

#[test]
fn poke_should_move_an_audit_on_while_blocks_are_full() {
    execute(|| {
        let worker = worker();
        crowd(3);
        begin(TASK, brief(Policy::Proven, &[worker]));
        assert_eq!(poke(TaskId(9)), Err(Error::<Test>::UnknownAudit.into()));
        assert_eq!(poke(TASK), Err(Error::<Test>::TooEarly.into()));
        (0..17).for_each(|_| full_block());
        assert_ok!(poke(TASK));
        assert_eq!(audit().stage, Stage::Commits);
        assert_eq!(poke(TASK), Err(Error::<Test>::TooEarly.into()));
        guards().into_iter().chain([worker]).for_each(|one| commit(one, &same()));
        guards().into_iter().for_each(|one| reveal(one, &same()));
        (0..11).for_each(|_| full_block());
        assert_ok!(poke(TASK));
        assert_eq!(audit().stage, Stage::Unmasking);
        (0..16).for_each(|_| full_block());
        assert_ok!(poke(TASK));
        assert_eq!(heard(), (Verdict::Withheld, vec![worker]));
    });
}

#[test]
fn poke_should_cost_what_it_does() {
    execute(|| {
        drawn(Policy::Proven);
        (0..21).for_each(|_| full_block());
        let done = Audits::poke(signed(BOB), TASK).expect("it is overdue");
        let expected =
            <() as crate::WeightInfo>::poke().saturating_add(<() as crate::WeightInfo>::close(3));
        assert_eq!(done.actual_weight, Some(expected));
    });
}

#[test]
fn poke_should_cost_more_when_others_were_outvoted() {
    execute(|| {
        let workers: Vec<_> = (0..3).map(|_| worker()).collect();
        crowd(3);
        let of_five = brief(Policy::Replicated, &workers);
        begin(TASK, Brief { redundancy: 5, contested: true, ..of_five }).expect("it is audited");
        run(SEED);
        let members: Vec<_> = workers.into_iter().chain(guards()).collect();
        assert_eq!(members.len(), 6);
        members.iter().for_each(|one| commit(*one, &same()));
        members.iter().for_each(|one| reveal(*one, &same()));
        assert_eq!(audit().stage, Stage::Unmasking);
        (0..=audit().due.saturating_sub(now())).for_each(|_| full_block());
        let done = Audits::poke(signed(BOB), TASK).expect("it is overdue");
        let poke = <() as crate::WeightInfo>::poke();
        let expected = poke.saturating_add(<() as crate::WeightInfo>::conclude(5));
        assert_eq!(done.actual_weight, Some(expected));
        assert_eq!(heard(), (Verdict::Confirmed, Vec::new()));
    });
}

#[test]
fn audits_should_be_served_in_their_order_when_there_are_many() {
    execute(|| {
        let worker = worker();
        for id in 0..40 {
            begin(TaskId(id), brief(Policy::Proven, &[worker]));
        }
        // Nobody is there to look, so each passes in its third draw; sixteen looks a block.
        run(3 * SEED + 12);
        assert_eq!(Heard::get().len(), 40);
    });
}
