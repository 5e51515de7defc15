//! Briefs of changes, judged as guards and researchers have them judged.

use crate::{
    home::{inline, samples, Home},
    module::{self, *},
};
use cairn_artifact::change::Change;
use cairn_engine::folder::{ExactFolder, Purpose};
use cairn_kernel::delta::{Delta, Sparse};
use cairn_order::{Fault, Judging, Made, Outcome, Product, Want};
use cairn_protocol::{
    chunk::content,
    failure::Failure,
    id::{BlockId, ContentId, File},
    learning::{
        brief::{Brief, Subject},
        evaluation::{DeltaFlaw, Evaluation, Opinion},
        sample,
        source::{Generator, Source},
    },
    spec::Records,
};
use codec::DecodeAll;
use std::{fs, path::Path};

/// Tokens of a record.
const LENGTH: u32 = 12;
const COUNT: u32 = 66;
const FUEL: u64 = 100_000;

/// A model in a store, and what deltas of it are judged on.
pub struct Bench<'h> {
    home: &'h Home,
    folder: ExactFolder,
    bundle: File,
    pub source: Source,
}

impl<'h> Bench<'h> {
    pub fn new(home: &'h Home) -> Self {
        let (folder, bundle) = home.decoder();
        let tokens = samples(80, LENGTH, 100).concat();
        let bytes: Vec<u8> = tokens.iter().flat_map(|token| token.to_le_bytes()).collect();
        let records = Records { file: home.put(&bytes), record_bytes: 4 * LENGTH };
        Self { home, folder, bundle, source: Source::Records(records) }
    }

    /// The component that deltas are laid on.
    pub fn trunk(&self) -> File {
        let id = &self.folder.manifests()[&Purpose::Loss];
        self.folder.store().manifest(id).expect("a manifest").components["trunk"].file
    }

    /// A delta that moves one gain by so much.
    pub fn judging(&self, by: i16) -> Judging {
        let id = &self.folder.manifests()[&Purpose::Loss];
        let manifest = self.folder.store().manifest(id).expect("a manifest");
        let base = manifest.components["trunk"].file.id;
        let sparse = Sparse::new(1, 32, vec![(0, vec![(0, by)])]).expect("a change");
        let deltas = [("norm".to_owned(), Delta::Sparse(sparse))].into();
        let change = Change::new(base, deltas).expect("a change").encode();
        let component = b"trunk".to_vec().try_into().expect("short");
        let artifact = self.home.put(&change);
        let brief = Brief {
            model: BlockId([1; 32]),
            bundle: self.bundle,
            judge: manifest.program.id,
            parts: Default::default(),
            subject: Subject::Delta { component, artifact, base },
            source: self.source,
            count: COUNT,
            threshold: 10_000,
            attempts: 0,
            seed: [7; 32],
        };
        let path = |name| self.home.at(name).to_str().expect("Unicode").to_owned();
        let (store, cache) = (path("store"), path("cache"));
        Judging { brief, want: Want::Opinion, store, cache, threads: 1 }
    }

    pub fn run(&self, judging: &Judging) -> Result<Made, Fault> {
        cairn_job::judge(judging, &self.home.at("scratch"))
    }

    fn said(&self, judging: &Judging) -> Opinion {
        opinion(&self.run(judging).expect("this machine lacks nothing"))
    }

    /// What is said where a module makes the records.
    fn generated(&self, module: &[u8]) -> Opinion {
        let module = self.home.put(module);
        let generator = Generator { module, record_bytes: 4 * LENGTH, fuel: FUEL, count: 1_000 };
        let mut judging = self.judging(99);
        judging.brief.source = Source::Generator(generator);
        self.said(&judging)
    }
}

#[track_caller]
pub fn opinion(made: &Made) -> Opinion {
    Opinion::decode_all(&mut inline(made)).expect("an opinion")
}

#[track_caller]
fn measured(said: Opinion) -> Evaluation {
    let Opinion::Measured(evaluation) = said else { panic!("{said:?}") };
    evaluation
}

#[test]
fn opinion_should_be_the_answer_by_any_number_of_threads() {
    let home = Home::new();
    let bench = Bench::new(&home);
    let judging = bench.judging(5_000);
    let made = bench.run(&judging).expect("it is measured");
    let evaluation = measured(opinion(&made));
    assert_ne!(evaluation.baseline, evaluation.loss);
    let trace = *blake3::hash(inline(&made)).as_bytes();
    assert_eq!((made.units, made.trace), (u64::from(COUNT * (LENGTH - 1)), trace));
    let again = Judging { cache: String::new(), threads: 2, ..judging };
    assert_eq!(bench.run(&again), Ok(made.clone()));
    let replied = cairn_job::reply(&again.to_bytes(), &home.at("scratch"));
    assert_eq!(Outcome::from_bytes(&replied), Ok(Outcome::Made(made)));
    let mut cut = again.to_bytes();
    cut.pop();
    let replied = Outcome::from_bytes(&cairn_job::reply(&cut, &home.at("scratch")));
    let Ok(Outcome::Failed(fault)) = replied else { panic!("{replied:?}") };
    assert_eq!(fault.failure, Failure::Internal);
}

#[test]
fn opinion_should_be_that_a_file_is_missing_when_one_is() {
    let home = Home::new();
    let bench = Bench::new(&home);
    let judging = bench.judging(1);
    let source = judging.brief.source.file();
    fs::remove_file(home.path(&source)).expect("it was there");
    let made = bench.run(&judging).expect("it is said");
    assert_eq!((opinion(&made), made.units), (Opinion::Unavailable(source.id), 0));
}

#[test]
fn sample_should_be_the_records_that_are_measured_when_it_is_wanted() {
    let home = Home::new();
    let bench = Bench::new(&home);
    let judging = Judging { want: Want::Sample, ..bench.judging(1) };
    let Source::Records(records) = judging.brief.source else { panic!("a file") };
    let made = bench.run(&judging).expect("it is written");
    let bytes = fs::read(home.at("scratch").join("output")).expect("a file");
    assert_eq!(ContentId(made.trace), content(&bytes));
    let set = fs::read(home.path(&records.file)).expect("the set");
    let length = records.record_bytes as usize;
    let drawn = sample::records(&judging.brief.source, COUNT, &judging.brief.seed);
    let drawn = drawn.iter().map(|record| &set[*record as usize * length..][..length]);
    assert_eq!(bytes, drawn.collect::<Vec<_>>().concat());

    fs::remove_file(home.path(&records.file)).expect("it was there");
    let fault = bench.run(&judging).expect_err("there is no set");
    assert_eq!(fault.failure, Failure::MissingArtifact);
}

#[test]
fn candidate_should_be_a_file_when_it_is_wanted() {
    let home = Home::new();
    let bench = Bench::new(&home);
    let wanted = |by| Judging { want: Want::Candidate, ..bench.judging(by) };
    let evaluation = measured(bench.said(&bench.judging(9)));
    let made = bench.run(&wanted(9)).expect("laid");
    assert_eq!(made.product, Product::Scratch("output".into()));
    let bytes = fs::read(home.at("scratch").join("output")).expect("a file");
    assert_eq!(
        (content(&bytes), ContentId(made.trace)),
        (evaluation.candidate, evaluation.candidate)
    );

    let mut other = wanted(9);
    let Subject::Delta { base, .. } = &mut other.brief.subject else { panic!("of a delta") };
    *base = ContentId([9; 32]);
    let fault = bench.run(&other).expect_err("another base");
    assert_eq!(fault.failure, Failure::FalseArtifact);
    let mut gone = wanted(9);
    let nothing = File { id: ContentId([9; 32]), bytes: 9 };
    let Subject::Delta { artifact, .. } = &mut gone.brief.subject else { panic!("of a delta") };
    *artifact = nothing;
    let fault = bench.run(&gone).expect_err("missing");
    assert_eq!(fault.failure, Failure::MissingArtifact);
}

#[test]
fn several_should_be_answered_each_as_alone_on_the_model_that_is_open() {
    let home = Home::new();
    let bench = Bench::new(&home);
    let mut flawed = bench.judging(4);
    flawed.brief.subject = Subject::Delta {
        component: b"trunk".to_vec().try_into().expect("short"),
        artifact: home.put(b"stone"),
        base: ContentId([9; 32]),
    };
    let laid = Judging { want: Want::Candidate, ..bench.judging(3) };
    let all = [bench.judging(3), bench.judging(-3), laid, flawed, bench.judging(3)];
    let alone = all.each_ref().map(|judging| bench.run(judging).expect("it is said"));
    let trunk = bench.trunk();
    let mut rest: Vec<Vec<u8>> =
        (0..).zip(&all).map(|(number, one)| one.numbered_to_bytes(number)).collect();
    let first = rest.remove(0);
    rest.reverse();
    let mut told = Vec::new();
    let tell = |bytes: &[u8]| {
        if told.is_empty() {
            // What was opened stays open.
            fs::remove_file(home.path(&trunk)).expect("it was there");
            fs::remove_dir_all(home.at("cache")).expect("it is ours");
            fs::create_dir(home.at("cache")).expect("it is ours");
        }
        told.push(Outcome::numbered_from_bytes(bytes).expect("an outcome"));
        Ok(())
    };
    let scratch = home.at("scratch");
    cairn_job::work_off(&first, move || Ok(rest.pop()), &scratch, tell).expect("all are read");
    for ((number, outcome), (at, alone)) in told.iter().zip((0..).zip(alone)) {
        assert_eq!(*number, at);
        // Its file has its number.
        let product = match alone.product {
            Product::Scratch(_) => Product::Scratch(format!("output-{at}")),
            inline => inline,
        };
        assert_eq!(*outcome, Outcome::Made(Made { product, ..alone }), "{at}");
    }
    assert_eq!(told.len(), 5);
}

#[test]
fn process_should_end_when_what_comes_among_briefs_is_an_order() {
    let home = Home::new();
    let bench = Bench::new(&home);
    let first = bench.judging(1).numbered_to_bytes(0);
    let spec = cairn_protocol::spec::Spec::Embed(cairn_protocol::spec::EmbedSpec);
    let mut order = Some(home.order(&spec, b"stone", None).numbered_to_bytes(1));
    let more = move || Ok(order.take());
    let mut told = 0;
    let tell = |_: &[u8]| {
        told += 1;
        Ok(())
    };
    let ended = cairn_job::work_off(&first, more, Path::new("."), tell);
    assert!(ended.is_err() && told == 1);
}

/// A module that makes records: their first token is the index, all others are zero.
fn counting() -> Draft {
    let index = [int(0), int(32), int(8), vec![CALL, INPUT_READ, DROP]].concat();
    let whole = [int(0), int(4 * LENGTH as i32), write().to_vec()].concat();
    Draft { export: "record", ..Draft::of(&[&index, &whole]) }
}

#[test]
fn records_should_be_what_a_module_makes_of_seed_and_index() {
    let home = Home::new();
    let bench = Bench::new(&home);
    let made = measured(bench.generated(&counting().bytes()));
    // More memory than a module may have is refused, and it goes on.
    let more = [int(257), vec![MEMORY_GROW, 0, DROP]].concat();
    let grown = Draft { code: [more, counting().code].concat(), ..counting() };
    assert_eq!(measured(bench.generated(&grown.bytes())), made);
    // The same, drawn of a file that has no others.
    let record = |index: u32| [vec![index], vec![0; LENGTH as usize - 1]].concat();
    let tokens = (0..COUNT).flat_map(record);
    let bytes: Vec<u8> = tokens.flat_map(u32::to_le_bytes).collect();
    let records = Records { file: home.put(&bytes), record_bytes: 4 * LENGTH };
    let of_file = Bench { source: Source::Records(records), ..bench };
    assert_eq!(measured(of_file.said(&of_file.judging(99))), made);
}

#[test]
fn brief_should_be_unmeasurable_when_a_module_makes_no_records() {
    let home = Home::new();
    let bench = Bench::new(&home);
    let unmeasurable = |what: &str, draft: Draft| {
        let said = bench.generated(&draft.bytes());
        assert_eq!(said, Opinion::Flawed(DeltaFlaw::Unmeasurable), "{what}");
    };
    let with = |code: &[u8]| Draft { code: [code, &counting().code].concat(), ..counting() };
    let float = [&[F32_CONST][..], &1_f32.to_le_bytes(), &[DROP]].concat();
    unmeasurable("a float", with(&float));
    unmeasurable("lanes", with(&[&[SIMD, 0x0c][..], &[0; 16], &[DROP]].concat()));
    unmeasurable("a trap", with(&[UNREACHABLE]));
    unmeasurable("no end", with(&[LOOP, NOTHING, BRANCH, 0, END]));
    unmeasurable("no such function", Draft { export: "run", ..counting() });
    unmeasurable("another import", {
        let mut draft = counting();
        draft.imports.push(("cairn", "socket", 0));
        draft
    });
    unmeasurable("too much memory", Draft { memory: pages(257), ..counting() });
    let twice = [int(0), int(4), write().to_vec()].concat();
    unmeasurable("a longer record", with(&twice));
    let said = bench.generated(&[module::echo(), vec![0; 1 << 20]].concat());
    assert_eq!(said, Opinion::Flawed(DeltaFlaw::Unmeasurable), "too long");
    let said = bench.generated(b"stone");
    assert_eq!(said, Opinion::Flawed(DeltaFlaw::Unmeasurable), "no module");
}
