//! A request and its answer as people may see them: secrets, tokens and passwords are masked.

use super::Profile;
use super::body::Body;
use super::digest::Encoding;
use super::exchange::{Exchange, Stage};
use super::explain::explain;
use super::extract::Answer;
use super::scene::{Context, MASK, RenderError, Scene};
use super::scope::Source;
use super::template::Escape;
use super::verdict::judge;
use crate::port::{FieldName, Fields};
use std::fmt;

/// How much of a body is shown.
const BODY: usize = 4096;

/// A request, masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub request: String,
    /// For each signature: its name, the text that was signed (masked), and what came out.
    pub signatures: Vec<(String, String, String)>,
}

/// An answer, masked, and what was made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    pub answer: String,
    pub values: Vec<(String, String)>,
    pub verdict: String,
    /// What was found and missed, one short sentence each.
    pub reasons: Vec<String>,
}

/// Shows the request that [`Exchange::render`] would make.
pub(super) fn show(
    profile: &Profile,
    exchange: &Exchange,
    fields: &Fields<'_>,
    context: &Context<'_>,
) -> Result<Shown, RenderError> {
    let mut real = exchange.scene(profile, fields, context);
    let mut content_type = None;
    for stage in &exchange.order {
        exchange.prepare(*stage, &mut real, &mut content_type)?;
    }
    let mut scene = exchange.scene(profile, fields, context);
    scene.masked = true;
    scene.signatures = std::mem::take(&mut real.signatures);
    let mut signatures = Vec::new();
    for stage in &exchange.order {
        if let Stage::Sign(at) = stage {
            signatures.push(signed(exchange, *at, &mut scene)?);
        } else if matches!((stage, &exchange.body), (Stage::Body, Body::Multipart(_))) {
            scene.body = multipart(exchange, &scene)?.into();
        } else {
            exchange.prepare(*stage, &mut scene, &mut None)?;
        }
    }
    Ok(Shown { request: request(exchange, &scene, content_type)?, signatures })
}

fn request(
    exchange: &Exchange,
    scene: &Scene<'_>,
    content_type: Option<String>,
) -> Result<String, RenderError> {
    let mut text = format!("{} {}\n", exchange.method, scene.target());
    text.push_str(&format!("host: {}\n", scene.context.base(scene.fields)));
    for (name, template) in &exchange.headers {
        let mut value = Vec::new();
        if template.write(&mut value, Escape::None, scene)? {
            text.push_str(&format!("{name}: {}\n", String::from_utf8_lossy(&value)));
        }
    }
    if let Some(kind) = content_type.as_deref().or(exchange.body.content_type()) {
        text.push_str(&format!("content-type: {kind}\n"));
    }
    if !scene.body.is_empty() {
        text.push_str(&format!("\n{}\n", shortened(&String::from_utf8_lossy(&scene.body))));
    }
    Ok(text)
}

/// The parts of a form, a line each; of the file only its name and size.
fn multipart(exchange: &Exchange, scene: &Scene<'_>) -> Result<String, RenderError> {
    let mut text = String::new();
    for pair in exchange.body.pairs() {
        let mut value = Vec::new();
        match scene.fields.file.filter(|_| pair.value.is_file()) {
            Some(file) => {
                text.push_str(&format!("{}: ({}, {} bytes)\n", pair.name, file.name, file.bytes.len()))
            }
            None if pair.value.write(&mut value, Escape::None, scene)? => {
                text.push_str(&format!("{}: {}\n", pair.name, String::from_utf8_lossy(&value)));
            }
            None => {}
        }
    }
    Ok(text)
}

fn signed(
    exchange: &Exchange,
    at: usize,
    scene: &mut Scene<'_>,
) -> Result<(String, String, String), RenderError> {
    let sign = &scene.profile.signs[at];
    let (mut sorted, mut text) = (Vec::new(), Vec::new());
    sign.sorted.write(&exchange.sorted[at], &mut sorted, scene)?;
    scene.sorted = sorted;
    sign.text.write(&mut text, Escape::None, scene)?;
    let name = scene.profile.scope.signatures[at].name.clone();
    // What a password was turned into serves as the password.
    let private = sign.text.sources().any(|source| match source {
        Source::Field(name) => name.is_secret(),
        Source::Signature(other) => scene.signatures[*other] == MASK.as_bytes(),
        _ => false,
    });
    // A raw digest is the key of another one.
    let private = private || sign.encoding == Encoding::Raw;
    if private {
        scene.signatures[at] = MASK.into();
    }
    let result = String::from_utf8_lossy(&scene.signatures[at]).into_owned();
    Ok((name, shortened(&String::from_utf8_lossy(&text)), result))
}

/// Shows an answer and what the profile makes of it.
pub(super) fn read(
    profile: &Profile,
    exchange: &Exchange,
    fields: &Fields<'_>,
    context: &Context<'_>,
    answer: &Answer<'_>,
) -> Read {
    let judged = judge(profile, &exchange.reading, fields, answer);
    let carried = profile.login.as_ref().map_or(&[][..], |plan| &plan.carried);
    let private =
        |name: &str| name == "token" || name == "sms_code" || carried.iter().any(|each| each == name);
    let mut hidden: Vec<&str> =
        judged.values.iter().filter(|(name, _)| private(name)).map(|(_, value)| value).collect();
    hidden.extend(context.token);
    hidden.extend(context.carried.iter().map(|(_, value)| value));
    hidden.extend([FieldName::Password, FieldName::SmsCode].iter().filter_map(|name| fields.get(*name)));
    hidden.extend((0..profile.scope.secrets.len()).filter_map(|at| context.secrets.get(at)));
    hidden.retain(|text| !text.is_empty());
    let mask = |text: &str| hidden.iter().fold(text.to_owned(), |text, secret| text.replace(secret, MASK));
    let mut text = format!("status: {}\n", answer.status);
    for (name, value) in answer.headers {
        text.push_str(&format!("{name}: {}\n", mask(&String::from_utf8_lossy(value.as_bytes()))));
    }
    text.push_str(&format!("\n{}\n", shortened(&mask(&String::from_utf8_lossy(answer.body)))));
    Read {
        answer: text,
        values: judged.values.iter().map(|(name, value)| (name.to_owned(), mask(value))).collect(),
        verdict: judged.outcome.kind().as_str().to_owned(),
        reasons: explain(profile, &exchange.reading, fields, answer)
            .iter()
            .map(|reason| mask(reason))
            .collect(),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(BODY) {
        Some((at, _)) => format!("{}… ({} bytes)", &text[..at], text.len()),
        None => text.to_owned(),
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.request)?;
        for (name, text, result) in &self.signatures {
            write!(f, "\nsigned {{{name}}} = {result}\nover: {text}\n")?;
        }
        Ok(())
    }
}

impl fmt::Display for Read {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\nverdict: {}\n", self.answer, self.verdict)?;
        self.reasons.iter().try_for_each(|reason| writeln!(f, "  {reason}"))?;
        self.values.iter().try_for_each(|(name, value)| writeln!(f, "  {name} = {value}"))
    }
}
