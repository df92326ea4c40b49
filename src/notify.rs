//! Messages to people: mail and webhooks, grouped, tried again, on a thread of their own so that a slow
//! mail server holds no probe up. What is news at all was decided before (held over windows and replayed).

mod mail;
mod section;
pub mod webhook;

pub use section::NotifySection;

use crate::watching::board::Board;
use crate::watching::outlet::log;
use anyhow::Result;
use piaotan_analysis::hold::AlertState;
use piaotan_probes::live::notify::{Message, grouped};
use piaotan_record::closed_enum;
use piaotan_reports::Lang;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Tries of one message by one way.
const TRIES: u32 = 3;

closed_enum! {
    /// A way to people, as a label.
    pub enum Way { Mail = "mail", Webhook = "webhook" }
}

/// One address to which messages go.
#[derive(Debug)]
pub enum Address {
    Mail(Box<mail::Mailer>),
    Webhook(webhook::Hook),
}

/// The letterbox of the watch; what lies in it is sent before it is dropped.
#[derive(Debug)]
pub struct Post {
    letters: Option<Sender<Message>>,
    postman: Option<JoinHandle<()>>,
}

impl Post {
    /// # Errors
    /// One line that names the field of `[notify]`.
    pub fn start(section: &NotifySection, board: &Board) -> Result<Self> {
        let addresses = section.addresses()?;
        for address in &addresses {
            board.lock().watch.notifications.entry(address.way().as_str()).or_default();
        }
        if addresses.is_empty() {
            return Ok(Self { letters: None, postman: None });
        }
        let (letters, waiting) = channel();
        let (group, board) = (section.group.0, board.clone());
        let postman = std::thread::Builder::new()
            .name("piaotan-notify".to_owned())
            .spawn(move || deliver(&waiting, group, &addresses, &board))?;
        Ok(Self { letters: Some(letters), postman: Some(postman) })
    }

    pub fn take(&self, message: Message) {
        if let Some(letters) = &self.letters {
            // The postman ends only when this end is dropped.
            let _ = letters.send(message);
        }
    }
}

impl Drop for Post {
    fn drop(&mut self) {
        drop(self.letters.take());
        if let Some(postman) = self.postman.take() {
            let _ = postman.join();
        }
    }
}

/// Waits for a message, then for those that come with it, and sends them as one.
fn deliver(waiting: &Receiver<Message>, group: Duration, addresses: &[Address], board: &Board) {
    while let Ok(first) = waiting.recv() {
        let mut messages = vec![first];
        let mut left = true;
        while left {
            match waiting.recv_timeout(group) {
                Ok(more) => messages.push(more),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => left = false,
            }
        }
        let Some(one) = grouped(&messages) else { continue };
        for address in addresses {
            let sent = address.send_patiently(&one);
            delivered(board, address, sent);
        }
    }
}

/// Counts what came of a message; one that was not taken is a line of the log and stands on the page until
/// the same way takes one.
#[allow(clippy::disallowed_methods, reason = "the front door reads the clock")]
fn delivered(board: &Board, address: &Address, sent: Result<(), String>) {
    let (name, now) = (address.name(), chrono::Utc::now());
    let mut posted = board.lock();
    let counts = posted.watch.notifications.entry(address.way().as_str()).or_default();
    let Err(why) = sent else {
        counts.0 += 1;
        posted.undelivered.remove(&name);
        return;
    };
    counts.1 += 1;
    posted.undelivered.insert(name.clone(), (now, why.clone()));
    drop(posted);
    log(&format!("a message was not taken by {name}: {why}"));
}

impl Address {
    const fn way(&self) -> Way {
        match self {
            Self::Mail(_) => Way::Mail,
            Self::Webhook(_) => Way::Webhook,
        }
    }

    /// What people know it by; the rest of a webhook's address is a secret.
    fn name(&self) -> String {
        match self {
            Self::Mail(mailer) => mailer.name(),
            Self::Webhook(hook) => hook.name(),
        }
    }

    fn send(&self, message: &Message) -> Result<(), String> {
        match self {
            Self::Mail(mailer) => mailer.send(message),
            Self::Webhook(hook) => hook.send(message),
        }
    }

    fn send_patiently(&self, message: &Message) -> Result<(), String> {
        let mut last = String::new();
        for attempt in 0..TRIES {
            if attempt > 0 {
                std::thread::sleep(Duration::from_millis(500 << attempt));
            }
            match self.send(message) {
                Ok(()) => return Ok(()),
                Err(why) => last = why,
            }
        }
        Err(last)
    }
}

/// Sends one message by every way, tried again where needed; what was not taken comes back, a line each.
///
/// # Errors
/// One line that names the field of `[notify]`.
pub fn tell(section: &NotifySection, message: &Message) -> Result<Vec<String>> {
    let addresses = section.addresses()?;
    let sent = addresses.iter().map(|address| (address, address.send_patiently(message)));
    let missed =
        sent.filter_map(|(address, sent)| sent.err().map(|why| format!("{}: {why}", address.name())));
    Ok(missed.collect())
}

/// Sends one message by every way and says what came of it: 0 when all took it, else 1.
///
/// # Errors
/// One line that names the field of `[notify]`.
#[allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "the front door prints and reads the clock"
)]
pub fn test(section: &NotifySection, target: &str, lang: Lang) -> Result<u8> {
    let addresses = section.addresses()?;
    anyhow::ensure!(
        !addresses.is_empty(),
        "--test-notify: nobody is configured; write [notify.mail] or [[notify.webhook]] into the configuration"
    );
    let now = chrono::Utc::now();
    let message = Message {
        key: "test".to_owned(),
        state: AlertState::Firing,
        at: now,
        since: now,
        title: lang.of("测试：票探的告警能送到", "test: alerts of Piaotan arrive").to_owned(),
        text: format!("{} {target}", lang.of("监视对象", "watching")),
    };
    let mut failed = false;
    for address in &addresses {
        match address.send(&message) {
            Ok(()) => println!("{:<8} {}  {}", address.way(), address.name(), lang.of("已送达", "taken")),
            Err(why) => {
                failed = true;
                println!(
                    "{:<8} {}  {}: {why}",
                    address.way(),
                    address.name(),
                    lang.of("未送达", "not taken")
                );
            }
        }
    }
    Ok(u8::from(failed))
}
