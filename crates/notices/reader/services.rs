//! The names of what stops and of what stays up, in the words of the notice.
//!
//! A name is a run of words that holds one for a system or a service, freed of the small words around it.

use std::ops::Range;

use super::atoms::{Cue, Meaning};
use super::grammar::Phrase;
use super::judge::Document;
use super::normalise::Plain;

const MOST_NAMES: usize = 16;
const LONGEST_NAME: usize = 40;

/// What stops in the window that `atoms` told of: named beside it, else in the sentence after it, else first
/// in the text.
pub(crate) fn near(document: &Document<'_>, atoms: &Range<usize>, text: &str, plain: &Plain) -> Vec<String> {
    let names = Names { document, text, plain };
    let beside = names.stopped(surroundings(document, atoms));
    if !beside.is_empty() {
        return beside;
    }
    let index = document.sentences.sentence_index(atoms.start);
    let after = document.sentences.sentences.iter().skip(index + 1).take(4);
    let told =
        after.filter(|sentence| !holds_range(document, &sentence.atoms) && !sentence.cues.has(Cue::Aside));
    let after = told
        .map(|sentence| names.stopped(sentence.atoms.clone()))
        .find(|names| !names.is_empty())
        .unwrap_or_default();
    if !after.is_empty() {
        return after;
    }
    let first = document
        .sentences
        .sentences
        .iter()
        .take(index)
        .find(|sentence| sentence.cues.any(&[Cue::Work, Cue::Stop]));
    first.map(|sentence| names.stopped(sentence.atoms.clone())).unwrap_or_default()
}

/// What a clause says stays up.
pub(crate) fn unaffected(document: &Document<'_>, text: &str, plain: &Plain) -> Vec<String> {
    let names = Names { document, text, plain };
    let mut found = Vec::new();
    if !document.is_about_outages() {
        return found;
    }
    for clause in document.sentences.clauses.iter().filter(|clause| clause.cues.has(Cue::Up)) {
        let up = clause
            .atoms
            .clone()
            .find(|k| document.atoms[*k].meaning == Meaning::Cue(Cue::Up))
            .unwrap_or(clause.atoms.start);
        // 查询、查验功能不受影响: the earlier names of the list stand in clauses of their own.
        let start = joined_start(document, clause.atoms.start);
        for name in names.of(start..up, false) {
            names.add(&mut found, name);
        }
    }
    found
}

/// The start of the list of names that ends at `start`.
fn joined_start(document: &Document<'_>, start: usize) -> usize {
    let mut from = start;
    while from > 0 {
        let clause = document.sentences.clause(from - 1);
        let last = clause.atoms.end - 1;
        let listed = document.is_list_comma(last);
        if !listed || clause.cues.any(&[Cue::Stop, Cue::Up, Cue::Work]) || clause.atoms.len() > 8 {
            break;
        }
        from = clause.atoms.start;
    }
    from
}

fn holds_range(document: &Document<'_>, atoms: &Range<usize>) -> bool {
    let first = document.phrases.partition_point(|placed| placed.atoms.start < atoms.start);
    document.phrases[first..]
        .iter()
        .take_while(|placed| placed.atoms.start < atoms.end)
        .any(|placed| matches!(placed.phrase, Phrase::Range(..)))
}

/// The sentence around a window, as far as the windows before and after it.
fn surroundings(document: &Document<'_>, atoms: &Range<usize>) -> Range<usize> {
    let sentence = document.sentences.sentence(atoms.start).atoms.clone();
    let here = document.phrases.partition_point(|placed| placed.atoms.start < atoms.start);
    let ranges = |placed: &&super::grammar::Placed| matches!(placed.phrase, Phrase::Range(..));
    let before =
        document.phrases[..here].iter().rev().take(3).find(ranges).map_or(0, |placed| placed.atoms.end);
    let after = document.phrases[here..]
        .iter()
        .skip(1)
        .take(3)
        .find(ranges)
        .map_or(usize::MAX, |placed| placed.atoms.start);
    let end = after.min(sentence.end);
    // Names that lead up to the next window of a list belong to it.
    let end = if after < sentence.end {
        document.sentences.clause(end).atoms.start.max(atoms.end).min(end)
    } else {
        end
    };
    before.max(sentence.start).min(atoms.start)..end.max(atoms.end)
}

struct Names<'a> {
    document: &'a Document<'a>,
    text: &'a str,
    plain: &'a Plain,
}

impl Names<'_> {
    fn add(&self, found: &mut Vec<String>, name: String) {
        if found.len() < MOST_NAMES && !found.contains(&name) {
            found.push(name);
        }
    }

    fn stopped(&self, atoms: Range<usize>) -> Vec<String> {
        let mut found = Vec::new();
        for name in self.of(atoms, true) {
            self.add(&mut found, name);
        }
        // "The system" is a name only where there is no better one.
        if found.iter().any(|name| !VAGUE.contains(&name.as_str())) {
            found.retain(|name| !VAGUE.contains(&name.as_str()));
        }
        found
    }

    /// The names among the atoms, without those of clauses that say what stays up.
    fn of(&self, atoms: Range<usize>, skip_up: bool) -> Vec<String> {
        let mut names = Vec::new();
        let mut run: Option<Range<usize>> = None;
        for k in atoms.start..=atoms.end.min(self.document.atoms.len()) {
            let inside = k < atoms.end
                && self.is_word(k)
                && !(skip_up && self.document.sentences.clause(k).cues.has(Cue::Up));
            if inside {
                run = Some(run.map_or(k..k + 1, |run| run.start..k + 1));
            } else if let Some(run) = run.take() {
                names.extend(self.name(run));
            }
        }
        names
    }

    fn is_word(&self, k: usize) -> bool {
        matches!(
            self.document.atoms[k].meaning,
            Meaning::Text
                | Meaning::Number(_)
                | Meaning::Cue(Cue::System | Cue::Service | Cue::Aside | Cue::Routine)
        )
    }

    /// The run as a name, if it holds a system, or labels what follows it.
    fn name(&self, run: Range<usize>) -> Option<String> {
        let atoms = &self.document.atoms[run.clone()];
        let system = atoms.iter().any(|atom| atom.meaning == Meaning::Cue(Cue::System));
        let service = atoms.len() > 1 && atoms.iter().any(|atom| atom.meaning == Meaning::Cue(Cue::Service));
        let bytes = self.plain.bytes(atoms[0].span.start..atoms[atoms.len() - 1].span.end);
        let raw = self.text.get(bytes)?;
        let labels = raw.trim_end().ends_with([':', '：']);
        if !(system || service || labels) {
            return None;
        }
        let last_line =
            raw.trim_end_matches([':', '：', ' ']).rsplit(['\n', ':', '：']).next().unwrap_or(raw);
        if raw.contains(['请', '請', '勿']) {
            return None;
        }
        let name = trimmed(without_verb(last_line));
        let purpose = PURPOSES.iter().any(|verb| name.starts_with(verb));
        if purpose || name.chars().all(|c| "第一二三四五六七八九十次批轮期阶段".contains(c))
        {
            return None;
        }
        let length = name.chars().count();
        (length > 1 && length <= LONGEST_NAME && !GENERIC.contains(&name)).then(|| name.to_owned())
    }
}

/// Words that name no system of the notice.
const GENERIC: &[&str] = &[
    "服务",
    "业务",
    "系统服务",
    "服务器",
    "数据",
    "网上",
    "online",
    "data",
    "web",
    "service",
    "services",
    "it",
    "us",
    "更新",
    "通知",
    "公告",
    "通告",
    "提醒",
    "提示",
    "窗口",
    "时间",
    "用户",
    "公告：",
    "功能",
    "users",
];

const VAGUE: &[&str] = &["系统", "系統", "平台", "平臺", "本系统", "本系統", "system", "系统公告"];

/// 决定对OA系统进行分批: what stands between 对 and 进行.
fn without_verb(name: &str) -> &str {
    let cut = ["进行", "進行", "实施"].iter().filter_map(|verb| name.find(verb)).filter(|at| *at > 0).min();
    let name = &name[..cut.unwrap_or(name.len())];
    match name.char_indices().find(|(at, c)| *at > 0 && matches!(c, '对' | '對')) {
        Some((at, c)) => &name[at + c.len_utf8()..],
        None => name,
    }
}

/// Words that begin a purpose rather than a name.
const PURPOSES: &[&str] = &["提升", "确保", "確保", "保障", "提高", "优化", "做好", "完成", "其余", "为了"];

const LEADING: &[&str] = &[
    "届时",
    "期间",
    "屆時",
    "期間",
    "我行",
    "我局",
    "我司",
    "本行",
    "本校",
    "本局",
    "我校",
    "我省",
    "我市",
    "各类",
    "对",
    "對",
    "将",
    "將",
    "的",
    "等",
    "各",
    "及",
    "和",
    "与",
    "会",
    "因",
    "为",
    "為",
    "由于",
    "由於",
    "现",
    "所有",
    "全部的",
    "全部",
    "全省",
    "以上",
    "上述",
    "请",
    "進行",
    "进行",
    "the ",
    "our ",
    "all ",
    "your ",
    "we ",
    "are ",
    "is ",
    "to ",
    "this ",
    "that ",
    "these ",
    "for ",
    "a ",
    "an ",
    "of ",
    "during ",
    "some ",
    "certain ",
    "and ",
    "due ",
    "be ",
];
const TRAILING: &[&str] = &[
    "等",
    "将",
    "將",
    "进行",
    "進行",
    "的",
    "会",
    "會",
    "期间",
    "全部",
    "均",
    "也",
    "都",
    "可能",
    "或",
    "一律",
    "一概",
    "等渠道",
    " we",
    " are",
    " is",
    " will",
    " may",
    " may be",
    " our",
    " you",
];

/// A name without punctuation, list numbers and small words at its ends.
fn trimmed(name: &str) -> &str {
    let mut name = name;
    loop {
        let before = name;
        name = name.trim_matches(|c: char| {
            !c.is_alphanumeric() && !matches!(c, ')' | '）' | '」' | '》' | '”' | '(' | '（')
        });
        name = name.trim_matches(|c: char| matches!(c, '(' | '（' | '”' | '“'));
        let numbered = name.trim_start_matches(|c: char| c.is_ascii_digit());
        if let Some(rest) = numbered.strip_prefix(['.', '、', ')']).filter(|_| numbered.len() < name.len()) {
            name = rest;
        }
        let lower = name.to_ascii_lowercase();
        let public = lower.starts_with("对公") || lower.starts_with("對公");
        if let Some(word) = LEADING.iter().find(|word| lower.starts_with(**word) && !public) {
            name = &name[word.len()..];
        }
        let lower = name.to_ascii_lowercase();
        if let Some(word) = TRAILING.iter().find(|word| lower.ends_with(**word)) {
            name = &name[..name.len() - word.len()];
        }
        if name == before {
            return name;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Context, read};

    fn check(text: &str, services: &[&str], unaffected: &[&str]) {
        let context = Context { published: "2026-11-20".parse().ok(), zone: "+08:00".parse().ok() };
        let reading = read(text, &context);
        assert_eq!(
            reading.windows.first().map(|window| window.services.clone()).unwrap_or_default(),
            services,
            "{text}"
        );
        assert_eq!(reading.unaffected, unaffected, "{text}");
    }

    #[test]
    fn names_in_the_words_of_the_notice() {
        check("11月28日22:00至24:00对电子税务局进行停机升级。", &["电子税务局"], &[]);
        check(
            "11月28日1:00-5:00系统升级，届时网上银行、手机银行将暂停服务，ATM取款不受影响。",
            &["网上银行", "手机银行"],
            &["ATM取款"],
        );
        check("跨行转账：11月28日22:00至24:00暂停", &["跨行转账"], &[]);
        check(
            "The e-invoice portal will be unavailable on 28 November from 22:00 to 23:00 for maintenance. Login remains available.",
            &["e-invoice portal"],
            &["Login"],
        );
    }
}
