//! Properties of the rules, and a second model of them in floats.

use super::*;
use proptest::prelude::*;

const RULES: Rules = Rules {
    prior: 500_000,
    inertia: 8,
    window: 64,
    fault_weight: 4,
    half_life: 1_000,
    weights: Weights { accuracy: 1, timeliness: 1, availability: 1 },
};

const RIGHT: Observation =
    Observation { accurate: Some(true), timely: Some(true), available: Some(true) };
const WRONG: Observation = Observation { accurate: Some(false), ..RIGHT };

prop_compose! {
    /// Any rules, also such as make no sense.
    fn any_rules()(
        prior in prop_oneof![0..=WHOLE, any::<Ppm>()],
        inertia in prop_oneof![0u16..100, any::<u16>()],
        window in prop_oneof![0u16..100, any::<u16>()],
        fault_weight in prop_oneof![0u16..10, any::<u16>()],
        half_life in prop_oneof![0u32..10, 0u32..10_000, any::<u32>()],
        weights: (u16, u16, u16),
    ) -> Rules {
        let (accuracy, timeliness, availability) = weights;
        let weights = Weights { accuracy, timeliness, availability };
        Rules { prior, inertia, window, fault_weight, half_life, weights }
    }
}

prop_compose! {
    /// Any average, also such as no history leads to.
    fn any_average()(
        right in prop_oneof![Just(0), Just(u64::MAX), 0..100 * PIECE, any::<u64>()],
        wrong in prop_oneof![Just(0), Just(u64::MAX), 0..100 * PIECE, any::<u64>()],
        updated in prop_oneof![Just(u32::MAX), 0..100_000u32, any::<u32>()],
    ) -> Average {
        Average { right, wrong, updated }
    }
}

prop_compose! {
    fn any_record()(
        accuracy in any_average(), timeliness in any_average(), availability in any_average(),
    ) -> Record {
        Record { accuracy, timeliness, availability }
    }
}

prop_compose! {
    fn any_observation()(
        accurate: Option<bool>, timely: Option<bool>, available: Option<bool>,
    ) -> Observation {
        Observation { accurate, timely, available }
    }
}

fn any_height() -> impl Strategy<Value = Height> {
    prop_oneof![0..200_000u32, Just(u32::MAX), any::<u32>()]
}

fn seldom_wrong() -> impl Strategy<Value = Option<bool>> {
    prop::option::of(prop::bool::weighted(0.8))
}

/// The prior, as it counts.
fn prior(rules: &Rules) -> Ppm {
    rules.prior.min(WHOLE)
}

fn after(observations: impl IntoIterator<Item = Observation>) -> Record {
    observations
        .into_iter()
        .fold(Record::default(), |record, seen| record.observed(seen, &RULES, 0))
}

fn accuracy(observations: impl IntoIterator<Item = Observation>) -> Ppm {
    after(observations).score(&RULES, 0).accuracy
}

proptest! {
    #[test]
    fn score_should_be_within_bounds_when_anything_is_stored(
        record in any_record(), rules in any_rules(), now in any_height(),
    ) {
        let score = record.score(&rules, now);
        for reading in [score.accuracy, score.timeliness, score.availability, score.standing] {
            prop_assert!(reading <= WHOLE);
        }
        prop_assert!(score.standing <= score.accuracy);
        prop_assert!(score.volume <= u32::from(rules.window.max(1)));
        prop_assert_eq!(record.standing(&rules, now), score.standing);
    }

    #[test]
    fn observed_should_be_bounded_and_never_go_back_when_anything_is_stored(
        average in any_average(), right: bool, rules in any_rules(), now in any_height(),
    ) {
        let average = average.observed(right, &rules, now).observed(!right, &rules, now);
        let weight = u128::from(average.right) + u128::from(average.wrong);
        prop_assert!(weight <= u128::from(rules.window.max(1)) * u128::from(PIECE));
        prop_assert!(average.is_bounded());
        prop_assert!(average.updated >= now);
    }

    #[test]
    fn observed_should_never_lower_when_right_nor_raise_when_wrong(
        average in any_average(), rules in any_rules(), now in any_height(),
    ) {
        let before = average.reading(&rules, now);
        prop_assert!(average.observed(true, &rules, now).reading(&rules, now) >= before);
        prop_assert!(average.observed(false, &rules, now).reading(&rules, now) <= before);
    }

    #[test]
    fn observed_should_touch_nothing_else_when_a_dimension_is_seen(
        record in any_record(), seen in any_observation(), rules in any_rules(), now in any_height(),
    ) {
        let later = record.observed(seen, &rules, now);
        prop_assert!(seen.accurate.is_some() || later.accuracy == record.accuracy);
        prop_assert!(seen.timely.is_some() || later.timeliness == record.timeliness);
        prop_assert!(seen.available.is_some() || later.availability == record.availability);
        let (was, is) = (record.standing(&rules, now), later.standing(&rules, now));
        let all = [seen.accurate, seen.timely, seen.available];
        prop_assert!(is >= was || all.contains(&Some(false)));
        prop_assert!(is <= was || all.contains(&Some(true)));
    }

    #[test]
    fn standing_should_not_fall_when_a_dimension_reads_higher(
        record in any_record(), other in any_average(), rules in any_rules(), now in any_height(),
    ) {
        let standing = record.standing(&rules, now);
        let with = [
            (record.accuracy, Record { accuracy: other, ..record }),
            (record.timeliness, Record { timeliness: other, ..record }),
            (record.availability, Record { availability: other, ..record }),
        ];
        for (replaced, record) in with {
            let changed = record.standing(&rules, now);
            match other.reading(&rules, now).cmp(&replaced.reading(&rules, now)) {
                core::cmp::Ordering::Less => prop_assert!(changed <= standing),
                core::cmp::Ordering::Equal => prop_assert_eq!(changed, standing),
                core::cmp::Ordering::Greater => prop_assert!(changed >= standing),
            }
        }
    }

    #[test]
    fn reading_should_near_the_prior_and_not_pass_it_when_idle(
        average in any_average(), rules in any_rules(), now in any_height(), idle: Height,
    ) {
        let (before, later) =
            (average.reading(&rules, now), average.reading(&rules, now.saturating_add(idle)));
        if before >= prior(&rules) {
            prop_assert!(prior(&rules) <= later && later <= before);
        } else {
            prop_assert!(before <= later && later <= prior(&rules));
        }
    }

    #[test]
    fn faded_should_hardly_depend_on_the_steps_when_time_passes(
        average in any_average(), rules in any_rules(), first in any_height(), second: Height,
    ) {
        let then = first.saturating_add(second);
        let (stepped, direct) =
            (average.faded(&rules, first).faded(&rules, then), average.faded(&rules, then));
        prop_assert!(stepped.right.abs_diff(direct.right) <= 2);
        prop_assert!(stepped.wrong.abs_diff(direct.wrong) <= 2);
        prop_assert_eq!(stepped.updated, direct.updated);
        let reading = average.reading(&rules, then);
        prop_assert!(stepped.reading(&rules, then).abs_diff(reading) <= 1);
        prop_assert!(direct.reading(&rules, then).abs_diff(reading) <= 1);
    }

    #[test]
    fn reading_should_converge_when_results_are_right_in_a_row(
        rules in any_rules(), count in 0u16..500, now in any_height(),
    ) {
        let average = (0..count)
            .fold(Average::default(), |average, _| average.observed(true, &rules, now));
        // n right results in a row weigh at least n·N / (N + n), and never more than n.
        let (window, inertia) = (f64::from(rules.window.max(1)), f64::from(rules.inertia.max(1)));
        let reading = f64::from(average.reading(&rules, now));
        let with = |weight: f64| {
            (f64::from(prior(&rules)) * inertia + 1e6 * weight) / (inertia + weight)
        };
        let count = f64::from(count);
        prop_assert!(reading >= with(count * window / (window + count)) - 1.01);
        prop_assert!(reading <= with(count.min(window)) + 0.01);
    }

    #[test]
    fn reading_should_stay_at_or_above_a_newcomer_when_the_record_is_fair(
        right in 0..32 * PIECE, wrong in 0..32 * PIECE, updated in any_height(), now in any_height(),
    ) {
        let average = Average { right, wrong, updated };
        let reading = average.reading(&RULES, now);
        prop_assert!(right < wrong || reading >= RULES.prior);
        prop_assert!(right > wrong || reading <= RULES.prior);
    }

    #[test]
    fn standing_should_be_a_newcomers_when_nothing_was_ever_judged(
        seen in prop::collection::vec(0u32..10_000, 0..200), rules in any_rules(),
    ) {
        let mut record = Record::default();
        let mut now = 0u32;
        for idle in seen {
            now += idle;
            record = record.observed(Observation { accurate: None, ..RIGHT }, &rules, now);
            prop_assert_eq!(record.standing(&rules, now), prior(&rules));
        }
    }
}

/// The same rules again, as a mean and its weight, in floats.
#[derive(Default)]
struct Model {
    mean: f64,
    weight: f64,
    updated: Height,
}

impl Model {
    fn fade(&mut self, rules: &Rules, now: Height) {
        let half_lives = f64::from(now - self.updated) / f64::from(rules.half_life.max(1));
        self.weight *= (-half_lives).exp2();
        self.updated = now;
    }

    fn observe(&mut self, right: bool, rules: &Rules, now: Height) {
        self.fade(rules, now);
        let window = rules.window.max(1);
        let counts = f64::from(if right { 1 } else { rules.fault_weight.min(window) });
        let kept = self.weight * (1.0 - counts / f64::from(window));
        self.weight = kept + counts;
        if self.weight > 0.0 {
            let seen = if right { counts } else { 0.0 };
            self.mean = (self.mean * kept + seen) / self.weight;
        }
    }

    fn reading(&mut self, rules: &Rules, now: Height) -> f64 {
        self.fade(rules, now);
        let inertia = f64::from(rules.inertia.max(1));
        let sum = f64::from(prior(rules)) * inertia + 1e6 * self.mean * self.weight;
        sum / (inertia + self.weight)
    }
}

proptest! {
    #[test]
    fn reading_should_be_within_one_ppm_of_the_model_when_history_is_random(
        history in prop::collection::vec((0u32..20_000, seldom_wrong()), 1..300),
        rules in any_rules(),
    ) {
        let (mut average, mut model, mut now) = (Average::default(), Model::default(), 0u32);
        for (idle, seen) in history {
            now += idle;
            if let Some(right) = seen {
                average = average.observed(right, &rules, now);
                model.observe(right, &rules, now);
            }
            let (reading, exact) = (average.reading(&rules, now), model.reading(&rules, now));
            prop_assert!(
                (f64::from(reading) - exact).abs() <= 1.01,
                "{reading} for {exact} at {now}",
            );
        }
    }
}

#[test]
fn score_should_be_the_prior_when_nothing_was_seen() {
    let score = Record::default().score(&RULES, u32::MAX);
    let expected = Score {
        accuracy: 500_000,
        timeliness: 500_000,
        availability: 500_000,
        standing: 500_000,
        volume: 0,
    };
    assert_eq!(score, expected);
}

#[test]
fn score_should_be_exact_when_little_was_seen() {
    // (4 + 1) / 9, (4 + 0) / 12, and a right result after the wrong one: 5 / (8 + 1 + 3.9375).
    assert_eq!(accuracy([RIGHT]), 555_555);
    assert_eq!(accuracy([WRONG]), 333_333);
    assert_eq!(accuracy([WRONG, RIGHT]), 386_473);
    let score = after([RIGHT, WRONG]).score(&RULES, 0);
    // Right: 4 + 0.9375 of 12.9375; in time and there twice: 4 + 1.984375 of 9.984375.
    assert_eq!((score.accuracy, score.timeliness), (381_642, 599_374));
    assert_eq!((score.availability, score.volume), (599_374, 5));
    assert_eq!(score.standing, 381_642);
}

#[test]
fn score_should_near_the_prior_by_half_lives_when_idle() {
    let record = after([RIGHT; 8]);
    assert_eq!(record.updated(), 0);
    let readings = [0, 1_000, 2_000, 10_000, 50_000].map(|now| record.standing(&RULES, now));
    assert_eq!(readings, [743_193, 660_670, 595_713, 500_461, 500_000]);
    assert_eq!(record.faded(&RULES, 1_000).score(&RULES, 1_000), record.score(&RULES, 1_000));
}

#[test]
fn standing_should_be_drawn_down_by_lateness_when_results_are_right() {
    let late = Observation { timely: Some(false), ..RIGHT };
    let score = after([late; 200]).score(&RULES, 0);
    assert_eq!((score.accuracy, score.timeliness), (942_243, 55_555));
    assert_eq!(score.standing, (942_243 * 2 + 55_555) / 3);
}

#[test]
fn standing_should_be_accuracy_alone_when_no_dimension_has_weight() {
    let rules = Rules { weights: Weights { accuracy: 0, timeliness: 0, availability: 0 }, ..RULES };
    assert_eq!(after([WRONG]).standing(&rules, 0), 333_333);
}

#[test]
fn standing_should_never_leave_its_range_when_a_history_is_extreme() {
    // (4 + 64) / 72 and 4 / 72: what the best and the worst possible records come to.
    assert!((944_440..=944_444).contains(&accuracy([RIGHT; 2_000])));
    assert!((55_555..=55_560).contains(&accuracy([WRONG; 500])));
}

#[test]
fn standing_should_be_below_a_newcomers_when_faults_follow_a_long_record() {
    let record = after([RIGHT; 2_000]);
    let fall = |faults| {
        (0..faults).fold(record, |record, _| record.observed(WRONG, &RULES, 0)).standing(&RULES, 0)
    };
    assert!(fall(10) > RULES.prior);
    assert!(fall(11) < RULES.prior);
}

#[test]
fn accuracy_should_not_be_earned_back_when_a_fault_is_followed_by_as_many_right_results() {
    for earned in 1..300 {
        let before = after(core::iter::repeat_n(RIGHT, earned));
        let fault = before.observed(WRONG, &RULES, 0);
        let later = (0..RULES.fault_weight).fold(fault, |r, _| r.observed(RIGHT, &RULES, 0));
        assert!(later.score(&RULES, 0).accuracy < before.score(&RULES, 0).accuracy, "{earned}");
    }
}

#[test]
fn accuracy_should_be_far_below_the_prior_when_faults_alternate() {
    let mut record = Record::default();
    for turn in 0..300 {
        record = record.observed(WRONG, &RULES, 0).observed(RIGHT, &RULES, 0);
        assert!(record.score(&RULES, 0).accuracy < RULES.prior - 100_000);
        if turn > 50 {
            assert!(record.score(&RULES, 0).accuracy < 250_000);
        }
    }
}

#[test]
fn standing_should_be_below_a_newcomers_when_every_other_call_is_answered_with_silence() {
    let silence = Observation { accurate: None, timely: Some(false), available: Some(false) };
    let mut record = Record::default();
    for _ in 0..1_000 {
        record = record.observed(silence, &RULES, 0).observed(RIGHT, &RULES, 0);
        assert!(record.standing(&RULES, 0) < RULES.prior);
    }
}

#[test]
fn reading_should_keep_its_mean_when_the_window_becomes_smaller() {
    let record = after([RIGHT; 200]);
    let narrow = Rules { window: 8, ..RULES };
    // 200 right results fill any window of 8: (4 + 8) / 16.
    assert_eq!(record.score(&narrow, 0).accuracy, 750_000);
    assert_eq!(record.score(&narrow, 0).volume, 8);
}
