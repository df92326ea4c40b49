//! Each step from which a canonical text is made, with the command of another program that gave the answer.
//! In the commands `$B` is the body below, `$K` the secret.

use super::{KEY, RSA, header, rendered};
use piaotan_client::port::{FieldName, Fields};
use piaotan_client::profile::{Profile, Secrets};

const BODY: &str = r#"{"no":"26119000000000000017","buyer":"北京\"甲\"公司","total":1409.50}"#;

/// Header, its signature in TOML, the command, and what it printed.
const STEPS: &[(&str, &str, &str, &str)] = &[
    (
        "raw body bytes, hex",
        r#"text = "{body}", digest = "sha256", encode = "hex""#,
        "printf %s \"$B\" | openssl dgst -sha256 -r",
        "ba2efe32ae37fc8793d05436a638eeb85485944f10e114859fe78ad168b5fe92",
    ),
    (
        "base64 of the body first, upper hex",
        r#"text = "{body|base64}", digest = "md5", encode = "HEX""#,
        "printf %s \"$B\" | base64 -w0 | openssl dgst -md5 -r | tr a-f A-F",
        "0A42605F4BFE1E6348741C117C4FCE63",
    ),
    (
        "headers as they are sent, SM3",
        r#"text = "{header.X-App}|{header.X-Ts}", digest = "sm3", encode = "hex""#,
        "printf %s 'erp-1|1790000000' | openssl dgst -sm3 -r",
        "e6829e3a3c284aa58af6b6d8a450b0017756c2c57ec643f66570e54a7981d903",
    ),
    (
        "time in seconds, keyed, upper hex",
        r#"text = "{s}", digest = "hmac-sha1", key = "{secret.key}", encode = "HEX""#,
        "python3 -c 'import hmac; print(hmac.new(K.encode(), b\"1790000000\", \"sha1\").hexdigest().upper())'",
        "FBFBBCF5802C1B81B2256E0049EC439525EBF8ED",
    ),
    (
        "time in milliseconds, base64",
        r#"text = "{ms}", digest = "sha512", encode = "base64""#,
        "printf %s 1790000000123 | openssl dgst -sha512 -binary | base64 -w0",
        "d92UCqcXg/9ViDo393YxNq5AVTk9ic7Y+RndvDezNq4sVKbdogi90yMSz4FRNdx8pk8pBT6sshpA0vfikfbjQQ==",
    ),
    (
        "time in a format and a zone of its own, base64",
        r#"text = "{utc}", digest = "sha1", encode = "base64""#,
        "date -u -d @1790000000 +%Y%m%d%H%M%S | tr -d '\\n' | openssl dgst -sha1 -binary | base64",
        "FaRiweRjycIdctLnUOK7lRlzHm0=",
    ),
    (
        "sorted parameters of query and body, raw values, empty ones left out",
        r#"text = "{sorted}", digest = "sha256", encode = "HEX", sorted = { of = ["query", "body"], join = ";" }"#,
        "printf %s 'app=erp-1;buyer=北京\"甲\"公司;no=26119000000000000017;total=1409.50' | openssl dgst -sha256 -r | tr a-f A-F",
        "017BEA5AFF1A93740D0CDA321B9F2EEE6FD87207ADE86A47CCA88380B465ED4E",
    ),
    (
        "the bytes of a digest as the key of another",
        r#"text = "{body}", digest = "hmac-sha256", key = "{day}", encode = "hex""#,
        "python3 -c 'import hashlib, hmac; k = hashlib.sha256(b\"2026-09-21\").digest(); print(hmac.new(k, B.encode(), \"sha256\").hexdigest())'",
        "80e0cc983fc6899bd8796c0d925d22174b9fe4b15970ec428f3a942887956c76",
    ),
    (
        "RSA, lower hex",
        r#"text = "number={keyword}&total=1409.50", digest = "rsa-sha256", key = "{secret.rsa}", encode = "hex""#,
        "printf %s 'number=26119000000000000017&total=1409.50' | openssl dgst -sha256 -sign rsa-test-key.pem -hex",
        "04330a39f96fa9fc013349f99ebb664b4ab4999d930133e19c1f170bf0babd1a196493c571ad13fd302666db5b58b8a16c4ae2ba\
         e8de6e5bffc0c59b64054707693f84024efbe5a093508d761183998a0520275238993d53062fa1b62754e8dc90a483fe6a95177f\
         a65d8bb0cee45414a706b2658ee6aacdcdc6e672443250f00eced078c7e3bf4cf256772fb2399ec81777db62eb233443f0e592db\
         b14aa36eff46c4e8194c8bb952888e109654d11d1853c600499db286f8fdc6cde413522f022066e261e3fff937fa9f16e141b900\
         ab01e3d12dd2a315797941cc24ba99e8e924c92baeacf3d5980a2174e79c41057302e7ac7a4c648ac9d7d21cba4bdeaa",
    ),
];

#[test]
fn every_step_of_a_canonical_text_is_as_another_program_says() {
    let mut signs = String::new();
    let mut headers = String::new();
    for (i, (_, sign, ..)) in STEPS.iter().enumerate() {
        signs += &format!("s{i} = {{ {sign} }}\n");
        headers += &format!(", S{i} = \"{{s{i}}}\"");
    }
    let text = format!(
        "name = \"v\"\n[secrets]\nkey = \"env:K\"\nrsa = \"env:R\"\n\
         [values]\ns = {{ time = \"unix\" }}\nms = {{ time = \"unix_ms\" }}\n\
         utc = {{ time = \"%Y%m%d%H%M%S\", zone = \"UTC\" }}\n\
         [sign]\nday = {{ text = \"{{from}}\", digest = \"sha256\", encode = \"raw\" }}\n{signs}\
         [codes]\n\"2xx\" = \"ok\"\nother = \"unreadable\"\n\
         [operation.query_keyword]\nrequest = \"POST /q\"\nquery = {{ app = \"erp-1\", none = \"\" }}\n\
         headers = {{ X-App = \"erp-1\", X-Ts = \"{{s}}\", X-Ms = \"{{ms}}\", X-Utc = \"{{utc}}\"{headers} }}\n\
         json = {{ no = \"{{keyword}}\", buyer = \"{{title}}\", total = \"{{total|number}}\" }}\n"
    );
    let profile = Profile::parse(&text, "v").unwrap_or_else(|problems| panic!("{problems}"));
    let secrets = Secrets::new(vec![KEY.into(), RSA.into()]);
    let fields = Fields::default()
        .with(FieldName::Keyword, "26119000000000000017")
        .with(FieldName::Title, "北京\"甲\"公司")
        .with(FieldName::Total, "1409.50")
        .with(FieldName::From, "2026-09-21");
    assert_eq!(rendered(&profile, &secrets, &fields).body, BODY.as_bytes(), "what is signed is what is sent");
    for (i, (step, _, command, expected)) in STEPS.iter().enumerate() {
        assert_eq!(header(&profile, &secrets, &fields, &format!("s{i}")), *expected, "{step}: {command}");
    }
}
