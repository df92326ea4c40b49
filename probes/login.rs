//! Can our account log in?

use crate::live::port::ProbePort;
use crate::{Found, Setting, say};
use piaotan_client::port::{FieldName, Fields, Port};
use piaotan_record::Operation;

pub(crate) async fn run(io: &mut ProbePort<'_>, setting: &Setting) -> Found {
    let account = setting.client.session().account();
    if account.mobile.is_empty() {
        let text = say!(setting.language, "未配置账号", "no account is configured");
        return Found::skipped(text);
    }
    let fields = Fields::default()
        .with(FieldName::Mobile, &account.mobile)
        .with(FieldName::Name, &account.name)
        .with(FieldName::Password, &account.password);
    let reply = io.call(Operation::Login, &fields).await;
    Found::of(&reply, Operation::Login, io, setting)
}
