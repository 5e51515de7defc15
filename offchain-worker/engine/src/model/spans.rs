/// How the rows of a matrix belong to sequences: each has some, one after another.
pub(super) struct Spans {
    lengths: Vec<usize>,
}

impl Spans {
    pub(super) fn new(lengths: Vec<usize>) -> Self {
        Self { lengths }
    }

    /// The length of every sequence, where they have the same.
    pub(super) fn even(&self) -> Option<usize> {
        let first = *self.lengths.first()?;
        self.lengths.iter().all(|length| *length == first).then_some(first)
    }

    /// The first row and the number of rows of each sequence.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.lengths.iter().scan(0, |start, length| {
            let at = *start;
            *start += length;
            Some((at, *length))
        })
    }
}
