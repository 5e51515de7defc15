//! What is said of changes of a model, by everyone alike.

mod common;

use cairn_artifact::{change::Change, hex, store::Store};
use cairn_engine::{
    exact,
    folder::{ExactFolder, FloatFolder, Model, Published, Purpose},
    judge::{Judge, JudgeError, Judged, Maker, Place, Ready, Unmade},
    quantise::{self, Options},
};
use cairn_kernel::{
    delta::{Delta, LowRank, Sparse},
    run::{Alone, Threads},
};
use cairn_protocol::{
    chunk::content,
    failure::Failure,
    id::{BlockId, ContentId, File, Seed},
    learning::{
        brief::{Brief, Subject, MOST_CHANGE},
        evaluation::{excess, DeltaFlaw, Evaluation, Opinion},
        model::{content_of, Component, Part, Parts},
        sample,
        source::{Generator, Source},
        sums,
    },
    spec::Records,
};
use common::{device, fixture};
use std::{fs, path::Path};
use tempfile::TempDir;

/// Tokens of a record.
const LENGTH: u32 = 12;
const COUNT: u32 = 70;
const THRESHOLD: u32 = 10_000;
const NORM: &str = "norm";
const QUERY: &str = "layers.0.attention.query.weights";

/// A model whose trunk is changed, and a set that it is judged on.
struct Scene {
    home: TempDir,
    folder: ExactFolder,
    brief: Brief,
    set: Vec<Vec<u32>>,
}

/// Makes records of the seed's first byte, the index, and what it is said to fail for.
struct Counting(Option<Unmade>);

impl Maker for Counting {
    fn ready(&self, module: &[u8], _: &Generator, seed: &Seed) -> Result<Ready<'_>, Unmade> {
        let first = u32::from(seed[0]) + u32::from(module[0]);
        Ok(Box::new(move |index| match (&self.0, index) {
            (Some(unmade), 66) => Err(unmade.clone()),
            _ => Ok(record(first, index as u32)
                .iter()
                .flat_map(|token| token.to_le_bytes())
                .collect()),
        }))
    }
}

fn record(first: u32, index: u32) -> Vec<u32> {
    (0..LENGTH).map(|at| (first + index * 3 + at * 7) % 40).collect()
}

fn parts(of: &[(&str, File)]) -> Parts {
    let part = |(component, file): &(&str, File)| Part { component: named(component), file: *file };
    Parts::truncate_from(of.iter().map(part).collect())
}

fn named(component: &str) -> Component {
    Component::truncate_from(component.as_bytes().to_vec())
}

impl Scene {
    fn new() -> Self {
        let home = TempDir::new().expect("a folder");
        let imported = FloatFolder::import(&fixture("llama"), &device()).expect("supported");
        let Model::Decoder(decoder) = &imported.model else { panic!("it is a decoder") };
        let sample: Vec<u32> = (0..40).map(|at| (at * at + 3) % 64).collect();
        let exact = quantise::decoder(decoder, &[sample], &Options::default()).expect("a model");
        let (shape, tokens) = (imported.model.shape(), &imported.tokens);
        let folder = home.path().join("model");
        let folder = ExactFolder::write(&folder, &exact, &shape, tokens, imported.folder());
        let folder = folder.expect("written");
        let store = Store::at(home.path().join("store")).expect("a store");
        let Published { bundle, judge, .. } = folder.publish_described(&store).expect("published");
        let set: Vec<Vec<u32>> = (0..100).map(|index| record(0, index)).collect();
        let bytes: Vec<u8> = set.iter().flatten().flat_map(|token| token.to_le_bytes()).collect();
        let file = store.put(&bytes).expect("written");
        let brief = Brief {
            model: BlockId([1; 32]),
            bundle,
            judge,
            parts: Parts::default(),
            subject: Subject::Heads(Parts::default()),
            source: Source::Records(Records { file, record_bytes: 4 * LENGTH }),
            count: COUNT,
            threshold: THRESHOLD,
            attempts: 0,
            seed: [5; 32],
        };
        Self { home, folder, brief, set }
    }

    fn store(&self) -> Store {
        Store::existing(self.home.path().join("store"))
    }

    fn put(&self, bytes: &[u8]) -> File {
        self.store().put(bytes).expect("written")
    }

    fn trunk(&self) -> File {
        let id = &self.folder.manifests()[&Purpose::Loss];
        self.folder.store().manifest(id).expect("a manifest").components["trunk"].file
    }

    /// The brief of a delta on the trunk.
    fn of(&self, artifact: &[u8]) -> Brief {
        let (component, artifact) = (named("trunk"), self.put(artifact));
        let subject = Subject::Delta { component, artifact, base: self.trunk().id };
        Brief { subject, ..self.brief.clone() }
    }

    /// A change of the trunk as it is published.
    fn change(&self, deltas: &[(&str, Delta)]) -> Change {
        let deltas = deltas.iter().map(|(name, delta)| ((*name).to_owned(), delta.clone()));
        Change::new(self.trunk().id, deltas.collect()).expect("a change")
    }

    fn judged(&self, judge: &mut Judge<'_>, brief: &Brief) -> Result<Judged, JudgeError> {
        let (store, cache) = (self.home.path().join("store"), self.home.path().join("cache"));
        judge.judge(brief, Place { store: &store, cache: &cache })
    }

    /// What is said by one who has judged nothing before.
    fn said(&self, brief: &Brief) -> Opinion {
        let mut judge = Judge::new(&Alone, &Counting(None));
        self.judged(&mut judge, brief).expect("this machine lacks nothing").opinion
    }

    #[track_caller]
    fn measured(&self, brief: &Brief) -> Evaluation {
        let said = self.said(brief);
        let Opinion::Measured(evaluation) = said else { panic!("{said:?}") };
        evaluation
    }

    /// What a model loses on some of the set, record by record.
    fn losses(&self, folder: &ExactFolder, records: &[u64]) -> Vec<u64> {
        let package = folder.package(Purpose::Loss).expect("a decoder");
        let plan = package.plan().expect("it fits");
        let lost = |record: &u64| {
            let lost = exact::loss(&plan, &Alone, &[&self.set[*record as usize]]).expect("it runs");
            u64::try_from(lost.micro_nats).expect("it loses")
        };
        records.iter().map(lost).collect()
    }

    fn changed(&self, change: &Change, name: &str) -> ExactFolder {
        let to = self.home.path().join(name);
        self.folder.changed(std::slice::from_ref(change), &to).expect("applied")
    }

    fn remove(&self, id: &ContentId) {
        fs::remove_file(self.store().path(id)).expect("it was there");
    }
}

/// Every number of a norm by so much.
fn gains(by: i16) -> Delta {
    let changes = (0..32).map(|column| (column, by)).collect();
    Delta::Sparse(Sparse::new(1, 32, vec![(0, changes)]).expect("a change"))
}

fn product(rank: u32, by: i16) -> Delta {
    let factor = |at: u32| (at as i16 % 5) * by;
    let (high, wide) = ((0..32 * rank).map(factor).collect(), (0..rank * 32).map(factor).collect());
    Delta::LowRank(LowRank::new([32, 32], rank, 1, high, wide).expect("a change"))
}

#[test]
fn delta_should_be_measured_as_what_the_changed_model_loses() {
    let scene = Scene::new();
    let change = scene.change(&[(NORM, gains(900)), (QUERY, product(2, 60))]);
    let brief = scene.of(&change.encode());
    let mut judge = Judge::new(&Alone, &Counting(None));
    let judged = scene.judged(&mut judge, &brief).expect("measured");
    let Opinion::Measured(evaluation) = judged.opinion else { panic!("{:?}", judged.opinion) };

    let changed = scene.changed(&change, "changed");
    let manifest = changed.store().manifest(&changed.manifests()[&Purpose::Loss]).expect("one");
    assert_eq!(evaluation.candidate, manifest.components["trunk"].file.id);
    let records = sample::records(&brief.source, COUNT, &brief.seed);
    let before = scene.losses(&scene.folder, &records);
    let after = scene.losses(&changed, &records);
    assert_ne!(before, after);
    let leaves = judged.leaves.iter().map(|leaf| (leaf.record, leaf.baseline, leaf.loss));
    let expected = records.iter().zip(&before).zip(&after).map(|((at, b), c)| (*at, *b, *c));
    assert_eq!(leaves.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    let sum = |losses: &[u64]| losses.iter().sum::<u64>();
    assert_eq!((evaluation.baseline, evaluation.loss), (sum(&before), sum(&after)));
    let each = before.iter().zip(&after).map(|(b, c)| excess(*b, *c, THRESHOLD));
    assert_eq!(evaluation.sum, each.sum::<i128>());
    let tree = sums::tree(&judged.leaves, THRESHOLD).expect("a tree");
    assert_eq!(evaluation.trace, tree.root().hash);
    assert!(evaluation.answers(&brief));
    assert_eq!(judged.tokens, u64::from(COUNT * (LENGTH - 1)));

    // By any number of threads, and from a file as from what was opened for another.
    for hands in [2, 3] {
        let crew = Threads::new(hands).expect("threads");
        let mut judge = Judge::new(&crew, &Counting(None));
        let again = scene.judged(&mut judge, &brief).expect("measured");
        assert_eq!((again.opinion, again.leaves), (judged.opinion, judged.leaves.clone()));
    }
}

#[test]
fn delta_should_come_to_the_same_when_others_were_judged_before() {
    let scene = Scene::new();
    let change = |by| scene.of(&scene.change(&[(NORM, gains(by))]).encode());
    let briefs = [change(300), change(-300), Brief { seed: [6; 32], ..change(300) }, change(301)];
    let mut judge = Judge::new(&Alone, &Counting(None));
    let trunk = scene.trunk();
    for (at, brief) in briefs.iter().enumerate() {
        let alone = scene.said(brief);
        let together = scene.judged(&mut judge, brief).expect("measured").opinion;
        assert_eq!(together, alone, "{at}");
    }
    let found: Vec<_> = briefs.iter().map(|brief| scene.measured(brief)).collect();
    assert_eq!(found[0].baseline, found[1].baseline);
    assert!(found[0].loss != found[1].loss && found[0].baseline != found[2].baseline);
    // What was said is said again, and the model is not read anew for the next.
    scene.remove(&trunk.id);
    fs::remove_dir_all(scene.home.path().join("cache")).expect("it is ours");
    let said = scene.judged(&mut judge, &briefs[0]).expect("said").opinion;
    assert_eq!(said, Opinion::Measured(found[0]));
    let next = change(302);
    let next = scene.judged(&mut judge, &next).expect("it is open").opinion;
    assert!(matches!(next, Opinion::Measured(_)));
}

#[test]
fn delta_should_gain_nothing_when_it_is_none_or_turned_round() {
    let scene = Scene::new();
    let (rows, columns) = (32, 32);
    let nothing = LowRank::new([rows, columns], 1, 0, vec![0; 32], vec![0; 32]).expect("a change");
    let zero =
        scene.measured(&scene.of(&scene.change(&[(QUERY, Delta::LowRank(nothing))]).encode()));
    assert_eq!((zero.candidate, zero.loss), (scene.trunk().id, zero.baseline));
    assert_eq!(zero.sum, -i128::from(THRESHOLD) * i128::from(zero.baseline));

    // Away from where the largest would saturate.
    let [there, back] = [-400, 400].map(|by| scene.change(&[(NORM, gains(by))]));
    let forth = scene.measured(&scene.of(&there.encode()));
    // On the head that has moved by then, whatever it was laid on.
    let moved = scene.changed(&there, "moved");
    let id = &moved.manifests()[&Purpose::Loss];
    let file = moved.store().manifest(id).expect("a manifest").components["trunk"].file;
    assert_eq!(file.id, forth.candidate);
    scene.store().take(moved.store(), &file).expect("taken");
    let brief = Brief { parts: parts(&[("trunk", file)]), ..scene.of(&back.encode()) };
    let returned = scene.measured(&brief);
    assert_eq!(returned.candidate, scene.trunk().id);
    assert_eq!((returned.baseline, returned.loss), (forth.loss, forth.baseline));
    assert_eq!(forth.loss < forth.baseline, returned.loss > returned.baseline);
}

#[test]
fn heads_should_be_measured_as_whole_models() {
    let scene = Scene::new();
    let change = scene.change(&[(NORM, gains(700))]);
    let delta = scene.measured(&scene.of(&change.encode()));
    let changed = scene.changed(&change, "changed");
    let id = &changed.manifests()[&Purpose::Loss];
    let file = changed.store().manifest(id).expect("a manifest").components["trunk"].file;
    scene.store().take(changed.store(), &file).expect("taken");
    let heads = parts(&[("trunk", file)]);
    let brief = Brief { subject: Subject::Heads(heads.clone()), ..scene.brief.clone() };
    let whole = scene.measured(&brief);
    assert_eq!(whole.candidate, content_of(&heads));
    assert_eq!(Evaluation { candidate: delta.candidate, ..whole }, delta);
    // And the other way round.
    let subject = Subject::Heads(parts(&[]));
    let back = scene.measured(&Brief { parts: heads, subject, ..scene.brief.clone() });
    assert_eq!((back.baseline, back.loss), (whole.loss, whole.baseline));
}

#[test]
fn first_missing_file_should_be_named_in_the_order_that_all_keep() {
    let scene = Scene::new();
    let brief = scene.of(&scene.change(&[(NORM, gains(1))]).encode());
    let brief = Brief { parts: parts(&[("trunk", scene.trunk())]), ..brief };
    let Subject::Delta { artifact, .. } = &brief.subject else { panic!("it is of a delta") };
    let loss = scene.folder.manifests()[&Purpose::Loss];
    let Source::Records(records) = brief.source else { panic!("it is a file") };
    let order =
        [artifact.id, records.file.id, scene.trunk().id, brief.bundle.id, loss, brief.judge];
    let kept = order.map(|id| (id, fs::read(scene.store().path(&id)).expect("it is there")));
    order.iter().for_each(|id| scene.remove(id));
    for (id, bytes) in kept {
        assert_eq!(scene.said(&brief), Opinion::Unavailable(id), "{}", hex(&id));
        // Not to be had with this length either.
        fs::write(scene.store().path(&id), &bytes[1..]).expect("written");
        if [artifact.id, records.file.id, brief.bundle.id].contains(&id) {
            assert_eq!(scene.said(&brief), Opinion::Unavailable(id), "{}", hex(&id));
        }
        scene.remove(&id);
        scene.put(&bytes);
    }
    let mut judge = Judge::new(&Alone, &Counting(None));
    let unavailable = Brief { seed: [8; 32], ..brief };
    scene.remove(&records.file.id);
    let said = scene.judged(&mut judge, &unavailable).expect("said").opinion;
    assert_eq!(said, Opinion::Unavailable(records.file.id));
    // It is looked for again.
    let bytes: Vec<u8> = scene.set.iter().flatten().flat_map(|token| token.to_le_bytes()).collect();
    scene.put(&bytes);
    let said = scene.judged(&mut judge, &unavailable).expect("said").opinion;
    assert!(matches!(said, Opinion::Measured(_)));
}

#[test]
fn delta_should_be_flawed_by_what_is_wrong_with_it() {
    let scene = Scene::new();
    let flawed = |bytes: &[u8], flaw: DeltaFlaw| {
        assert_eq!(scene.said(&scene.of(bytes)), Opinion::Flawed(flaw));
    };
    let good = scene.change(&[(NORM, gains(1))]);
    flawed(b"stone", DeltaFlaw::NotAChange);
    flawed(&[good.encode(), vec![0]].concat(), DeltaFlaw::NotAChange);
    let other = Change::new(ContentId([9; 32]), good.deltas().clone()).expect("a change");
    flawed(&other.encode(), DeltaFlaw::OtherBase);
    flawed(&scene.change(&[("nobody", gains(1))]).encode(), DeltaFlaw::UnknownTensor);
    let scales = format!("{}.scales", QUERY.trim_end_matches(".weights"));
    flawed(&scene.change(&[(&scales, gains(1))]).encode(), DeltaFlaw::NoMasters);
    flawed(&scene.change(&[(QUERY, gains(1))]).encode(), DeltaFlaw::WrongShape);
    // More work than any change of so many rows is.
    flawed(&scene.change(&[(QUERY, product(33, 1))]).encode(), DeltaFlaw::TooLarge);
    // One that nobody has to fetch to see it.
    let mut large = scene.of(&good.encode());
    let Subject::Delta { artifact, .. } = &mut large.subject else { panic!("it is of a delta") };
    *artifact = File { id: ContentId([7; 32]), bytes: MOST_CHANGE * scene.trunk().bytes + 1 };
    assert_eq!(scene.said(&large), Opinion::Flawed(DeltaFlaw::TooLarge));
    let known = Brief { parts: parts(&[("trunk", scene.trunk())]), ..large.clone() };
    scene.remove(&known.bundle.id);
    assert_eq!(scene.said(&known), Opinion::Flawed(DeltaFlaw::TooLarge));
    // How large it may be is not known then.
    assert_eq!(scene.said(&large), Opinion::Unavailable(ContentId([7; 32])));
}

#[test]
fn brief_should_be_unmeasurable_when_its_model_or_its_set_is_at_fault() {
    let scene = Scene::new();
    let good = scene.of(&scene.change(&[(NORM, gains(1))]).encode());
    let unmeasurable = |brief: &Brief| {
        assert_eq!(scene.said(brief), Opinion::Flawed(DeltaFlaw::Unmeasurable));
    };
    unmeasurable(&Brief { judge: ContentId([7; 32]), ..good.clone() });
    unmeasurable(&Brief { bundle: scene.put(b"stone"), ..good.clone() });
    unmeasurable(&Brief { count: 101, ..good.clone() });
    unmeasurable(&Brief { count: 0, ..good.clone() });
    unmeasurable(&Brief { parts: parts(&[("nobody", scene.trunk())]), ..good.clone() });
    // Of which no delta is too large.
    let stone = scene.put(&[7; 4_096]);
    unmeasurable(&Brief { parts: parts(&[("trunk", stone)]), ..good.clone() });
    let Subject::Delta { artifact, base, .. } = good.subject.clone() else { panic!("of a delta") };
    let subject = Subject::Delta { component: named("nobody"), artifact, base };
    unmeasurable(&Brief { subject, ..good.clone() });
    let set = |record_bytes, tokens: &[u32]| {
        let bytes: Vec<u8> = tokens.iter().flat_map(|token| token.to_le_bytes()).collect();
        let source = Source::Records(Records { file: scene.put(&bytes), record_bytes });
        Brief { source, ..good.clone() }
    };
    // Tokens that it does not have, longer than it takes, and too few.
    unmeasurable(&set(8, &[1 << 20; 200]));
    unmeasurable(&set(4 * 400, &[1; 400 * 70]));
    unmeasurable(&set(8, &[1; 2 * 63]));
    unmeasurable(&set(6, &[1; 300]));
}

#[test]
fn records_should_be_those_that_a_module_makes() {
    let scene = Scene::new();
    let module = scene.put(&[3, 1, 4]);
    let generator = Generator { module, record_bytes: 4 * LENGTH, fuel: 9, count: 1_000 };
    let good = scene.of(&scene.change(&[(NORM, gains(500))]).encode());
    let brief = Brief { source: Source::Generator(generator), ..good };
    let made = scene.measured(&brief);
    // The same as records of a file, the first of those of its seed.
    let set: Vec<Vec<u32>> = (0..COUNT).map(|index| record(5 + 3, index)).collect();
    let lost = Scene { set, ..Scene::new() };
    let records: Vec<u64> = (0..COUNT.into()).collect();
    assert_eq!(made.baseline, lost.losses(&lost.folder, &records).iter().sum::<u64>());
    assert_ne!(made.baseline, scene.measured(&Brief { seed: [6; 32], ..brief.clone() }).baseline);

    let fails = |unmade: Unmade, brief: &Brief| {
        let maker = Counting(Some(unmade));
        scene.judged(&mut Judge::new(&Alone, &maker), brief).map(|judged| judged.opinion)
    };
    let own = fails(Unmade::Module("it stops".into()), &brief).expect("the same for all");
    assert_eq!(own, Opinion::Flawed(DeltaFlaw::Unmeasurable));
    let error = fails(Unmade::Machine("no memory".into()), &brief).expect_err("this machine's");
    assert_eq!(error.failure(), Failure::Internal);
    let shorter = Generator { record_bytes: 4 * LENGTH - 4, ..generator };
    let brief = Brief { source: Source::Generator(shorter), ..brief };
    assert_eq!(scene.said(&brief), Opinion::Flawed(DeltaFlaw::Unmeasurable));
}

#[test]
fn nothing_should_be_said_when_a_file_is_damaged_here() {
    let scene = Scene::new();
    let bytes = scene.change(&[(NORM, gains(1))]).encode();
    let brief = scene.of(&bytes);
    let damage = |id: &ContentId| {
        let path = scene.store().path(id);
        let mut bytes = fs::read(&path).expect("it is there");
        *bytes.last_mut().expect("it has some") ^= 1;
        fs::remove_file(&path).expect("it was there");
        fs::write(&path, bytes).expect("written");
    };
    damage(&content(&bytes));
    let mut judge = Judge::new(&Alone, &Counting(None));
    let error = scene.judged(&mut judge, &brief).expect_err("it is damaged");
    assert_eq!(error.failure(), Failure::FalseArtifact);
    scene.remove(&content(&bytes));
    scene.put(&bytes);
    damage(&brief.judge);
    assert!(scene.judged(&mut Judge::new(&Alone, &Counting(None)), &brief).is_err());
}

#[test]
fn lay_should_write_the_component_that_is_judged() {
    let scene = Scene::new();
    let change = scene.change(&[(NORM, gains(900)), (QUERY, product(2, 60))]);
    let brief = scene.of(&change.encode());
    let (store, cache) = (scene.home.path().join("store"), scene.home.path().join("cache"));
    let place = Place { store: &store, cache: &cache };
    let to = scene.home.path().join("laid");
    let mut judge = Judge::new(&Alone, &Counting(None));
    // Without what it would be measured on.
    let evaluation = scene.measured(&brief);
    scene.remove(&brief.source.file().id);
    let file = judge.lay(&brief, place, &to).expect("laid").expect("a delta");
    assert_eq!(file.id, evaluation.candidate);
    let bytes = fs::read(&to).expect("written");
    assert_eq!((content(&bytes), bytes.len() as u64), (file.id, file.bytes));
    let other = scene.of(b"stone");
    let said = judge.lay(&other, place, &to).expect("said").expect_err("no delta");
    assert_eq!(said, Opinion::Flawed(DeltaFlaw::NotAChange));
    let nowhere = judge.lay(&brief, place, Path::new("nowhere/laid")).expect_err("no folder");
    assert_eq!(nowhere.failure(), Failure::Internal);
    let error = judge.lay(&scene.brief, place, &to).expect_err("no delta");
    assert_eq!(error.failure(), Failure::MalformedSpec);
}
