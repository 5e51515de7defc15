use super::*;
use crate::{
    num::Scale,
    testing::{hash, Random},
};

const ONE_16: f64 = 65_536.0;

fn worst(errors: impl Iterator<Item = f64>) -> f64 {
    errors.fold(0.0, |worst, error| worst.max(error.abs()))
}

/// Fails also when the bound could be smaller, so that the README's table says what is so.
fn assert_bound(name: &str, error: f64, bound: f64) {
    println!("{name}: {error:.4} of {bound}");
    assert!(error <= bound, "{name} is off by {error}, more than {bound}");
    assert!(error > bound * 0.8, "{name} is off by {error}: the bound {bound} says too much");
}

/// Φ to full precision: a series near the middle, a continued fraction in the tail.
fn exact_normcdf(z: f64) -> f64 {
    let density = (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let x = z.abs();
    let below = if x < 4.0 {
        let mut term = x;
        let mut sum = x;
        for n in 1..200 {
            term *= x * x / f64::from(2 * n + 1);
            sum += term;
        }
        0.5 + density * sum
    } else {
        1.0 - density / (1..60).rev().fold(x, |tail, n| x + f64::from(n) / tail)
    };
    if z < 0.0 {
        1.0 - below
    } else {
        below
    }
}

#[test]
fn exp2_should_stay_within_its_bound_when_any_fraction() {
    let error = |z: u64| exp2(z) as f64 - 32_768.0 * (-(z as f64) / ONE_16).exp2();
    assert_bound("exp2", worst((0..17 << 16).map(error)), EXP2);
    assert_eq!(exp2(0), 32_767);
    assert_eq!([17 << 16, 2 << 20, u64::MAX].map(exp2), [0; 3]);
}

#[test]
fn lanes_should_be_what_is_defined_when_any() {
    for z in 0..1 << 21 {
        assert_eq!(i64::from(exp2_lane(z)), exp2(z.into()), "{z}");
    }
    let alike = |zs: [u64; 5]| {
        assert_eq!(exp2f_lanes(&zs).map(|power| power as i64), zs.map(exp2f), "{zs:?}");
    };
    for z in (0..1 << 30).step_by(997).chain((30 << 24)..(30 << 24) + 1_000) {
        alike([z, z ^ 1, z ^ (1 << 23), z >> 1, z / 3]);
    }
    for bit in 0u64..34 {
        alike([(1 << bit) - 1, 1 << bit, (bit << 24) - bit.min(1), bit << 24, (bit << 24) + 1]);
    }
}

#[test]
fn exp2_should_never_rise_when_its_argument_does() {
    assert!((0..18u64 << 16).all(|z| exp2(z) >= exp2(z + 1)));
}

#[test]
fn exp2f_should_stay_within_its_bound_when_sampled() {
    let error = |z: u64| exp2f(z) as f64 - (31.0 - z as f64 / 16_777_216.0).exp2();
    // The worst of all fractions has its last twenty bits set.
    let fractions = (0..1 << 24).step_by(37).chain((1 << 20) - 64..1 << 20);
    let wholes = (0..33u64 << 24).step_by(4_093);
    assert_bound("exp2f", worst(fractions.chain(wholes).map(error)), EXP2F);
    assert_eq!([0, 1 << 24, 31 << 24, 32 << 24, 1 << 30].map(exp2f), [1 << 31, 1 << 30, 1, 0, 0]);
}

#[test]
fn exp2f_should_never_rise_when_its_argument_does() {
    // Every fraction, of which later wholes are rounded, and where each whole ends.
    assert!((0..=1 << 24).map(exp2f).is_sorted_by(|one, next| one >= next));
    assert!((1..34u64).all(|whole| exp2f((whole << 24) - 1) >= exp2f(whole << 24)));
    assert!((0..33u64 << 24).step_by(997).map(exp2f).is_sorted_by(|one, next| one >= next));
}

#[test]
fn log2_should_stay_within_its_bound_when_sampled() {
    let error = |x: u64| log2(x) as f64 - (x as f64).log2() * 16_777_216.0;
    let small = 1..100_000u64;
    // What f64 holds exactly, up to the longest sums.
    let large = (0..200_000u64).map(|i| i * i * 1_301_081 + 1).filter(|x| *x < 1 << 53);
    let spread = (0..63u64).flat_map(|n| (0..1_000).map(move |i| (1 << n) + (i << n) / 1_000));
    let exact = spread.filter(|x| *x < 1 << 53);
    assert_bound("log2", worst(small.chain(large).chain(exact).map(error)), LOG2);
    assert_eq!((log2(1), log2(1 << 31), log2(1 << 63)), (0, 31 << 24, 63 << 24));
}

#[test]
fn invroot_should_be_relatively_exact_when_sampled() {
    let error = |v: u64| {
        let (a, h) = invroot(v);
        (a as f64 * f64::from(h - 31).exp2() * (v as f64).sqrt() - 1.0) * ONE_16
    };
    let spread = (0..62u64).flat_map(|n| (0..2_000).map(move |i| (1 << n) + (i << n) / 2_000));
    assert_bound("invroot", worst((1..100_000).chain(spread).map(error)), INVROOT);
}

#[test]
fn sigmoid_should_stay_within_its_bound_when_sampled() {
    let error = |z: i64| sigmoid(z) as f64 - ONE_16 / (1.0 + (-(z as f64) / ONE_16).exp2());
    assert_bound("sigmoid", worst((-20 << 16..20 << 16).map(error)), SIGMOID);
    assert_eq!(
        [i64::MIN, -18 << 16, 0, 18 << 16, i64::MAX].map(sigmoid),
        [0, 0, 32_769, 65_536, 65_536]
    );
}

#[test]
fn sigmoid_should_never_fall_when_its_argument_rises() {
    assert!((-20i64 << 16..20 << 16).all(|z| sigmoid(z) <= sigmoid(z + 1)));
}

#[test]
fn normcdf_should_stay_within_its_bound_when_sampled() {
    let error = |z: i64| normcdf(z) as f64 - ONE_16 * exact_normcdf(z as f64 / ONE_16);
    assert_bound("normcdf", worst((-9 << 16..9 << 16).step_by(3).map(error)), NORMCDF);
    assert_eq!([i64::MIN, 0, i64::MAX].map(normcdf), [0, 32_768, 65_536]);
}

#[test]
fn normcdf_should_never_fall_when_its_argument_rises() {
    assert!((-9i64 << 16..=9 << 16).map(normcdf).is_sorted());
}

/// A number of 16 bits, and a scale that brings such numbers to where curves bend.
fn scaled(random: &mut Random) -> (i64, Scale) {
    let multiplier = random.from(1 << 15, 65_535) as u16;
    let scale = Scale { multiplier, shift: random.from(12, 16) as u8 };
    (random.between((-32_767, 32_767)).into(), scale)
}

/// What the scale makes of the number before it is rounded, of units of 2^−16.
fn exactly_scaled(x: i64, scale: Scale) -> f64 {
    x as f64 * f64::from(scale.multiplier) * (-f64::from(scale.shift)).exp2() / ONE_16
}

#[test]
fn gelu_should_stay_within_its_bound_when_sampled() {
    let mut random = Random(3);
    let mut error = || {
        let (x, scale) = scaled(&mut random);
        let have = x * normcdf(scale.of(x.abs()) * x.signum());
        let exact = x as f64 * ONE_16 * exact_normcdf(exactly_scaled(x, scale));
        (have as f64 - exact) / x.abs().max(1) as f64
    };
    assert_bound("gelu", worst((0..100_000).map(|_| error())), GELU);
}

#[test]
fn gate_should_stay_within_its_bound_when_sampled() {
    let mut random = Random(4);
    // What is more than a half, which the rounding may take.
    let mut error = || {
        let (x, scale) = scaled(&mut random);
        let have = round(x * sigmoid(scale.of(x.abs()) * x.signum()), 8);
        let exact = x as f64 * 256.0 / (1.0 + (-exactly_scaled(x, scale)).exp2());
        let more = (have as f64 - exact).abs() - 0.5;
        more.max(0.0) * 256.0 / x.abs().max(1) as f64
    };
    assert_bound("gate", worst((0..1_000_000).map(|_| error())), GATE);
}

#[test]
fn normal_should_be_zero_when_all_is() {
    let normal = Normal::of([0i64; 3].into_iter(), 3, 0);
    assert_eq!(normal.apply(0), 0);
}

#[test]
fn normal_should_stay_within_64_bits_when_a_row_is_the_longest() {
    let row = std::iter::repeat_n((1i64 << 33) - 1, 1 << 20);
    assert_eq!(Normal::of(row.clone(), 1 << 20, u32::MAX).apply((1 << 33) - 1), 65_536);
    // A sum of squares of 2^60.
    assert_eq!(Normal::of(row, 1, u32::MAX).apply((1 << 33) - 1), 64);
    // One number has the whole of the mean, and the floor of v takes nearly half of that.
    let peak = |c| std::iter::once(c).chain(std::iter::repeat_n(0i64, (1 << 20) - 1));
    assert_eq!(Normal::of(peak(1 << 32), 1 << 20, 0).apply(1 << 32) >> 10, 1 << 16);
    assert!(Normal::of(peak(1_448), 1 << 20, 0).apply(1_448) < 3 << 25);
}

/// The relative error of what a row is multiplied by, in units of 2^−16.
fn multiplier_error(row: &[i64], divisor: u64, epsilon: u32) -> f64 {
    let squares: f64 = row.iter().map(|c| (*c as f64).powi(2)).sum();
    let exact = (squares / divisor as f64 + f64::from(epsilon)).sqrt();
    let normal = Normal::of(row.iter().copied(), divisor, epsilon);
    let shifts = f64::from(normal.shift as i32 + normal.exponent + 16);
    (normal.multiplier as f64 * (-shifts).exp2() * exact - 1.0) * ONE_16
}

#[test]
fn normal_should_stay_within_its_bound_when_squares_are_large() {
    let mut random = Random(1);
    let mut error = || {
        let length = random.from(1, 64);
        let epsilon = random.from(0, 1 << 20);
        let few = random.below(16);
        let row = (0..length).map(|_| i64::from(random.between((-(1 << 31), 1 << 31)) >> few));
        let row: Vec<_> = row.chain([1 << 16]).collect();
        let divisor = if random.chance() { 1 } else { row.len() as u64 };
        multiplier_error(&row, divisor, epsilon)
    };
    assert_bound("normal", worst((0..50_000).map(|_| error())), NORMAL);
}

#[test]
fn normal_should_be_as_exact_when_numbers_are_small() {
    let mut random = Random(2);
    for _ in 0..20_000 {
        let most = 1i64 << random.below(12);
        let length = random.from(1, 64);
        let row: Vec<_> = (0..length).map(|_| i64::from(random.between((-most, most)))).collect();
        let found = row.iter().any(|c| *c != 0);
        let error = multiplier_error(&row, row.len() as u64, random.from(0, 1 << 10));
        assert!(!found || error.abs() < 1.1, "{row:?} is off by {error}");
    }
}

/// Frozen. `tests/kernel/second.py`, which was written from the README alone, comes to the same.
#[test]
fn functions_should_give_the_bits_they_always_gave_when_computed_again() {
    let random = &mut Random(1);
    let mut all = Vec::new();
    for _ in 0..3_000 {
        let x = random.draw();
        let x = x >> random.below(64);
        let (a, h) = invroot((x >> 3).max(1));
        let (up, down) = (x as i64, -((x >> 1) as i64));
        all.extend([exp2(x), exp2f(x), log2(x.max(1)), a, h.into()]);
        all.extend([sigmoid(up), sigmoid(down), normcdf(up), normcdf(down)]);
    }
    for _ in 0..500 {
        let length = 1 + random.below(9);
        let few = random.below(33);
        let number = |random: &mut Random| ((random.below(1 << 34) as i64) - (1 << 33) + 1) >> few;
        let row: Vec<_> = (0..length).map(|_| number(random)).collect();
        let divisor = if random.chance() { 1 } else { length };
        let epsilon = (random.below(1 << 32) >> few) as u32;
        let normal = Normal::of(row.iter().copied(), divisor, epsilon);
        all.extend(row.into_iter().map(|c| normal.apply(c)));
    }
    let halves = all.into_iter().flat_map(|one| [one as i32, (one >> 32) as i32]);
    assert_eq!(hash(halves), 0x4351_8e77_9408_1d34);
}

// What the table of bounds in the README says.
const EXP2: f64 = 1.0;
const EXP2F: f64 = 24.0;
const LOG2: f64 = 1.1;
const INVROOT: f64 = 1.0;
const SIGMOID: f64 = 1.7;
const NORMCDF: f64 = 0.6;
const GELU: f64 = 0.8;
const GATE: f64 = 1.8;
const NORMAL: f64 = 1.1;
