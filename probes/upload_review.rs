//! Is an upload taken and reviewed?

use crate::live::made;
use crate::live::port::ProbePort;
use crate::{Found, Setting, say};

pub(crate) async fn run(io: &mut ProbePort<'_>, setting: &Setting) -> Found {
    match made::upload(io, setting).await {
        Ok(made) => Found::healthy(accepted(setting, &made.issued.number, io.elapsed().as_secs_f64())),
        Err(found) => found,
    }
}

fn accepted(setting: &Setting, number: &str, seconds: f64) -> String {
    say!(setting.language, "{number} {seconds:.2} 秒内入库", "{number} accepted in {seconds:.2} s")
}
