use super::{is_exact, make::published, processor, Outcome, Output, Profile};
use cairn_artifact::{change::Change, changes::Changes, hex};
use cairn_engine::{
    device::Kind,
    folder::{ExactFolder, FloatFolder},
    import::{self, Architecture},
};
use cairn_kernel::delta::Delta;
use cairn_protocol::chunk::content;
use clap::Args;
use serde_json::{json, Map, Value};
use std::{error::Error, fs, path::PathBuf};

#[derive(Debug, Args)]
pub struct Inspect {
    /// A folder of a model or of a checkpoint, or a file of changes or of ONNX.
    path: PathBuf,

    /// Refused in words, as nothing is computed.
    #[arg(long, hide = true)]
    profile: Option<Profile>,

    /// Where it is read: cpu, as nothing is computed.
    #[arg(long, default_value = "cpu")]
    device: Kind,
}

impl Inspect {
    pub fn run(&self, output: &Output) -> Outcome {
        if self.profile.is_some() {
            return Err(
                "inspect says what there is, and computes nothing; leave --profile out, or \
                        give it to eval, generate or embed"
                    .into(),
            );
        }
        processor(self.device, "what is inspected is read")?;
        output.say(&self.found()?)?;
        Ok(())
    }

    fn found(&self) -> Result<Value, Box<dyn Error>> {
        let path = &self.path;
        if path.extension().is_some_and(|ending| ending == "onnx") {
            let model = FloatFolder::import(path, &Kind::Cpu.device()?)?.model;
            let shape = serde_json::to_value(model.shape())?;
            return Ok(json!({ "form": "ONNX", "model": shape, "weights": model.count() }));
        }
        if path.is_file() {
            return self.change();
        }
        if is_exact(path) {
            let folder = ExactFolder::open(path)?;
            let mut result = published(&folder);
            let shape = serde_json::to_value(folder.shape())?;
            let base = folder.base()?;
            let components: Map<String, Value> =
                base.files().iter().map(|(name, id)| (name.clone(), hex(id).into())).collect();
            if let Value::Object(fields) = &mut result {
                fields.insert("form".into(), "exact".into());
                fields.insert("model".into(), shape);
                fields.insert("components".into(), components.into());
            }
            return Ok(result);
        }
        if path.join("model.json").exists() {
            let folder = FloatFolder::open(path, &Kind::Cpu.device()?)?;
            let shape = serde_json::to_value(folder.model.shape())?;
            let weights = folder.model.count();
            return Ok(json!({ "form": "floats", "model": shape, "weights": weights }));
        }
        let kind = match import::architecture(path)? {
            Architecture::Decoder(config) => json!({ "decoder": config }),
            Architecture::Encoder(config) => json!({ "encoder": config }),
        };
        Ok(json!({ "form": "checkpoint", "model": kind }))
    }

    fn change(&self) -> Result<Value, Box<dyn Error>> {
        let bytes = fs::read(&self.path)?;
        let failed = |flaw: &dyn Error| format!("{}: {flaw}", self.path.display());
        let (id, length) = (hex(&content(&bytes)), bytes.len());
        if Changes::is_form(&bytes) {
            let changes = Changes::decode(&bytes).map_err(|flaw| failed(&flaw))?;
            let each = changes.as_slice().iter().map(|one| (hex(&one.base()), tensors(one)));
            let each: Map<String, Value> = each.collect();
            return Ok(json!({ "form": "changes", "id": id, "bytes": length, "changes": each }));
        }
        let change = Change::decode(&bytes).map_err(|flaw| failed(&flaw))?;
        Ok(json!({
            "form": "change",
            "id": id,
            "bytes": length,
            "base": hex(&change.base()),
            "tensors": tensors(&change),
        }))
    }
}

/// How much of each tensor a change is of.
fn tensors(change: &Change) -> Value {
    let tensors = change.deltas().iter().map(|(name, delta)| {
        let (rows, columns) = delta.shape();
        let how = match delta {
            Delta::Sparse(sparse) => {
                let numbers: usize = sparse.changed().iter().map(|(_, row)| row.len()).sum();
                format!("{numbers} of {rows} x {columns}")
            }
            Delta::LowRank(_) => format!("factors of {rows} x {columns}"),
        };
        (name.clone(), Value::from(how))
    });
    tensors.collect::<Map<_, _>>().into()
}
