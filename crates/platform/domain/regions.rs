//! Region codes: the two digits of GB/T 2260 that an invoice number carries.

const PROVINCES: [u8; 31] = [
    11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52, 53, 54,
    61, 62, 63, 64, 65,
];

/// The region that two digits name, if there is one.
pub(crate) fn parse(text: &str) -> Option<u8> {
    let code: u8 = (text.len() == 2).then(|| text.parse().ok())??;
    PROVINCES.contains(&code).then_some(code)
}

/// The region inside an invoice number: digits 3 and 4 of the fully digital kind (20 digits),
/// the first two of a ten-digit code, the second and third of a twelve-digit one.
pub(crate) fn of_number(number: &str) -> Option<u8> {
    let at = match number.len() {
        20 if number.starts_with('0') => 1,
        20 => 2,
        _ => 0,
    };
    parse(number.get(at..at + 2)?)
}
