//! Which word may follow, and how likely it is.
//!
//! A word decides where the sentence goes on, so that whoever has read it so far knows the state:
//! that is what makes its entropy easy to compute.

/// Where a sentence is, and who it is about.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct State {
    slot: Slot,
    about: Subject,
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Subject {
    Animal,
    Person,
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Slot {
    Opening,
    Subject,
    Name,
    Deed,
    Prey,
    Hunted,
    Meal,
    Food,
    Ware,
    Thing,
    Turn,
    Place,
    Close,
    Hour,
    Stop,
}

/// How likely the words of a slot are, in 256ths, by their place among so many.
const LOTS: [&[u16]; 4] = [
    &[256],
    &[120, 72, 40, 24],
    &[88, 56, 38, 26, 18, 14, 10, 6],
    &[56, 40, 30, 24, 20, 16, 14, 12, 10, 8, 7, 6, 5, 4, 2, 2],
];

const OPENINGS: &[&str] = &["the", "a", "every", "some"];
/// Every other one says only of what kind the subject is.
const SUBJECTS: &[&str] = &[
    "old", "fox", "young", "smith", "small", "crow", "clever", "queen", "hungry", "child", "quiet",
    "wolf", "brave", "weaver", "grey", "owl",
];
const NAMES: &[&str] = &["wolf", "king", "badger", "miller", "heron", "sailor", "hare", "nurse"];
const ANIMAL_DEEDS: &[&str] =
    &["follows", "watches", "eats", "chases", "smells", "hides", "sleeps", "steals"];
const PERSON_DEEDS: &[&str] =
    &["mends", "sells", "greets", "paints", "watches", "eats", "waits", "carries"];
const PREY: &[&str] = &["the", "a", "one", "that"];
const HUNTED: &[&str] = &["mouse", "goose", "lamb", "otter", "stranger", "rabbit", "hen", "moth"];
const MEALS: &[&str] = &["a", "the", "some", "its"];
const FOODS: &[&str] = &["berry", "apple", "fish", "nut", "loaf", "pear", "root", "plum"];
const WARES: &[&str] = &["the", "a", "an iron", "another"];
const THINGS: &[&str] = &[
    "boat", "chair", "lamp", "wall", "basket", "bell", "door", "wheel", "cart", "knife", "coat",
    "mirror", "ladder", "drum", "kettle", "anchor",
];
const TURNS: &[&str] = &[".", "near", "and", "behind"];
const PLACES: &[&str] =
    &["the river", "the mill", "the gate", "a hill", "the barn", "a well", "the bridge", "an inn"];
const CLOSES: &[&str] = &[".", "at", "and", "after"];
const HOURS: &[&str] = &["dawn", "noon", "dusk", "night"];
const STOPS: &[&str] = &["."];

impl State {
    pub(crate) const START: Self = Self { slot: Slot::Opening, about: Subject::Animal };

    pub(crate) fn words(self) -> &'static [&'static str] {
        match (self.slot, self.about) {
            (Slot::Opening, _) => OPENINGS,
            (Slot::Subject, _) => SUBJECTS,
            (Slot::Name, _) => NAMES,
            (Slot::Deed, Subject::Animal) => ANIMAL_DEEDS,
            (Slot::Deed, Subject::Person) => PERSON_DEEDS,
            (Slot::Prey, _) => PREY,
            (Slot::Hunted, _) => HUNTED,
            (Slot::Meal, _) => MEALS,
            (Slot::Food, _) => FOODS,
            (Slot::Ware, _) => WARES,
            (Slot::Thing, _) => THINGS,
            (Slot::Turn, _) => TURNS,
            (Slot::Place, _) => PLACES,
            (Slot::Close, _) => CLOSES,
            (Slot::Hour, _) => HOURS,
            (Slot::Stop, _) => STOPS,
        }
    }

    /// How likely each word is, in 256ths.
    pub(crate) fn lots(self) -> &'static [u16] {
        let words = self.words().len();
        LOTS.into_iter().find(|lots| lots.len() == words).unwrap_or(&[])
    }

    /// The word that a byte stands for, and what comes after it.
    pub(crate) fn spoken(self, chance: u8) -> (&'static str, Self) {
        let mut left = u16::from(chance);
        let mut spoken = self.words()[0];
        for (word, lots) in self.words().iter().zip(self.lots()) {
            spoken = word;
            match left.checked_sub(*lots) {
                Some(rest) => left = rest,
                None => break,
            }
        }
        (spoken, self.after(spoken))
    }

    pub(crate) fn after(self, word: &str) -> Self {
        let slot = match (self.slot, word) {
            (Slot::Opening, _) => Slot::Subject,
            (Slot::Subject, _) if SUBJECTS.iter().step_by(2).any(|kind| *kind == word) => {
                Slot::Name
            }
            (Slot::Subject | Slot::Name, _) => Slot::Deed,
            (Slot::Deed, "eats" | "smells" | "steals") => Slot::Meal,
            (Slot::Deed, "mends" | "sells" | "paints" | "carries") => Slot::Ware,
            (Slot::Deed, "sleeps" | "waits") => Slot::Close,
            (Slot::Deed, "hides") => Slot::Turn,
            (Slot::Deed, _) => Slot::Prey,
            (Slot::Prey, _) => Slot::Hunted,
            (Slot::Meal, _) => Slot::Food,
            (Slot::Ware, _) => Slot::Thing,
            (Slot::Hunted | Slot::Food | Slot::Thing, _) => Slot::Turn,
            (Slot::Turn | Slot::Close, ".") | (Slot::Stop, _) => Slot::Opening,
            // What follows is still done by whom the sentence is about.
            (Slot::Turn | Slot::Close, "and") => Slot::Deed,
            (Slot::Turn, _) => Slot::Place,
            (Slot::Close, _) => Slot::Hour,
            (Slot::Place, _) => Slot::Close,
            (Slot::Hour, _) => Slot::Stop,
        };
        let about = match (self.slot, word) {
            (Slot::Subject, "smith" | "queen" | "child" | "weaver") => Subject::Person,
            (Slot::Name, "king" | "miller" | "sailor" | "nurse") => Subject::Person,
            // The next sentence knows nothing of this one.
            _ if slot == Slot::Opening => Subject::Animal,
            _ => self.about,
        };
        Self { slot, about }
    }

    #[cfg(test)]
    pub(crate) fn slot(self) -> Slot {
        self.slot
    }

    #[cfg(test)]
    pub(crate) fn about(self) -> Subject {
        self.about
    }

    /// What ends a word: a full stop ends the line.
    pub(crate) fn separator(self, word: &str) -> u8 {
        if word == "." {
            b'\n'
        } else {
            b' '
        }
    }
}
