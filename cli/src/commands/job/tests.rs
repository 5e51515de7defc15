use super::*;
use cairn_protocol::job::JobKind;
use clap::Parser;

#[derive(Debug, Parser)]
struct Line {
    #[command(subcommand)]
    job: Job,
}

const PARTY: Party = Party { genesis: [5; 32], requester: [6; 32] };

/// What a command line comes to at height 1,000.
fn asked(words: &[&str]) -> Outcome<Asked> {
    let line = std::iter::once("cairn").chain(words.iter().copied());
    Line::try_parse_from(line).expect("it makes sense").job.asked(1_000, &PARTY)
}

fn terms(words: &[&str]) -> Outcome<Terms> {
    asked(words).map(|asked| asked.terms)
}

fn id() -> String {
    "ab".repeat(32)
}

#[test]
fn terms_should_say_what_was_asked_for_and_what_goes_without_saying() {
    let terms = terms(&["infer", "--model", &id(), "--prompt", "hi", "--most", "8"]).unwrap();
    assert_eq!(terms.job.model, Some(BlockId([0xab; 32])));
    assert_eq!(terms.job.input, Payload::Inline(b"hi".to_vec().try_into().unwrap()));
    assert_eq!(terms.job.engine, engines::exact());
    let spec = Spec::decode(JobKind::Infer, &terms.job.parameters).unwrap();
    assert!(matches!(spec, Spec::Infer(InferSpec { most: 8, .. })), "{spec:?}");
    assert_eq!((terms.policy, terms.redundancy), (Policy::Proven, 3));
    assert_eq!((terms.job.units, terms.reward, terms.tip), (8, 3 * REWARD_EACH, 0));
    assert_eq!((terms.match_by, terms.work_blocks), (1_100, 120));
    assert_eq!(terms.policy.judges(&terms.job, terms.redundancy), Ok(()));
}

#[test]
fn terms_should_take_what_is_said_of_them() {
    let line = ["embed", "--model", &id(), "--text", "hi", "--redundancy", "1", "--reward", "0.5"];
    let more = ["--tip", "0.25", "--match-within", "7", "--work-blocks", "9", "--auditable"];
    let last = ["--units", "40", "--output-bytes", "12"];
    let terms = terms(&[line.as_slice(), &more, &last].concat()).unwrap();
    assert_eq!((terms.redundancy, terms.reward, terms.tip), (1, CRN / 2, CRN / 4));
    assert_eq!((terms.match_by, terms.work_blocks, terms.auditable), (1_007, 9, true));
    assert_eq!((terms.job.units, terms.output_bytes), (40, 12));
    assert_eq!(terms.policy.judges(&terms.job, terms.redundancy), Ok(()));
}

#[test]
fn terms_should_ask_for_tolerance_when_it_is_computed_in_floats() {
    let model = id();
    let embed = ["embed", "--model", &model, "--text", "hi", "--float"];
    let infer = ["infer", "--model", &model, "--prompt", "hi", "--float", "--tolerance", "50"];
    for (line, within) in [(embed.as_slice(), WITHIN), (infer.as_slice(), 50)] {
        let terms = terms(line).unwrap();
        assert_eq!(terms.job.engine, engines::float());
        assert_eq!((terms.policy, terms.redundancy), (Policy::Tolerance { within }, 3));
        assert_eq!(terms.policy.judges(&terms.job, terms.redundancy), Ok(()));
    }
    // Exact results are not compared by how far apart they are.
    let line = ["cairn", "embed", "--model", &model, "--text", "hi", "--tolerance", "50"];
    assert!(Line::try_parse_from(line).is_err());
}

#[test]
fn terms_should_differ_in_their_seeds_unless_one_is_given() {
    let model = id();
    let line = ["infer", "--model", &model, "--prompt", "hi"];
    assert_ne!(terms(&line).unwrap().job.seed, terms(&line).unwrap().job.seed);
    let line = [line.as_slice(), &["--seed", &model]].concat();
    assert_eq!(terms(&line).unwrap().job.seed, [0xab; 32]);
}

#[test]
fn terms_should_name_a_module_that_the_archive_has() {
    let folder = tempfile::tempdir().unwrap();
    let (archive, module) = (folder.path().join("archive"), folder.path().join("add.wasm"));
    std::fs::write(&module, b"\0asm").unwrap();
    let module = module.to_str().unwrap();
    let line = ["wasm", "--module", module, "--export", "add", "--fuel", "1500000"];
    let refused = terms(&line).unwrap_err();
    assert!(refused.to_string().contains("--archive"), "{refused}");

    let line = [line.as_slice(), &["--archive", archive.to_str().unwrap()]].concat();
    let terms = terms(&line).unwrap();
    let file = archive::describe(b"\0asm");
    let spec = Spec::decode(JobKind::Wasm, &terms.job.parameters).unwrap();
    assert!(matches!(&spec, Spec::Wasm(spec) if spec.module == file), "{spec:?}");
    assert_eq!(archive::get(&archive, file.id).unwrap(), b"\0asm");
    assert_eq!(terms.job.units, 2);
    assert_eq!(terms.policy.judges(&terms.job, terms.redundancy), Ok(()));
}

#[test]
fn terms_should_ask_one_worker_to_learn_and_guards_to_measure() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (model, archive, data, set) = (id(), at("archive"), at("data"), at("set"));
    std::fs::write(&data, [1_u8; 60]).unwrap();
    std::fs::write(&set, [2_u8; 40]).unwrap();
    let files = ["train", "--model", &model, "--train-on", &data, "--evaluate-on", &set];
    let line = [files.as_slice(), &["--length", "5", "--target", "2.5", "--steps", "3"]].concat();
    let refused = terms(&line).unwrap_err();
    assert!(refused.to_string().contains("--archive"), "{refused}");

    let line = [line.as_slice(), &["--archive", &archive]].concat();
    let learning = terms(&line).unwrap();
    let spec = Spec::decode(JobKind::Train, &learning.job.parameters).unwrap();
    let Spec::Train(spec) = spec else { panic!("{spec:?}") };
    assert_eq!((spec.data.file, spec.data.record_bytes), (archive::describe(&[1; 60]), 20));
    assert_eq!((spec.set.count(), spec.steps, spec.rate_ppm, spec.rank), (2, 3, 4_000, None));
    for file in [spec.data.file, spec.set.file] {
        assert!(archive::get(Path::new(&archive), file.id).is_ok());
    }
    assert_eq!(learning.policy, Policy::Outcome { target: 2_500_000, guards: 3 });
    assert_eq!((learning.redundancy, learning.reward), (1, REWARD_EACH));
    assert_eq!((learning.job.units, learning.output_bytes), (3 * 8 * 4, 0));
    assert_eq!(learning.job.engine, engines::exact());
    assert_eq!(learning.policy.judges(&learning.job, learning.redundancy), Ok(()));

    let more = ["--guards", "5", "--rate", "0.01", "--rank", "8", "--units", "999"];
    let more = terms(&[line.as_slice(), &more].concat()).unwrap();
    assert_eq!(more.policy, Policy::Outcome { target: 2_500_000, guards: 5 });
    assert_eq!(more.job.units, 999);
    let sealed = terms(&[line.as_slice(), &["--sealed"]].concat()).unwrap_err();
    assert!(sealed.to_string().contains("measure"), "{sealed}");
    // Thirty bytes are no whole number of examples.
    std::fs::write(&set, [2_u8; 30]).unwrap();
    assert!(terms(&line).unwrap_err().to_string().contains("whole number"));
}

#[test]
fn terms_should_say_on_which_examples_a_loss_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let set = folder.path().join("set");
    std::fs::write(&set, [2_u8; 100]).unwrap();
    let (model, set, archive) = (id(), set.to_str().unwrap(), folder.path().to_str().unwrap());
    let line = ["evaluate", "--model", &model, "--set", set, "--length", "5"];
    let line = [line.as_slice(), &["--archive", archive, "--first", "2"]].concat();
    let evaluated = |line: &[&str]| {
        let terms = terms(line).unwrap();
        assert_eq!((terms.policy, terms.redundancy), (Policy::Proven, 3));
        assert_eq!(terms.policy.judges(&terms.job, terms.redundancy), Ok(()));
        let spec = Spec::decode(JobKind::Evaluate, &terms.job.parameters).unwrap();
        let Spec::Evaluate(spec) = spec else { panic!("{spec:?}") };
        (spec.first, spec.count, terms.job.units)
    };
    assert_eq!(evaluated(&line), (2, 3, 12));
    assert_eq!(evaluated(&[line.as_slice(), &["--count", "1"]].concat()), (2, 1, 4));
    let beyond = terms(&[line.as_slice(), &["--count", "4"]].concat()).unwrap_err();
    assert!(beyond.to_string().contains("the first example"), "{beyond}");
}

#[test]
fn terms_should_count_the_bodies_of_a_scene_but_not_those_of_its_robots() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scene.json");
    let scene = path.to_str().unwrap().to_owned();
    let line = ["simulate", "--scene", &scene, "--steps", "10"];
    std::fs::write(&path, r#"{ "bodies": [{}, {}, {}] }"#).unwrap();
    let simulated = terms(&line).unwrap();
    assert_eq!(simulated.job.units, 30);
    assert_eq!(simulated.policy.judges(&simulated.job, simulated.redundancy), Ok(()));
    std::fs::write(&path, r#"{ "bodies": [], "robots": [{}] }"#).unwrap();
    let refused = terms(&line).unwrap_err();
    assert!(refused.to_string().contains("--units"), "{refused}");
    let line = [line.as_slice(), &["--units", "70"]].concat();
    assert_eq!(terms(&line).unwrap().job.units, 70);
}

#[test]
fn terms_should_be_refused_when_the_job_makes_no_sense() {
    let model = id();
    let long = "x".repeat(2_049);
    let cases = [
        (["infer", "--model", &model, "--prompt", "hi", "--most", "0"].to_vec(), "tokens"),
        (["infer", "--model", &model, "--prompt", &long].to_vec(), "--archive"),
        (["simulate", "--scene", "/nowhere/at.all", "--steps", "1"].to_vec(), "cannot read"),
    ];
    for (line, why) in cases {
        let refused = terms(&line).unwrap_err().to_string();
        assert!(refused.contains(why), "{refused} should mention {why}");
    }
}

#[test]
fn input_should_go_to_the_archive_when_it_is_long() {
    let folder = tempfile::tempdir().unwrap();
    let (model, long) = (id(), "x".repeat(2_049));
    let archive = folder.path().to_str().unwrap();
    let line = ["infer", "--model", &model, "--prompt", &long, "--archive", archive];
    let terms = terms(&line).unwrap();
    let File { id, bytes } = archive::describe(long.as_bytes());
    assert_eq!(terms.job.input, Payload::Artifact { id, bytes });
    assert_eq!(archive::get(folder.path(), id).unwrap(), long.as_bytes());
}

#[test]
fn input_should_be_in_neither_terms_nor_archive_when_it_is_sealed() {
    let (folder, prompt) = (tempfile::tempdir().unwrap(), "nobody else may read this");
    let (model, archive) = (id(), folder.path().to_str().unwrap().to_owned());
    let line = ["infer", "--model", &model, "--prompt", prompt, "--sealed"];
    let short = asked(&line).unwrap();
    let Payload::Inline(payload) = &short.terms.job.input else { panic!("it is short") };
    let has = |bytes: &[u8]| bytes.windows(8).any(|part| prompt.as_bytes().starts_with(part));
    assert!(has(prompt.as_bytes()) && !has(payload));
    let context = PARTY.context(&short.terms).unwrap();
    let kept = short.kept.unwrap();
    assert!(kept.is_of(&context));
    let content = kept.opening().open(payload, &context).unwrap();
    assert_eq!(content.input(), prompt.as_bytes());
    // The result becomes longer too, up to what the chain takes.
    assert_eq!(short.terms.output_bytes, INLINE_BYTES);
    assert_eq!(short.terms.seal.unwrap().key_blocks, 60);

    let line = [line.as_slice(), &["--archive", &archive, "--key-blocks", "20"]].concat();
    let stored = asked(&line).unwrap();
    let Payload::Artifact { id, .. } = stored.terms.job.input else { panic!("it is stored") };
    assert!(!has(&archive::get(folder.path(), id).unwrap()));
    assert_eq!(stored.terms.seal.unwrap().key_blocks, 20);
}

#[test]
fn terms_should_have_no_seal_when_none_is_asked_for() {
    let asked = asked(&["embed", "--model", &id(), "--text", "hi"]).unwrap();
    assert!(asked.kept.is_none() && asked.terms.seal.is_none());
    assert_eq!(PARTY.context(&asked.terms), None);
}
