//! The interface that clients compile against: indices, names and types may be added, never
//! moved. `golden/interface.txt` holds it; after an intended addition run the test with
//! `CAIRN_WRITE_GOLDEN=1` and read the difference before committing it.

use cairn_runtime::Runtime;
use frame_metadata::{v14, RuntimeMetadata};
use std::{fmt::Write, path::Path};

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

#[test]
fn interface_should_equal_the_golden_file_when_nothing_was_meant_to_change() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/interface.txt");
    let now = interface();
    if std::env::var_os("CAIRN_WRITE_GOLDEN").is_some() {
        std::fs::write(&path, &now).expect("written");
    }
    let golden = std::fs::read_to_string(&path).expect("the golden file");
    for (number, (was, is)) in golden.lines().zip(now.lines()).enumerate() {
        assert_eq!(was, is, "line {} of {}", number + 1, path.display());
    }
    assert_eq!(golden.lines().count(), now.lines().count(), "lines were added or removed");
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
