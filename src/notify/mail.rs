//! Mail by SMTP, over the one TLS of the house.

use super::section::{MailSection, Security};
use crate::config::secret;
use anyhow::{Result, anyhow};
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, MessageBuilder};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{SmtpTransport, Transport as _};
use piaotan_probes::live::notify::Message;
use std::time::Duration;

/// A mail server that takes longer does not work.
const PATIENCE: Duration = Duration::from_secs(20);

/// A way to some people's mail.
#[derive(Debug)]
pub struct Mailer {
    transport: SmtpTransport,
    from: Mailbox,
    to: Vec<Mailbox>,
}

/// # Errors
/// One line that names the field.
pub fn check(section: &MailSection) -> Result<(), String> {
    let server = section.server.as_str();
    if server.is_empty() || server.contains(|c: char| c.is_whitespace() || c == '/') {
        return Err(format!(
            "notify.mail.server is `{server}`; write the host alone, such as smtp.example.com"
        ));
    }
    if section.port == Some(0) {
        return Err(
            "notify.mail.port is 0; write that of the server, such as 587, or leave it out".to_owned()
        );
    }
    mailbox("notify.mail.from", &section.from)?;
    if section.to.is_empty() {
        return Err("notify.mail.to names nobody; write to = [\"ops@example.com\"]".to_owned());
    }
    section.to.iter().try_for_each(|to| mailbox("notify.mail.to", to).map(|_| ()))?;
    if section.user.as_deref().is_some_and(|user| user.trim().is_empty()) {
        return Err("notify.mail.user is empty; write who logs in, or leave it out".to_owned());
    }
    match (&section.user, &section.password) {
        (None, Some(_)) => Err("notify.mail.password has no user; write user = \"NAME\"".to_owned()),
        (Some(_), None) => Err("notify.mail.user has no password; write password = \"env:NAME\"".to_owned()),
        (Some(_), Some(_)) if section.security == Security::None => {
            Err("notify.mail.password would be sent in the clear; write security = \"starttls\" or \"tls\""
                .to_owned())
        }
        _ => Ok(()),
    }
}

fn mailbox(field: &str, text: &str) -> Result<Mailbox, String> {
    text.parse().map_err(|_| format!("{field} has `{text}`; write an address such as ops@example.com"))
}

impl Mailer {
    /// # Errors
    /// One line that names the field.
    pub fn new(section: &MailSection) -> Result<Self> {
        check(section).map_err(|why| anyhow!("{why}"))?;
        let server = section.server.as_str();
        let wrong = |e: lettre::transport::smtp::Error| anyhow!("notify.mail.server {server}: {e}");
        let mut builder = match section.security {
            Security::Starttls => SmtpTransport::starttls_relay(server).map_err(wrong)?,
            Security::Tls => SmtpTransport::relay(server).map_err(wrong)?,
            Security::None => SmtpTransport::builder_dangerous(server),
        };
        if let Some(port) = section.port {
            builder = builder.port(port);
        }
        if let (Some(user), Some(password)) = (&section.user, &section.password) {
            let password = secret("notify.mail.password", password)?;
            builder = builder.credentials(Credentials::new(user.clone(), password));
        }
        let parse = |field: &str, text: &str| mailbox(field, text).map_err(|why| anyhow!("{why}"));
        Ok(Self {
            transport: builder.timeout(Some(PATIENCE)).build(),
            from: parse("notify.mail.from", &section.from)?,
            to: section.to.iter().map(|to| parse("notify.mail.to", to)).collect::<Result<_>>()?,
        })
    }

    #[must_use]
    pub fn name(&self) -> String {
        let to: Vec<String> = self.to.iter().map(|to| to.email.to_string()).collect();
        to.join(", ")
    }

    /// # Errors
    /// What the mail server said.
    pub fn send(&self, message: &Message) -> Result<(), String> {
        let to = |builder: MessageBuilder, to: &Mailbox| builder.to(to.clone());
        let letter = self
            .to
            .iter()
            .fold(lettre::Message::builder().from(self.from.clone()), to)
            .subject(format!("[票探] {}", message.title.replace(['\r', '\n'], " ")))
            .header(ContentType::TEXT_PLAIN)
            .body(body(message))
            .map_err(|e| e.to_string())?;
        self.transport.send(&letter).map(|_| ()).map_err(|e| match std::error::Error::source(&e) {
            Some(cause) => format!("{e}: {cause}"),
            None => e.to_string(),
        })
    }
}

fn body(message: &Message) -> String {
    let since = message.since.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let at = message.at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    format!(
        "{}\n\n{}\n\nstate  {}\nsince  {since}\nat     {at}\nkey    {}\n",
        message.title, message.text, message.state, message.key
    )
}
