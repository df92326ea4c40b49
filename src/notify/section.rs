//! The `[notify]` section.

use super::{Address, mail, webhook};
use crate::config::{elsewhere, secret};
use anyhow::{Result, anyhow};
use piaotan_client::profile::SecretRef;
use piaotan_probes::live::notify::Channel;
use piaotan_record::{Span, closed_enum};
use serde::{Deserialize, Serialize};

/// Who is told, where no Alertmanager does it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NotifySection {
    /// Messages that come within so long of each other are sent as one.
    pub group: Span,
    pub mail: Option<MailSection>,
    pub webhook: Vec<WebhookSection>,
}

impl Default for NotifySection {
    fn default() -> Self {
        Self { group: Span::seconds(5), mail: None, webhook: Vec::new() }
    }
}

closed_enum! {
    /// How the way to a mail server is secured.
    #[derive(Default)]
    pub enum Security {
        /// Plain at first, TLS from then on, or nothing is sent.
        #[default]
        Starttls = "starttls",
        Tls = "tls",
        /// In the clear: for a server on this machine.
        None = "none",
    }
}

/// Mail.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailSection {
    pub server: String,
    /// 587 with `starttls`, 465 with `tls`, 25 with `none`, unless set.
    pub port: Option<u16>,
    #[serde(default)]
    pub security: Security,
    pub from: String,
    pub to: Vec<String>,
    pub user: Option<String>,
    /// `env:NAME` or `file:PATH`.
    pub password: Option<String>,
}

/// One webhook.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookSection {
    /// The address, or `env:NAME` or `file:PATH` where it holds a key.
    pub url: String,
    #[serde(default = "generic")]
    pub shape: Channel,
    /// What 钉钉 and 飞书 sign with: `env:NAME` or `file:PATH`.
    pub secret: Option<String>,
}

fn generic() -> Channel {
    Channel::Generic
}

impl NotifySection {
    /// What can be seen to be wrong without fetching a secret.
    ///
    /// # Errors
    /// One line that names the field.
    pub fn check(&self) -> Result<(), String> {
        if self.group.as_seconds() > 600.0 {
            return Err(format!("notify.group is {}; a page must not wait for more than 10m", self.group));
        }
        if let Some(mail) = &self.mail {
            mail::check(mail)?;
            elsewhere("notify.mail.password", mail.password.as_deref())?;
        }
        for hook in &self.webhook {
            elsewhere("[[notify.webhook]] secret", hook.secret.as_deref())?;
            if SecretRef::parse(&hook.url).is_none() {
                webhook::address(&hook.url).map_err(|why| format!("[[notify.webhook]] url: {why}"))?;
            }
        }
        Ok(())
    }

    /// Everybody who is told.
    ///
    /// # Errors
    /// One line that names the field.
    pub fn addresses(&self) -> Result<Vec<Address>> {
        let mut all = Vec::new();
        if let Some(section) = &self.mail {
            all.push(Address::Mail(Box::new(mail::Mailer::new(section)?)));
        }
        for section in &self.webhook {
            let url = match SecretRef::parse(&section.url) {
                Some(_) => secret("[[notify.webhook]] url", &section.url)?,
                None => section.url.clone(),
            };
            let written = section.secret.as_deref();
            let key = written.map(|written| secret("[[notify.webhook]] secret", written)).transpose()?;
            let hook = webhook::Hook::new(&url, section.shape, key);
            all.push(Address::Webhook(hook.map_err(|e| anyhow!("[[notify.webhook]] url: {e}"))?));
        }
        Ok(all)
    }
}
