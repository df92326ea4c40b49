//! Accounts: SMS codes, registration, login, reset of the password, tokens.

use crate::Code;
use crate::domain::moment::{Nanos, SECOND, seconds};
use crate::storage::{Change, lock};
use crate::weather::Chance;
use crate::wire::{Answered, Refusal, Refused};
use crate::world::World;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, RwLock};

const CODE_LIFE: Nanos = 300 * SECOND;
const CODE_TRIES: u32 = 5;
/// Waiting codes and live sessions are bounded; the oldest go first.
const MOST_CODES: usize = 100_000;
const SESSIONS_EACH: usize = 16;
/// Rounds of the password hash: a reference platform is pressed with logins and guards no real secret.
const ROUNDS: usize = 64;
const SHARDS: usize = 16;

/// The kinds of account that the platform's users have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    #[default]
    Enterprise,
    SmallShop,
    SpecialVatIssuer,
    Accountant,
    Freelancer,
}

impl Kind {
    pub(crate) fn largest_batch(self) -> usize {
        match self {
            Kind::Enterprise | Kind::SpecialVatIssuer => 1000,
            Kind::Accountant => 500,
            Kind::SmallShop => 100,
            Kind::Freelancer => 20,
        }
    }

    pub(crate) fn may_issue_special(self) -> bool {
        !matches!(self, Kind::SmallShop | Kind::Freelancer)
    }
}

/// Who sent a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) account: u32,
    pub(crate) kind: Kind,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) number: u32,
    pub(crate) mobile: String,
    pub(crate) name: String,
    pub(crate) kind: Kind,
    salt: [u8; 16],
    secret: [u8; 32],
    #[serde(skip)]
    sessions: VecDeque<u128>,
}

#[derive(Debug)]
struct Waiting {
    code: String,
    until: Nanos,
    tries: u32,
}

#[derive(Debug)]
struct Session {
    caller: Caller,
    until: Nanos,
}

/// All accounts, codes and sessions.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    accounts: Mutex<HashMap<String, Account>>,
    codes: Mutex<HashMap<String, Waiting>>,
    sessions: [RwLock<HashMap<u128, Session>>; SHARDS],
    drawn: AtomicU64,
}

#[derive(Deserialize)]
pub(crate) struct Mobile {
    mobile: String,
}

#[derive(Deserialize)]
pub(crate) struct Registration {
    mobile: String,
    name: String,
    password: String,
    sms_code: String,
    #[serde(default)]
    kind: Kind,
}

#[derive(Deserialize)]
pub(crate) struct Login {
    mobile: String,
    password: String,
}

#[derive(Deserialize)]
pub(crate) struct Reset {
    mobile: String,
    sms_code: String,
    password: String,
}

impl Accounts {
    /// Takes back an account from storage.
    pub(crate) fn restore(&self, account: Account) {
        lock(&self.accounts).insert(account.mobile.clone(), account);
    }

    /// The account behind a token.
    pub(crate) fn caller(&self, token: Option<&str>, now: Nanos) -> Result<Caller, Refused> {
        let key = token.filter(|t| t.len() == 32).and_then(|t| u128::from_str_radix(t, 16).ok());
        let key = key.ok_or(Code::BadToken)?;
        let shard = self.sessions[key as usize % SHARDS].read();
        let sessions = shard.expect("no thread panics while it holds this lock");
        match sessions.get(&key) {
            Some(session) if now < session.until => Ok(session.caller),
            _ => Err(Code::BadToken.into()),
        }
    }

    fn take_code(&self, mobile: &str, code: &str, now: Nanos) -> Result<(), Refused> {
        let mut codes = lock(&self.codes);
        let waiting = codes.get_mut(mobile).ok_or(Code::BadSmsCode)?;
        waiting.tries += 1;
        let right = waiting.code == code && now < waiting.until;
        if right || waiting.tries >= CODE_TRIES || now >= waiting.until {
            codes.remove(mobile);
        }
        if right { Ok(()) } else { Err(Code::BadSmsCode.into()) }
    }

    fn end_session(&self, key: u128) {
        let shard = self.sessions[key as usize % SHARDS].write();
        shard.expect("no thread panics while it holds this lock").remove(&key);
    }

    fn begin_session(&self, key: u128, session: Session) {
        let shard = self.sessions[key as usize % SHARDS].write();
        shard.expect("no thread panics while it holds this lock").insert(key, session);
    }
}

impl World {
    pub(crate) fn sms(&self, now: Nanos, asked: Mobile) -> Result<Answered, Refused> {
        check_mobile(&asked.mobile)?;
        let draw = self.chance.of("sms").nth(self.accounts.drawn.fetch_add(1, Relaxed));
        let waiting =
            Waiting { code: format!("{:06}", draw.bits() % 1_000_000), until: now + CODE_LIFE, tries: 0 };
        let mut codes = lock(&self.accounts.codes);
        if codes.len() >= MOST_CODES {
            codes.retain(|_, w| w.until > now);
        }
        if codes.len() >= MOST_CODES {
            codes.clear();
        }
        codes.insert(asked.mobile, waiting);
        Ok(Answered::success(&json!({"expires_in": CODE_LIFE / SECOND})))
    }

    pub(crate) fn inbox(&self, now: Nanos, mobile: &str) -> Result<Answered, Refused> {
        let codes = lock(&self.accounts.codes);
        let waiting = codes.get(mobile).filter(|w| now < w.until);
        let waiting = waiting.ok_or(Code::NoSmsCode)?;
        Ok(Answered::success(&json!({"code": waiting.code})))
    }

    pub(crate) fn register(&self, now: Nanos, asked: Registration) -> Result<Answered, Refused> {
        check_mobile(&asked.mobile)?;
        check_password(&asked.password)?;
        let length = asked.name.chars().count();
        if !(1..=64).contains(&length) || asked.name.chars().any(char::is_control) {
            return Err(Refusal::field(Code::BadAccountField, "name", "1 to 64 characters"));
        }
        if lock(&self.accounts.accounts).contains_key(&asked.mobile) {
            return Err(Code::MobileTaken.into());
        }
        self.accounts.take_code(&asked.mobile, &asked.sms_code, now)?;
        let draw = self.fresh("salt");
        let salt: [u8; 16] = [draw.bits().to_le_bytes(), draw.nth(1).bits().to_le_bytes()]
            .concat()
            .try_into()
            .expect("twice eight bytes are sixteen");
        let mut accounts = lock(&self.accounts.accounts);
        if accounts.contains_key(&asked.mobile) {
            return Err(Code::MobileTaken.into());
        }
        let account = Account {
            number: accounts.len() as u32,
            name: asked.name,
            kind: asked.kind,
            secret: stretched(&salt, &asked.password),
            salt,
            sessions: VecDeque::new(),
            mobile: asked.mobile.clone(),
        };
        let shown = json!({"mobile": account.mobile, "kind": account.kind});
        let ticket = self.keep(|| Change::Account(account.clone()));
        accounts.insert(asked.mobile, account);
        Ok(Answered::success(&shown).after(ticket))
    }

    pub(crate) fn login(&self, now: Nanos, asked: Login) -> Result<Answered, Refused> {
        let (salt, secret) = {
            let accounts = lock(&self.accounts.accounts);
            let account = accounts.get(&asked.mobile).ok_or(Code::BadPassword)?;
            (account.salt, account.secret)
        };
        if stretched(&salt, &asked.password) != secret {
            return Err(Code::BadPassword.into());
        }
        let life = self.sky().rules().token_seconds;
        let draw = self.fresh("token");
        let key = (draw.bits() as u128) << 64 | draw.nth(1).bits() as u128;
        let mut accounts = lock(&self.accounts.accounts);
        let account = accounts.get_mut(&asked.mobile).ok_or(Code::BadPassword)?;
        account.sessions.push_back(key);
        if account.sessions.len() > SESSIONS_EACH
            && let Some(oldest) = account.sessions.pop_front()
        {
            self.accounts.end_session(oldest);
        }
        let caller = Caller { account: account.number, kind: account.kind };
        let until = now + seconds(life);
        self.accounts.begin_session(key, Session { caller, until });
        Ok(Answered::success(&json!({"token": format!("{key:032x}"), "expires_in": life.floor() as u64})))
    }

    pub(crate) fn reset(&self, now: Nanos, asked: Reset) -> Result<Answered, Refused> {
        check_mobile(&asked.mobile)?;
        check_password(&asked.password)?;
        if !lock(&self.accounts.accounts).contains_key(&asked.mobile) {
            return Err(Code::NoAccount.into());
        }
        self.accounts.take_code(&asked.mobile, &asked.sms_code, now)?;
        let mut accounts = lock(&self.accounts.accounts);
        let account = accounts.get_mut(&asked.mobile).ok_or(Code::NoAccount)?;
        account.secret = stretched(&account.salt, &asked.password);
        // Whoever knew the old password is out.
        for key in std::mem::take(&mut account.sessions) {
            self.accounts.end_session(key);
        }
        let ticket = self.keep(|| Change::Account(account.clone()));
        Ok(Answered::success(&()).after(ticket))
    }

    /// A draw that no earlier run of this world has made, for what must not be guessed from the last run.
    fn fresh(&self, purpose: &str) -> Chance {
        let n = self.accounts.drawn.fetch_add(1, Relaxed);
        self.chance.of(purpose).nth(self.started as u64).nth(n)
    }
}

pub(crate) fn is_mobile(text: &str) -> bool {
    text.len() == 11 && text.starts_with('1') && text.bytes().all(|b| b.is_ascii_digit())
}

fn check_mobile(mobile: &str) -> Result<(), Refused> {
    if is_mobile(mobile) {
        return Ok(());
    }
    Err(Refusal::field(Code::BadAccountField, "mobile", "11 digits beginning with 1"))
}

fn check_password(password: &str) -> Result<(), Refused> {
    let sized = (8..=128).contains(&password.chars().count());
    let mixed = password.bytes().any(|b| b.is_ascii_digit()) && password.chars().any(char::is_alphabetic);
    if sized && mixed {
        return Ok(());
    }
    Err(Refusal::field(Code::BadAccountField, "password", "8 to 128 characters with a letter and a digit"))
}

fn stretched(salt: &[u8; 16], password: &str) -> [u8; 32] {
    let mut digest: [u8; 32] = Sha256::digest([salt.as_slice(), password.as_bytes()].concat()).into();
    for _ in 0..ROUNDS {
        digest = Sha256::digest([digest.as_slice(), salt].concat()).into();
    }
    digest
}
