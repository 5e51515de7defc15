//! Examples as jobs take them: records of tokens, all of one length.

use super::{data::Source, is_exact, Outcome, Output};
use cairn_engine::{
    device::Kind,
    folder::{Codec, ExactFolder, FloatFolder},
};
use clap::Args;
use serde_json::json;
use std::{error::Error, fs, io, path::PathBuf};

#[derive(Debug, Args)]
pub struct Records {
    /// The folder of the model whose tokens they are.
    model: PathBuf,

    /// The file to write.
    #[arg(long)]
    out: PathBuf,

    /// What they are cut from.
    #[command(flatten)]
    source: Source,

    /// Tokens of a record.
    #[arg(long, default_value_t = 256)]
    length: usize,

    /// Records of synthetic text.
    #[arg(long, default_value_t = 64)]
    records: usize,

    /// The first record of synthetic text.
    #[arg(long, default_value_t = 0)]
    from: u64,
}

impl Records {
    pub fn run(&self, output: &Output) -> Outcome {
        let records = self.cut(&self.codec()?)?;
        let tokens = records.iter().flatten();
        let bytes: Vec<u8> = tokens.flat_map(|token| token.to_le_bytes()).collect();
        let failed = |error: io::Error| format!("{}: {error}", self.out.display());
        fs::write(&self.out, &bytes).map_err(failed)?;
        output.say(&json!({
            "file": self.out.display().to_string(),
            "records": records.len(),
            "length": self.length,
            "bytes": bytes.len(),
        }))?;
        Ok(())
    }

    fn codec(&self) -> Result<Codec, Box<dyn Error>> {
        if is_exact(&self.model) {
            return Ok(ExactFolder::open(&self.model)?.codec()?);
        }
        Ok(FloatFolder::open(&self.model, &Kind::Cpu.device()?)?.codec()?)
    }

    /// Whole ones: what is left over at the end of a text is left out.
    fn cut(&self, codec: &Codec) -> Result<Vec<Vec<u32>>, Box<dyn Error>> {
        if self.source.answers.is_some() {
            let words = "answers are of many lengths, and records of one; cut a text: --text";
            return Err(words.into());
        }
        if let Some(texts) = self.source.texts(codec, self.length, self.records, self.from)? {
            return Ok(texts.tokens(0));
        }
        let cut = self.source.sequences(codec, self.length)?.into_iter().map(|one| one.tokens);
        let whole: Vec<Vec<u32>> = cut.filter(|tokens| tokens.len() == self.length).collect();
        if whole.is_empty() {
            let length = self.length;
            let words = format!("the text has no {length} tokens; say fewer with --length");
            return Err(words.into());
        }
        Ok(whole)
    }
}
