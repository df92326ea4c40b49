#![allow(clippy::unwrap_used, clippy::print_stderr)]
//! Known answers for every digest and signing step.
//!
//! Where they come from: RFC 1321 (MD5), RFC 3174 (SHA-1), FIPS 180 (SHA-2), RFC 2202 and RFC 4231 (HMAC),
//! GB/T 32905 (SM3); the others were computed with Python's hashlib and hmac (`hashlib.new(digest, text.encode())
//! .hexdigest()`, `hmac.new(key.encode(), text.encode(), digest)`), and with openssl (`openssl dgst -DIGEST -r`,
//! `openssl dgst -sha256 -sign rsa-test-key.pem`), whose program is also asked anew where it is installed. The RSA
//! key was made for this test and signs nothing else.

mod steps;

use chrono::{DateTime, Utc};
use piaotan_client::port::{FieldName, Fields, Values};
use piaotan_client::profile::{Base, Bases, Context, Language, Profile, Secrets, Wire};
use piaotan_record::Operation;
use std::io::Write;
use std::process::{Command, Stdio};

const RSA: &str = include_str!("rsa-test-key.pem");
const RSA_PKCS1: &str = include_str!("rsa-test-key-pkcs1.pem");
const INVOICE: &str = "number=26119000000000000017&total=1409.50";
const WORDS: &str = "人民币壹仟肆佰零玖元伍角";
const KEY: &str = "密钥 key";
const RSA_OF_INVOICE: &str = "BDMKOflvqfwBM0n5nrtmS0q0mZ2TATPhnB8XC/C6vRoZZJPFca0T/TAmZttbWLihbEriuujeblv/\
    wMWbZAVHB2k/hAJO++Wgk1CNdhGDmYoFICdSOJk9UwYvobYnVOjckKSD/mqVF3+mXYuwzuRUFKcGsmWO5qrNzcbmckQyUPAOztB4x+O/\
    TPJWdy+yOZ7IF3fbYusjNEPw5ZLbsUqjbv9GxOgZTIu5UoiOEJZU0R0YU8YASZ2yhvj9xs3kE1IvAiBm4mHj//k3+p8W4UG5AKsB49Et\
    0qMVeXlBzCS6mejpJMkrrqzz1ZgKIXTnnEEFcwLnrHpMZIrJ19Icukveqg==";

/// The signature of a text, by way of a profile that puts it into a header.
fn signature(digest: &str, encode: &str, key: Option<&str>, text: &str) -> String {
    let key_line = if key.is_some() { "key = \"{secret.key}\"\n" } else { "" };
    let secrets = if key.is_some() { "[secrets]\nkey = \"env:KEY\"\n" } else { "" };
    let profile = format!(
        "name = \"v\"\n{secrets}[sign.s]\ntext = \"{{keyword}}\"\ndigest = \"{digest}\"\nencode = \"{encode}\"\n{key_line}\
         [codes]\n\"2xx\" = \"ok\"\nother = \"unreadable\"\n\
         [operation.query_keyword]\nrequest = \"GET /\"\nheaders = {{ S = \"{{s}}\" }}\n"
    );
    let profile = Profile::parse(&profile, "v").unwrap_or_else(|problems| panic!("{problems}"));
    let secrets = Secrets::new(key.iter().map(|key| (*key).to_owned()).collect());
    header(&profile, &secrets, &Fields::default().with(FieldName::Keyword, text), "s")
}

fn header(profile: &Profile, secrets: &Secrets, fields: &Fields<'_>, name: &str) -> String {
    let wire = rendered(profile, secrets, fields);
    wire.headers.iter().find(|(known, _)| known == name).unwrap().1.to_str().unwrap().to_owned()
}

fn rendered(profile: &Profile, secrets: &Secrets, fields: &Fields<'_>) -> Wire {
    let bases = Bases::new(Base::parse("http://127.0.0.1").unwrap());
    let carried = Values::default();
    let now = DateTime::<Utc>::from_timestamp(1_790_000_000, 123_000_000).unwrap();
    let context = Context {
        bases: &bases,
        token: None,
        carried: &carried,
        secrets,
        now,
        nonce: 5,
        language: Language::Zh,
    };
    profile.render(Operation::QueryKeyword, fields, &context).unwrap()
}

#[test]
fn digests_without_a_key() {
    let check =
        |digest: &str, text: &str, expected: &str| assert_eq!(signature(digest, "hex", None, text), expected);
    check("md5", "", "d41d8cd98f00b204e9800998ecf8427e");
    check("md5", "abc", "900150983cd24fb0d6963f7d28e17f72");
    check("md5", INVOICE, "d2cb98cc7a474db4bc95fffe9720684e");
    check("md5", WORDS, "76cb689b57606f2ee7eff6abd409200d");
    check("sha1", "abc", "a9993e364706816aba3e25717850c26c9cd0d89d");
    check("sha1", WORDS, "156f8d5b8650208743a420cc38ad77cc947e010c");
    check("sha256", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check("sha256", WORDS, "4effd4dbc8a47b3f359c7fce85a9996e3f595904e2e72ea68e64fc9a4f0b376a");
    check(
        "sha512",
        "abc",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
         2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    );
    check(
        "sha512",
        INVOICE,
        "f8611e1e9b549a2f07b8de5aafb5efb40bd3e043909c92aebd3fa015b2074418\
         34af693036dafbc7707251b64a0282931f280b925acc52e25c264c8d612119de",
    );
    check("sm3", "abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
    check("sm3", &"abcd".repeat(16), "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732");
    check("sm3", WORDS, "48b2a02862ec8f3f505a283bd3fead6b7617ba6aa393ec19f3ceae0ad413b8df");
}

#[test]
fn digests_with_a_key() {
    let check = |digest: &str, encode: &str, key: &str, text: &str, expected: &str| {
        assert_eq!(signature(digest, encode, Some(key), text), expected);
    };
    let jefe = "what do ya want for nothing?";
    check("hmac-sha1", "hex", "Jefe", jefe, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    check(
        "hmac-sha256",
        "hex",
        "Jefe",
        jefe,
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    );
    check("hmac-sha1", "base64", KEY, INVOICE, "Vo+TsjrG/egLwwekSxfbLHW1/Ek=");
    check("hmac-sha256", "base64", KEY, WORDS, "QZc+vy/gsrBDY4tha8CjHOjmzEn8ZZNzIG8NfzWjQ7o=");
    check(
        "hmac-sha256",
        "HEX",
        KEY,
        "abc",
        "DE00E41EE841AD5EBA307E82BC529B2C42B3045137F876A3B9642BDFE8E09455",
    );
    // A key longer than a block is hashed first.
    let long = "k".repeat(200);
    check(
        "hmac-sha256",
        "hex",
        &long,
        "abc",
        "ce632aa86d6a3fd3c79f06217c0a506599d055cd38eb385b16a2939f2488f686",
    );
}

#[test]
fn rsa_signs_with_every_way_in_which_a_key_is_handed_out() {
    assert_eq!(signature("rsa-sha256", "base64", Some(RSA), INVOICE), RSA_OF_INVOICE);
    assert_eq!(signature("rsa-sha256", "base64", Some(RSA_PKCS1), INVOICE), RSA_OF_INVOICE);
    let bare: String = RSA.lines().filter(|line| !line.starts_with('-')).collect();
    assert_eq!(signature("rsa-sha256", "base64", Some(&bare), INVOICE), RSA_OF_INVOICE);
}

#[test]
fn openssl_says_the_same() {
    for digest in ["md5", "sha1", "sha256", "sha512", "sm3"] {
        for text in ["", "abc", INVOICE, WORDS] {
            let Some(expected) = openssl(&["dgst", &format!("-{digest}"), "-r"], text) else {
                eprintln!("skipped: openssl is not installed, or does not know {digest}");
                continue;
            };
            assert_eq!(signature(digest, "hex", None, text), expected, "{digest} of {text}");
        }
    }
    for digest in ["sha1", "sha256"] {
        let Some(expected) = openssl_hmac(digest, KEY, WORDS) else { continue };
        assert_eq!(signature(&format!("hmac-{digest}"), "hex", Some(KEY), WORDS), expected);
    }
}

#[test]
fn steps_are_chained_and_filters_are_applied() {
    let text = "name = \"v\"\n[secrets]\nsalt = \"env:S\"\nkey = \"env:K\"\n\
        [values]\nts = { time = \"unix_ms\" }\nday = { time = \"%Y%m%d%H%M%S\" }\n\
        [sign.inside]\ntext = \"{keyword}{secret.salt}\"\ndigest = \"md5\"\n\
        [sign.outside]\ntext = \"{inside}\"\ndigest = \"sha1\"\n\
        [sign.all]\ntext = \"{sorted}|{method}|{path}|{query|percent}\"\ndigest = \"hmac-sha256\"\nkey = \"{secret.key}\"\n\
        [codes]\n\"2xx\" = \"ok\"\nother = \"unreadable\"\n\
        [operation.query_keyword]\nrequest = \"GET /a/{from|compact}\"\n\
        query = { z = \"{keyword|upper}\", a = \"{total|cents}\", e = \"\", none = \"{to?}\", ts = \"{ts}\", day = \"{day}\" }\n\
        headers = { Chain = \"{outside}\", All = \"{all}\", Packed = \"{keyword|base64}\", Digest = \"{keyword|sm3|upper}\" }\n";
    let profile = Profile::parse(text, "v").unwrap_or_else(|problems| panic!("{problems}"));
    let secrets = Secrets::new(vec!["s4lt".into(), KEY.into()]);
    let fields = Fields::default()
        .with(FieldName::Keyword, "abc")
        .with(FieldName::Total, "1409.5")
        .with(FieldName::From, "2026-09-21");
    let check = |name: &str, expected: &str| {
        assert_eq!(header(&profile, &secrets, &fields, name), expected, "{name}")
    };
    // sha1(md5("abcs4lt")), in Python.
    check("chain", "ca716a25eba9a5c177290132b0d742c23411e593");
    check("packed", "YWJj");
    check("digest", "66C7F0F462EEEDD9D1F2D46BDC10E4E24167C4875CF2F7A2297DA02B8F4BA8E0");
    // hmac-sha256 of `a=140950&day=20260921221320&ts=1790000000123&z=ABC|GET|/a/20260921|…`, in Python.
    check("all", "ddd414f6bcb0e2129bad5ce6f00ff119032e4e6fe119227a5485e3c2b64e3967");
}

fn openssl_hmac(digest: &str, key: &str, text: &str) -> Option<String> {
    let hex: String = key.bytes().map(|byte| format!("{byte:02x}")).collect();
    let output =
        openssl(&["mac", "-digest", digest, "-macopt", &format!("hexkey:{hex}"), "-in", "-", "HMAC"], text)?;
    Some(output.to_lowercase())
}

/// The first word that the program prints for a text; `None` where it is not installed or refuses.
fn openssl(arguments: &[&str], text: &str) -> Option<String> {
    let mut command = Command::new("openssl");
    let mut child = command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    child.stdin.take()?.write_all(text.as_bytes()).ok()?;
    let output = child.wait_with_output().ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok()?.split_whitespace().next().map(str::to_owned)
}
