//! A time in a weather file: seconds since the world's start, or an RFC 3339 instant.

use crate::domain::moment::{self, Nanos};
use chrono::{DateTime, Utc};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum When {
    After(f64),
    On(DateTime<Utc>),
}

impl When {
    /// The instant, with `start` as second zero.
    pub(crate) fn resolve(self, start: Nanos) -> Nanos {
        match self {
            When::After(seconds) => start.saturating_add(moment::seconds(seconds)),
            When::On(instant) => moment::nanos(instant),
        }
    }
}

impl Default for When {
    fn default() -> When {
        When::After(0.0)
    }
}

impl Serialize for When {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            When::After(seconds) => serializer.serialize_f64(*seconds),
            When::On(instant) => serializer.serialize_str(&instant.to_rfc3339()),
        }
    }
}

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Either)
    }
}

struct Either;

impl<'de> Visitor<'de> for Either {
    type Value = When;

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("seconds since the start, or an RFC 3339 time with offset")
    }

    fn visit_f64<E: serde::de::Error>(self, seconds: f64) -> Result<When, E> {
        if seconds.abs() <= 1e9 {
            Ok(When::After(seconds))
        } else {
            Err(E::custom("a time lies at most 1e9 seconds from the start"))
        }
    }

    fn visit_i64<E: serde::de::Error>(self, seconds: i64) -> Result<When, E> {
        self.visit_f64(seconds as f64)
    }

    fn visit_u64<E: serde::de::Error>(self, seconds: u64) -> Result<When, E> {
        self.visit_f64(seconds as f64)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<When, E> {
        let instant = DateTime::parse_from_rfc3339(text).map_err(|_| {
            E::custom(format!("`{text}` is no RFC 3339 time with offset, like 2026-11-24T12:34:10+08:00"))
        })?;
        Ok(When::On(instant.to_utc()))
    }

    /// A bare TOML date-time arrives as a map of its own kind.
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<When, A::Error> {
        let written = toml::value::Datetime::deserialize(MapAccessDeserializer::new(map))?;
        self.visit_str(&written.to_string()).map_err(|e: A::Error| A::Error::custom(e))
    }
}
