//! A file in a zip, as large results are given out.

use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A zip with this one file.
///
/// # Errors
/// When there is no memory for it.
pub fn zipped(name: &str, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(name, SimpleFileOptions::default().compression_method(CompressionMethod::Deflated))?;
    zip.write_all(bytes)?;
    Ok(zip.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn a_zip_holds_its_file() {
        let bytes = b"<XmlMsg/>".repeat(1_000);
        let zip = zipped("OQSmuquc02res_1.xml", &bytes).unwrap();
        assert!(zip.len() < bytes.len());
        let mut archive = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
        let mut read = Vec::new();
        archive.by_name("OQSmuquc02res_1.xml").unwrap().read_to_end(&mut read).unwrap();
        assert_eq!(read, bytes);
    }
}
