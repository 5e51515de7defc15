//! The program itself, confined as a worker confines it.

use crate::{
    home::{inline, Home},
    judging, learning, module,
};
use cairn_order::{
    devices::{Devices, QUESTION},
    Input, Judging, Order, Outcome, Over, Product,
};
use cairn_protocol::{
    failure::Failure,
    spec::{Choice, EmbedSpec, InferSpec, Spec, WasmSpec},
};
use cairn_sandbox::{End, Limits, Means, Profile, Request, Sandbox, Sandboxed};
use std::{
    fs,
    time::{Duration, Instant},
};

fn started(home: &Home) -> Sandboxed {
    started_for(home, Duration::from_secs(60))
}

fn started_for(home: &Home, time: Duration) -> Sandboxed {
    let limits = Limits {
        time,
        memory: 1 << 30,
        threads: 8,
        disk: 64 << 20,
        spare: 0,
        open_files: 64,
        answer: 1 << 20,
    };
    started_as(home, Profile::Cpu, limits)
}

pub fn started_as(home: &Home, profile: Profile, limits: Limits) -> Sandboxed {
    home.open_to_all();
    let scratch = home.at("scratch");
    let sandbox = Sandbox::new(Means::detect(), &scratch).expect("this machine confines jobs");
    let (binary, read) = (env!("CARGO_BIN_EXE_cairn-job").into(), vec![home.at("store")]);
    let request = Request { binary, profile, limits, read };
    let sandbox = if profile == Profile::Gpu { sandbox.with_gpu() } else { sandbox };
    sandbox.start(&request).expect("it confines itself")
}

pub fn answered(job: &mut Sandboxed, order: Vec<u8>) -> Outcome {
    match job.run(order).end {
        End::Answered(bytes) => Outcome::from_bytes(&bytes).expect("an outcome"),
        end => panic!("{end:?}"),
    }
}

#[test]
fn module_should_be_run_when_the_program_is_confined() {
    let home = Home::new();
    let export = b"run".to_vec().try_into().expect("short");
    let module = home.put(&module::echo());
    let spec = WasmSpec { module, fuel: 1_000_000, memory_pages: 1, export };
    let order = Order { inline: 2, ..home.order(&Spec::Wasm(spec), b"stone", None) };
    let mut job = started(&home);
    let outcome = answered(&mut job, order.to_bytes());
    let Outcome::Made(made) = outcome else { panic!("{outcome:?}") };
    assert_eq!(made.product, Product::Scratch("output".into()));
    assert_eq!(fs::read(job.scratch().join("output")).expect("a file"), b"stone");
    assert_eq!(home.run(&order), Ok(made));
}

#[test]
fn text_should_be_made_when_the_program_is_confined() {
    let home = Home::new();
    let (_, bundle) = home.decoder();
    let stops = Vec::new().try_into().expect("few");
    let spec = Spec::Infer(InferSpec { most: 8, choice: Choice::Greedy, stops });
    let order = home.order(&spec, b"the quick brown fox", Some(bundle));
    let here = home.run(&order).expect("it runs");
    assert_eq!(here.units, 8);
    // What it derives from the model goes into its scratch folder.
    let order = Order { cache: String::new(), threads: 2, ..order };
    assert_eq!(answered(&mut started(&home), order.to_bytes()), Outcome::Made(here));
}

#[test]
fn batch_should_be_worked_off_when_the_program_is_confined() {
    let home = Home::new();
    let (_, bundle) = home.encoder();
    let embed = |text: &str, units| {
        let order = home.float(&Spec::Embed(EmbedSpec), text.as_bytes(), bundle, Over::Input);
        Order { cache: String::new(), threads: 2, units, ..order }
    };
    let orders = [embed("the quick brown fox", 99), embed("a fox", 0), embed("stones", 99)];
    let mut job = started(&home);
    for (number, order) in (0..).zip(&orders) {
        job.feed(order.numbered_to_bytes(number));
    }
    let mut told: Vec<(u32, bool)> = orders.iter().map(|_| next_made(&mut job)).collect();
    told.sort_unstable();
    assert_eq!(told, [(0, true), (1, false), (2, true)]);
    // It waits for more, and ends when what comes is no order.
    job.feed(orders[0].numbered_to_bytes(7));
    assert_eq!(next_made(&mut job), (7, true));
    job.feed(b"stone".to_vec());
    let end = loop {
        match job.listen() {
            Ok(None) => {}
            other => break other,
        }
    };
    assert!(matches!(end, Err(End::Left { code: 1, .. })), "{end:?}");
}

/// The number of the next order that it answers, and what came of it.
fn next(job: &mut Sandboxed) -> (u32, Outcome) {
    loop {
        if let Some(bytes) = job.listen().expect("it works on") {
            return Outcome::numbered_from_bytes(&bytes).expect("an outcome");
        }
    }
}

/// The same, and whether something came of it.
fn next_made(job: &mut Sandboxed) -> (u32, bool) {
    let (number, outcome) = next(job);
    (number, matches!(outcome, Outcome::Made(_)))
}

#[test]
fn delta_should_be_learnt_and_measured_when_the_program_is_confined() {
    let home = Home::new();
    let (_, bundle) = home.decoder();
    // What it derives from the model, and what it adds to it, goes into its scratch folder.
    let order = learning::order(&home, learning::spec(&home), bundle);
    let order = Order { cache: String::new(), threads: 2, inline: 0, ..order };
    let mut job = started(&home);
    let outcome = answered(&mut job, order.to_bytes());
    let Outcome::Made(made) = outcome else { panic!("{outcome:?}") };
    let Product::Scratch(name) = made.product else { panic!("{made:?}") };
    let delta = fs::read(job.scratch().join(name)).expect("a file");
    let measured = learning::measuring(&order, Input::Stored(home.put(&delta)));
    let outcome = answered(&mut started(&home), measured.to_bytes());
    let here = home.run(&Order { threads: 1, ..measured }).expect("it is measured");
    assert!(inline(&here) != u64::MAX.to_le_bytes());
    assert_eq!(outcome, Outcome::Made(here));
}

#[test]
fn briefs_should_be_judged_when_the_program_is_confined() {
    let home = Home::new();
    let bench = judging::Bench::new(&home);
    let all = [bench.judging(3), bench.judging(-3)];
    let here = all.each_ref().map(|judging| bench.run(judging).expect("it is measured"));
    // What it derives from the model goes into its scratch folder.
    let all = all.map(|judging| Judging { cache: String::new(), threads: 2, ..judging });
    assert_eq!(answered(&mut started(&home), all[0].to_bytes()), Outcome::Made(here[0].clone()));
    let mut job = started(&home);
    for (number, judging) in (0..).zip(&all) {
        job.feed(judging.numbered_to_bytes(number));
    }
    let told = [next(&mut job), next(&mut job)];
    assert_eq!(told, [(0, Outcome::Made(here[0].clone())), (1, Outcome::Made(here[1].clone()))]);
}

#[test]
fn brief_should_find_what_is_open_when_the_program_had_nothing_to_do_for_a_while() {
    let home = Home::new();
    let bench = judging::Bench::new(&home);
    let all = [bench.judging(3), bench.judging(-3), bench.judging(3)];
    let here = all.each_ref().map(|judging| bench.run(judging).expect("it is measured"));
    let all = all.map(|judging| Judging { cache: String::new(), threads: 2, ..judging });
    let mut job = started(&home);
    for (number, (judging, made)) in (0..).zip(all.iter().zip(here)) {
        job.feed(judging.numbered_to_bytes(number));
        assert_eq!(next(&mut job), (number, Outcome::Made(made)));
        // It is there, says nothing that it was not asked, and computes nothing.
        let (before, idle) = (ticks(&job), Instant::now());
        while idle.elapsed() < Duration::from_millis(600) {
            assert_eq!(job.listen(), Ok(None));
        }
        let spent = ticks(&job) - before;
        assert!(spent < 20, "{spent} hundredths of a second");
        if number == 0 {
            // What was opened stays open.
            fs::remove_file(home.path(&bench.trunk())).expect("it was there");
        }
    }
}

/// Hundredths of a second of the processor's time that it has taken.
fn ticks(job: &Sandboxed) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", job.id())).expect("it is there");
    let (_, rest) = stat.rsplit_once(") ").expect("its name, and then numbers");
    let numbers = rest.split_whitespace().skip(11).take(2);
    numbers.map(|number| number.parse::<u64>().expect("a number")).sum()
}

#[test]
fn program_should_be_ended_when_its_time_is_over_while_it_has_nothing_to_do() {
    const TIME: Duration = Duration::from_secs(6);
    let home = Home::new();
    let bench = judging::Bench::new(&home);
    let judging = Judging { cache: String::new(), ..bench.judging(3) };
    let mut job = started_for(&home, TIME);
    job.feed(judging.numbered_to_bytes(0));
    assert_eq!(next(&mut job).0, 0);
    // No brief gives it more than it was begun with.
    let ended = loop {
        if let Err(end) = job.listen() {
            break end;
        }
    };
    assert_eq!(ended, End::OutOfTime);
    assert!(job.time() >= TIME);
}

#[test]
fn program_should_answer_when_it_is_given_no_order() {
    let home = Home::new();
    let outcome = answered(&mut started(&home), b"stone".to_vec());
    let Outcome::Failed(fault) = outcome else { panic!("{outcome:?}") };
    assert_eq!(fault.failure, Failure::Internal);
}

#[test]
fn program_should_name_its_gpus_when_it_is_asked() {
    let home = Home::new();
    let End::Answered(bytes) = started(&home).run(QUESTION.to_vec()).end else {
        panic!("it should answer")
    };
    let devices = Devices::from_bytes(&bytes).expect("devices");
    let has_backend = cfg!(any(feature = "wgpu", feature = "cuda"));
    assert!(has_backend || devices == Devices::default(), "{devices:?}");
}
