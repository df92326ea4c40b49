//! Webhooks: the message in the shape of its service, by the one transport of the house.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request};
use piaotan_client::clock::Clock;
use piaotan_client::target::Endpoint;
use piaotan_client::tls;
use piaotan_client::transport::{Dialer, Guard, Pool, PoolOptions};
use piaotan_probes::live::notify::{Channel, Message};
use serde_json::{Value, json};
use sha2::Sha256;
use std::time::Duration;

/// An HTTP address that takes messages.
#[derive(Debug)]
pub struct Hook {
    endpoint: Endpoint,
    path: String,
    shape: Channel,
    secret: Option<String>,
}

impl Hook {
    /// # Errors
    /// When the address is none.
    pub fn new(url: &str, shape: Channel, secret: Option<String>) -> Result<Self, String> {
        let (endpoint, path) = address(url)?;
        Ok(Self { endpoint, path, shape, secret })
    }

    /// The host alone: the rest of the address is a key.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} ({})", self.endpoint.authority(), self.shape)
    }

    /// # Errors
    /// What came back instead of a success.
    pub fn send(&self, message: &Message) -> Result<(), String> {
        let mut body = message.body(self.shape);
        let path = self.signed(&mut body, message.at.timestamp_millis());
        let answer = exchange(&self.endpoint, Method::POST, &path, "application/json", body.to_string())?;
        // 企业微信, 钉钉 and 飞书 answer 200 to what they refuse, and say so in the body.
        let said: Value = serde_json::from_str(&answer).unwrap_or_default();
        let code = said.get("errcode").or_else(|| said.get("code")).and_then(Value::as_i64);
        match (self.shape, code) {
            (Channel::Generic, _) | (_, None | Some(0)) => Ok(()),
            (_, Some(code)) => {
                let text = said.get("errmsg").or_else(|| said.get("msg")).and_then(Value::as_str);
                Err(format!("refused with code {code}: {}", text.unwrap_or_default()))
            }
        }
    }

    /// Adds the signature that 钉钉 wants in the address and 飞书 in the body.
    fn signed(&self, body: &mut Value, millis: i64) -> String {
        let Some(secret) = &self.secret else { return self.path.clone() };
        match self.shape {
            Channel::Dingtalk => {
                let sign = signature(secret.as_bytes(), format!("{millis}\n{secret}").as_bytes());
                let sign = sign.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
                let joint = if self.path.contains('?') { '&' } else { '?' };
                format!("{}{joint}timestamp={millis}&sign={sign}", self.path)
            }
            Channel::Feishu => {
                let seconds = (millis / 1000).to_string();
                body["sign"] = json!(signature(format!("{seconds}\n{secret}").as_bytes(), b""));
                body["timestamp"] = json!(seconds);
                self.path.clone()
            }
            Channel::Generic | Channel::Wecom => self.path.clone(),
        }
    }
}

fn signature(key: &[u8], text: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text);
    STANDARD.encode(mac.finalize().into_bytes())
}

/// Takes an address apart: where, and what to ask for there.
///
/// # Errors
/// When it is no `http` or `https` address.
pub fn address(url: &str) -> Result<(Endpoint, String), String> {
    let after = url.find("://").map_or(0, |at| at + 3);
    let cut = url[after..].find(['/', '?']).map_or(url.len(), |at| after + at);
    // The address may hold a key, so it is not repeated.
    let endpoint =
        Endpoint::parse(&url[..cut]).map_err(|_| "it is no URL; write https://HOST/PATH".to_owned())?;
    let path = &url[cut..];
    if path.contains(|c: char| c.is_whitespace() || c == '#') {
        return Err("it holds a blank or `#`; write https://HOST/PATH".to_owned());
    }
    Ok((endpoint, if path.starts_with('/') { path.to_owned() } else { format!("/{path}") }))
}

/// Sends one request and gives the body of a good answer.
///
/// # Errors
/// What went wrong, in one line.
pub fn exchange(
    to: &Endpoint,
    method: Method,
    path: &str,
    kind: &str,
    body: String,
) -> Result<String, String> {
    let tls = if to.tls { Some(tls::client_config(None)?) } else { None };
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
    let mut request = Request::new(Full::new(Bytes::from(body)));
    *request.method_mut() = method;
    *request.uri_mut() = path.parse().map_err(|_| "its path is no path".to_owned())?;
    let headers = request.headers_mut();
    headers.insert(HOST, HeaderValue::from_str(&to.authority()).map_err(|e| e.to_string())?);
    headers.insert(CONTENT_TYPE, HeaderValue::from_str(kind).map_err(|e| e.to_string())?);
    runtime.block_on(async {
        let options =
            PoolOptions { connections: 1, timeout: Duration::from_secs(10), ..PoolOptions::default() };
        let pool = Pool::new(to.clone(), Dialer::tcp(Guard::Any, tls), Clock::start(), options);
        let Some(lease) = pool.lease().await else { return Err("stopped".to_owned()) };
        let exchange = lease.exchange(request).await;
        let answer = exchange.result.map_err(|failure| failure.text())?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        if (200..300).contains(&answer.status) { Ok(text) } else { Err(format!("HTTP {}", answer.status)) }
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{address, signature};

    #[test]
    fn an_address_is_taken_apart() {
        let check = |url, host: &str, path: &str| {
            let (endpoint, found) = address(url).unwrap();
            assert_eq!((endpoint.authority().as_str(), found.as_str()), (host, path), "{url}");
        };
        check(
            "https://oapi.dingtalk.com/robot/send?access_token=k",
            "oapi.dingtalk.com",
            "/robot/send?access_token=k",
        );
        check("http://127.0.0.1:9", "127.0.0.1:9", "/");
        check("http://h?x=1", "h", "/?x=1");
        assert!(address("ftp://h/").is_err() && address("https://h/a b").is_err());
    }

    #[test]
    fn a_signature_is_that_of_rfc_4231() {
        // Test case 2.
        let expected = encoded("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        assert_eq!(signature(b"Jefe", b"what do ya want for nothing?"), expected);
    }

    fn encoded(text: &str) -> String {
        use base64::Engine as _;
        let bytes: Vec<u8> =
            (0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap()).collect();
        base64::engine::general_purpose::STANDARD.encode(bytes)
    }
}
