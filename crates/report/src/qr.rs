//! An address as a QR code: a picture for a screen, or a page to hang at the door.

use crate::reports::ReportError;
use qrcode::render::svg;
use qrcode::{Color, QrCode};

/// Pixels of a module: a phone reads it from a screen at arm's length.
const MODULE_PIXELS: usize = 8;
/// Modules of white around it, as the standard demands.
const QUIET_MODULES: usize = 4;

/// The code as PNG, black on white.
///
/// # Errors
/// When the text is too long for a QR code.
pub fn png(text: &str) -> Result<Vec<u8>, ReportError> {
    let code = code(text)?;
    let (width, colors) = (code.width(), code.to_colors());
    let side = (width + 2 * QUIET_MODULES) * MODULE_PIXELS;
    let mut pixels = vec![u8::MAX; side * side];
    for (place, _) in colors.iter().enumerate().filter(|(_, color)| **color == Color::Dark) {
        let (row, column) = (place / width + QUIET_MODULES, place % width + QUIET_MODULES);
        for line in row * MODULE_PIXELS..(row + 1) * MODULE_PIXELS {
            let from = line * side + column * MODULE_PIXELS;
            pixels[from..from + MODULE_PIXELS].fill(0);
        }
    }
    let mut bytes = Vec::new();
    let side = u32::try_from(side).map_err(|error| failed(&error))?;
    let mut encoder = png::Encoder::new(&mut bytes, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(|error| failed(&error))?;
    writer.write_image_data(&pixels).map_err(|error| failed(&error))?;
    writer.finish().map_err(|error| failed(&error))?;
    Ok(bytes)
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

    /// The three corners of a QR code, and nothing but white around it.
    #[test]
    fn the_picture_is_a_qr_code_with_its_quiet_zone() {
        let bytes = png("https://visit.example.jp/1312345678").unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        let side = info.width as usize;
        let dark =
            |row: usize, column: usize| pixels[(row * MODULE_PIXELS + 1) * side + column * MODULE_PIXELS + 1] == 0;
        let modules = side / MODULE_PIXELS;
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
