//! SVG to PNG with the font that is shipped, so that the picture is the same on every machine.

use crate::Error;
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};
use std::sync::{Arc, OnceLock};

/// A subset of Noto Sans CJK SC under the SIL Open Font License (`fonts/OFL.txt`).
const FONT: &[u8] = include_bytes!("fonts/NotoSansSC-subset.otf");

/// Draws a chart as PNG, `scale` pixels for each logical pixel.
///
/// # Errors
/// When the text is no SVG, or too large a picture for memory.
pub fn draw(svg: &str, scale: f32) -> Result<Vec<u8>, Error> {
    let options = Options { fontdb: fonts(), font_family: "Noto Sans CJK SC".into(), ..Options::default() };
    let tree = Tree::from_str(svg, &options).map_err(|e| Error::Picture(e.to_string()))?;
    let size = tree.size();
    let (width, height) = ((size.width() * scale).ceil() as u32, (size.height() * scale).ceil() as u32);
    let mut pixels =
        Pixmap::new(width, height).ok_or_else(|| Error::Picture(format!("{width} x {height} pixels")))?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
    pixels.encode_png().map_err(|e| Error::Picture(e.to_string()))
}

/// The shipped font alone: what a machine has installed must not change a picture.
fn fonts() -> Arc<fontdb::Database> {
    static FONTS: OnceLock<Arc<fontdb::Database>> = OnceLock::new();
    let load = || {
        let mut database = fontdb::Database::new();
        database.load_font_data(FONT.to_vec());
        database.set_sans_serif_family("Noto Sans CJK SC");
        Arc::new(database)
    };
    FONTS.get_or_init(load).clone()
}
