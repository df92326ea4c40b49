//! How every chart looks: language, theme, width, and the one palette.

use crate::words::Lang;

/// How a chart is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Style {
    pub lang: Lang,
    pub theme: Theme,
    pub width: Width,
    /// Whether the picture carries its own title, as one that stands alone must.
    pub titled: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    #[default]
    Light,
    Dark,
}

/// A chart is drawn anew for a phone, not shrunk: its letters keep their size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Width {
    #[default]
    Wide,
    Phone,
}

impl Style {
    /// Width in logical pixels.
    #[must_use]
    pub const fn pixels(self) -> f64 {
        match self.width {
            Width::Wide => 960.0,
            Width::Phone => 380.0,
        }
    }

    /// Size of ordinary letters, in logical pixels.
    #[must_use]
    pub const fn letters(self) -> f64 {
        match self.width {
            Width::Wide => 13.0,
            Width::Phone => 12.0,
        }
    }

    #[must_use]
    pub const fn is_phone(self) -> bool {
        matches!(self.width, Width::Phone)
    }
}

macro_rules! inks {
    ($($(#[$doc:meta])* $name:ident = $light:literal, $dark:literal;)+) => {
        /// A colour by what it stands for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Ink { $($(#[$doc])* $name),+ }

        impl Ink {
            /// Every ink.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Red, green, blue in one number.
            #[must_use]
            pub const fn rgb(self, theme: Theme) -> u32 {
                match (self, theme) { $((Self::$name, Theme::Light) => $light, (Self::$name, Theme::Dark) => $dark),+ }
            }
        }
    };
}

inks! {
    Paper = 0xFFFFFF, 0x14181F;
    Text = 0x1F2933, 0xE6EAF0;
    Quiet = 0x5B6673, 0xA3ADBA;
    Grid = 0xE3E7EC, 0x2B323C;
    Axis = 0x9AA5B1, 0x5C6773;
    /// A maintenance window, behind everything.
    Shade = 0xFBEFCB, 0x3A3216;
    ShadeEdge = 0xC99A1E, 0xB88A20;
    ShadeText = 0x765700, 0xE8C766;
    /// The part of a window past its announced end.
    Overrun = 0xF6C9B4, 0x5A2A1A;
    OverrunText = 0x9C3A12, 0xF0A080;
    /// Three steps of one hue: the higher the quantile, the darker.
    P50 = 0x8FB8DE, 0x4F7CA8;
    P95 = 0x3B78B5, 0x79B0E3;
    P99 = 0x1B3F66, 0xC4DCF3;
    /// Broken limits and other bad news.
    Bad = 0xB3261E, 0xF2857D;
    Good = 0x2E7D5B, 0x6CC79E;
    // Kinds of things, told apart by people with any colour vision.
    Blue = 0x3A6FB1, 0x7FB0EB;
    Orange = 0xB8540F, 0xF09A5A;
    Teal = 0x1F7A6C, 0x5FC1AD;
    Purple = 0x8C4A9E, 0xC792D9;
    Olive = 0x7D651A, 0xCDB35B;
    Crimson = 0xB52E57, 0xF07FA0;
    // Families of outcomes, from harmless to grave.
    FamilyOk = 0xA7BFD6, 0x47627D;
    FamilyNo = 0x6C93B9, 0x6E97BE;
    FamilyThrottled = 0xD9B84A, 0xC7A63C;
    FamilyMaintenance = 0xCE9A1F, 0xBA8B22;
    FamilyOurs = 0x8793A1, 0x7B8795;
    FamilyServer = 0xC2334D, 0xE2667C;
    FamilyNetwork = 0x7A2E5E, 0xB865A0;
    FamilyTimeout = 0xDE7B3A, 0xE9924F;
    FamilyWrong = 0x8B4B9F, 0xC893DA;
    FamilyCut = 0xC8CED7, 0x4B5561;
}

/// The inks of things that only differ, in the order in which they are taken.
pub const KINDS: [Ink; 6] = [Ink::Blue, Ink::Orange, Ink::Teal, Ink::Purple, Ink::Olive, Ink::Crimson];

/// The style sheet that turns inline pictures drawn for paper into dark ones.
///
/// Colours stand in the pictures as attributes, which any rule overrides: one picture serves both
/// themes, and still stands alone where there is no style sheet.
#[must_use]
pub fn dark_rules() -> String {
    let rule = |ink: &Ink| {
        let (light, dark) = (ink.rgb(Theme::Light), ink.rgb(Theme::Dark));
        format!(
            "svg [fill=\"#{light:06X}\"]{{fill:#{dark:06x}}}svg [stroke=\"#{light:06X}\"]{{stroke:#{dark:06x}}}\n"
        )
    };
    Ink::ALL.iter().map(rule).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance as WCAG 2 defines it.
    fn luminance(rgb: u32) -> f64 {
        let part = |shift: u32| {
            let c = f64::from((rgb >> shift) & 0xFF) / 255.0;
            if c <= 0.03928 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(16) + 0.7152 * part(8) + 0.0722 * part(0)
    }

    fn contrast(a: Ink, b: Ink, theme: Theme) -> f64 {
        let (a, b) = (luminance(a.rgb(theme)), luminance(b.rgb(theme)));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn letters_can_be_read_on_paper_and_on_shade() {
        let check = |ink, on| {
            for theme in [Theme::Light, Theme::Dark] {
                assert!(
                    contrast(ink, on, theme) >= 4.5,
                    "{ink:?} on {on:?}, {theme:?}: {}",
                    contrast(ink, on, theme)
                );
            }
        };
        for ink in KINDS.into_iter().chain([Ink::Text, Ink::Quiet, Ink::Bad, Ink::Good]) {
            check(ink, Ink::Paper);
        }
        check(Ink::ShadeText, Ink::Shade);
        check(Ink::OverrunText, Ink::Overrun);
    }

    #[test]
    fn no_two_inks_share_a_colour_that_a_style_sheet_must_tell_apart() {
        let mut all: Vec<u32> = Ink::ALL.iter().map(|ink| ink.rgb(Theme::Light)).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), Ink::ALL.len());
    }
}
