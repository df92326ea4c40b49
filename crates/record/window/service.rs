//! What an invoice platform offers, as windows and operations name it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::closed_enum;
use crate::names::UnknownName;

closed_enum! {
    /// One service of an invoice platform.
    pub enum Service {
        Login = "login",
        Upload = "upload",
        Query = "query",
        Verify = "verify",
        Issue = "issue",
        Notices = "notices",
        /// As a question: any of them.
        All = "all",
    }
}

/// A set of services, small enough to be copied into every question.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Vec<String>")]
pub struct Services(u8);

/// A list in a file may also be written as one name.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    One(String),
    Many(Vec<String>),
}

impl Service {
    /// The six services proper, without [`Service::All`].
    pub const EACH: &'static [Service] = Self::ALL.split_last().expect("the set is not empty").1;

    /// Whether a call leaves nothing behind on the platform. A login does: it opens a session.
    pub fn is_read(self) -> bool {
        Services::READS.contains(self)
    }

    /// The service that a phrase in Chinese or English names, where it names exactly one.
    pub fn named(phrase: &str) -> Option<Service> {
        let services = Services::in_text(phrase)?;
        if services == Services::ALL {
            return Some(Service::All);
        }
        let mut each = services.iter();
        each.next().filter(|_| each.next().is_none())
    }

    const fn bits(self) -> u8 {
        match self {
            Service::All => Services::ALL.0,
            one => 1 << one.index(),
        }
    }
}

impl Services {
    pub const NONE: Services = Services(0);
    pub const ALL: Services = Services((1 << Service::EACH.len()) - 1);
    /// Login belongs here: platforms stop writing by refusing new tokens.
    pub const WRITES: Services = Services::of(&[Service::Login, Service::Upload, Service::Issue]);
    pub const READS: Services = Services(Self::ALL.0 & !Self::WRITES.0);

    /// The set of the services given.
    pub const fn of(services: &[Service]) -> Services {
        let mut bits = 0;
        let mut rest = services;
        while let Some((first, others)) = rest.split_first() {
            bits |= first.bits();
            rest = others;
        }
        Services(bits)
    }

    /// The set as a file names it: service names and the groups `writes` and `reads`.
    ///
    /// # Errors
    /// The first name that is none of them, or an empty list.
    pub fn from_names<S: AsRef<str>>(names: &[S]) -> Result<Services, UnknownName> {
        if names.is_empty() {
            return group("");
        }
        let mut each = names.iter().map(|name| group(name.as_ref()));
        each.try_fold(Services::NONE, |all, one| Ok(all.union(one?)))
    }

    /// Every service that a phrase in Chinese or English names; `None` where it names none.
    pub fn in_text(phrase: &str) -> Option<Services> {
        let phrase = phrase.trim().to_lowercase();
        if phrase == Service::All.as_str() {
            return Some(Services::ALL);
        }
        let said = |words: &&(Services, &[&str])| words.1.iter().any(|word| phrase.contains(word));
        let named = WORDS.iter().filter(said).map(|words| words.0);
        named.reduce(Services::union)
    }

    /// Whether the set has the service; for [`Service::All`], whether it has any.
    pub fn contains(self, service: Service) -> bool {
        self.0 & service.bits() != 0
    }

    pub fn union(self, other: Services) -> Services {
        Services(self.0 | other.0)
    }

    pub fn intersection(self, other: Services) -> Services {
        Services(self.0 & other.0)
    }

    /// The services in it that are not in `other`.
    pub fn without(self, other: Services) -> Services {
        Services(self.0 & !other.0)
    }

    pub fn within(self, other: Services) -> bool {
        self.0 & !other.0 == 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The services in it, one by one, never [`Service::All`].
    pub fn iter(self) -> impl Iterator<Item = Service> {
        Service::EACH.iter().copied().filter(move |s| self.contains(*s))
    }

    /// The names that a file or label shows: `all` for everything.
    pub fn names(self) -> Vec<&'static str> {
        if self == Services::ALL {
            return vec!["all"];
        }
        self.iter().map(Service::as_str).collect()
    }
}

/// The words by which notices and people name a service. Traditional forms stand beside simplified.
const WORDS: [(Services, &[&str]); 7] = [
    (
        Services::of(&[Service::Upload]),
        &["upload", "submi", "importing", "上传", "上傳", "导入", "導入", "报送"],
    ),
    (
        Services::of(&[Service::Query]),
        &["query", "queries", "search", "lookup", "look up", "查询", "查詢", "检索", "檢索"],
    ),
    (
        Services::of(&[Service::Verify]),
        &["verif", "validat", "authenticity", "查验", "查驗", "真伪", "真偽", "验真"],
    ),
    (
        Services::of(&[Service::Login]),
        &["login", "log in", "log-in", "logon", "sign in", "sign-in", "登录", "登錄", "登陆", "登入"],
    ),
    (Services::of(&[Service::Issue]), &["issu", "invoicing", "开具", "開具", "开票", "開票", "开立", "開立"]),
    (Services::of(&[Service::Notices]), &["notice", "announce", "公告", "通知"]),
    (
        Services::ALL,
        &["all service", "all function", "全部", "所有", "全站", "各项业务", "各項業務", "entire", "whole"],
    ),
];

fn group(name: &str) -> Result<Services, UnknownName> {
    let name = name.trim();
    match name.to_lowercase().as_str() {
        "all" => Ok(Services::ALL),
        "writes" => Ok(Services::WRITES),
        "reads" => Ok(Services::READS),
        _ => Services::in_text(name).ok_or_else(|| {
            let known = Service::ALL.iter().map(|service| service.as_str());
            UnknownName::new(name, known.chain(["writes", "reads"]))
        }),
    }
}

impl Default for Services {
    fn default() -> Self {
        Services::ALL
    }
}

impl From<Service> for Services {
    fn from(service: Service) -> Self {
        Services::of(&[service])
    }
}

impl From<Services> for Vec<String> {
    fn from(services: Services) -> Self {
        services.names().into_iter().map(str::to_owned).collect()
    }
}

impl TryFrom<Written> for Services {
    type Error = UnknownName;

    fn try_from(written: Written) -> Result<Self, UnknownName> {
        match written {
            Written::One(name) => group(&name),
            Written::Many(names) => Services::from_names(&names),
        }
    }
}

impl fmt::Display for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names().join(","))
    }
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Services({self})")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Service, Services};

    #[test]
    fn phrases_name_services() {
        let check = |phrase: &str, expected: &str| {
            let named = Services::in_text(phrase).unwrap_or(Services::NONE);
            assert_eq!(named.to_string(), expected, "{phrase}");
        };
        check("发票上传", "upload");
        check("真伪查验", "verify");
        check("發票查詢、登入", "login,query");
        check("开具", "issue");
        check("Invoice verification", "verify");
        check("全部服务", "all");
        check("薪资系统", "");
        check("important", "");
    }

    #[test]
    fn one_phrase_names_one_service_or_none() {
        assert_eq!(Service::named("查验"), Some(Service::Verify));
        assert_eq!(Service::named("查询、查验"), None);
        assert_eq!(Service::named("ALL"), Some(Service::All));
    }

    #[test]
    fn files_name_services_and_groups() {
        let read = |json: &str| serde_json::from_str::<Services>(json).map_err(|error| error.to_string());
        assert_eq!(read(r#"["writes","query"]"#).unwrap().to_string(), "login,upload,query,issue");
        assert_eq!(read(r#""reads""#).unwrap(), Services::READS);
        assert!(read(r#"["uplaod"]"#).unwrap_err().contains("did you mean `upload`?"));
        assert!(read("[]").is_err());
    }

    #[test]
    fn reads_and_writes_share_nothing_and_leave_nothing_out() {
        assert!(Services::READS.intersection(Services::WRITES).is_empty());
        assert_eq!(Services::READS.union(Services::WRITES), Services::ALL);
        assert!(!Service::Login.is_read() && Service::Query.is_read());
    }
}
