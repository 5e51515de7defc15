use super::mock::*;
use crate::{
    types::{Stage, Trace, Window},
    *,
};
use cairn_protocol::id::Seed;
use cairn_seams::{Beacon, Clock, Subject, Ticket};
use codec::{Encode, MaxEncodedLen};
use frame_support::traits::{Hooks, SafeModeNotify};
use sp_io::hashing::blake2_256;

fn digest(tag: &str, body: impl Encode) -> Digest {
    blake2_256(&[tag.as_bytes(), &[0, 1], &GENESIS, &body.encode()].concat())
}

/// What the README says a window's seed is.
pub(super) fn seed_of(
    requested_at: Height,
    closed_at: Height,
    blocks: impl IntoIterator<Item = (Height, Seed)>,
    mix: Digest,
) -> Seed {
    let mut sum = [0; 32];
    for (height, vrf) in blocks {
        if requested_at < height && height <= closed_at {
            let term = digest("cairn/block-vrf", (height, vrf));
            (0..32).for_each(|i| sum[i] ^= term[i]);
        }
    }
    digest("cairn/window-seed", (requested_at, closed_at, sum, mix))
}

/// The same where the blocks are those of `run_to`, and the clock was never stopped.
pub(super) fn window_seed(requested_at: Height, closed_at: Height, mix: Digest) -> Seed {
    let blocks = (1..=closed_at).map(|height| (height, vrf(height.into())));
    seed_of(requested_at, closed_at, blocks, mix)
}

pub(super) fn draw_seed(window: Seed, subject: Subject) -> Seed {
    digest("cairn/draw-seed", (window, subject))
}

/// The heights of the windows that closed at the end of the last block, in order.
fn closed() -> Vec<Height> {
    let height = |event| match event {
        Event::WindowClosed { requested_at, .. } => Some(requested_at),
        _ => None,
    };
    events().into_iter().filter_map(height).collect()
}

/// Finishes blocks by these authors, one each.
fn blocks_by(authors: impl IntoIterator<Item = AccountId>) {
    for author in authors {
        finish_block(Some((author, vrf(System::block_number()))));
    }
}

#[test]
fn request_should_open_a_window_when_it_is_the_first_at_a_height() {
    execute(|| {
        run_to(5);
        let subject = Subject { purpose: *b"test....", id: 7, nth: 0 };
        assert_eq!(request(7), Ticket { subject, requested_at: 5 });
        let window = Window { tickets: 1, due: 21, stage: Stage::Announced };
        assert_eq!(Windows::<Test>::get(5), Some(window));
        run_to(6);
        let before = BlockTrace::<Test>::get().unwrap().sum;
        let window = Window { tickets: 1, due: 21, stage: Stage::Open { before } };
        assert_eq!(Windows::<Test>::get(5), Some(window));
    });
}

#[test]
fn request_should_share_a_window_when_there_is_one_of_that_height() {
    execute(|| {
        let (one, other) = (request(1), request(2));
        assert_eq!(Windows::<Test>::get(1).unwrap().tickets, 2);
        run_to(18);
        let window = window_seed(1, 17, [0; 32]);
        assert_eq!(Entropy::seed(&one), Some(draw_seed(window, one.subject)));
        assert_eq!(Entropy::seed(&other), Some(draw_seed(window, other.subject)));
        assert_ne!(Entropy::seed(&one), Entropy::seed(&other));
    });
}

#[test]
fn seed_should_be_there_when_the_block_has_ended_in_which_the_window_is_due() {
    execute(|| {
        run_to(3);
        let ticket = request(0);
        assert_eq!(Entropy::ready_at(&ticket), 20);
        run_to(19);
        assert_eq!(Entropy::seed(&ticket), None);
        run_to(20);
        let seed = window_seed(3, 19, [0; 32]);
        assert_eq!(Entropy::seed(&ticket), Some(draw_seed(seed, ticket.subject)));
        assert_eq!(events(), [Event::WindowClosed { requested_at: 3, closed_at: 19, seed }]);
        let window = Window { tickets: 1, due: 19, stage: Stage::Closed { seed } };
        assert_eq!(Windows::<Test>::get(3), Some(window));
        assert_eq!(Entropy::ready_at(&ticket), 20);
        run_to(60);
        assert_eq!(Entropy::seed(&ticket), Some(draw_seed(seed, ticket.subject)));
    });
}

#[test]
fn seed_should_be_none_when_nobody_asked() {
    execute(|| {
        let subject = Subject { purpose: *b"test....", id: 7, nth: 0 };
        run_to(40);
        for requested_at in [0, 5, 40, 41, Height::MAX] {
            let ticket = Ticket { subject, requested_at };
            assert_eq!(Entropy::seed(&ticket), None);
            let due = requested_at.saturating_add(WINDOW);
            assert_eq!(Entropy::ready_at(&ticket), due.saturating_add(1));
        }
    });
}

#[test]
fn window_should_wait_when_authors_are_too_few_and_close_at_the_first_block_of_one_more() {
    execute(|| {
        // The third author's earlier blocks are not after the request, so they count for nothing,
        // not even the one the request is in.
        blocks_by([3, 3]);
        let ticket = request(0);
        blocks_by([3]);
        blocks_by((4..40).map(|number| number % 2));
        assert_eq!(System::block_number(), 40);
        assert_eq!(Entropy::seed(&ticket), None);
        blocks_by([3]);
        let seed = window_seed(3, 40, [0; 32]);
        assert_eq!(Entropy::seed(&ticket), Some(draw_seed(seed, ticket.subject)));
    });
}

#[test]
fn window_should_need_no_more_authors_when_fewer_are_active() {
    execute(|| {
        ActiveAuthors::set(1);
        let ticket = request(0);
        blocks_by([1; 17]);
        let seed = window_seed(1, 17, [0; 32]);
        assert_eq!(Entropy::seed(&ticket), Some(draw_seed(seed, ticket.subject)));
    });
}

#[test]
fn window_should_close_when_the_missing_author_is_active_no_more() {
    execute(|| {
        ActiveAuthors::set(3);
        let ticket = request(0);
        blocks_by((1..40).map(|number| number % 2));
        assert_eq!(Entropy::seed(&ticket), None);
        ActiveAuthors::set(2);
        blocks_by([0]);
        assert!(Entropy::seed(&ticket).is_some());
    });
}

#[test]
fn window_should_need_one_author_when_none_is_said_to_be_active() {
    execute(|| {
        ActiveAuthors::set(0);
        let ticket = request(0);
        (0..30).for_each(|_| finish_block(None));
        assert_eq!(Entropy::seed(&ticket), None);
        blocks_by([1]);
        assert!(Entropy::seed(&ticket).is_some());
    });
}

#[test]
fn window_should_need_as_many_as_are_remembered_when_more_are_demanded() {
    execute(|| {
        LeastAuthors::set(100);
        ActiveAuthors::set(100);
        let ticket = request(0);
        blocks_by((0..30).map(|number| number % 4));
        assert_eq!(Entropy::seed(&ticket), None);
        blocks_by([4]);
        assert!(Entropy::seed(&ticket).is_some());
    });
}

#[test]
fn window_should_count_a_block_for_the_time_alone_when_it_has_no_output() {
    execute(|| {
        let ticket = request(0);
        (0..14).for_each(|_| finish_block(None));
        blocks_by([1, 2]);
        assert_eq!((System::block_number(), Entropy::seed(&ticket)), (17, None));
        blocks_by([3]);
        let blocks = [15, 16, 17].map(|height| (height, vrf(height.into())));
        let seed = seed_of(1, 17, blocks, [0; 32]);
        assert_eq!(Entropy::seed(&ticket), Some(draw_seed(seed, ticket.subject)));
    });
}

#[test]
fn windows_should_close_a_few_a_block_and_in_order_when_many_were_late() {
    execute(|| {
        ClosingsPerBlock::set(2);
        for height in 1..=7 {
            request(height);
            blocks_by([height % 2]);
        }
        blocks_by((8..40).map(|number| number % 2));
        assert!(closed().is_empty());
        blocks_by([3]);
        assert_eq!(closed(), [1, 2]);
        blocks_by([0]);
        assert_eq!(closed(), [3, 4]);
        // One asked for meanwhile waits for its own time.
        let later = request(0);
        assert_eq!(later.requested_at, 42);
        blocks_by([1]);
        assert_eq!(closed(), [5, 6]);
        blocks_by([2]);
        assert_eq!(closed(), [7]);
        // At block 44 eight is next, so four gaps a block pass the other 34 heights in time.
        run_to(58);
        assert_eq!(Entropy::seed(&later), None);
        run_to(59);
        assert_eq!(closed(), [42]);
    });
}

#[test]
fn window_should_close_later_when_the_heights_before_it_are_not_passed_yet() {
    execute(|| {
        GapsPerBlock::set(2);
        let first = request(0);
        blocks_by((1..100).map(|number| number % 2));
        let last = request(1);
        assert_eq!(last.requested_at, 100);
        run_to(102);
        // Block 102, whose author is the third, closes the first. 98 heights lie between, and at
        // two a block, beginning with that one, block 150 passes the last of them.
        run_to(103);
        assert_eq!(closed(), [1]);
        run_to(150);
        assert_eq!(Entropy::seed(&last), None);
        run_to(151);
        assert_eq!(closed(), [100]);
        assert!(Entropy::seed(&first).is_some());
    });
}

#[test]
fn windows_should_close_when_due_when_long_times_without_requests_lie_between() {
    execute(|| {
        ClosingsPerBlock::set(2);
        GapsPerBlock::set(2);
        for requested_at in [1, 16, 100, 101, 500] {
            run_to(requested_at);
            request(0);
        }
        let mut all = vec![];
        while System::block_number() < 520 {
            let number = System::block_number();
            finish_block(Some(author_of(number)));
            all.extend(closed().into_iter().map(|height| (height, number)));
        }
        assert_eq!(all, [(500, 516)]);
        for requested_at in [1, 16, 100, 101] {
            let seed = window_seed(requested_at, requested_at + WINDOW, [0; 32]);
            let stage = Windows::<Test>::get(requested_at).unwrap().stage;
            assert_eq!(stage, Stage::Closed { seed });
        }
    });
}

#[test]
fn window_should_keep_its_length_when_the_parameter_changes() {
    execute(|| {
        let long = request(0);
        run_to(2);
        WindowBlocks::set(40);
        let longer = request(1);
        run_to(3);
        WindowBlocks::set(0);
        let least = request(2);
        let tickets = [long, longer, least];
        assert_eq!(tickets.map(|ticket| Entropy::ready_at(&ticket)), [18, 43, 20]);
        run_to(18);
        assert!(Entropy::seed(&long).is_some());
        // In the order of requests, so a shorter window waits for a longer one before it.
        run_to(42);
        assert_eq!([longer, least].map(|ticket| Entropy::seed(&ticket)), [None, None]);
        run_to(43);
        assert_eq!(closed(), [2, 3]);
    });
}

#[test]
fn request_should_open_the_window_at_once_when_the_block_is_recorded_already() {
    execute(|| {
        run_to(5);
        AuthorVrf::set(Some(author_of(5)));
        Entropy::on_finalize(5);
        // As a pallet's does whose hook comes later in the same block.
        let ticket = request(0);
        let before = BlockTrace::<Test>::get().unwrap().sum;
        assert_eq!(Windows::<Test>::get(5).unwrap().stage, Stage::Open { before });
        System::set_block_number(6);
        run_to(22);
        let seed = window_seed(5, 21, [0; 32]);
        assert_eq!(Entropy::seed(&ticket), Some(draw_seed(seed, ticket.subject)));
    });
}

#[test]
fn block_should_be_recorded_once_when_its_height_ends_twice() {
    execute(|| {
        run_to(5);
        request(0);
        AuthorVrf::set(Some(author_of(5)));
        Entropy::on_finalize(5);
        let (window, trace) = (Windows::<Test>::get(5), BlockTrace::<Test>::get().unwrap());
        AuthorVrf::set(Some((9, [9; 32])));
        Entropy::on_finalize(5);
        assert_eq!(Windows::<Test>::get(5), window);
        assert_eq!(BlockTrace::<Test>::get().unwrap().encode(), trace.encode());
    });
}

#[test]
fn window_should_not_notice_blocks_when_the_clock_is_stopped_in_them() {
    execute(|| {
        run_to(10);
        let before_stop = request(1);
        MarketClock::entered();
        let while_stopped = request(2);
        run_to(60);
        assert_eq!(BlockTrace::<Test>::get().unwrap().recorded, 9);
        assert_eq!(Windows::<Test>::get(10).unwrap().stage, Stage::Announced);
        MarketClock::exited();
        run_to(76);
        assert_eq!((MarketClock::now(), Entropy::seed(&before_stop)), (26, None));
        run_to(77);
        // Block 60 has height ten, so block 61 is the first of the window and 76 the last.
        let blocks = (11..=26).map(|height| (height, vrf(u64::from(height) + 50)));
        let seed = seed_of(10, 26, blocks, [0; 32]);
        for ticket in [before_stop, while_stopped] {
            assert_eq!(Entropy::seed(&ticket), Some(draw_seed(seed, ticket.subject)));
        }
    });
}

#[test]
fn seed_should_stay_readable_when_the_clock_is_stopped_after_the_window_closed() {
    execute(|| {
        let ticket = request(0);
        run_to(18);
        MarketClock::entered();
        run_to(30);
        assert!(Entropy::seed(&ticket).is_some());
    });
}

#[test]
fn release_should_forget_the_window_when_nobody_else_has_a_ticket() {
    execute(|| {
        let (one, other) = (request(1), request(2));
        run_to(18);
        Entropy::release(one);
        assert_eq!(Windows::<Test>::get(1).unwrap().tickets, 1);
        assert!(Entropy::seed(&other).is_some());
        Entropy::release(other);
        assert_eq!(Windows::<Test>::iter().count(), 0);
        assert_eq!(Entropy::seed(&other), None);
        // Once more is harmless.
        Entropy::release(other);
        assert_eq!(Windows::<Test>::iter().count(), 0);
    });
}

#[test]
fn release_should_forget_the_window_when_it_is_open() {
    execute(|| {
        let ticket = request(1);
        Entropy::release(ticket);
        let ticket = request(2);
        run_to(10);
        Entropy::release(ticket);
        run_to(40);
        assert_eq!(Windows::<Test>::iter().count(), 0);
        assert_eq!(Entropy::seed(&ticket), None);
    });
}

#[test]
fn trace_should_begin_where_it_is_when_the_pallet_is_new_on_an_old_chain() {
    execute(|| {
        System::set_block_number(1_000_000);
        let ticket = request(0);
        finish_block(Some(author_of(1_000_000)));
        assert_eq!(BlockTrace::<Test>::get().unwrap().next, 1_000_000);
        run_to(1_000_017);
        let blocks = (1_000_001..=1_000_016).map(|height| (height, vrf(height.into())));
        let seed = seed_of(1_000_000, 1_000_016, blocks, [0; 32]);
        assert_eq!(Entropy::seed(&ticket), Some(draw_seed(seed, ticket.subject)));
    });
}

#[test]
fn trace_should_remember_the_latest_authors_when_there_were_more() {
    execute(|| {
        blocks_by([1, 2, 3, 4, 5, 6, 2]);
        let trace = BlockTrace::<Test>::get().unwrap();
        assert_eq!(trace.authors.to_vec(), [(2, 7), (6, 6), (5, 5), (4, 4), (3, 3)]);
        assert_eq!([1, 2, 5, 6, u32::MAX].map(|n| trace.reach(n)), [7, 6, 3, 0, 0]);
    });
}

#[test]
fn state_should_be_as_small_as_documented() {
    assert_eq!(Window::max_encoded_len(), 41);
    type RuntimeTrace = Trace<[u8; 32], frame_support::traits::ConstU32<8>>;
    assert_eq!(RuntimeTrace::max_encoded_len(), 4 + 32 + 4 + 1 + 8 * (32 + 4));
}

#[test]
fn tags_should_differ_from_each_other_and_from_the_protocol() {
    use cairn_protocol::{
        audit::Finding,
        preimage::{
            AuditCommitment, BindingCommitment, ChallengeCommitment, EntropyCommitment,
            PlantCommitment, ResultCommitment, SealCommitment, Statement,
        },
        result::{Answer, Receipt},
    };
    use types::{BlockTerm, DrawSeed, RoundMix, WindowSeed};
    let tags = [
        BlockTerm::TAG,
        WindowSeed::TAG,
        DrawSeed::TAG,
        RoundMix::<u64>::TAG,
        // All of the protocol's own.
        ResultCommitment::TAG,
        SealCommitment::TAG,
        BindingCommitment::TAG,
        ChallengeCommitment::TAG,
        EntropyCommitment::<u64>::TAG,
        PlantCommitment::TAG,
        AuditCommitment::TAG,
        Finding::TAG,
        Answer::TAG,
        Receipt::TAG,
    ];
    let different: std::collections::BTreeSet<_> = tags.iter().collect();
    assert_eq!(different.len(), tags.len());
    assert!(tags.iter().all(|tag| !tag.contains('\0')));
}
