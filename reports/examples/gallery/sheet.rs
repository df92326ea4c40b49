//! The contact sheet: pictures side by side, made smaller, as one picture.

/// Width of a column and room around a picture, in pixels.
const COLUMN: f64 = 620.0;
const ROOM: f64 = 14.0;

/// Sets pictures into columns, each into the shortest; the ground is that of the pictures.
pub fn sheet(pictures: &[String], columns: usize, ground: &str) -> String {
    let mut heights = vec![ROOM; columns.max(1)];
    let mut placed = String::new();
    for picture in pictures {
        let column = (0..heights.len()).min_by(|a, b| heights[*a].total_cmp(&heights[*b])).unwrap_or(0);
        let (width, height) = (attribute(picture, "width"), attribute(picture, "height"));
        let tall = height * COLUMN / width.max(1.0);
        let x = ROOM + column as f64 * (COLUMN + ROOM);
        let own = format!("width=\"{width}\" height=\"{height}\"");
        let new = format!("x=\"{x}\" y=\"{:.0}\" width=\"{COLUMN}\" height=\"{tall:.0}\"", heights[column]);
        placed += &picture.replacen(&own, &new, 1);
        heights[column] += tall + ROOM;
    }
    let (width, height) =
        (ROOM + columns as f64 * (COLUMN + ROOM), heights.iter().copied().fold(0.0, f64::max));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\">\
         <rect width=\"100%\" height=\"100%\" fill=\"{ground}\"/>{placed}</svg>"
    )
}

/// A number in the opening tag of a picture.
fn attribute(picture: &str, name: &str) -> f64 {
    let begin = format!(" {name}=\"");
    let value = picture.split_once(&begin).and_then(|(_, rest)| rest.split_once('"'));
    value.and_then(|(value, _)| value.parse().ok()).unwrap_or(1.0)
}
