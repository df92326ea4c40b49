//! A new user: ask for an SMS code, register, log in.

use super::Row;
use piaotan_client::port::{FieldName, Fields, Port, Stop};
use piaotan_record::Operation;

/// Good for the letter-and-digit rule of most platforms; these accounts exist only for the test.
const PASSWORD: &str = "Synthetic2026x";

pub(super) async fn run<P: Port>(io: &mut P, row: &Row<'_>) -> Result<(), Stop> {
    let user = Fields::default()
        .with(FieldName::Mobile, row.new_mobile)
        .with(FieldName::Name, "票探合成用户")
        .with(FieldName::Password, PASSWORD);
    let asked = io.call(Operation::SmsCode, &user).await.or_stop(Operation::SmsCode)?;
    // A platform under test hands the code to a test inbox, which the profile reads for us.
    let code = asked.values.get("sms_code").unwrap_or_default().to_owned();
    let fields = user.with(FieldName::SmsCode, &code);
    io.call(Operation::Register, &fields).await.or_stop(Operation::Register)?;
    io.call(Operation::Login, &fields).await.or_stop(Operation::Login).map(drop)
}
