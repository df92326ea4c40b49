//! Why an answer was judged as it was, for people: the slow and talkative side of `verdict`.

use super::Profile;
use super::extract::Answer;
use super::json::Sight;
use super::verdict::Reading;
use crate::port::{FieldName, Fields};

/// What was found and what was missed, one short sentence each.
pub(super) fn explain(
    profile: &Profile,
    reading: &Reading,
    fields: &Fields<'_>,
    answer: &Answer<'_>,
) -> Vec<String> {
    let mut list = Vec::new();
    let empty = answer.body.trim_ascii().is_empty();
    let sight = if reading.text.is_some() || empty {
        Sight::default()
    } else {
        match reading.places.read(answer.body, fields.get(FieldName::Number)) {
            Some(sight) => sight,
            None => {
                list.push("the body is not JSON, or it is cut short".to_owned());
                Sight::default()
            }
        }
    };
    for (place, prefix) in &reading.codes {
        list.push(match place.find(answer, &sight) {
            Some((code, _)) => code_line(profile, reading, &format!("{prefix}{code}")),
            None if prefix.is_empty() => "there is no code at its place".to_owned(),
            None => format!("there is no code `{}…`", prefix.trim_end()),
        });
    }
    for value in reading.values.iter().filter(|value| !value.optional) {
        if value.place.find(answer, &sight).is_none() {
            list.push(format!("value `{}` finds nothing", value.name));
        }
    }
    if reading.list && fields.get(FieldName::Number).is_some() {
        list.extend(match sight.listed {
            Some(true) => None,
            Some(false) => Some("no element of the list has the number that was asked for".to_owned()),
            None => Some("the list is not there".to_owned()),
        });
    }
    if let Some(words) = &reading.text {
        let body = String::from_utf8_lossy(answer.body);
        let missing = words.iter().filter(|word| !body.contains(word.as_str()));
        list.extend(missing.map(|word| format!("the text does not contain `{word}`")));
    }
    state(profile, reading, answer, &sight, &mut list);
    list
}

fn code_line(profile: &Profile, reading: &Reading, text: &str) -> String {
    let (code, class) = profile.codes.class(text);
    let own = reading
        .classes
        .iter()
        .find(|(pattern, _)| super::verdict::fits(pattern, text))
        .map(|(_, class)| *class);
    let entry = profile.codes.book.entry(code);
    match own.or(class) {
        Some(class) if entry.meaning.is_empty() => format!("code `{text}` is {class}"),
        Some(class) => format!("code `{text}` is {class}: {}", entry.meaning),
        None => format!("code `{text}` is not in [codes]"),
    }
}

fn state(
    profile: &Profile,
    reading: &Reading,
    answer: &Answer<'_>,
    sight: &Sight<'_>,
    list: &mut Vec<String>,
) {
    let Some(review) = &profile.review else { return };
    let Some(value) = reading.values.iter().find(|value| *value.name == *review.value) else { return };
    let Some((text, _)) = value.place.find(answer, sight) else { return };
    if review.state(&text).is_none() {
        list.push(format!("state `{text}` is in none of review.pending, accepted and rejected"));
    }
}
