//! What is sent to people: one message, in the shape that each service takes. Pure; sending is the front
//! door's.

use chrono::{DateTime, Utc};
use piaotan_analysis::hold::AlertState;
use piaotan_record::closed_enum;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

closed_enum! {
    /// A service that takes messages by webhook.
    pub enum Channel {
        /// The message as it is.
        Generic = "generic",
        /// 企业微信
        Wecom = "wecom",
        /// 钉钉
        Dingtalk = "dingtalk",
        /// 飞书
        Feishu = "feishu",
    }
}

/// One message to people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub key: String,
    pub state: AlertState,
    pub at: DateTime<Utc>,
    /// Since when it is so: earlier than `at` where a window held it back.
    pub since: DateTime<Utc>,
    pub title: String,
    pub text: String,
}

/// The longest text of 企业微信, in bytes; the others take more.
const LONGEST: usize = 2_000;

impl Message {
    /// The body of the request, as JSON.
    #[must_use]
    pub fn body(&self, channel: Channel) -> Value {
        let whole = bounded(&format!("{}\n{}", self.title, self.text));
        match channel {
            Channel::Generic => json!({
                "schema": 1, "kind": "alert", "key": self.key, "state": self.state, "at": self.at,
                "since": self.since, "title": self.title, "text": self.text,
            }),
            Channel::Wecom | Channel::Dingtalk => json!({"msgtype": "text", "text": {"content": whole}}),
            Channel::Feishu => json!({"msg_type": "text", "content": {"text": whole}}),
        }
    }
}

/// Many messages of one moment as one: nobody reads twenty.
#[must_use]
pub fn grouped(messages: &[Message]) -> Option<Message> {
    let first = messages.first()?;
    if messages.len() == 1 {
        return Some(first.clone());
    }
    let firing = messages.iter().filter(|message| message.state == AlertState::Firing).count();
    let state = if firing > 0 { AlertState::Firing } else { AlertState::Resolved };
    let keys: Vec<&str> = messages.iter().map(|message| message.key.as_str()).collect();
    let lines: Vec<String> =
        messages.iter().map(|message| format!("{}: {}", message.title, message.text)).collect();
    Some(Message {
        key: keys.join(","),
        state,
        at: first.at,
        since: messages.iter().map(|message| message.since).min().unwrap_or(first.since),
        title: format!("{firing} × firing, {} × resolved", messages.len() - firing),
        text: lines.join("\n"),
    })
}

fn bounded(text: &str) -> String {
    let end = text.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= LONGEST).last();
    text[..end.unwrap_or(0)].to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{AlertState, Channel, Message, grouped};
    use chrono::DateTime;

    fn message(key: &str, state: AlertState) -> Message {
        let at = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        Message {
            key: key.into(),
            state,
            at,
            since: at,
            title: format!("{key} 异常"),
            text: "HTTP 500".into(),
        }
    }

    #[test]
    fn every_service_gets_its_shape() {
        let check = |channel, pointer: &str, expected: &str| {
            let body = message("login", AlertState::Firing).body(channel);
            assert_eq!(body.pointer(pointer).unwrap(), expected, "{body}");
        };
        check(Channel::Generic, "/state", "firing");
        check(Channel::Wecom, "/text/content", "login 异常\nHTTP 500");
        check(Channel::Dingtalk, "/msgtype", "text");
        check(Channel::Feishu, "/content/text", "login 异常\nHTTP 500");
    }

    #[test]
    fn a_long_text_is_cut_at_a_character() {
        let mut long = message("x", AlertState::Firing);
        long.text = "错".repeat(2_000);
        let body = long.body(Channel::Wecom);
        let content = body.pointer("/text/content").unwrap().as_str().unwrap();
        assert!(content.len() <= 2_000 && content.ends_with('错'));
    }

    #[test]
    fn messages_of_one_moment_are_one() {
        let both = [message("a", AlertState::Resolved), message("b", AlertState::Firing)];
        let one = grouped(&both).unwrap();
        assert_eq!((one.key.as_str(), one.state), ("a,b", AlertState::Firing));
        assert_eq!(grouped(&[]), None);
    }
}
