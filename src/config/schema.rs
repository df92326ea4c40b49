//! The JSON Schema of `piaotan.toml`, asked of the parser itself: there is no second list of fields
//! that could drift from what is read.
//!
//! A [`Tracer`] is a deserializer that holds no data. It walks a path, notes what the type at its end
//! asks for (a text, a table with these fields, …) and stops with an error. Each field is one walk.

use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value, json};
use std::cell::RefCell;
use std::fmt;

/// What a type asks for.
#[derive(Debug, Clone, PartialEq)]
enum Wanted {
    Anything,
    Kind(&'static str),
    /// A text of a closed set.
    Word(Vec<String>),
    Table(&'static [&'static str]),
    List,
    Dictionary,
}

/// A step of a path.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Step {
    Field(&'static str),
    Item,
    Entry,
}

/// Keys with which the dictionaries of the configuration can be entered; the first one that a
/// dictionary takes will do.
const KEYS: [&str; 2] = ["page", "name"];
/// A word that is in none of the closed sets.
const NO_WORD: &str = "\u{1}";

/// The schema of a type that is read from a file.
#[must_use]
pub fn of<T: DeserializeOwned>(title: &str) -> Value {
    let mut schema = Map::new();
    schema.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
    schema.insert("title".into(), json!(title));
    schema.extend(at::<T>(&mut Vec::new()));
    Value::Object(schema)
}

fn at<T: DeserializeOwned>(path: &mut Vec<Step>) -> Map<String, Value> {
    let schema = match walk::<T>(path) {
        Wanted::Anything => json!({}),
        Wanted::Kind(kind) => json!({ "type": kind }),
        Wanted::Word(words) => json!({ "type": "string", "enum": words }),
        Wanted::List => json!({ "type": "array", "items": below::<T>(path, Step::Item) }),
        Wanted::Dictionary => {
            json!({ "type": "object", "additionalProperties": below::<T>(path, Step::Entry) })
        }
        Wanted::Table(fields) => {
            let each = fields.iter().map(|name| ((*name).to_owned(), below::<T>(path, Step::Field(name))));
            let each: Map<String, Value> = each.collect();
            json!({ "type": "object", "additionalProperties": false, "properties": each })
        }
    };
    schema.as_object().cloned().unwrap_or_default()
}

fn below<T: DeserializeOwned>(path: &mut Vec<Step>, step: Step) -> Value {
    path.push(step);
    let found = Value::Object(at::<T>(path));
    path.pop();
    found
}

/// What the type at the end of the path asks for.
fn walk<T: DeserializeOwned>(path: &[Step]) -> Wanted {
    let seen = RefCell::new(Wanted::Anything);
    for key in KEYS {
        let stopped = T::deserialize(Tracer { path, seen: &seen, key }).err();
        let text = stopped.map(|stop| stop.0).unwrap_or_default();
        // A closed set names its members when it is given a word that is none.
        if *seen.borrow() == Wanted::Kind("string")
            && let Some((_, words)) = text.split_once("one of: ")
        {
            return Wanted::Word(words.split(", ").map(str::to_owned).collect());
        }
        if *seen.borrow() != Wanted::Anything {
            break;
        }
    }
    seen.into_inner()
}

/// Why a walk ended.
#[derive(Debug)]
struct Stop(String);

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Stop {}

impl serde::de::Error for Stop {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self(text.to_string())
    }
}

/// Gives every type what it asks for until the path ends, and notes what it asks for then.
#[derive(Clone, Copy)]
struct Tracer<'a> {
    path: &'a [Step],
    seen: &'a RefCell<Wanted>,
    key: &'static str,
}

impl Tracer<'_> {
    fn note(&self, wanted: Wanted) -> Stop {
        if self.path.is_empty() {
            *self.seen.borrow_mut() = wanted;
        }
        Stop("noted".to_owned())
    }

    /// The same one step further; nothing where the path ends or goes elsewhere.
    fn step(self, step: impl Fn(&Step) -> bool) -> Option<Self> {
        let (first, rest) = self.path.split_first()?;
        step(first).then_some(Self { path: rest, ..self })
    }
}

macro_rules! noted {
    ($($method:ident => $kind:literal),+ $(,)?) => {
        $(fn $method<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Stop> { Err(self.note(Wanted::Kind($kind))) })+
    };
}

impl<'de> Deserializer<'de> for Tracer<'_> {
    type Error = Stop;

    noted! {
        deserialize_bool => "boolean", deserialize_f32 => "number", deserialize_f64 => "number",
        deserialize_i8 => "integer", deserialize_i16 => "integer", deserialize_i32 => "integer",
        deserialize_i64 => "integer", deserialize_u8 => "integer", deserialize_u16 => "integer",
        deserialize_u32 => "integer", deserialize_u64 => "integer",
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Stop> {
        Err(self.note(Wanted::Anything))
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.note(Wanted::Kind("string"));
        visitor.visit_str(NO_WORD)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        match self.step(|step| *step == Step::Item) {
            Some(inner) => visitor.visit_seq(inner),
            None => Err(self.note(Wanted::List)),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        match self.step(|step| *step == Step::Entry) {
            Some(inner) => visitor.visit_map(Keyed { key: self.key, inner }),
            None => Err(self.note(Wanted::Dictionary)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        match (self.path.first(), self.step(|step| matches!(step, Step::Field(_)))) {
            (Some(Step::Field(key)), Some(inner)) => visitor.visit_map(Keyed { key, inner }),
            _ => Err(self.note(Wanted::Table(fields))),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        words: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Stop> {
        Err(self.note(Wanted::Word(words.iter().map(|word| (*word).to_owned()).collect())))
    }

    forward_to_deserialize_any! {
        i128 u128 char bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any
    }
}

impl<'de> SeqAccess<'de> for Tracer<'_> {
    type Error = Stop;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Stop> {
        seed.deserialize(*self)?;
        // The walk is over: a list would ask for a second element for ever.
        Err(Stop("walked".to_owned()))
    }
}

/// A table with one entry.
struct Keyed<'a> {
    key: &'static str,
    inner: Tracer<'a>,
}

impl<'de> MapAccess<'de> for Keyed<'_> {
    type Error = Stop;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Stop> {
        seed.deserialize(serde::de::value::BorrowedStrDeserializer::<Stop>::new(self.key)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Stop> {
        seed.deserialize(self.inner)?;
        Err(Stop("walked".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::of;
    use crate::config::Settings;
    use serde_json::json;

    #[test]
    fn every_section_is_there_with_its_kinds() {
        let schema = of::<Settings>("piaotan.toml");
        let at = |path: &str| schema.pointer(path).cloned().unwrap_or_default();
        assert_eq!(at("/properties/target/properties/url/type"), json!("string"));
        assert_eq!(at("/properties/target/properties/max_rate/type"), json!("number"));
        assert_eq!(at("/properties/probes/properties/which/items/enum/0"), json!("own_network"));
        assert_eq!(at("/properties/probes/properties/intervals/additionalProperties/type"), json!("string"));
        assert_eq!(at("/properties/secrets/additionalProperties/type"), json!("string"));
        assert_eq!(
            at("/properties/maintenance/properties/window/items/properties/start/type"),
            json!("string")
        );
        assert_eq!(
            at("/properties/notify/properties/webhook/items/properties/shape/enum/0"),
            json!("generic")
        );
        assert_eq!(at("/properties/watch/additionalProperties"), json!(false));
    }
}
