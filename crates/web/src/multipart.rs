//! Forms that carry a file (multipart/form-data), decoded within bounds.

use crate::call::{FIELDS_MAX, Fields};
use crate::problem::Problem;
use bytes::Bytes;
use std::convert::Infallible;

/// Bytes of a field that is no file at most.
const TEXT_BYTES_MAX: usize = 16 * 1024;

/// Whether a request brings such a form.
pub(crate) fn is_multipart(content_type: &str) -> bool {
    multer::parse_boundary(content_type).is_ok()
}

/// The fields, and the bytes of the one file. Its name is the sender's and of no use here.
pub(crate) async fn decode(content_type: &str, body: Bytes) -> Result<(Fields, Bytes), Problem> {
    let boundary = multer::parse_boundary(content_type).map_err(|error| malformed(&error))?;
    let whole = futures_util::stream::once(async move { Ok::<_, Infallible>(body) });
    let mut parts = multer::Multipart::new(whole, boundary);
    let (mut fields, mut file) = (Fields::default(), None);
    while let Some(part) = parts.next_field().await.map_err(|error| malformed(&error))? {
        let name = part.name().unwrap_or_default().to_owned();
        let is_file = part.file_name().is_some();
        let bytes = part.bytes().await.map_err(|error| malformed(&error))?;
        if is_file {
            if file.replace(bytes).is_some() {
                return Err(Problem::Malformed("フォーム（ファイルは1つ）".to_owned()));
            }
        } else if bytes.len() > TEXT_BYTES_MAX || fields.0.len() == FIELDS_MAX {
            return Err(Problem::TooLarge(TEXT_BYTES_MAX));
        } else {
            let text = String::from_utf8(bytes.to_vec());
            fields.0.push((name, text.map_err(|_| Problem::Malformed("フォームの文字コード".to_owned()))?));
        }
    }
    Ok((fields, file.unwrap_or_default()))
}

/// The parser's words may quote what was sent: they stay here.
fn malformed(_: &multer::Error) -> Problem {
    Problem::Malformed("フォーム".to_owned())
}
