//! Burn on the CPU, in f32: what exact models are of.

use crate::{checkpoint::Given, contender::Contender, Error};
use cairn_engine::{
    demo, import,
    model::{Cache, Decoder, Piece},
    train::{Texts, Trainer},
    Device,
};
use std::path::Path;

pub const VERSION: &str = match cfg!(feature = "x86-v4") {
    true => "0.22.1 x86-v4",
    false => "0.22.1",
};

pub struct Flex {
    decoder: Decoder,
    cache: Cache,
    texts: Texts,
    /// Made when it is first needed.
    trainer: Option<Trainer<Decoder>>,
}

pub fn open(folder: &Path) -> Result<Flex, Error> {
    let decoder = import::decoder(folder, &Device::flex())?;
    let Given { length, count, .. } = Given::read(folder)?;
    let texts = texts(length, count);
    Ok(Flex { cache: decoder.cache(), decoder, texts, trainer: None })
}

/// What is learned from.
pub fn texts(length: usize, count: usize) -> Texts {
    Texts { length, count, ..demo::texts([7; 32]) }
}

impl Contender for Flex {
    fn begin(&mut self, tokens: &[u32]) -> Result<Vec<f32>, Error> {
        self.cache = self.decoder.cache();
        self.go_on(tokens)
    }

    fn advance(&mut self, token: u32) -> Result<Vec<f32>, Error> {
        self.go_on(&[token])
    }

    fn learn(&mut self) -> Result<(), Error> {
        let mut trainer = match self.trainer.take() {
            Some(trainer) => trainer,
            None => Trainer::new(self.decoder.clone(), demo::settings())?,
        };
        trainer.step(&self.texts)?;
        self.trainer = Some(trainer);
        Ok(())
    }
}

impl Flex {
    fn go_on(&mut self, tokens: &[u32]) -> Result<Vec<f32>, Error> {
        let piece = Piece { tokens, cache: &mut self.cache };
        let logits = self.decoder.advance(&mut [piece])?;
        logits.try_into_vec_as::<f32>().map_err(|error| Error::Device(error.to_string()))
    }
}
