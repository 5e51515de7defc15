//! Examples of one length, as tokens.

use crate::{fault, input};
use cairn_order::{Fault, Order};
use cairn_protocol::spec::{Records, TOKEN_BYTES};

/// Tokens of each.
pub(crate) fn length(records: &Records) -> Result<u64, Fault> {
    let bytes = records.record_bytes;
    if !bytes.is_multiple_of(TOKEN_BYTES) {
        return Err(fault::malformed(format_args!(
            "a record of {bytes} bytes is no whole number of tokens; write each as four bytes"
        )));
    }
    Ok((bytes / TOKEN_BYTES).into())
}

/// So many of a file that the job names, from a first on.
pub(crate) fn some(
    order: &Order,
    records: &Records,
    first: u64,
    count: u64,
) -> Result<Vec<Vec<u32>>, Fault> {
    length(records)?;
    cut(records, &input::stored(order, &records.file)?, first, count)
}

/// All of a file that the job names.
pub(crate) fn all(order: &Order, records: &Records) -> Result<Vec<Vec<u32>>, Fault> {
    some(order, records, 0, records.count())
}

fn cut(records: &Records, set: &[u8], first: u64, count: u64) -> Result<Vec<Vec<u32>>, Fault> {
    let bytes = records.record_bytes as usize;
    let place = |record: u64| usize::try_from(record).ok()?.checked_mul(bytes);
    let span = || Some(place(first)?..place(first.checked_add(count)?)?);
    let chosen = span().and_then(|span| set.get(span));
    let chosen = chosen.ok_or_else(|| fault::malformed("the set has no such records"))?;
    let tokens = |record: &[u8]| -> Vec<u32> {
        let (tokens, _) = record.as_chunks::<4>();
        tokens.iter().copied().map(u32::from_le_bytes).collect()
    };
    Ok(chosen.chunks_exact(bytes).map(tokens).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_protocol::{
        failure::Failure,
        id::{ContentId, File},
    };

    fn records(record_bytes: u32) -> Records {
        let file = File { id: ContentId([1; 32]), bytes: 24 };
        Records { file, record_bytes }
    }

    #[test]
    fn records_should_be_the_tokens_of_those_asked_for() {
        let set: Vec<u8> = (0..6_u32).flat_map(|token| (token << 8).to_le_bytes()).collect();
        let cut = |first, count| cut(&records(8), &set, first, count);
        assert_eq!(cut(1, 2).expect("they are there"), [[2 << 8, 3 << 8], [4 << 8, 5 << 8]]);
        for (first, count) in [(2, 2), (u64::MAX, 1), (u64::MAX / 2, 1)] {
            let fault = cut(first, count).expect_err("there are three");
            assert_eq!(fault.failure, Failure::MalformedSpec);
        }
    }

    #[test]
    fn record_should_be_refused_when_it_is_no_whole_number_of_tokens() {
        assert_eq!(length(&records(8)), Ok(2));
        assert_eq!(length(&records(6)).expect_err("ragged").failure, Failure::MalformedSpec);
    }
}
