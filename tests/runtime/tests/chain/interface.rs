//! The interface that clients compile against: indices, names and types may be added, never
//! moved. `golden/interface.txt` holds it, `golden/market_api.txt` what the runtime API of the market
//! takes and gives, and `golden/learning_api.txt` that of learning; after an intended addition run the
//! test with `CAIRN_WRITE_GOLDEN=1` and read the difference before committing it.

use cairn_runtime::{Runtime, VERSION};
use codec::{Decode, Encode};
use frame_metadata::{v14, RuntimeMetadata, RuntimeMetadataPrefixed};
use scale_info::{form::PortableForm, Field, PortableRegistry, Type, TypeDef};
use std::{collections::BTreeMap, fmt::Write, path::Path};
use subxt_utils_stripmetadata::StripMetadata;

/// What the client library has typed calls, storage and events of.
const CLIENTS_PALLETS: [&str; 22] = [
    "System",
    "Timestamp",
    "Balances",
    "TransactionPayment",
    "Parameters",
    "Preimage",
    "ConvictionVoting",
    "Referenda",
    "MarketClock",
    "Entropy",
    "Providers",
    "Reputation",
    "Tasks",
    "Capability",
    "Audits",
    "Merit",
    "Experts",
    "Panels",
    "Learning",
    "Custody",
    "Rewards",
    "Curation",
];

fn variants(metadata: &v14::RuntimeMetadataV14, kind: &str, ty: Option<u32>, text: &mut String) {
    let Some(ty) = ty.and_then(|id| metadata.types.resolve(id)) else { return };
    let scale_info::TypeDef::Variant(variant) = &ty.type_def else { return };
    for v in &variant.variants {
        let fields: Vec<String> = v
            .fields
            .iter()
            .map(|field| {
                let name = field.name.clone().unwrap_or_default();
                let ty = field.type_name.clone().unwrap_or_default();
                format!("{name}: {}", ty.replace('\n', " "))
            })
            .collect();
        let _ = writeln!(text, "  {kind} {:>3} {}({})", v.index, v.name, fields.join(", "));
    }
}

fn interface() -> String {
    let prefixed = sp_io::TestExternalities::default().execute_with(Runtime::metadata);
    let RuntimeMetadata::V14(metadata) = prefixed.1 else { panic!("metadata is not version 14") };
    let mut text = String::new();
    let _ = writeln!(text, "extrinsic version {}", metadata.extrinsic.version);
    for extension in &metadata.extrinsic.signed_extensions {
        let _ = writeln!(text, "extension {}", extension.identifier);
    }
    for pallet in &metadata.pallets {
        let _ = writeln!(text, "pallet {:>3} {}", pallet.index, pallet.name);
        variants(&metadata, "call ", pallet.calls.as_ref().map(|c| c.ty.id), &mut text);
        variants(&metadata, "event", pallet.event.as_ref().map(|e| e.ty.id), &mut text);
        variants(&metadata, "error", pallet.error.as_ref().map(|e| e.ty.id), &mut text);
        for entry in pallet.storage.iter().flat_map(|storage| &storage.entries) {
            let _ = writeln!(text, "  storage {}", entry.name);
        }
    }
    text
}

/// What a type is called, with those that it is made for.
fn called(types: &PortableRegistry, id: u32) -> String {
    let ty = types.resolve(id).expect("every type is in the registry");
    let all = |ids: &mut dyn Iterator<Item = u32>| {
        ids.map(|id| called(types, id)).collect::<Vec<_>>().join(", ")
    };
    match &ty.type_def {
        TypeDef::Primitive(one) => format!("{one:?}").to_lowercase(),
        TypeDef::Sequence(of) => format!("Vec<{}>", called(types, of.type_param.id)),
        TypeDef::Array(of) => format!("[{}; {}]", called(types, of.type_param.id), of.len),
        TypeDef::Tuple(of) => format!("({})", all(&mut of.fields.iter().map(|one| one.id))),
        TypeDef::Compact(of) => format!("Compact<{}>", called(types, of.type_param.id)),
        TypeDef::BitSequence(_) => "bits".into(),
        TypeDef::Composite(_) | TypeDef::Variant(_) => {
            let name = ty.path.ident().expect("it has a name");
            let made_for = all(&mut ty.type_params.iter().filter_map(|one| one.ty).map(|ty| ty.id));
            if made_for.is_empty() {
                name
            } else {
                format!("{name}<{made_for}>")
            }
        }
    }
}

fn fields(types: &PortableRegistry, fields: &[Field<PortableForm>]) -> String {
    let field = |field: &Field<PortableForm>| {
        let ty = called(types, field.ty.id);
        field.name.as_ref().map_or(ty.clone(), |name| format!("{name}: {ty}"))
    };
    fields.iter().map(field).collect::<Vec<_>>().join(", ")
}

/// The types that a type is made of.
fn parts(ty: &Type<PortableForm>) -> Vec<u32> {
    let made_for = ty.type_params.iter().filter_map(|one| one.ty).map(|ty| ty.id);
    let parts: Vec<u32> = match &ty.type_def {
        TypeDef::Composite(of) => of.fields.iter().map(|field| field.ty.id).collect(),
        TypeDef::Variant(of) => {
            of.variants.iter().flat_map(|one| &one.fields).map(|field| field.ty.id).collect()
        }
        TypeDef::Sequence(of) => vec![of.type_param.id],
        TypeDef::Array(of) => vec![of.type_param.id],
        TypeDef::Tuple(of) => of.fields.iter().map(|one| one.id).collect(),
        TypeDef::Compact(of) => vec![of.type_param.id],
        TypeDef::Primitive(_) | TypeDef::BitSequence(_) => Vec::new(),
    };
    parts.into_iter().chain(made_for).collect()
}

/// A type of our own, with all that is in it; of others the name says it.
fn described(types: &PortableRegistry, id: u32) -> Option<(String, String)> {
    let ty = types.resolve(id).expect("every type is in the registry");
    let home = ty.path.segments.first()?;
    if !(home.starts_with("cairn_") || home.starts_with("pallet_cairn_")) {
        return None;
    }
    // Where it lives too, since some share a name.
    let home = ty.path.segments[..ty.path.segments.len() - 1].join("::");
    let (name, mut text) = (format!("{home}::{}", called(types, id)), String::new());
    match &ty.type_def {
        TypeDef::Variant(of) => {
            for one in &of.variants {
                let fields = fields(types, &one.fields);
                let _ = writeln!(text, "  {:>3} {}({fields})", one.index, one.name);
            }
        }
        TypeDef::Composite(of) => {
            for field in &of.fields {
                let _ = writeln!(text, "  {}", fields(types, std::slice::from_ref(field)));
            }
        }
        _ => {}
    }
    Some((name, text))
}

/// The APIs that the client library asks.
const CLIENTS_APIS: [&str; 2] = ["LearningApi", "MarketApi"];

/// A runtime API: its version, its methods, and the types that these name.
fn api_of(name: &str) -> String {
    let metadata = sp_io::TestExternalities::default()
        .execute_with(|| Runtime::metadata_at_version(15))
        .expect("the runtime tells of its APIs");
    let prefixed = RuntimeMetadataPrefixed::decode(&mut &metadata[..]).expect("it is metadata");
    let RuntimeMetadata::V15(metadata) = prefixed.1 else { panic!("it is not version 15") };
    let types = &metadata.types;
    let api = metadata.apis.iter().find(|api| api.name == name).expect("there is one");
    // As clients look it up.
    let id = sp_crypto_hashing::blake2_64(name.as_bytes());
    let version = VERSION.apis.iter().find(|(known, _)| *known == id).expect("it has a version").1;

    let mut text = format!("api {name} version {version}\n");
    let mut open = Vec::new();
    for method in &api.methods {
        let inputs = method.inputs.iter().map(|input| {
            open.push(input.ty.id);
            format!("{}: {}", input.name, called(types, input.ty.id))
        });
        let inputs = inputs.collect::<Vec<_>>().join(", ");
        open.push(method.output.id);
        let output = called(types, method.output.id);
        let _ = writeln!(text, "  method {}({inputs}) -> {output}", method.name);
    }
    let mut known = BTreeMap::new();
    while let Some(id) = open.pop() {
        let ty = types.resolve(id).expect("every type is in the registry");
        if known.insert(id, described(types, id)).is_none() {
            open.extend(parts(ty));
        }
    }
    let described: BTreeMap<_, _> = known.into_values().flatten().collect();
    for (name, inside) in described {
        let _ = write!(text, "type {name}\n{inside}");
    }
    text
}

fn assert_golden(file: &str, now: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(file);
    if std::env::var_os("CAIRN_WRITE_GOLDEN").is_some() {
        std::fs::write(&path, now).expect("written");
    }
    let golden = std::fs::read_to_string(&path).expect("the golden file");
    for (number, (was, is)) in golden.lines().zip(now.lines()).enumerate() {
        assert_eq!(was, is, "line {} of {}", number + 1, path.display());
    }
    assert_eq!(golden.lines().count(), now.lines().count(), "lines were added or removed");
}

#[test]
fn interface_should_equal_the_golden_file_when_nothing_was_meant_to_change() {
    assert_golden("interface.txt", &interface());
}

/// Whoever changes what clients get gives the API another version.
#[test]
fn market_api_should_equal_the_golden_file_when_its_version_is_the_same() {
    assert_golden("market_api.txt", &api_of("MarketApi"));
}

#[test]
fn learning_api_should_equal_the_golden_file_when_its_version_is_the_same() {
    assert_golden("learning_api.txt", &api_of("LearningApi"));
}

/// The part of the metadata that the client library in `sdk/rust` is made from.
fn clients_metadata() -> Vec<u8> {
    let metadata = sp_io::TestExternalities::default()
        .execute_with(|| Runtime::metadata_at_version(16))
        .expect("the runtime tells all of itself");
    let mut prefixed = RuntimeMetadataPrefixed::decode(&mut &metadata[..]).expect("it is metadata");
    let RuntimeMetadata::V16(metadata) = &mut prefixed.1 else { panic!("it is not version 16") };
    metadata.strip_metadata(
        |pallet| CLIENTS_PALLETS.contains(&pallet),
        |api| CLIENTS_APIS.contains(&api),
    );
    prefixed.encode()
}

/// Written with `CAIRN_WRITE_GOLDEN=1`, like the golden files.
#[test]
fn metadata_of_the_client_library_should_be_the_runtimes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sdk/rust/metadata.scale");
    let now = clients_metadata();
    if std::env::var_os("CAIRN_WRITE_GOLDEN").is_some() {
        std::fs::write(&path, &now).expect("written");
    }
    let kept = std::fs::read(&path).expect("the client library's metadata");
    assert!(kept == now, "{} is of another runtime; write it anew", path.display());
}

#[test]
fn no_pallet_should_offer_sudo_when_listed() {
    assert!(!interface().to_lowercase().contains("sudo"));
}

#[test]
fn transaction_extensions_should_stand_in_the_order_of_current_tooling_when_listed() {
    let text = interface();
    let extensions: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("extension ")).collect();
    assert_eq!(
        extensions,
        [
            "CheckNonZeroSender",
            "CheckSpecVersion",
            "CheckTxVersion",
            "CheckGenesis",
            "CheckMortality",
            "CheckNonce",
            "CheckWeight",
            "ChargeTransactionPayment",
            "CheckMetadataHash",
            "WeightReclaim",
        ]
    );
}
