//! Which function answers which operation, and what it needs of the request.

use crate::Code;
use crate::accounts::Caller;
use crate::domain::moment::Nanos;
use crate::operation::Operation;
use crate::wire::{
    Answered, Arrived, Form, HTML, JSON, PAGE, Refusal, Refused, Reply, Request, decoded, multipart,
};
use crate::world::World;
use hyper::StatusCode;
use serde::de::DeserializeOwned;
use std::time::Duration;

impl World {
    /// The platform's part of a request.
    pub(crate) fn served(&self, now: Nanos, operation: Operation, rest: &str, request: &Request) -> Reply {
        use Operation::*;
        match operation {
            Notices => return self.notices(now, rest, request),
            Page => return Reply::new(StatusCode::OK, HTML, PAGE),
            Openapi => return Reply::new(StatusCode::OK, JSON, crate::openapi::document()),
            Metrics => {
                let kind = "text/plain; version=0.0.4; charset=utf-8";
                return Reply::new(StatusCode::OK, kind, self.metrics(now));
            }
            _ => {}
        }
        let answered = self.answered(now, operation, rest, request);
        self.enveloped(answered, request.english())
    }

    fn answered(
        &self,
        now: Nanos,
        operation: Operation,
        rest: &str,
        request: &Request,
    ) -> Result<Answered, Refused> {
        use Operation::*;
        match request.body {
            Arrived::TooLarge => return Err(Code::TooLarge.into()),
            Arrived::TooSlow => return Err(Code::TooSlow.into()),
            Arrived::Broken => return Err(Code::BrokenMultipart.into()),
            Arrived::Whole(_) => {}
        }
        let rest = decoded(rest, false).ok_or(Code::BadRequest)?;
        let query = request.query();
        match operation {
            Health => Ok(Answered::success(&serde_json::json!({"status": "UP"}))),
            Verify => self.verify(now, query),
            Sms => self.sms(now, json(request)?),
            Inbox => self.inbox(now, &rest),
            Register => self.register(now, json(request)?),
            Login => self.login(now, json(request)?),
            Reset => self.reset(now, json(request)?),
            Control => self.control(now, &rest, request),
            _ => {
                let caller = self.accounts.caller(request.token(), now)?;
                self.for_caller(now, operation, caller, &rest, request)
            }
        }
    }

    fn for_caller(
        &self,
        now: Nanos,
        operation: Operation,
        caller: Caller,
        rest: &str,
        request: &Request,
    ) -> Result<Answered, Refused> {
        use Operation::*;
        let query = request.query();
        match operation {
            Upload => self.upload(now, caller, &form(request)?),
            Resubmit => self.resubmit(now, caller, rest, &form(request)?),
            Query => self.query(now, rest, query),
            Search => self.search(now, query),
            Status => self.status(now, rest),
            Batch => self.batch(now, caller, request.english(), json(request)?),
            BatchStatus => self.batch_status(caller, rest),
            Void => self.void(now, caller, rest),
            RedFlush => self.red_flush(now, caller, rest),
            Issue => self.issue(now, caller, json(request)?),
            Outbox => self.outbox(now, query),
            Warnings => self.list_warnings(query),
            Ledger => self.head(),
            Proof => self.proof(now, rest),
            _ => Err(Code::NoPath.into()),
        }
    }

    fn enveloped(&self, answered: Result<Answered, Refused>, english: bool) -> Reply {
        match answered {
            Ok(answer) => {
                let mut reply = Reply::envelope(answer.code, english, &answer.data);
                reply.ticket = answer.ticket;
                reply.delay = Duration::from_nanos(answer.cost.max(0) as u64);
                reply
            }
            Err(refusal) => {
                let reply = Reply::envelope(refusal.code, english, &refusal.data());
                match refusal.code {
                    Code::BadToken | Code::BadPassword => reply.with("www-authenticate", "Bearer"),
                    _ => reply,
                }
            }
        }
    }
}

fn json<T: DeserializeOwned>(request: &Request) -> Result<T, Refused> {
    if !request.content_type().to_ascii_lowercase().starts_with("application/json") {
        return Err(Code::BadContentType.into());
    }
    let Arrived::Whole(body) = &request.body else {
        return Err(Code::BadRequest.into());
    };
    serde_json::from_slice(body).map_err(|e| Refusal::field(Code::BadRequest, "body", e.to_string()))
}

fn form(request: &Request) -> Result<Form, Refused> {
    if !request.content_type().to_ascii_lowercase().starts_with("multipart/form-data") {
        return Err(Code::BadContentType.into());
    }
    let Arrived::Whole(body) = &request.body else {
        return Err(Code::BrokenMultipart.into());
    };
    multipart(request.content_type(), body).ok_or_else(|| Code::BrokenMultipart.into())
}
