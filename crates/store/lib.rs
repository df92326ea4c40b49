//! What the watch remembers: history, ledger, held alerts.
