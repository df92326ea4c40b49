//! One plain request: for raw throughput, and to see whether a platform is back.

use super::Row;
use piaotan_client::port::{Fields, Port, Stop};
use piaotan_record::Operation;

pub(super) async fn run<P: Port>(io: &mut P, _row: &Row<'_>) -> Result<(), Stop> {
    io.call(Operation::Health, &Fields::default()).await.or_stop(Operation::Health).map(drop)
}
