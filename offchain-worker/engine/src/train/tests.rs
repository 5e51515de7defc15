use super::*;
use crate::{
    apply::Deltas,
    config::{
        Activation, ClassifierConfig, ClassifierLayer, DecoderConfig, EncoderConfig, ExpertsConfig,
        Pooling,
    },
    demo,
    grid::Grid,
    model::{Classifier, Decoder, Encoder},
    parts::{self, Part, Place},
    quantise::{self, Options},
};
use burn::module::{ModuleVisitor, Param};
use std::{collections::BTreeMap, fs, path::Path};
use tempfile::TempDir;

mod bar;
mod examples;

const SEED: [u8; 32] = [7; 32];

fn device() -> Device {
    Device::flex()
}

fn tiny() -> DecoderConfig {
    DecoderConfig {
        context: 16,
        vocabulary: 11,
        hidden: 12,
        layers: 2,
        heads: 4,
        groups: 2,
        head: 4,
        inner: 10,
        experts: Some(ExpertsConfig { count: 4, chosen: 2, all: false }),
        normed_heads: true,
        tied: false,
        epsilon: 1e-6,
        theta: 100.0,
        scaling: None,
    }
}

fn decoder(config: &DecoderConfig) -> Decoder {
    draw(Decoder::new(config, &device()).expect("a fit configuration"), &SEED)
}

fn sequences(count: usize) -> Sequences {
    let sequence = |n: u32| {
        let tokens = (0..5 + n % 4).map(|at| (at * at + n * 3) % 11).collect();
        Sequence { tokens, given: 1 + n as usize % 3 }
    };
    Sequences { seed: SEED, examples: (0..8).map(sequence).collect(), count }
}

/// An encoder of small texts in three classes.
fn tiny_encoder() -> EncoderConfig {
    EncoderConfig {
        context: 8,
        vocabulary: 11,
        types: 2,
        hidden: 12,
        layers: 2,
        heads: 4,
        inner: 10,
        epsilon: 1e-6,
        pooling: Pooling::Mean,
        unit: true,
        classes: Some(3),
    }
}

fn encoder(config: &EncoderConfig) -> Encoder {
    draw(Encoder::new(config, &device()).expect("a fit configuration"), &SEED)
}

fn labelled(count: usize) -> Labelled {
    let text = |n: u32| (0..4 + n % 3).map(|at| (at * at + n * 3) % 11).collect();
    let classes = (0..8).map(|n| n % 3).collect();
    Labelled { seed: SEED, texts: (0..8).map(text).collect(), classes, count }
}

fn settings(steps: u64) -> Settings {
    let schedule = Schedule { rate: 1e-2, warmup: 3, last: 0.1 };
    Settings { seed: SEED, steps, schedule, ..Settings::default() }
}

fn low_rank(steps: u64) -> Settings {
    Settings { learned: Learned::LowRank { rank: 3, alpha: 6.0 }, ..settings(steps) }
}

/// Gradients by the names of weights.
struct ByName<'a> {
    place: Place,
    gradients: &'a GradientsParams,
    found: BTreeMap<String, Vec<f32>>,
}

impl ModuleVisitor for ByName<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.place.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.place.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.get::<D>(param.id) {
            let values = numbers(gradient).expect("on this machine");
            self.found.insert(self.place.name(), values);
        }
    }
}

fn gradients<M: Module>(
    trainer: &Trainer<M>,
    lessons: &impl Lessons<M>,
) -> BTreeMap<String, Vec<f32>> {
    let loss = lessons.loss(trainer.model(), 0, &device()).expect("a loss");
    let gradients = GradientsParams::from_grads(loss.backward(), trainer.model());
    let found = BTreeMap::new();
    let mut by_name = ByName { place: Place::default(), gradients: &gradients, found };
    trainer.model().visit(&mut by_name);
    by_name.found
}

fn loss<M: Module>(model: &M, lessons: &impl Lessons<M>) -> f64 {
    evaluate(model, lessons, 0..1).expect("a loss")
}

/// The gradient of each weight that learns is how much the loss changes along it.
fn compare_gradients<M: Module + Named>(model: M, lessons: &impl Lessons<M>) {
    let trainer = Trainer::new(model, settings(1)).expect("fit settings");
    let gradients = gradients(&trainer, lessons);
    let model = trainer.snapshot();
    let weights = parts::read(&model).expect("on this machine");
    let learns =
        |(name, part): &(&String, &Part)| part.role != Role::Bias && M::exact(name).is_some();
    let learning: Vec<&String> = weights.iter().filter(learns).map(|(name, _)| name).collect();
    assert_eq!(gradients.keys().collect::<Vec<_>>(), learning);
    for (name, gradient) in &gradients {
        let length = gradient.iter().map(|each| f64::from(each * each)).sum::<f64>().sqrt();
        // So small that the loss changes along a line, and by what f32 still has.
        let step = (2e-3 / length).min(4e-3);
        let moved = |step: f64| {
            let change = |at: &str, _: Role, _: &[usize]| {
                let along = |(weight, each): (&f32, &f32)| {
                    (f64::from(*weight) + step * f64::from(*each) / length) as f32
                };
                let weights = &weights[at].values;
                (at == name).then(|| weights.iter().zip(gradient).map(along).collect())
            };
            loss(&parts::replace(model.clone(), change), lessons)
        };
        let found = (moved(step) - moved(-step)) / (2.0 * step);
        let off = (found - length).abs();
        assert!(off < 5e-3 * length + 5e-5, "{name}: {found} and not {length}");
    }
}

#[test]
fn gradients_should_be_what_the_loss_changes_by_when_weights_are_moved_a_little() {
    let compare = |config: &DecoderConfig| compare_gradients(decoder(config), &sequences(6));
    compare(&DecoderConfig { experts: None, ..tiny() });
    // Where a row is about to choose another expert the loss has a step that no gradient knows.
    // None is at hand in the first, and in the second all are chosen.
    compare(&DecoderConfig { normed_heads: false, ..tiny() });
    let experts = Some(ExpertsConfig { count: 4, chosen: 4, all: false });
    compare(&DecoderConfig { experts, ..tiny() });
}

#[test]
fn gradients_should_be_what_the_loss_changes_by_when_an_encoder_learns() {
    compare_gradients(encoder(&tiny_encoder()), &labelled(6));
    let first = EncoderConfig { pooling: Pooling::First, unit: false, ..tiny_encoder() };
    compare_gradients(encoder(&first), &labelled(6));
}

#[test]
fn loss_should_be_of_rows_with_targets_when_others_have_none() {
    let logits = Tensor::<2>::from_floats([[0.0, 1.0], [9.0, -9.0], [2.0, 0.0]], &device());
    let mean = |targets: &[Option<u32>]| {
        cross_entropy(logits.clone(), targets).map(|loss| numbers(loss).expect("one number")[0])
    };
    let of = |other: f64| (1.0 + other.exp()).ln();
    let expected = (of(-1.0) + of(2.0)) / 2.0;
    let found = mean(&[Some(1), None, Some(1)]).expect("two targets");
    assert!((f64::from(found) - expected).abs() < 1e-6, "{found} and not {expected}");
    assert!(matches!(mean(&[None, None, None]), Err(TrainError::Nothing)));
}

#[test]
fn factors_should_be_all_that_changes_when_low_rank_is_learned() {
    let sample: Vec<u32> = (0..16).map(|at| at * at % 11).collect();
    let exact = quantise::decoder(&decoder(&tiny()), &[sample], &Options::default());
    let exact = exact.expect("a model");
    let grid = Grid::of(&exact).expect("steps of all");
    let base = grid.settle(decoder(&tiny())).expect("of this base");
    let before = parts::read(&base).expect("on this machine");
    let lessons = sequences(4);
    let mut trainer = Trainer::new(base, low_rank(30)).expect("fit settings");
    let first = trainer.step(&lessons).expect("a step").loss;
    let last = (0..29).map(|_| trainer.step(&lessons).expect("a step").loss).last();
    assert!(last.expect("steps") < first, "nothing was learned");
    let learned = trainer.snapshot();
    let mut seconds = 0;
    for (name, part) in parts::read(&learned).expect("on this machine") {
        match before.get(&name) {
            Some(old) => assert_eq!(*old, part, "{name}"),
            None => {
                seconds += usize::from(
                    part.role == Role::Second && part.values.iter().any(|each| *each != 0.0),
                )
            }
        }
    }
    assert!(seconds > 10, "{seconds} factors changed");
    let factors = factors(&learned, 3, 6.0).expect("on this machine");
    let change = grid.low_rank::<Decoder>(&factors).expect("of this base");
    let merged = trainer.finish();
    assert!((loss(&learned, &lessons) - loss(&merged, &lessons)).abs() < 1e-5);

    // The change in whole numbers comes as near to the merged weights as rounding allows.
    let nearest = grid.change(&merged).expect("of this base");
    let after = |deltas: &Deltas| {
        let mut exact = exact.clone();
        exact.apply(deltas).expect("of this base");
        Grid::of(&exact).expect("steps of all")
    };
    let (nearest, applied) = (after(&nearest), after(&change));
    for (name, component) in nearest.components() {
        let pairs = component.masters().iter().zip(applied.components()[name].masters());
        let most = pairs.map(|(a, b)| (i32::from(*a) - i32::from(*b)).abs()).max();
        assert!(most <= Some(2), "{name} is off by {most:?} steps");
    }
}

/// The losses of a run, which is killed after so many steps where it is said.
fn run(folder: &Path, settings: &Settings, kill: Option<u64>) -> Vec<Report> {
    run_of(decoder(&tiny()), &sequences(4), folder, settings, kill)
}

fn run_of<M: Module + Named>(
    model: M,
    lessons: &impl Lessons<M>,
    folder: &Path,
    settings: &Settings,
    kill: Option<u64>,
) -> Vec<Report> {
    let store = Store { folder: folder.to_owned(), every: 5 };
    let mut run = Run::open(model, settings.clone(), lessons, Some(store)).expect("fit");
    let mut reports = Vec::new();
    while let Some(report) = run.step(lessons).expect("a step") {
        reports.push(report);
        if kill == Some(report.step) {
            break;
        }
    }
    reports
}

/// A run of 20 steps comes to the same when it is killed and goes on.
fn compare_runs(run: impl Fn(&Path, Option<u64>) -> Vec<Report>) {
    let (whole, parts) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    let expected = run(whole.path(), None);
    assert_eq!(expected.len(), 20);
    run(parts.path(), Some(13));
    // A kill in the middle of a line.
    let log = parts.path().join("loss.jsonl");
    let half = fs::read_to_string(&log).expect("a log") + "{\"step\":14,\"lo";
    fs::write(&log, half).expect("written");
    assert_eq!(run(parts.path(), None), expected[10..]);
    for file in ["loss.jsonl", "checkpoint.safetensors"] {
        let read = |folder: &TempDir| fs::read(folder.path().join(file)).expect("a file");
        assert_eq!(read(&whole), read(&parts), "{file}");
    }
    assert!(run(parts.path(), None).is_empty());
}

#[test]
fn losses_should_be_the_same_when_a_run_is_killed_and_goes_on() {
    for settings in [settings(20), low_rank(20)] {
        compare_runs(|folder, kill| run(folder, &settings, kill));
        let model = || encoder(&tiny_encoder());
        compare_runs(|folder, kill| run_of(model(), &labelled(4), folder, &settings, kill));
    }
}

#[test]
fn checkpoint_should_be_refused_when_it_is_of_another_run_or_damaged() {
    let folder = TempDir::new().expect("a folder");
    run(folder.path(), &settings(10), Some(5));
    let open = |model: Decoder, settings: Settings, lessons: &Sequences| {
        let store = Store { folder: folder.path().to_owned(), every: 5 };
        match Run::open(model, settings, lessons, Some(store)) {
            Ok(_) => "nothing".to_owned(),
            Err(error) => error.to_string(),
        }
    };
    let same = || decoder(&tiny());
    assert_eq!(open(same(), settings(10), &sequences(4)), "nothing");
    let error = open(same(), settings(11), &sequences(4));
    assert!(error.contains("other settings (steps was 10 and is 11)"), "{error}");
    assert!(open(same(), settings(10), &sequences(5)).contains("other examples"));
    let wider = decoder(&DecoderConfig { inner: 12, ..tiny() });
    assert!(open(wider, settings(10), &sequences(4)).contains("another model"));
    // Of the same shape, and off by one weight.
    let near = parts::replace(same(), |name, role, shape| {
        let mut gains = vec![1.0; shape.iter().product()];
        gains[0] = 1.5;
        (role == Role::Gains && name == "norm.gamma").then_some(gains)
    });
    let error = open(near, settings(10), &sequences(4));
    assert!(error.contains("another model") && error.contains("use another folder"), "{error}");
    assert_eq!(open(same(), settings(10), &sequences(4)), "nothing");
    let path = folder.path().join("checkpoint.safetensors");
    let bytes = fs::read(&path).expect("a checkpoint");
    fs::write(&path, &bytes[..bytes.len() - 1]).expect("written");
    assert!(open(same(), settings(10), &sequences(4)).contains("damaged"));
}

#[test]
fn run_should_be_refused_when_another_writes_to_its_folder() {
    let folder = TempDir::new().expect("a folder");
    let open = || {
        let store = Store { folder: folder.path().to_owned(), every: 5 };
        Run::open(decoder(&tiny()), settings(10), &sequences(4), Some(store))
    };
    let refused = || open().err().map(|error| error.to_string()).unwrap_or_default();
    let log = || fs::read_to_string(folder.path().join("loss.jsonl")).expect("a log");
    let mut run = open().expect("fit");
    run.step(&sequences(4)).expect("a step");
    let error = refused();
    assert!(error.contains("another run") && error.contains("use another folder"), "{error}");
    assert_eq!(log().lines().count(), 1, "what it has written is as it was");
    // Also while what the run came to is written.
    let lock = run.lock();
    drop(run);
    assert!(refused().contains("another run"));
    drop(lock);
    assert_eq!(refused(), "");
}

#[test]
fn rate_should_rise_and_fall_when_steps_go_by() {
    let schedule = Schedule { rate: 2.0, warmup: 4, last: 0.25 };
    let rates: Vec<f64> = [1, 4, 8, 12, 99].map(|step| schedule.at(step, 12)).to_vec();
    let expected = [0.5, 2.0, 1.25, 0.5, 0.5];
    assert!(
        rates.iter().zip(expected).all(|(rate, goal)| (rate - goal).abs() < 1e-12),
        "{rates:?}"
    );
}

#[test]
fn classifier_should_tell_classes_apart_when_it_has_seen_them() {
    let layer = ClassifierLayer { outputs: 16, activation: Activation::Gelu };
    let config = ClassifierConfig { features: 2, layers: vec![layer], classes: 2, shares: false };
    let model = draw(Classifier::new(&config, &device()).expect("fit"), &SEED);
    let corners = [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)];
    let cases = Cases {
        seed: SEED,
        features: corners.map(|(a, b)| vec![a, b]).to_vec(),
        classes: vec![0, 1, 1, 0],
        count: 16,
    };
    let settings = Settings { learned: Learned::All, decay: 0.0, ..settings(300) };
    let run = Run::open(model, settings, &cases, None).expect("fit");
    let learned = run.finish(&cases).expect("steps").finish();
    let loss = loss(&learned, &cases);
    assert!(loss < 0.05, "{loss}");
}

#[test]
fn loss_should_be_of_logits_when_a_classifier_gives_shares() {
    let layer = ClassifierLayer { outputs: 16, activation: Activation::Gelu };
    let lost = |shares: bool| {
        let config = ClassifierConfig { features: 2, layers: vec![layer], classes: 2, shares };
        let model = draw(Classifier::new(&config, &device()).expect("fit"), &SEED);
        let features = vec![vec![0.5, -1.0], vec![3.0, 2.0]];
        loss(&model, &Cases { seed: SEED, features, classes: vec![0, 1], count: 8 })
    };
    let (numbers, shares) = (lost(false), lost(true));
    assert!((numbers - shares).abs() < 1e-9, "{numbers} and {shares}");
}

#[test]
fn encoder_should_tell_classes_apart_when_it_has_seen_them() {
    let texts = labelled(8);
    let model = encoder(&tiny_encoder());
    let types =
        |model: &Encoder| parts::read(model).expect("on this machine")["types.weight"].clone();
    for settings in [settings(200), low_rank(200)] {
        let run = Run::open(model.clone(), settings, &texts, None).expect("fit");
        let learned = run.finish(&texts).expect("steps").finish();
        let (before, after) = (loss(&model, &texts), loss(&learned, &texts));
        assert!(after < 0.5 * before, "{after}, and {before} before");
        assert_eq!(types(&learned), types(&model), "the exact form has no place for them");
    }
}

/// What a byte holds for whoever knows only how often each occurs.
fn alone(texts: &Texts) -> f64 {
    let bytes: Vec<u8> = (0..20).flat_map(|step| texts.records(step)).collect();
    let mut counts = [0f64; 256];
    bytes.iter().for_each(|byte| counts[*byte as usize] += 1.0);
    let shares = counts.iter().filter(|count| **count > 0.0).map(|each| each / bytes.len() as f64);
    shares.map(|share| -share * share.ln()).sum()
}

#[test]
fn text_should_be_foretold_by_what_came_before_when_a_small_model_has_learned() {
    let config = DecoderConfig {
        context: 64,
        hidden: 48,
        layers: 1,
        head: 12,
        inner: 48,
        experts: Some(ExpertsConfig { count: 4, chosen: 2, all: false }),
        ..demo::config()
    };
    let texts = Texts { length: 64, count: 16, ..demo::texts(SEED) };
    let settings = Settings { steps: 150, ..demo::settings() };
    let run = Run::open(decoder(&config), settings, &texts, None).expect("fit");
    let learned = run.finish(&texts).expect("steps").finish();
    let loss = evaluate(&learned, &texts, 1000..1004).expect("a loss");
    let (alone, floor) = (alone(&texts), texts.floor());
    println!("loss {loss:.3}, bytes by themselves {alone:.3}, floor {floor:.3}");
    assert!(loss < 0.6 * alone && loss > floor, "{loss}, by themselves {alone}, floor {floor}");
}

#[test]
#[ignore = "five minutes: the demo learns from nothing, for scripts/test --long"]
fn demo_should_come_near_the_floor_when_it_has_learned_from_nothing() {
    let texts = demo::texts(SEED);
    let model = demo::model(&SEED, &device()).expect("fit");
    println!("{} weights", model.num_params());
    let (settings, begin) = (demo::settings(), std::time::Instant::now());
    let mut run = Run::open(model, settings, &texts, None).expect("fit");
    while let Some(report) = run.step(&texts).expect("a step") {
        if report.step % 25 == 0 {
            println!("{} {:.4} {:.0?}", report.step, report.loss, begin.elapsed());
        }
    }
    let loss = evaluate(&run.trainer().snapshot(), &texts, 1_000_000..1_000_016).expect("a loss");
    let floor = texts.floor();
    println!("loss {loss:.4}, floor {floor:.4}, {:.1?}", begin.elapsed());
    assert!(loss < 1.15 * floor && loss > 0.98 * floor, "{loss}, and the floor is {floor}");
}
