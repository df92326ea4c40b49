//! One operation of a profile, compiled: how it is asked, in which order its parts are rendered, how it is read.

use super::Profile;
use super::body::{Body, FORM, JSON, Pair, multipart, write_pairs};
use super::scene::{Base, Context, RenderError, Scene};
use super::sign::Parameter;
use super::template::{Escape, Template};
use super::verdict::Reading;
use crate::port::Fields;
use bytes::Bytes;
use hyper::Method;
use hyper::header::{HeaderName, HeaderValue};
use std::fmt;
use std::sync::Arc;

/// A request as it goes over the wire, but for `Host` and `Content-Length`, which the transport knows best.
#[derive(Clone)]
pub struct Wire {
    /// Where it goes: the platform, or the region that the fields name.
    pub base: Arc<Base>,
    pub method: Method,
    /// Path and query, percent-encoded, with the prefix of the base.
    pub target: String,
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub body: Bytes,
    pub content_type: Option<HeaderValue>,
}

#[derive(Debug, Clone)]
pub(super) struct Exchange {
    pub step: Box<str>,
    /// Line of the profile.
    pub line: usize,
    pub method: Method,
    pub path: Template,
    pub query: Vec<Pair>,
    pub headers: Vec<(HeaderName, Template)>,
    pub inner: Body,
    pub body: Body,
    /// What must be rendered, each after what it needs.
    pub order: Vec<Stage>,
    /// For each signature of the profile that this exchange needs: the parameters of its `{sorted}`.
    pub sorted: Vec<Vec<(Box<str>, Parameter)>>,
    pub needs_token: bool,
    pub reading: Reading,
}

/// A part of a request that others may need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Path,
    Query,
    Inner,
    Body,
    Sign(usize),
}

impl Exchange {
    /// Renders the request.
    pub fn render(
        &self,
        profile: &Profile,
        fields: &Fields<'_>,
        context: &Context<'_>,
    ) -> Result<Wire, RenderError> {
        let mut scene = self.scene(profile, fields, context);
        let mut content_type = None;
        for stage in &self.order {
            self.prepare(*stage, &mut scene, &mut content_type)?;
        }
        self.wire(scene, content_type)
    }

    pub fn scene<'a>(
        &'a self,
        profile: &'a Profile,
        fields: &'a Fields<'a>,
        context: &'a Context<'a>,
    ) -> Scene<'a> {
        let signatures =
            if self.sorted.is_empty() { Vec::new() } else { vec![Vec::new(); self.sorted.len()] };
        Scene {
            profile,
            step: &self.step,
            fields,
            context,
            masked: false,
            method: &self.method,
            path: String::new(),
            query: String::new(),
            body: Bytes::new(),
            inner: Vec::new(),
            sorted: Vec::new(),
            signatures,
            headers: &self.headers,
        }
    }

    /// Renders one part into the scene.
    pub fn prepare(
        &self,
        stage: Stage,
        scene: &mut Scene<'_>,
        content_type: &mut Option<String>,
    ) -> Result<(), RenderError> {
        match stage {
            Stage::Path => scene.path = self.path(scene)?,
            Stage::Query if self.query.is_empty() => {}
            Stage::Query => {
                let mut query = Vec::with_capacity(64);
                write_pairs(&self.query, &mut query, scene)?;
                scene.query = text(query);
            }
            Stage::Inner => {
                let mut inner = Vec::with_capacity(256);
                self.inner.write(&mut inner, scene)?;
                scene.inner = inner;
            }
            Stage::Body => match &self.body {
                Body::None => {}
                Body::Multipart(pairs) => {
                    let (body, kind) = multipart(pairs, scene)?;
                    scene.body = body;
                    *content_type = Some(kind);
                }
                other => {
                    let mut body = Vec::with_capacity(512);
                    other.write(&mut body, scene)?;
                    scene.body = body.into();
                }
            },
            Stage::Sign(at) => {
                let sign = &scene.profile.signs[at];
                let mut sorted = Vec::new();
                sign.sorted.write(&self.sorted[at], &mut sorted, scene)?;
                scene.sorted = sorted;
                let signature = sign.sign(&scene.profile.scope.signatures[at].name, scene)?;
                scene.signatures[at] = signature;
            }
        }
        Ok(())
    }

    fn path(&self, scene: &Scene<'_>) -> Result<String, RenderError> {
        // Room for the query too: both become the target.
        let mut path = Vec::with_capacity(192);
        path.extend_from_slice(scene.context.base(scene.fields).prefix().as_bytes());
        self.path.write(&mut path, Escape::Path, scene)?;
        Ok(text(path))
    }

    fn wire(&self, scene: Scene<'_>, content_type: Option<String>) -> Result<Wire, RenderError> {
        let mut headers = Vec::with_capacity(self.headers.len());
        let mut written = Vec::with_capacity(128);
        for (name, template) in &self.headers {
            written.clear();
            if template.write(&mut written, Escape::None, &scene)? {
                let mut value = HeaderValue::from_bytes(&written).map_err(|_| {
                    scene.refuse(name.as_str(), "one line of text without control characters")
                })?;
                value.set_sensitive(template.is_private());
                headers.push((name.clone(), value));
            }
        }
        let stated = match content_type {
            Some(kind) => HeaderValue::from_str(&kind).ok(),
            None => match &self.body {
                Body::Json(_) => Some(HeaderValue::from_static(JSON)),
                Body::Form(_) => Some(HeaderValue::from_static(FORM)),
                other => other.content_type().and_then(|kind| HeaderValue::from_str(kind).ok()),
            },
        };
        let base = Arc::clone(scene.context.base(scene.fields));
        let mut target = scene.path;
        if !scene.query.is_empty() {
            target.push('?');
            target.push_str(&scene.query);
        }
        Ok(Wire {
            base,
            method: self.method.clone(),
            target,
            headers,
            body: scene.body,
            content_type: stated,
        })
    }
}

/// What a template wrote; percent-encoding and JSON keep it text.
fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Shows where a request goes and how large it is, never what it says: headers and bodies hold secrets.
impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.target.split('?').next().unwrap_or_default();
        write!(f, "{} {path} ({} headers, {} bytes)", self.method, self.headers.len(), self.body.len())
    }
}
