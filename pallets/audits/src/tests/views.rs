use super::mock::*;
use cairn_protocol::{audit::record::AuditWaitsFor, id::TaskId, job::Policy};
use frame_support::assert_ok;

fn waits_for() -> AuditWaitsFor {
    Audits::audit_of(TASK).expect("it is under way").waits_for
}

#[test]
fn audit_of_should_say_who_must_act() {
    execute(|| {
        let worker = worker();
        crowd(3);
        begin(TASK, cairn_seams::Brief { sealed: true, ..brief(Policy::Proven, &[worker]) });
        assert_eq!(Audits::audit_of(TaskId(9)), None);
        assert_eq!(waits_for(), AuditWaitsFor::Chain);
        run(SEED);
        let all = guards();
        assert_eq!(waits_for(), AuditWaitsFor::Keys(all.clone()));
        for guard in &all {
            assert_ok!(Audits::post_key(signed(ALICE), TASK, *guard, key()));
        }
        let everyone = [all.clone(), vec![worker]].concat();
        assert_eq!(waits_for(), AuditWaitsFor::Commitments(everyone.clone()));
        commit(all[0], &same());
        assert_eq!(waits_for(), AuditWaitsFor::Commitments(everyone[1..].to_vec()));
        everyone[1..].iter().for_each(|one| commit(*one, &same()));
        reveal(worker, &same());
        assert_eq!(waits_for(), AuditWaitsFor::Reveals(all.clone()));
        all.iter().for_each(|one| reveal(*one, &same()));
        let view = Audits::audit_of(TASK).expect("it is under way");
        assert_eq!(view.waits_for, AuditWaitsFor::Unmasking);
        assert_eq!((view.begun, view.round, view.due), (1, 1, now() + 15));
        assert_eq!((view.guards, view.workers), (all, vec![worker]));
    });
}
