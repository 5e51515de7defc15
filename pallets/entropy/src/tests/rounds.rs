use super::{mock::*, windows::window_seed};
use crate::{
    types::{Mix, Round, Stage},
    *,
};
use cairn_protocol::id::Seed;
use cairn_seams::{Beacon, Clock};
use codec::Encode;
use frame_support::{
    assert_noop,
    traits::{Hooks, SafeModeNotify},
};
use sp_io::hashing::blake2_256;

/// What the README says the mix of a round is.
fn round_mix(round: Height, before: Digest, values: &[(AccountId, Seed)]) -> Digest {
    let body = (round, before, values).encode();
    blake2_256(&[b"cairn/round-mix".as_slice(), &[0, 1], &GENESIS, &body].concat())
}

#[test]
fn round_should_begin_when_the_chain_does() {
    execute(|| assert_eq!(CurrentRound::<Test>::get(), Round { began: 1, length: ROUND }));
}

#[test]
fn round_should_mix_what_was_revealed_and_take_the_stakes_of_the_silent_when_it_ends() {
    execute(|| {
        commit(ALICE, [1; 32]);
        commit(BOB, [2; 32]);
        commit(CAROL, [3; 32]);
        let issued = Balances::total_issuance();
        run_to(15);
        reveal(CAROL, [3; 32]);
        reveal(ALICE, [1; 32]);
        run_to(21);

        // In the order of commitments, not of values.
        let mix = round_mix(1, [0; 32], &[(ALICE, [1; 32]), (CAROL, [3; 32])]);
        let settles_at = 21 + WINDOW / 2;
        assert_eq!(
            events(),
            [
                Event::Forfeited { round: 1, contributor: BOB, stake: STAKE },
                Event::Mixed { round: 1, contributions: 2, mix, settles_at },
            ],
        );
        assert_eq!(
            ContributedMix::<Test>::get(),
            Mix { current: mix, previous: [0; 32], settles_at },
        );
        assert_eq!(ACCOUNTS.map(Balances::free_balance), [FUNDS, FUNDS - STAKE, FUNDS, FUNDS]);
        assert_eq!(Balances::total_issuance(), issued - STAKE);
        assert_eq!(CurrentRound::<Test>::get(), Round { began: 21, length: ROUND });
        assert!(Contributions::<Test>::get().is_empty());
    });
}

#[test]
fn round_should_build_on_the_mix_before_when_there_was_one() {
    execute(|| {
        for round in [1, 21, 41] {
            run_to(round);
            commit(ALICE, [round as u8; 32]);
            run_to(round + 10);
            reveal(ALICE, [round as u8; 32]);
        }
        run_to(61);
        let first = round_mix(1, [0; 32], &[(ALICE, [1; 32])]);
        let second = round_mix(21, first, &[(ALICE, [21; 32])]);
        let third = round_mix(41, second, &[(ALICE, [41; 32])]);
        let settles_at = 61 + WINDOW / 2;
        assert_eq!(
            ContributedMix::<Test>::get(),
            Mix { current: third, previous: second, settles_at },
        );
    });
}

#[test]
fn round_should_leave_the_mix_and_windows_close_when_nobody_contributes() {
    execute(|| {
        let ticket = request(0);
        commit(ALICE, [1; 32]);
        run_to(21);
        assert_eq!(ContributedMix::<Test>::get(), Mix::default());
        assert_eq!(events(), [Event::Forfeited { round: 1, contributor: ALICE, stake: STAKE }],);
        assert!(Entropy::seed(&ticket).is_some());
        run_to(41);
        assert_eq!(events(), []);
    });
}

#[test]
fn mix_should_count_only_when_half_a_window_has_passed_since_the_round() {
    execute(|| {
        let revealed = round_mix(1, [0; 32], &[(ALICE, [1; 32])]);
        commit(ALICE, [1; 32]);
        run_to(12);
        reveal(ALICE, [1; 32]);
        let early = request(0);
        run_to(13);
        let late = request(1);
        run_to(30);
        // The mix settles at 29: the first of these windows closed at 28.
        for (ticket, closed_at, mix) in [(early, 28, [0; 32]), (late, 29, revealed)] {
            let expected = window_seed(ticket.requested_at, closed_at, mix);
            assert_eq!(
                Windows::<Test>::get(ticket.requested_at).map(|window| window.stage),
                Some(Stage::Closed { seed: expected }),
            );
        }
    });
}

#[test]
fn round_should_be_as_long_as_its_mix_takes_to_settle_when_the_parameter_is_less() {
    execute(|| {
        RoundLength::set(0);
        run_to(21);
        assert_eq!(CurrentRound::<Test>::get(), Round { began: 21, length: WINDOW / 2 });
        WindowBlocks::set(100);
        run_to(21 + 8);
        assert_eq!(CurrentRound::<Test>::get(), Round { began: 29, length: 50 });
    });
}

#[test]
fn round_should_not_end_when_the_clock_is_stopped() {
    execute(|| {
        commit(ALICE, [1; 32]);
        run_to(20);
        MarketClock::entered();
        run_to(100);
        assert_eq!(CurrentRound::<Test>::get().began, 1);
        assert_eq!(held(ALICE), STAKE);
        MarketClock::exited();
        run_to(101);
        assert_eq!(CurrentRound::<Test>::get().began, 21);
        assert_eq!(held(ALICE), 0);
    });
}

#[test]
fn calls_should_fail_when_a_round_is_over_and_could_not_end() {
    execute(|| {
        commit(ALICE, [1; 32]);
        run_to(20);
        // Stopped before the hook of block 21 and released after it, as by a failed migration.
        Entropy::on_finalize(20);
        System::set_block_number(21);
        MarketClock::entered();
        Entropy::on_initialize(21);
        MarketClock::exited();
        assert_eq!((MarketClock::now(), CurrentRound::<Test>::get().began), (21, 1));

        assert_noop!(
            Entropy::reveal(RuntimeOrigin::signed(ALICE), [1; 32]),
            Error::<Test>::NotRevealing,
        );
        assert_noop!(
            Entropy::commit(RuntimeOrigin::signed(BOB), [0; 32]),
            Error::<Test>::NotCommitting,
        );
        run_to(22);
        assert_eq!(CurrentRound::<Test>::get().began, 22);
        assert_eq!(Balances::free_balance(ALICE), FUNDS - STAKE);
    });
}

#[test]
fn hooks_should_pay_for_what_they_do_when_a_round_goes_on_or_ends() {
    execute(|| {
        let recording = <() as WeightInfo>::record_block(4, 4);
        commit(ALICE, [1; 32]);
        commit(BOB, [1; 32]);
        assert_eq!(
            Entropy::on_initialize(1),
            recording.saturating_add(<() as WeightInfo>::round_goes_on()),
        );
        run_to(20);
        Entropy::on_finalize(20);
        System::set_block_number(21);
        assert_eq!(
            Entropy::on_initialize(21),
            recording.saturating_add(<() as WeightInfo>::end_round(2)),
        );
    });
}

#[test]
fn weights_should_grow_with_the_work_when_there_is_more() {
    use crate::weights::SubstrateWeight;
    let (of, test) = (SubstrateWeight::<Test>::end_round, <() as WeightInfo>::end_round);
    assert!(test(1).ref_time() > test(0).ref_time());
    assert!(of(1).ref_time() > of(0).ref_time());
    let record = <() as WeightInfo>::record_block;
    assert!(record(0, 1).ref_time() > record(1, 0).ref_time());
    assert!(record(1, 0).ref_time() > record(0, 0).ref_time());
}
