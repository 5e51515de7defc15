//! Texts as tokens and back.

use crate::import::{parse_text, read_text, ImportError};
use std::{
    panic::{catch_unwind, AssertUnwindSafe},
    path::{Path, PathBuf},
};
use thiserror::Error;
use tokenizers::{
    DecoderWrapper, ModelWrapper, NormalizerWrapper, PostProcessorWrapper, PreTokenizerWrapper,
    TruncationParams,
};

/// Why a text is not made tokens, or tokens no text.
#[derive(Debug, Error)]
pub enum TokenError {
    #[error(transparent)]
    File(#[from] ImportError),
    #[error("{} has no rules of a tokenizer: {reason}", path.display())]
    Rules { path: PathBuf, reason: String },
    #[error(
        "the tokenizer has {tokenizer} tokens, and the model {model}; they do not belong together"
    )]
    Vocabulary { tokenizer: usize, model: usize },
    #[error("the tokenizer failed: {0}")]
    Failed(String),
}

/// Rules are a stranger's, and some that make no sense have the library panic: when they
/// are read, or only when a text meets them.
fn guarded<T>(work: impl FnOnce() -> tokenizers::Result<T>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(_) => Err("its rules contradict themselves".to_owned()),
    }
}

/// Makes texts tokens by the rules of a `tokenizer.json`.
#[derive(Clone, Debug)]
pub struct Tokenizer {
    rules: tokenizers::Tokenizer,
}

impl Tokenizer {
    /// Reads the rules in a folder, for a model with so many tokens. What they say of
    /// padding and of cutting texts is left aside.
    pub fn open(folder: &Path, vocabulary: usize) -> Result<Self, TokenError> {
        let path = folder.join("tokenizer.json");
        let (text, _) = read_text(&path)?;
        Self::new(&path, &text, vocabulary)
    }

    /// The same of rules that were read already, as the file's.
    pub fn of(path: &Path, text: &[u8], vocabulary: usize) -> Result<Self, TokenError> {
        parse_text(path, text)?;
        Self::new(path, text, vocabulary)
    }

    fn new(path: &Path, text: &[u8], vocabulary: usize) -> Result<Self, TokenError> {
        let mut rules = guarded(|| tokenizers::Tokenizer::from_bytes(text))
            .map_err(|reason| TokenError::Rules { path: path.to_owned(), reason })?;
        // Models may have rows for more tokens than there are, never for fewer.
        let tokenizer = rules.get_vocab(true).into_values().max().map_or(0, |id| id as usize + 1);
        if tokenizer > vocabulary {
            return Err(TokenError::Vocabulary { tokenizer, model: vocabulary });
        }
        rules.with_padding(None);
        guarded(|| rules.with_truncation(None).map(|_| ())).map_err(TokenError::Failed)?;
        Ok(Self { rules })
    }

    /// The same rules, which cut texts to so many tokens.
    pub fn cut(mut self, most: usize) -> Result<Self, TokenError> {
        let truncation = TruncationParams { max_length: most, ..Default::default() };
        guarded(|| self.rules.with_truncation(Some(truncation)).map(|_| ()))
            .map_err(TokenError::Failed)?;
        Ok(self)
    }

    /// With the tokens that the rules put around a text.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, TokenError> {
        guarded(|| self.rules.encode(text, true))
            .map(|encoding| encoding.get_ids().to_vec())
            .map_err(TokenError::Failed)
    }

    /// A text and what goes on from it, as the one text that they are together. Also how many tokens
    /// are before what goes on: one with letters of both is of what goes on.
    pub fn encode_on(&self, text: &str, more: &str) -> Result<(Vec<u32>, usize), TokenError> {
        let both = guarded(|| self.rules.encode([text, more].concat(), true))
            .map_err(TokenError::Failed)?;
        let special = both.get_special_tokens_mask();
        // Of the text's own letters; what the rules put around it has none.
        let own = |at: &usize| special[*at] == 0;
        let ends = both.get_offsets();
        let before = (0..both.len())
            .filter(own)
            .find(|at| ends[*at].1 > text.len())
            .or_else(|| (0..both.len()).rfind(own).map(|last| last + 1))
            .unwrap_or(both.len());
        Ok((both.get_ids().to_vec(), before))
    }

    /// Without tokens that are no text.
    pub fn decode(&self, tokens: &[u32]) -> Result<String, TokenError> {
        guarded(|| self.rules.decode(tokens, true)).map_err(TokenError::Failed)
    }

    /// Text as its tokens come.
    pub fn stream(&self) -> TextStream<'_> {
        TextStream { stream: self.rules.decode_stream(true) }
    }
}

/// Makes text of tokens one by one. A character may need several.
pub struct TextStream<'a> {
    stream: tokenizers::DecodeStream<
        'a,
        ModelWrapper,
        NormalizerWrapper,
        PreTokenizerWrapper,
        PostProcessorWrapper,
        DecoderWrapper,
    >,
}

impl TextStream<'_> {
    /// What text this token completes, if any.
    pub fn push(&mut self, token: u32) -> Result<Option<String>, TokenError> {
        guarded(|| self.stream.step(token)).map_err(TokenError::Failed)
    }
}

/// Makes text of bytes one by one.
#[derive(Debug, Default)]
pub struct ByteStream {
    /// The beginning of a character.
    rest: Vec<u8>,
}

impl ByteStream {
    /// What text this byte completes, if any. What is no text is shown as the character for that.
    pub fn push(&mut self, byte: u8) -> Option<String> {
        self.rest.push(byte);
        let mut text = String::new();
        while let Err(error) = std::str::from_utf8(&self.rest) {
            let Some(wrong) = error.error_len() else { break };
            let end = error.valid_up_to() + wrong;
            text.push_str(&String::from_utf8_lossy(&self.rest[..end]));
            self.rest.drain(..end);
        }
        if let Ok(whole) = std::str::from_utf8(&self.rest) {
            text.push_str(whole);
            self.rest.clear();
        }
        (!text.is_empty()).then_some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn push_should_give_a_character_with_its_last_byte() {
        let mut stream = ByteStream::default();
        let given: Vec<_> = "aé東".bytes().map(|byte| stream.push(byte)).collect();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(given, [some("a"), None, some("é"), None, None, some("東")]);
        // A character that is broken off, and the one that comes instead.
        assert_eq!(stream.push(0xe6), None);
        assert_eq!(stream.push(b'b'), some("\u{fffd}b"));
    }

    proptest! {
        #[test]
        fn push_should_give_what_all_bytes_together_are(bytes: Vec<u8>, end in "[a-z]") {
            let all = [&bytes, end.as_bytes()].concat();
            let mut stream = ByteStream::default();
            let text: String = all.iter().filter_map(|byte| stream.push(*byte)).collect();
            prop_assert_eq!(text, String::from_utf8_lossy(&all).into_owned());
        }
    }
}
