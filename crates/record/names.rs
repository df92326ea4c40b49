//! One way to write a closed enum whose names are its wire form, its label and its index.

/// Declares a field-less enum with `ALL`, `as_str`, `index`, `Display`, `FromStr` and serde by name.
#[macro_export]
macro_rules! closed_enum {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        $vis enum $name { $($(#[$doc])* $variant),+ }

        impl $name {
            /// Every member, in index order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name used in files, labels and configuration.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// Position in [`Self::ALL`].
            #[must_use]
            pub const fn index(self) -> usize { self as usize }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.pad(self.as_str()) }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::names::UnknownName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|each| each.as_str() == text).ok_or_else(|| {
                    $crate::names::UnknownName::new(text, Self::ALL.iter().map(|each| each.as_str()))
                })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                out.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(input)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

/// A word that is in none of the closed sets, with the nearest one that is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown name `{given}`; {advice}")]
pub struct UnknownName {
    given: String,
    advice: String,
}

impl UnknownName {
    /// Builds the message from what was given and what would have been right.
    #[must_use]
    pub fn new<'a>(given: &str, known: impl Iterator<Item = &'a str>) -> Self {
        let known: Vec<&str> = known.collect();
        let advice = match nearest(given, known.iter().copied()) {
            Some(word) => format!("did you mean `{word}`?"),
            None => format!("one of: {}", known.join(", ")),
        };
        Self { given: given.to_owned(), advice }
    }
}

/// The known word nearest to `given`, if one is near enough to be what was meant.
#[must_use]
pub fn nearest<'a>(given: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (given.chars().count() / 3).clamp(1, 3);
    known.map(|word| (distance(given, word), word)).filter(|(d, _)| *d <= limit).min().map(|(_, word)| word)
}

/// Levenshtein distance, in characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut left_above = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replace = left_above + usize::from(x != *y);
            left_above = row[j + 1];
            row[j + 1] = replace.min(row[j] + 1).min(left_above + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_word_is_offered_only_when_it_is_near() {
        let known = ["upload", "query_number", "verify"];
        assert_eq!(nearest("uplaod", known.into_iter()), Some("upload"));
        assert_eq!(nearest("query_numbr", known.into_iter()), Some("query_number"));
        assert_eq!(nearest("weather", known.into_iter()), None);
    }
}
