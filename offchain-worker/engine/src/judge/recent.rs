//! What is kept for the next time, as long as there is room for it.

use std::collections::VecDeque;

/// A few values by their keys. The one that was not asked for the longest goes first.
#[derive(Debug)]
pub(super) struct Recent<K, V> {
    most: usize,
    held: VecDeque<(K, V)>,
}

impl<K: PartialEq, V: Clone> Recent<K, V> {
    pub(super) fn of(most: usize) -> Self {
        Self { most, held: VecDeque::with_capacity(most) }
    }

    pub(super) fn get(&mut self, key: &K) -> Option<V> {
        let at = self.held.iter().position(|(held, _)| held == key)?;
        let found = self.held.remove(at)?;
        let value = found.1.clone();
        self.held.push_back(found);
        Some(value)
    }

    pub(super) fn put(&mut self, key: K, value: V) {
        self.held.retain(|(held, _)| *held != key);
        if self.held.len() >= self.most {
            self.held.pop_front();
        }
        self.held.push_back((key, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn put_should_drop_what_was_not_asked_for_the_longest_when_there_is_no_room() {
        let mut recent = Recent::of(2);
        recent.put(1, "one");
        recent.put(2, "two");
        assert_eq!(recent.get(&1), Some("one"));
        recent.put(3, "three");
        assert_eq!([1, 2, 3].map(|key| recent.get(&key)), [Some("one"), None, Some("three")]);
        recent.put(1, "another");
        assert_eq!((recent.get(&1), recent.get(&3)), (Some("another"), Some("three")));
    }
}
