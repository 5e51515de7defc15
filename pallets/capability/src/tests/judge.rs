use super::mock::*;
use crate::{types::*, *};
use cairn_protocol::{
    id::ProviderId,
    profile::{Availability, DeviceClass, Role},
    reputation::Average,
};
use cairn_seams::{Lane, Registry};
use frame_support::{assert_noop, assert_ok, traits::SafeModeNotify};
use pallet_cairn_providers::types::Obstacle;

/// What is known of a member's availability, before and after, at the kind it was drawn for.
fn availability(provider: ProviderId, id: ChallengeId) -> impl Fn() -> Average {
    let kind = challenge(id).member(provider).unwrap().kind;
    move || pallet_cairn_reputation::Records::<Test>::get(provider, kind).availability
}

/// Who is drawn to do the work of a class.
fn drawn_for(class: DeviceClass) -> Vec<ProviderId> {
    let drawn = Providers::sample(Lane::Holders(Role::Compute), class, 32, &[1; 32]);
    let mut drawn: Vec<_> = drawn.into_iter().map(|one| one.candidate.provider).collect();
    drawn.sort();
    drawn
}

fn pause(provider: ProviderId) {
    let signed = RuntimeOrigin::signed(owner(provider));
    assert_ok!(Providers::set_availability(signed, provider, Availability::Paused));
}

#[test]
fn judge_should_measure_who_agreed_by_the_blocks_it_took() {
    execute(|| {
        crowd(3, DeviceClass::Gpu);
        let id = challenged();
        let all = members(id);
        let known: Vec<_> = all.iter().map(|one| availability(*one, id)).collect();
        answer(id, vec![(all[0], 4), (all[1], 20), (all[2], 0)]);
        assert_eq!(measured(all[0]), (DeviceClass::Gpu, Some(5_000)));
        assert_eq!(measured(all[1]), (DeviceClass::Gpu, Some(1_000)));
        // Nothing is faster than a block.
        assert_eq!(measured(all[2]), (DeviceClass::Gpu, Some(20_000)));
        for (one, known) in all.iter().zip(known) {
            assert_eq!((obstacle(*one), card(*one).engagements), (None, 0));
            assert_ne!(known(), Average::default());
        }
    });
}

#[test]
fn accelerator_should_lose_its_class_when_it_is_slow_twice_in_a_row() {
    execute(|| {
        let all = crowd(3, DeviceClass::Accelerator);
        let slow = all[0];
        let round = |blocks| {
            let id = challenged();
            answer(id, vec![(slow, blocks), (all[1], 10), (all[2], 10)]);
        };
        // 21 blocks are one too many.
        round(21);
        assert_eq!(outcome(slow), Outcome::Agreed { throughput: Some(95_238) });
        assert_eq!(measured(slow), (DeviceClass::Accelerator, Some(100_000)));
        assert_eq!(drawn_for(DeviceClass::Accelerator), all);
        round(33);
        assert_eq!(measured(slow), (DeviceClass::LargeGpu, Some(60_606)));
        assert_eq!(drawn_for(DeviceClass::Accelerator), all[1..]);
        assert_eq!(drawn_for(DeviceClass::LargeGpu), all);
        // It is tried again as what it declares, and is no faster than it was.
        round(33);
        assert_eq!(measured(slow), (DeviceClass::LargeGpu, Some(60_606)));
        // Without others of that class it is challenged as what it is.
        all[1..].iter().for_each(|one| pause(*one));
        let others = crowd(2, DeviceClass::LargeGpu);
        let id = challenged();
        assert!(members(id).contains(&slow));
        assert_eq!(challenge(id).units, 200_000);
        answer(id, vec![(slow, 4), (others[0], 4), (others[1], 4)]);
        assert_eq!(measured(slow), (DeviceClass::LargeGpu, Some(50_000)));
    });
}

#[test]
fn accelerator_should_get_its_class_back_when_it_is_measured_to_be_one() {
    execute(|| {
        let all = crowd(3, DeviceClass::Accelerator);
        Providers::note_throughput(all[0], 10_000);
        let id = challenged();
        assert_eq!(challenge(id).class, DeviceClass::Accelerator);
        answer(id, all.iter().map(|one| (*one, 20)).collect());
        assert_eq!(measured(all[0]), (DeviceClass::Accelerator, Some(100_000)));
    });
}

#[test]
fn class_should_be_regained_by_the_job_of_the_class_below_where_that_is_fast_enough() {
    execute(|| {
        let all = crowd(3, DeviceClass::Accelerator);
        all.iter().skip(1).for_each(|one| pause(*one));
        Providers::note_throughput(all[0], 10_000);
        let others = crowd(2, DeviceClass::LargeGpu);
        let id = challenged();
        assert_eq!(challenge(id).class, DeviceClass::LargeGpu);
        answer(id, vec![(all[0], 2), (others[0], 2), (others[1], 2)]);
        assert_eq!(measured(all[0]), (DeviceClass::Accelerator, Some(100_000)));
        // Others have not declared to be more.
        assert_eq!(measured(others[0]), (DeviceClass::LargeGpu, Some(100_000)));
    });
}

#[test]
fn rising_should_take_the_third_seat_and_no_other() {
    execute(|| {
        let all = crowd(4, DeviceClass::Gpu);
        let fallen = [crowd(1, DeviceClass::Gpu), crowd(1, DeviceClass::Accelerator)].concat();
        fallen.iter().for_each(|one| Providers::note_throughput(*one, 500));
        let mut seated = 0;
        for _ in 0..20 {
            let id = challenged();
            let rising = members(id).iter().filter(|one| fallen.contains(one)).count();
            assert_eq!((challenge(id).class, rising), (DeviceClass::Gpu, 1));
            seated += usize::from(members(id).contains(&fallen[0]));
            // The fallen are no faster than they were measured.
            let blocks = |one: &ProviderId| if all.contains(one) { 10 } else { 39 };
            answer(id, members(id).iter().map(|one| (*one, blocks(one))).collect());
        }
        assert!((2..=18).contains(&seated), "{seated}");
        assert!(fallen.iter().all(|one| measured(*one) == (DeviceClass::SmallGpu, Some(512))));
        run(100);
    });
}

/// Where the lowest class has a job that proves nothing, as it has where its floor is zero.
#[test]
fn provider_should_rise_out_of_the_lowest_class() {
    execute(|| {
        let all = crowd(3, DeviceClass::SmallGpu);
        let fallen = all[0];
        Providers::note_throughput(fallen, 1);
        assert_eq!(measured(fallen).0, DeviceClass::Cpu);
        let id = challenged();
        assert_eq!(challenge(id).class, DeviceClass::SmallGpu);
        answer(id, all.iter().map(|one| (*one, 20)).collect());
        assert_eq!(measured(fallen), (DeviceClass::SmallGpu, Some(100)));
    });
}

#[test]
fn fallen_should_rise_together_where_nobody_is_left_above() {
    execute(|| {
        let all = crowd(3, DeviceClass::Gpu);
        all.iter().for_each(|one| Providers::note_throughput(*one, 0));
        assert!(all.iter().all(|one| measured(*one).0 == DeviceClass::Cpu));
        let id = loop {
            let id = challenged();
            if challenge(id).class == DeviceClass::SmallGpu {
                break id;
            }
            // The lowest class has a floor that everything reaches.
            assert_eq!(challenge(id).class, DeviceClass::Cpu);
            answer(id, all.iter().map(|one| (*one, 30)).collect());
        };
        answer(id, all.iter().map(|one| (*one, 1)).collect());
        assert!(all.iter().all(|one| measured(*one) == (DeviceClass::Gpu, Some(2_000))));
    });
}

#[test]
fn one_slow_answer_should_be_forgotten_when_the_next_one_is_not() {
    execute(|| {
        let all = crowd(3, DeviceClass::Accelerator);
        let round = |blocks| {
            let id = challenged();
            answer(id, all.iter().map(|one| (*one, blocks)).collect());
        };
        for _ in 0..3 {
            round(40);
            assert_eq!(measured(all[0]), (DeviceClass::Accelerator, Some(100_000)));
            round(10);
            assert_eq!(measured(all[0]), (DeviceClass::Accelerator, Some(200_000)));
        }
    });
}

#[test]
fn silent_member_should_be_unavailable_until_its_heartbeat_and_not_penalised() {
    execute(|| {
        let all = crowd(4, DeviceClass::Gpu);
        let id = challenged();
        let drawn = members(id);
        let known = availability(drawn[0], id);
        let bond = card(drawn[0]).bond;
        answer(id, vec![(drawn[1], 5), (drawn[2], 5)]);
        assert_eq!(outcome(drawn[0]), Outcome::Silent);
        assert_eq!(outcome(drawn[1]), Outcome::Agreed { throughput: Some(4_000) });
        assert_eq!(obstacle(drawn[0]), Some(Obstacle::Missed));
        assert_ne!(known(), Average::default());
        // In doubt, and of its class.
        assert_eq!(measured(drawn[0]), (DeviceClass::Gpu, Some(1_000)));
        // Neither work nor challenges come to it.
        assert!(!drawn_for(DeviceClass::Gpu).contains(&drawn[0]));
        for _ in 0..3 {
            let id = challenged();
            assert!(!members(id).contains(&drawn[0]));
            answer(id, members(id).into_iter().map(|one| (one, 5)).collect());
        }
        heartbeat(drawn[0]);
        assert_eq!(obstacle(drawn[0]), None);
        assert_eq!(drawn_for(DeviceClass::Gpu), all);
        run(100);
        assert_eq!((card(drawn[0]).bond, card(drawn[0]).pending), (bond, 0));
    });
}

#[test]
fn silence_should_cost_the_class_when_it_comes_twice_in_a_row() {
    execute(|| {
        let all = crowd(3, DeviceClass::Gpu);
        for expected in [(DeviceClass::Gpu, Some(1_000)), (DeviceClass::SmallGpu, Some(500))] {
            let id = challenged();
            answer(id, vec![(all[1], 5), (all[2], 5)]);
            assert_eq!(measured(all[0]), expected);
            heartbeat(all[0]);
        }
        all[1..].iter().for_each(|one| pause(*one));
        // Not what it could not show either: 20,000 units in 40 blocks are 500 at most.
        let others = crowd(2, DeviceClass::SmallGpu);
        let id = challenged();
        answer(id, vec![(others[0], 5), (others[1], 5)]);
        assert_eq!(measured(all[0]), (DeviceClass::SmallGpu, Some(100)));
        heartbeat(all[0]);
        let id = challenged();
        answer(id, vec![(others[0], 5), (others[1], 5)]);
        assert_eq!(measured(all[0]), (DeviceClass::Cpu, Some(50)));
    });
}

#[test]
fn silence_should_not_make_hardware_seem_faster_than_it_is_known_to_be() {
    execute(|| {
        let all = crowd(3, DeviceClass::Cpu);
        let id = challenged();
        answer(id, all[1..].iter().map(|one| (*one, 1)).collect());
        // There is no class to lose, and nothing was measured.
        assert_eq!(outcome(all[0]), Outcome::Silent);
        assert_eq!(measured(all[0]), (DeviceClass::Cpu, None));

        let gpus = crowd(3, DeviceClass::Gpu);
        Providers::note_throughput(gpus[0], 1_200);
        let id = loop {
            let id = challenged();
            if challenge(id).class == DeviceClass::Gpu {
                break id;
            }
        };
        // Floors rise over what it is known to do while it is silent.
        Floors::mutate(|floors| floors.gpu = 100_000);
        Providers::note_throughput(gpus[0], 300);
        answer(id, gpus[1..].iter().map(|one| (*one, 1)).collect());
        assert_eq!(measured(gpus[0]), (DeviceClass::SmallGpu, Some(300)));
        run(100);
    });
}

#[test]
fn unrevealed_answer_should_be_silence() {
    execute(|| {
        crowd(3, DeviceClass::Gpu);
        let id = challenged();
        let all = members(id);
        let right = solution(id);
        all.iter().for_each(|one| commit(id, *one, right));
        all[1..].iter().for_each(|one| reveal(id, *one, right));
        assert!(Challenges::<Test>::contains_key(id));
        run(u64::from(REVEAL_BLOCKS) + 2);
        assert_eq!(outcome(all[0]), Outcome::Silent);
        assert_eq!(obstacle(all[0]), Some(Obstacle::Missed));
        assert_eq!(measured(all[0]), (DeviceClass::Gpu, Some(1_000)));
        assert_eq!(measured(all[1]), (DeviceClass::Gpu, Some(20_000)));
    });
}

#[test]
fn other_answer_should_count_as_missed_and_say_nothing_of_the_record() {
    execute(|| {
        crowd(3, DeviceClass::Gpu);
        let id = challenged();
        let all = members(id);
        let known = availability(all[0], id);
        let right = solution(id);
        commit(id, all[0], [0; 32]);
        all[1..].iter().for_each(|one| commit(id, *one, right));
        reveal(id, all[0], [0; 32]);
        all[1..].iter().for_each(|one| reveal(id, *one, right));
        let judged = Event::Judged {
            challenge: id,
            answer: Some(right),
            outcomes: all
                .iter()
                .map(|one| match *one == all[0] {
                    true => (*one, Outcome::Disagreed),
                    false => (*one, Outcome::Agreed { throughput: Some(20_000) }),
                })
                .collect(),
        };
        System::assert_last_event(judged.into());
        assert_eq!(obstacle(all[0]), Some(Obstacle::Missed));
        assert_eq!(measured(all[0]), (DeviceClass::Gpu, Some(1_000)));
        assert_eq!(known(), Average::default());
    });
}

#[test]
fn nobody_should_be_judged_when_no_two_answers_are_equal() {
    execute(|| {
        crowd(3, DeviceClass::Gpu);
        let id = challenged();
        let all = members(id);
        all.iter().enumerate().for_each(|(nth, one)| commit(id, *one, [nth as u8; 32]));
        all.iter().enumerate().for_each(|(nth, one)| reveal(id, *one, [nth as u8; 32]));
        let outcomes = all.iter().map(|one| (*one, Outcome::Unjudged)).collect();
        let judged = Event::Judged { challenge: id, answer: None, outcomes };
        System::assert_last_event(judged.into());
        for one in all {
            assert_eq!((obstacle(one), measured(one)), (None, (DeviceClass::Gpu, None)));
        }
    });
}

#[test]
fn lone_commitment_should_not_be_judged() {
    execute(|| {
        crowd(3, DeviceClass::Gpu);
        let id = challenged();
        let all = members(id);
        commit(id, all[0], solution(id));
        after(id, u64::from(COMMIT_BLOCKS) + 1);
        assert!(Challenges::<Test>::contains_key(id));
        run(1);
        assert!(!Challenges::<Test>::contains_key(id));
        assert_eq!(outcome(all[0]), Outcome::Unjudged);
        assert_eq!((obstacle(all[0]), measured(all[0])), (None, (DeviceClass::Gpu, None)));
        for one in &all[1..] {
            assert_eq!(outcome(*one), Outcome::Silent);
            assert_eq!(obstacle(*one), Some(Obstacle::Missed));
        }
    });
}

#[test]
fn measurement_should_be_void_when_the_clock_stood() {
    execute(|| {
        crowd(3, DeviceClass::Gpu);
        let id = challenged();
        let all = members(id);
        let right = solution(id);
        after(id, 2);
        commit(id, all[0], right);
        Clock::entered();
        run(500);
        Clock::exited();
        run(10);
        commit(id, all[1], right);
        commit(id, all[2], right);
        all.iter().for_each(|one| reveal(id, *one, right));
        assert_eq!(outcome(all[0]), Outcome::Agreed { throughput: Some(10_000) });
        assert_eq!(outcome(all[1]), Outcome::Agreed { throughput: None });
        assert_eq!(measured(all[1]), (DeviceClass::Gpu, None));
        assert_eq!(obstacle(all[1]), None);
    });
}

#[test]
fn deadline_should_not_pass_while_the_clock_stands() {
    execute(|| {
        crowd(3, DeviceClass::Gpu);
        let id = challenged();
        after(id, COMMIT_BLOCKS.into());
        Clock::entered();
        run(1_000);
        assert_eq!(challenge(id).stage, Stage::Commits);
        Clock::exited();
        commit(id, members(id)[0], [1; 32]);
        run(2);
        assert!(!Challenges::<Test>::contains_key(id));
    });
}

#[test]
fn members_should_not_withdraw_before_they_are_judged() {
    execute(|| {
        crowd(3, DeviceClass::Gpu);
        let id = challenged();
        let one = members(id)[0];
        let signed = || RuntimeOrigin::signed(owner(one));
        assert_ok!(Providers::leave(signed(), one));
        run(30);
        let early = Providers::withdraw(signed(), one);
        assert_noop!(early, pallet_cairn_providers::Error::<Test>::Engaged);
        after(id, u64::from(COMMIT_BLOCKS) + 2);
        assert!(!Challenges::<Test>::contains_key(id));
        assert_ok!(Providers::withdraw(signed(), one));
        assert!(Providers::card(one).is_none());
    });
}

#[test]
fn class_should_follow_what_is_declared_when_that_changes_meanwhile() {
    execute(|| {
        let all = crowd(3, DeviceClass::LargeGpu);
        let id = challenged();
        // To boast in the middle of a challenge is of no use, and to be modest is none either.
        for (one, class) in all.iter().zip([DeviceClass::Accelerator, DeviceClass::Cpu]) {
            let signed = RuntimeOrigin::signed(owner(*one));
            let profile = Box::new(profile(one.0, class));
            assert_ok!(Providers::update_profile(signed, *one, profile));
        }
        answer(id, all.iter().map(|one| (*one, 25)).collect());
        assert_eq!(measured(all[0]), (DeviceClass::LargeGpu, Some(10_000)));
        assert_eq!(measured(all[1]), (DeviceClass::Cpu, Some(10_000)));
    });
}

#[test]
fn serve_should_end_a_few_challenges_a_block() {
    execute(|| {
        crowd(12, DeviceClass::Gpu);
        let ids: Vec<_> = (0..4)
            .map(|_| {
                let id = Challenges::<Test>::iter_keys().max();
                while Challenges::<Test>::iter_keys().max() == id {
                    full_block();
                }
                Challenges::<Test>::iter_keys().max().unwrap()
            })
            .collect();
        for _ in 0..COMMIT_BLOCKS {
            full_block();
        }
        assert_eq!(ids.len(), Agenda::<Test>::get().len());
        run(1);
        assert_eq!(Agenda::<Test>::get().len(), 2);
        run(1);
        assert!(Agenda::<Test>::get().iter().all(|known| !ids.contains(&known.challenge)));
    });
}
