use super::*;
use crate as pallet_cairn_clock;
use codec::Encode;
use frame_support::{assert_noop, derive_impl, dispatch::DispatchResult};
use proptest::prelude::*;
use sp_runtime::{traits::Zero, BuildStorage, DispatchError};

type Block = frame_system::mocking::MockBlock<Test>;

#[frame_support::runtime]
mod runtime {
    #[runtime::runtime]
    #[runtime::derive(
        RuntimeCall,
        RuntimeEvent,
        RuntimeError,
        RuntimeOrigin,
        RuntimeFreezeReason,
        RuntimeHoldReason,
        RuntimeSlashReason,
        RuntimeLockId,
        RuntimeTask
    )]
    pub struct Test;

    #[runtime::pallet_index(0)]
    pub type System = frame_system;
    #[runtime::pallet_index(1)]
    pub type MarketClock = pallet_cairn_clock;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = Block;
}

impl Config for Test {}

fn execute<R>(test: impl FnOnce() -> R) -> R {
    let storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
    sp_io::TestExternalities::new(storage).execute_with(|| {
        System::set_block_number(1);
        let result = test();
        MarketClock::do_try_state().unwrap();
        result
    })
}

/// Goes on to a block and says its height.
fn height_in(block: u64) -> Height {
    System::set_block_number(block);
    MarketClock::do_try_state().unwrap();
    MarketClock::now()
}

fn is_stopped() -> bool {
    <MarketClock as Clock>::is_stopped()
}

#[test]
fn now_should_be_the_block_number_when_nothing_was_ever_stopped() {
    execute(|| {
        assert_eq!([height_in(1), height_in(2), height_in(1_000)], [1, 2, 1_000]);
        assert!(!is_stopped());
    });
}

#[test]
fn now_should_stand_still_when_stopped_and_go_on_without_a_gap_when_left() {
    execute(|| {
        assert_eq!(height_in(10), 10);
        MarketClock::entered();
        assert!(is_stopped());
        assert_eq!(MarketClock::now(), 10);
        assert_eq!([height_in(11), height_in(12), height_in(15)], [10, 10, 10]);
        MarketClock::exited();
        assert!(!is_stopped());
        assert_eq!(MarketClock::now(), 10);
        assert_eq!([height_in(16), height_in(17)], [11, 12]);
        assert_eq!(Stopped::<Test>::get(), Stops { lost: 5, stopped_in: None });
    });
}

#[test]
fn now_should_add_up_stops_when_there_were_several() {
    execute(|| {
        for (entered, exited) in [(10, 20), (20, 21), (30, 30), (40, 49)] {
            height_in(entered);
            MarketClock::entered();
            height_in(exited);
            MarketClock::exited();
        }
        assert_eq!(height_in(50), 50 - 10 - 1 - 9);
    });
}

#[test]
fn entered_should_keep_the_first_stop_when_stopped_already() {
    execute(|| {
        height_in(10);
        MarketClock::entered();
        height_in(14);
        assert_noop!(nothing_but(MarketClock::entered), DispatchError::Unavailable);
        height_in(20);
        MarketClock::exited();
        assert_eq!(height_in(21), 11);
    });
}

#[test]
fn exited_should_do_nothing_when_running() {
    execute(|| {
        height_in(10);
        assert_noop!(nothing_but(MarketClock::exited), DispatchError::Unavailable);
        assert_eq!(height_in(11), 11);
    });
}

/// Fails after a notification, so that `assert_noop` looks whether it changed anything.
fn nothing_but(notify: fn()) -> DispatchResult {
    notify();
    Err(DispatchError::Unavailable)
}

#[test]
fn now_should_stay_at_the_last_height_when_block_numbers_exceed_it() {
    execute(|| {
        assert_eq!(height_in(u64::from(u32::MAX)), u32::MAX);
        assert_eq!(height_in(u64::MAX), u32::MAX);
        MarketClock::entered();
        MarketClock::exited();
        assert_eq!(height_in(u64::MAX), u32::MAX);
    });
}

#[test]
fn stops_should_take_nine_bytes_at_most_when_stored() {
    let stops = Stops { lost: u32::MAX, stopped_in: Some(u32::MAX) };
    assert_eq!(stops.encoded_size(), 9);
}

#[test]
fn try_state_should_fail_when_an_invariant_is_broken() {
    execute(|| {
        height_in(10);
        for (stops, broken) in [
            (Stops { lost: 0, stopped_in: Some(11) }, "stopped_in_is_past"),
            (Stops { lost: 11, stopped_in: None }, "lost_is_past"),
            (Stops { lost: 6, stopped_in: Some(5) }, "lost_is_past"),
        ] {
            Stopped::<Test>::put(stops);
            assert_eq!(MarketClock::do_try_state(), Err(broken.into()));
        }
        Stopped::<Test>::kill();
        assert!(Stopped::<Test>::get().lost.is_zero());
    });
}

/// What safe-mode tells the clock in the course of a block: true is entered, false is exited.
fn blocks() -> impl Strategy<Value = Vec<Vec<bool>>> {
    let quiet_or_not =
        prop_oneof![3 => Just(vec![]), 2 => prop::collection::vec(any::<bool>(), 1..4)];
    prop::collection::vec(quiet_or_not, 1..200)
}

proptest! {
    /// Against the rule as the README puts it: a height is new if the clock ran at the end of the
    /// block before.
    #[test]
    fn now_should_follow_the_rule_when_blocks_enter_and_exit_at_random(blocks in blocks()) {
        execute(|| {
            let (mut expected, mut runs) = (0, true);
            for (number, notifications) in blocks.iter().enumerate() {
                expected += u32::from(runs);
                prop_assert_eq!(height_in(number as u64 + 1), expected);
                for enters in notifications {
                    if *enters { MarketClock::entered() } else { MarketClock::exited() }
                    runs = !enters;
                    // The height is the same throughout a block.
                    prop_assert_eq!(MarketClock::now(), expected);
                    prop_assert_eq!(is_stopped(), *enters);
                }
            }
            Ok(())
        })?;
    }

    /// At the end of the blocks in which the clock runs every height is met exactly once.
    #[test]
    fn now_should_end_a_running_block_once_when_a_height_has_several(blocks in blocks()) {
        execute(|| {
            let mut ended = Vec::new();
            for (number, notifications) in blocks.iter().enumerate() {
                height_in(number as u64 + 1);
                for enters in notifications {
                    if *enters { MarketClock::entered() } else { MarketClock::exited() }
                }
                if !is_stopped() {
                    ended.push(MarketClock::now());
                }
            }
            let expected: Vec<Height> = (1..=ended.len() as u32).collect();
            prop_assert_eq!(ended, expected);
            Ok(())
        })?;
    }

    #[test]
    fn height_should_never_overflow_when_anything_is_stored(
        lost: u32, stopped_in: Option<u32>, block: u32,
    ) {
        let mut stops = Stops { lost, stopped_in };
        prop_assert!(stops.height(block) <= block);
        stops.exit(block);
        prop_assert_eq!(stops.stopped_in, None);
        stops.enter(block);
        prop_assert_eq!(stops.stopped_in, Some(block));
    }
}
