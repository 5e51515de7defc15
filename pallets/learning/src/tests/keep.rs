use super::mock::*;
use crate::{types::*, Artifacts, Event};
use cairn_protocol::{
    id::{DeltaId, File},
    learning::evaluation::Evaluation,
};
use cairn_seams::{OnReleased as _, Purse as _};
use frame_support::assert_ok;

fn evaluation(id: DeltaId) -> Evaluation {
    delta(id).evaluation().expect("it was measured")
}

/// One of Carol's that is better.
fn passed() -> DeltaId {
    let id = handed_in();
    judge(id, better);
    assert_eq!(stage(id), (Stage::Keeping, None));
    id
}

#[test]
fn a_delta_should_be_laid_and_paid_when_it_is_kept() {
    execute(|| {
        let before = free(CAROL);
        let base = head_of(&place(A));
        let id = passed();
        let due = delta(id).due;
        let file = File { id: evaluation(id).candidate, bytes: base.file.bytes };
        assert_eq!(known().asked, [(id, file)]);
        System::assert_has_event(Event::Passed { delta: id, file, due }.into());
        assert_eq!(head_of(&place(A)).file, base.file, "nothing moves before it is kept");
        assert!(known().reserved.is_empty() && known().paid.is_empty());

        keep(id);
        assert_eq!(stage(id), (Stage::Laid, Some(Reason::Accepted)));
        let head = head_of(&place(A));
        let block = delta(id).header.id();
        assert_eq!((head.block, head.file, head.judged), (block, file, 0));
        assert_eq!(known().paid, [(id, REWARD)]);
        let losses = vec![(DATA, 2_000_000, 1_800_000)];
        assert_eq!((known().successes, known().losses), (1, losses));
        let (gain, reward) = (GAIN, REWARD);
        let event = Event::DeltaLaid { delta: id, block, gain, reward, waits: false };
        System::assert_has_event(event.into());
        // What its name costs for good, and the block; the rest of the deposit is for the record.
        assert_eq!(held(CAROL), DEPOSIT - 30);
        run(403);
        assert_eq!(Learning::delta_view(id), None);
        assert_eq!((held(CAROL), free(CAROL)), (0, before + REWARD - 30 - BLOCK_DEPOSIT));
        let taken = Artifacts::<Test>::get(place(A), delta_artifact());
        assert_eq!(taken, Some(Taken::Laid(id)));
    });
}

fn delta_artifact() -> cairn_protocol::id::ContentId {
    header(CAROL, A, 20).artifact.id
}

#[test]
fn a_reward_should_go_by_gain_difficulty_and_what_there_is() {
    execute(|| {
        Difficulty::set(3_000_000);
        let id = passed();
        keep(id);
        assert_eq!(delta(id).reward, 3 * REWARD);
        Budget::set(7);
        let id = hand_in(&[header(CAROL, A, 21)])[0];
        lay(id);
        assert_eq!(delta(id).reward, 7);
        Budget::set(0);
        let id = hand_in(&[header(CAROL, A, 22)])[0];
        lay(id);
        assert_eq!((delta(id).reward, delta(id).gain), (0, GAIN));
    });
}

#[test]
fn a_delta_should_lapse_when_nobody_keeps_it() {
    for told in [false, true] {
        execute(|| {
            let base = head_of(&place(A));
            let id = passed();
            if told {
                use cairn_seams::Kept;
                Learning::unkept(id);
                run(2);
            } else {
                run(u64::from(delta(id).due - now()));
                assert_eq!(stage(id).0, Stage::Keeping);
                run(2);
            }
            assert_eq!(stage(id), (Stage::Lapsed, Some(Reason::NotKept)));
            assert_eq!((head_of(&place(A)).block, held(CAROL)), (base.block, DEPOSIT));
            assert!(known().asked.is_empty() && known().paid.is_empty());
            // It was better, and may be handed in again.
            lay(hand_in(&[header(CAROL, A, 20)])[0]);
        });
    }
}

#[test]
fn keepers_should_be_able_to_answer_at_once() {
    for (answer, expected) in [(true, Stage::Laid), (false, Stage::Lapsed)] {
        execute(|| {
            AtOnce::set(Some(answer));
            let id = handed_in();
            judge(id, better);
            assert_eq!(stage(id).0, expected);
        });
    }
}

#[test]
fn nobody_should_be_heard_who_keeps_what_is_not_asked_for() {
    use cairn_seams::Kept;
    execute(|| {
        let id = handed_in();
        Learning::kept(id);
        Learning::kept(DeltaId(99));
        run(3);
        assert_eq!(stage(id), (Stage::Judging, None));
        assert_eq!(delta(id).kept, None);
    });
}

#[test]
fn a_reward_should_wait_when_examples_are_known() {
    for (records, seals, waits) in
        [(true, true, true), (true, false, false), (false, true, false), (false, false, false)]
    {
        execute(|| {
            OnRecords::set(records);
            Waits::set(seals);
            let base = head_of(&place(A)).block;
            let id = passed();
            keep(id);
            assert_eq!(delta(id).waits, waits);
            let paid = known().paid.iter().map(|(_, amount)| *amount).sum::<u128>();
            assert_eq!(paid, if waits { 0 } else { REWARD });
            // Heard before the head moved.
            let noted = if waits { vec![(id, GAIN, base)] } else { vec![] };
            assert_eq!(known().noted, noted);
        });
    }
}

#[test]
fn no_reward_should_wait_when_nothing_was_put_aside() {
    execute(|| {
        OnRecords::set(true);
        Waits::set(true);
        Budget::set(0);
        let ids = tower(A, 20, 2);
        assert!(known().noted.is_empty(), "it takes no place among those that wait");
        assert!(ids.iter().all(|id| !delta(*id).waits && delta(*id).reward == 0));
        let block = delta(ids[1]).header.id();
        let laid = Event::DeltaLaid { delta: ids[1], block, gain: GAIN, reward: 0, waits: false };
        System::assert_has_event(laid.into());
        // So nobody keeps the first one for its reward.
        assert_eq!(asked(), [ids[1]]);
    });
}

#[test]
fn a_reward_should_wait_when_the_model_is_judged_on_a_generator_since() {
    execute(|| {
        OnRecords::set(true);
        Waits::set(true);
        let id = passed();
        Chosen::set(GENERATED);
        keep(id);
        assert_eq!(stage(id).0, Stage::Laid);
        assert!(delta(id).waits && known().paid.is_empty());
    });
}

#[test]
fn keepers_should_be_let_go_when_the_next_is_laid_and_nothing_waits() {
    execute(|| {
        let ids = tower(A, 20, 2);
        assert_eq!(known().asked.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [ids[1]]);
        OnRecords::set(true);
        Waits::set(true);
        let held = tower(A, 30, 2);
        // Both rewards wait.
        assert_eq!(known().asked.iter().map(|(id, _)| *id).collect::<Vec<_>>(), held);
    });
}

/// The reward of a delta is paid, having waited.
pub(crate) fn settle(id: DeltaId) {
    amend(|known| known.noted.retain(|(one, _, _)| *one != id));
    Till::release(id, 1_000_000);
    Learning::released(id);
}

/// Whose files keepers are asked for.
fn asked() -> Vec<DeltaId> {
    known().asked.iter().map(|(id, _)| *id).collect()
}

#[test]
fn keepers_should_be_let_go_when_nothing_waits_any_more_and_the_head_has_moved() {
    execute(|| {
        OnRecords::set(true);
        Waits::set(true);
        let ids = tower(A, 20, 2);
        assert_eq!(asked(), ids);
        settle(ids[0]);
        assert_eq!(asked(), [ids[1]]);
        assert!(!delta(ids[0]).waits && delta(ids[1]).waits);
        // The head is kept until the next is laid, whether anything waits for it or not.
        settle(ids[1]);
        assert_eq!(asked(), [ids[1]]);
        let next = tower(A, 30, 1);
        assert_eq!(asked(), next);
        publish(MODEL, A);
        assert_eq!(asked(), next);
        settle(next[0]);
        assert!(asked().is_empty(), "another is the head");
    });
}

#[test]
fn the_record_of_a_delta_should_be_kept_as_long_as_its_reward_waits() {
    execute(|| {
        OnRecords::set(true);
        Waits::set(true);
        let ids = tower(A, 20, 2);
        run(1_000);
        assert_eq!((stage(ids[0]).0, stage(ids[1]).0), (Stage::Laid, Stage::Laid));
        assert_eq!(asked(), ids);
        ids.iter().for_each(|id| settle(*id));
        run(403);
        assert!(ids.iter().all(|id| Learning::delta_view(*id).is_none()));
        // Nothing is known of the head but whose it is.
        assert_eq!(asked(), [ids[1]]);
        let next = tower(A, 30, 1);
        assert_eq!(asked(), next);
        next.into_iter().for_each(settle);
    });
}

#[test]
fn keepers_should_be_let_go_when_the_next_is_laid_on_what_was_published_anew() {
    execute(|| {
        let id = tower(A, 20, 1)[0];
        publish(MODEL, A);
        assert_eq!(asked(), [id]);
        let next = tower(A, 30, 1);
        assert_eq!(asked(), next);
        assert_eq!(delta(id).above, None, "it is on something else");
    });
}

#[test]
fn laying_should_need_nothing_but_what_was_put_aside() {
    execute(|| {
        let id = passed();
        let spare = free(CAROL) - 100;
        assert_ok!(Balances::transfer_keep_alive(signed(CAROL), BOB, spare));
        keep(id);
        assert_eq!(stage(id).0, Stage::Laid);
    });
}

#[test]
fn a_delta_should_be_stale_when_the_register_does_not_take_it() {
    execute(|| {
        OnRecords::set(true);
        Waits::set(true);
        let before = free(CAROL);
        let id = passed();
        Refuses::set(true);
        keep(id);
        assert_eq!(stage(id), (Stage::Stale, Some(Reason::Superseded)));
        // Nothing of it is left.
        assert_eq!((held(CAROL), free(CAROL)), (DEPOSIT, before - DEPOSIT));
        assert!(known().noted.is_empty() && known().asked.is_empty());
    });
}
