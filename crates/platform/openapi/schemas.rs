//! The shapes of what is asked and answered.

use crate::Code;
use utoipa::openapi::schema::{ArrayBuilder, Object, ObjectBuilder, OneOfBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{KnownFormat, RefOr, SchemaFormat};

pub(super) type Schemed = RefOr<Schema>;

fn plain(kind: Type) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(kind)
}

pub(super) fn text() -> Schemed {
    plain(Type::String).into()
}

pub(super) fn patterned(pattern: &str) -> Schemed {
    plain(Type::String).pattern(Some(pattern)).into()
}

pub(super) fn whole() -> Schemed {
    plain(Type::Integer).into()
}

pub(super) fn between(least: i64, most: i64) -> Schemed {
    plain(Type::Integer).minimum(Some(least as f64)).maximum(Some(most as f64)).into()
}

fn truth() -> Schemed {
    plain(Type::Boolean).into()
}

pub(super) fn null() -> Schemed {
    plain(Type::Null).into()
}

fn list(of: Schemed) -> Schemed {
    ArrayBuilder::new().items(of).into()
}

fn words(words: &[&str]) -> Schemed {
    plain(Type::String).enum_values(Some(words.iter().copied())).into()
}

fn or_null(of: Schemed) -> Schemed {
    OneOfBuilder::new().item(of).item(null()).into()
}

pub(super) fn instant() -> Schemed {
    plain(Type::String).format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime))).into()
}

pub(super) fn day() -> Schemed {
    plain(Type::String).format(Some(SchemaFormat::KnownFormat(KnownFormat::Date))).into()
}

/// An object of which every field is there.
pub(super) fn object(fields: &[(&str, Schemed)]) -> Schemed {
    let filled = fields.iter().fold(plain(Type::Object), |object, (name, schema)| {
        object.property(*name, schema.clone()).required(*name)
    });
    filled.into()
}

/// The same object with further fields that may be absent.
pub(super) fn optional(object: Schemed, fields: &[(&str, Schemed)]) -> Schemed {
    let RefOr::T(Schema::Object(object)) = object else {
        return object;
    };
    let builder: ObjectBuilder = Object::into(object);
    fields.iter().fold(builder, |object, (name, schema)| object.property(*name, schema.clone())).into()
}

/// The envelope with one of these codes; `data` as given, or null or the fields at fault.
pub(super) fn envelope(codes: &[Code], data: Option<Schemed>) -> Schemed {
    let digits: Vec<&str> = codes.iter().map(|c| c.digits()).collect();
    let fault = object(&[("field", text()), ("reason", text())]);
    let data = data.unwrap_or_else(|| object(&[("fields", list(fault))]));
    object(&[
        ("code", words(&digits)),
        ("message", text()),
        ("data", if is_null(&data) { data } else { or_null(data) }),
    ])
}

fn is_null(schema: &Schemed) -> bool {
    matches!(schema, RefOr::T(Schema::Object(o)) if o.schema_type == SchemaType::Type(Type::Null))
}

pub(super) fn mobile() -> Schemed {
    patterned("^1[0-9]{10}$")
}

pub(super) fn password() -> Schemed {
    patterned("^(?=.*[A-Za-z])(?=.*[0-9])[!-~]{8,128}$")
}

/// A company's name or a title; an account's name below is shorter.
fn titled() -> Schemed {
    patterned("^[^\\x00-\\x1f\\x7f-\\x9f]{1,200}$")
}

pub(super) fn named() -> Schemed {
    patterned("^[^\\x00-\\x1f\\x7f-\\x9f]{1,64}$")
}

pub(super) fn account_kind() -> Schemed {
    words(&["enterprise", "small_shop", "special_vat_issuer", "accountant", "freelancer"])
}

/// The same as a search takes it: forms send what was not filled in as empty text.
pub(super) fn or_empty(of: Schemed) -> Schemed {
    OneOfBuilder::new().item(of).item(words(&[""])).into()
}

pub(super) fn invoice_number() -> Schemed {
    patterned("^([0-9]{18}|[0-9]{20})$")
}

pub(super) fn region() -> Schemed {
    let codes =
        "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65";
    words(&codes.split(' ').collect::<Vec<_>>())
}

pub(super) fn money() -> Schemed {
    patterned("^-?[0-9]{1,11}(\\.[0-9]{1,2})?$")
}

fn tax_id() -> Schemed {
    patterned("^([0-9A-Z]{15}|[0-9A-Z]{17}|[0-9A-Z]{18}|[0-9A-Z]{20})$")
}

/// Amounts in words as the platform writes them below ten thousand; it reads more spellings than these.
fn total_words() -> Schemed {
    let d = "[壹贰叁肆伍陆柒捌玖]";
    patterned(&format!("^({d}仟)?({d}佰)?({d}拾)?{d}元({d}角{d}分|整)$"))
}

fn fields() -> [(&'static str, Schemed); 10] {
    [
        ("number", invoice_number()),
        ("issue_date", day()),
        ("amount", money()),
        ("tax", money()),
        ("total", money()),
        ("total_words", total_words()),
        ("title", titled()),
        ("buyer_tax_id", tax_id()),
        ("seller_name", titled()),
        ("seller_tax_id", tax_id()),
    ]
}

pub(super) fn upload() -> Schemed {
    let mut all = fields().to_vec();
    let file = plain(Type::String).content_media_type("application/octet-stream");
    all.push(("file", file.into()));
    optional(object(&all), &[("issuer_tax_id", tax_id()), ("region", region()), ("kind", invoice_kind())])
}

fn invoice_kind() -> Schemed {
    words(&["general", "special"])
}

fn status() -> Schemed {
    words(&["submitted", "reviewing", "accepted", "rejected", "voided", "red_flushed"])
}

fn reasons() -> Schemed {
    let kinds = words(&[
        "words_differ",
        "sums_differ",
        "date_in_future",
        "region_unknown",
        "file_unreadable",
        "sampled",
    ]);
    list(object(&[("reason", kinds), ("text", text())]))
}

pub(super) fn record() -> Schemed {
    // A record shows spellings and names that the description does not ask for.
    let free = |name: &str| matches!(name, "total_words" | "title" | "seller_name");
    let mut all = fields().map(|(name, schema)| (name, if free(name) { text() } else { schema })).to_vec();
    let file = object(&[("kind", words(&["pdf", "jpg", "png"])), ("bytes", whole()), ("sha256", text())]);
    all.extend([
        ("id", whole()),
        ("kind", invoice_kind()),
        ("issuer_tax_id", or_null(text())),
        ("agent_issued", truth()),
        ("region", text()),
        ("status", status()),
        ("uploaded_at", instant()),
        ("reviewed_at", or_null(instant())),
        ("reasons", reasons()),
        ("file", or_null(file)),
        ("voided_at", or_null(instant())),
        ("red_flushed_at", or_null(instant())),
        ("red_number", or_null(text())),
    ]);
    object(&all)
}

pub(super) fn found() -> Schemed {
    object(&[
        ("items", list(record())),
        ("total", whole()),
        ("total_capped", truth()),
        ("page", whole()),
        ("size", whole()),
    ])
}

pub(super) fn standing() -> Schemed {
    let step = object(&[("status", status()), ("at", instant())]);
    object(&[
        ("number", text()),
        ("status", status()),
        ("uploaded_at", instant()),
        ("reviewed_at", or_null(instant())),
        ("reasons", reasons()),
        ("history", list(step)),
    ])
}

pub(super) fn finding() -> Schemed {
    let results = [
        "genuine",
        "mismatch",
        "not_found",
        "over_limit",
        "issued_today",
        "too_old",
        "voided",
        "red_flushed",
        "being_checked",
    ];
    object(&[("result", words(&results)), ("number", text()), ("checks_left", or_null(whole()))])
}

/// Items are objects of upload fields; each is judged by itself, so a wrong one does not make the batch wrong.
/// How many there may be depends on the account.
pub(super) fn batch_asked() -> Schemed {
    let item: Schemed = plain(Type::Object).into();
    let items = ArrayBuilder::new().items(item).min_items(Some(1));
    object(&[("key", patterned("^[0-9A-Za-z_.:-]{1,64}$")), ("items", items.into())])
}

pub(super) fn batch() -> Schemed {
    let result = object(&[
        ("number", text()),
        ("status", words(&["submitted", "refused"])),
        ("code", text()),
        ("message", text()),
    ]);
    object(&[("key", text()), ("accepted", whole()), ("results", list(result))])
}

pub(super) fn issue_asked() -> Schemed {
    let number = || -> Schemed { plain(Type::Number).into() };
    let decimal = || -> Schemed {
        OneOfBuilder::new().item(patterned("^[0-9]{1,12}(\\.[0-9]{1,6})?$")).item(number()).into()
    };
    let rates = words(&["0.13", "0.09", "0.06", "0.05", "0.03", "0.015", "0.01", "0"]);
    let rate: Schemed = OneOfBuilder::new().item(rates).item(number()).into();
    let line =
        object(&[("name", titled()), ("quantity", decimal()), ("unit_price", decimal()), ("rate", rate)]);
    let lines = ArrayBuilder::new().items(line).min_items(Some(1)).max_items(Some(500));
    let buyer = optional(
        object(&[("name", titled()), ("tax_id", tax_id())]),
        &[("email", or_null(text())), ("mobile", or_null(mobile()))],
    );
    let asked = object(&[
        ("buyer", buyer),
        ("lines", lines.into()),
        ("seller_name", titled()),
        ("seller_tax_id", tax_id()),
    ]);
    let further = [("issuer_tax_id", tax_id()), ("region", region()), ("kind", invoice_kind())];
    optional(asked, &further.map(|(name, schema)| (name, or_null(schema))))
}

pub(super) fn issued() -> Schemed {
    object(&[
        ("number", text()),
        ("issue_date", day()),
        ("amount", money()),
        ("tax", money()),
        ("total", money()),
        ("total_words", text()),
        ("status", status()),
    ])
}

pub(super) fn outbox() -> Schemed {
    let delivery = object(&[
        ("channel", words(&["email", "sms"])),
        ("to", text()),
        ("queued_at", instant()),
        ("delivered_at", or_null(instant())),
    ]);
    object(&[("deliveries", list(delivery))])
}

pub(super) fn warnings() -> Schemed {
    let warning = object(&[
        ("seq", whole()),
        ("kind", text()),
        ("number", text()),
        ("at", instant()),
        ("text", text()),
    ]);
    object(&[("items", list(warning)), ("last", whole())])
}

pub(super) fn head() -> Schemed {
    object(&[("size", whole()), ("root", hash()), ("link", hash()), ("at", or_null(instant()))])
}

pub(super) fn proof() -> Schemed {
    object(&[
        ("number", text()),
        ("index", whole()),
        ("entry", text()),
        ("leaf", hash()),
        ("path", list(hash())),
        ("size", whole()),
        ("root", hash()),
        ("previous_link", hash()),
        ("link", hash()),
        ("content_sha256", or_null(hash())),
        ("intact", truth()),
    ])
}

pub(super) fn notices() -> Schemed {
    let notice = object(&[
        ("id", whole()),
        ("title", text()),
        ("text", text()),
        ("lang", words(&["zh", "en"])),
        ("published", instant()),
    ]);
    object(&[("notices", list(notice))])
}

fn hash() -> Schemed {
    patterned("^[0-9a-f]{64}$")
}
