//! Jobs that learn, and what guards make of what they deliver.

use crate::home::{inline, Home};
use cairn_artifact::{change::Change, changes::Changes, standing};
use cairn_engine::{
    exact,
    folder::{ExactFolder, Purpose},
};
use cairn_kernel::{
    delta::{Delta, Sparse},
    run::Alone,
};
use cairn_order::{Input, Made, Order, Product};
use cairn_protocol::{
    bundle::Bundle,
    failure::Failure,
    id::{ContentId, EngineId, File},
    spec::{EmbedSpec, Records, Spec, TrainSpec},
};
use codec::Encode;
use std::fs;

/// Tokens of a record.
const LENGTH: u32 = 12;

/// Records that go on in the same way, from some first tokens on.
pub fn records(firsts: std::ops::Range<u32>) -> Vec<Vec<u32>> {
    firsts.map(|first| (0..LENGTH).map(|at| (first * 3 + at * 7) % 40).collect()).collect()
}

pub fn put(home: &Home, records: &[Vec<u32>]) -> Records {
    let bytes: Vec<u8> = records.iter().flatten().flat_map(|token| token.to_le_bytes()).collect();
    Records { file: home.put(&bytes), record_bytes: LENGTH * 4 }
}

pub fn spec(home: &Home) -> TrainSpec {
    let (data, set) = (put(home, &records(0..30)), put(home, &records(30..36)));
    TrainSpec { data, set, steps: 40, rate_ppm: 10_000, rank: None }
}

pub fn order(home: &Home, spec: TrainSpec, bundle: File) -> Order {
    let units = spec.units();
    Order { units, ..home.order(&Spec::Train(spec), &[], Some(bundle)) }
}

/// The same, to be measured with a delta.
pub fn measuring(order: &Order, delta: Input) -> Order {
    Order { delta: Some(delta), inline: 8, ..order.clone() }
}

/// What was delivered.
fn delivered(home: &Home, made: &Made) -> Vec<u8> {
    match &made.product {
        Product::Inline(bytes) => bytes.clone(),
        Product::Scratch(name) => fs::read(home.at("scratch").join(name)).expect("a file"),
    }
}

fn loss(made: &Made) -> u64 {
    u64::from_le_bytes(inline(made).try_into().expect("eight bytes"))
}

/// What an exact decoder loses on a token of the set, rounded up.
fn lost(folder: &ExactFolder) -> u64 {
    let package = folder.package(Purpose::Loss).expect("a decoder");
    let plan = package.plan().expect("it fits");
    let lost = exact::loss(&plan, &Alone, &records(30..36)).expect("it runs");
    u64::try_from(lost.micro_nats).expect("it loses").div_ceil(lost.tokens)
}

#[test]
fn delta_should_be_worth_what_the_changed_model_loses_when_it_was_learnt() {
    let home = Home::new();
    let (folder, bundle) = home.decoder();
    let before = lost(&folder);
    for rank in [None, Some(4)] {
        let spec = TrainSpec { rank, ..spec(&home) };
        let order = order(&home, spec, bundle);
        let made = home.run(&order).expect("it learns");
        let delta = delivered(&home, &made);
        assert_eq!((made.units, made.trace), (40 * 8 * 11, *blake3::hash(&delta).as_bytes()));
        // By the seed, on one machine.
        let again = home.run(&order).expect("it learns");
        assert!(delivered(&home, &again) == delta && again == made, "another delta");

        let changes = Changes::decode(&delta).expect("changes");
        let to = home.at(if rank.is_some() { "low" } else { "whole" });
        let changed = folder.changed(changes.as_slice(), &to).expect("applied");
        let after = lost(&changed);
        assert!(after < before / 10 * 9, "{rank:?}: {after}, and {before} before");

        let stored = measuring(&order, Input::Stored(home.put(&delta)));
        let measured = home.run(&stored).expect("it is measured");
        assert_eq!((loss(&measured), measured.units), (after, 6 * 11));
        assert_eq!(home.run(&Order { threads: 3, ..stored }), Ok(measured.clone()));
        assert_eq!(home.run(&measuring(&order, Input::Inline(delta))), Ok(measured));
    }
}

#[test]
fn delta_should_be_of_one_component_when_the_order_names_one() {
    let home = Home::new();
    let (folder, bundle) = home.decoder_of_experts();
    let id = folder.manifests()[&Purpose::Loss];
    let held = folder.store().manifest(&id).expect("a manifest").components;
    let expert = held.keys().find(|name| name.contains("experts")).expect("it has some");
    let named = |component: &str, rank: Option<u16>| {
        let spec = TrainSpec { steps: 8, rank, ..spec(&home) };
        Order { component: Some(component.into()), ..order(&home, spec, bundle) }
    };
    for (component, rank) in
        [("trunk", None), ("trunk", Some(2)), (expert, None), (expert, Some(2))]
    {
        let made = home.run(&named(component, rank)).expect("it learns");
        let changes = Changes::decode(&delivered(&home, &made)).expect("changes");
        let bases: Vec<ContentId> = changes.as_slice().iter().map(Change::base).collect();
        assert_eq!(bases, [held[component].file.id], "{component}");
    }
    let (failure, words) = home.refused(&named("layers.9", None));
    assert_eq!(failure, Failure::MalformedSpec);
    assert!(words.contains("no component") && words.contains("layers.0.experts.0"), "{words}");
}

#[test]
fn standing_bundle_should_be_the_one_that_the_changed_model_is_published_as() {
    let home = Home::new();
    let (folder, bundle) = home.decoder();
    let id = folder.manifests()[&Purpose::Loss];
    let trunk = folder.store().manifest(&id).expect("a manifest").components["trunk"].file.id;
    let sparse = Sparse::new(1, 32, vec![(0, vec![(0, 1)])]).expect("a change");
    let change = Change::new(trunk, [("norm".to_owned(), Delta::Sparse(sparse))].into());
    let changed = folder.changed(&[change.expect("a change")], &home.at("changed"));
    let changed = changed.expect("applied");
    let published = changed.publish(&home.store()).expect("published");

    let id = changed.manifests()[&Purpose::Loss];
    let head = changed.store().manifest(&id).expect("a manifest").components["trunk"].file;
    let bundle = Bundle::read(&home.store().open_file(&bundle).expect("a file")).expect("a bundle");
    let parts = [("trunk".to_owned(), head)].into();
    let standing = standing::with_parts(&home.store(), &bundle, &parts).expect("written");
    assert_eq!(standing, published);
}

/// A delta of a component, or of none.
fn changing(base: ContentId, name: &str, shape: (u32, u32)) -> Input {
    let sparse = Sparse::new(shape.0, shape.1, vec![(0, vec![(0, 1)])]).expect("a change");
    let deltas = [(name.to_owned(), Delta::Sparse(sparse))].into();
    let change = Change::new(base, deltas).expect("a change");
    Input::Inline(Changes::new([change]).expect("one").encode())
}

#[test]
fn what_nobody_can_measure_should_have_the_highest_loss() {
    let home = Home::new();
    let (folder, bundle) = home.decoder();
    let id = folder.manifests()[&Purpose::Loss];
    let trunk = folder.store().manifest(&id).expect("a manifest").components["trunk"].file.id;
    let spec = spec(&home);
    let good = order(&home, spec, bundle);
    let small = changing(trunk, "norm", (1, 32));
    let worst = |order: &Order| {
        let made = home.run(order).expect("all say the same");
        let trace = *blake3::hash(&u64::MAX.encode()).as_bytes();
        assert_eq!((loss(&made), made.units, made.trace), (u64::MAX, 0, trace));
    };
    for delta in [
        Input::Inline(Vec::new()),
        Input::Inline(b"no delta".to_vec()),
        changing(ContentId([9; 32]), "norm", (1, 32)),
        changing(trunk, "nobody", (1, 32)),
        changing(trunk, "norm", (2, 2)),
    ] {
        worst(&measuring(&good, delta));
    }
    // What is wrong with a job that was not to be accepted.
    let strange = put(&home, &[vec![u32::MAX; LENGTH as usize]]);
    let ragged = Records { record_bytes: 6, ..spec.set };
    for set in [strange, ragged] {
        let parameters = Spec::Train(TrainSpec { set, ..spec }).encode();
        worst(&measuring(&Order { parameters, ..good.clone() }, small.clone()));
    }
    worst(&measuring(&Order { units: spec.units() - 1, ..good.clone() }, small.clone()));
    let parameters = Spec::Embed(EmbedSpec).encode();
    worst(&measuring(&Order { parameters, ..good.clone() }, small.clone()));

    // What only this machine may lack.
    let gone = File { id: ContentId([7; 32]), bytes: 9 };
    let refused = |order: Order| home.refused(&order).0;
    assert_eq!(refused(measuring(&good, Input::Stored(gone))), Failure::MissingArtifact);
    let other = Order { engine: EngineId::of("cairn-kernel", "0", &[]), ..good.clone() };
    assert_eq!(refused(measuring(&other, small.clone())), Failure::WrongEngine);
    let embed = home.order(&Spec::Embed(EmbedSpec), &[], Some(bundle));
    assert_eq!(refused(measuring(&embed, small.clone())), Failure::Internal);
    assert!(loss(&home.run(&measuring(&good, small)).expect("it is measured")) < u64::MAX);
}

#[test]
fn learning_should_be_refused_when_nobody_could_be_paid_for_it() {
    let home = Home::new();
    let (_, bundle) = home.decoder();
    let (_, encoder) = home.encoder();
    let spec = spec(&home);
    let refused = |order: Order| home.refused(&order).0;
    let with = |spec: TrainSpec| refused(order(&home, spec, bundle));
    let strange = put(&home, &[vec![u32::MAX; LENGTH as usize]]);
    let gone = Records { file: File { id: ContentId([7; 32]), ..spec.set.file }, ..spec.set };
    assert_eq!(with(TrainSpec { data: strange, ..spec }), Failure::MalformedSpec);
    assert_eq!(with(TrainSpec { set: strange, ..spec }), Failure::MalformedSpec);
    assert_eq!(with(TrainSpec { rank: Some(5_000), ..spec }), Failure::MalformedSpec);
    assert_eq!(with(TrainSpec { set: gone, ..spec }), Failure::MissingArtifact);
    assert_eq!(refused(order(&home, spec, encoder)), Failure::MalformedSpec);
    let few = Order { units: spec.units() - 1, ..order(&home, spec, bundle) };
    assert_eq!(refused(few), Failure::MalformedSpec);
}
