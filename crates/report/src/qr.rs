//! An address as a QR code: a picture for a screen, or a page to hang at the door.

use crate::reports::ReportError;
use image::{ImageFormat, Luma};
use qrcode::QrCode;
use qrcode::render::svg;
use std::io::Cursor;

/// Pixels of a module: a phone reads it from a screen at arm's length.
const MODULE_PIXELS: u32 = 8;

/// The code as PNG, black on white.
///
/// # Errors
/// When the text is too long for a QR code.
pub fn png(text: &str) -> Result<Vec<u8>, ReportError> {
    let code = code(text)?;
    let picture = code.render::<Luma<u8>>().module_dimensions(MODULE_PIXELS, MODULE_PIXELS).quiet_zone(true).build();
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).map_err(|error| failed(&error))?;
    Ok(bytes.into_inner())
}

/// The code as SVG.
pub(crate) fn drawing(text: &str) -> Result<String, ReportError> {
    Ok(code(text)?.render::<svg::Color<'_>>().quiet_zone(true).build())
}

fn code(text: &str) -> Result<QrCode, ReportError> {
    QrCode::new(text).map_err(|error| failed(&error))
}

fn failed(error: &dyn std::fmt::Display) -> ReportError {
    ReportError::Failed { diagnostic: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Modules of white around it, as the standard demands.
    const QUIET_MODULES: u32 = 4;

    /// The three corners of a QR code, and nothing but white around it.
    #[test]
    fn the_picture_is_a_qr_code_with_its_quiet_zone() {
        let bytes = png("https://visit.example.jp/1312345678").unwrap();
        let picture = image::load_from_memory(&bytes).unwrap().into_luma8();
        let dark =
            |row: u32, column: u32| picture.get_pixel(column * MODULE_PIXELS + 1, row * MODULE_PIXELS + 1).0 == [0];
        let modules = picture.width() / MODULE_PIXELS;
        let last = modules - QUIET_MODULES - 7;
        for (row, column) in [(QUIET_MODULES, QUIET_MODULES), (QUIET_MODULES, last), (last, QUIET_MODULES)] {
            for step in 0..7 {
                assert!(dark(row, column + step) && dark(row + 6, column + step) && dark(row + step, column));
            }
            assert!(!dark(row + 1, column + 1) && dark(row + 3, column + 3));
        }
        for step in 0..modules {
            assert!(!dark(QUIET_MODULES - 1, step) && !dark(step, QUIET_MODULES - 1));
        }
        assert!(png(&"a".repeat(3_000)).is_err(), "too long for any QR code");
    }
}
