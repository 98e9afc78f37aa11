//! How rows of care are packed: JSON, compressed with a dictionary of what such rows usually say.
//!
//! A nation's receipts are some hundred bytes each, far too short to be compressed by themselves; with the dictionary a
//! row takes a fifth. The first byte tells the form, so that a newer dictionary can stand beside this one, and rows of
//! before the first one are read as they are.

use std::{
    cell::RefCell,
    sync::{LazyLock, OnceLock},
};

use serde::{Serialize, de::DeserializeOwned};
use zstd::{
    bulk::{Compressor, Decompressor},
    dict::{DecoderDictionary, EncoderDictionary},
};

use crate::{Error, Result};

/// Made by `zstd --train` from packed rows of a synthetic world. Never changed: stored rows need it.
const DICTIONARY: &[u8] = include_bytes!("../dictionaries/care-1.zdict");
/// First byte of a row compressed with [`DICTIONARY`].
const WITH_DICTIONARY: u8 = 1;
/// First byte of bytes compressed by themselves.
const ALONE: u8 = 2;
/// The usual level: a higher one takes more time than it saves space.
const LEVEL: i32 = 3;
/// Unpacked bytes at most: more than a receipt may have.
const UNPACKED_MAX: usize = 1 << 26;

static ENCODER: LazyLock<EncoderDictionary<'static>> = LazyLock::new(|| EncoderDictionary::copy(DICTIONARY, LEVEL));
static DECODER: OnceLock<DecoderDictionary<'static>> = OnceLock::new();

thread_local! {
    static COMPRESSORS: RefCell<Option<[Compressor<'static>; 2]>> = const { RefCell::new(None) };
    static DECOMPRESSORS: RefCell<Option<[Decompressor<'static>; 2]>> = const { RefCell::new(None) };
}

/// Rows of care as they are stored. `column` is for messages.
pub(crate) fn pack(column: &str, rows: &impl Serialize) -> Result<Vec<u8>> {
    let fail = |error: &dyn std::fmt::Display| Error::corrupt("receipts", column, "of a new row", error);
    let json = serde_json::to_vec(rows).map_err(|error| fail(&error))?;
    if json.len() > UNPACKED_MAX {
        return Err(fail(&"it is too long to be read again"));
    }
    compress(&json, WITH_DICTIONARY).map_err(|error| fail(&error))
}

/// Rows of care from what is stored; the error says why they can't be read.
pub(crate) fn unpack<T: DeserializeOwned>(stored: &[u8]) -> Result<T, String> {
    let read = |json: &[u8]| serde_json::from_slice(json).map_err(|error| error.to_string());
    match stored.first() {
        Some(b'{' | b'[') => read(stored),
        Some(&WITH_DICTIONARY) => read(&decompress(&stored[1..], WITH_DICTIONARY)?),
        _ => Err("the form is unknown".into()),
    }
}

/// Raw bytes as they are stored.
pub(crate) fn pack_bytes(bytes: &[u8]) -> Result<Vec<u8>> {
    compress(bytes, ALONE).map_err(|error| Error::corrupt("claim_sources", "source", "of a new row", error))
}

/// Raw bytes from what is stored; the error says why they can't be read.
pub(crate) fn unpack_bytes(stored: &[u8]) -> Result<Vec<u8>, String> {
    match stored.first() {
        Some(&ALONE) => decompress(&stored[1..], ALONE),
        _ => Err("the form is unknown".into()),
    }
}

fn compress(bytes: &[u8], form: u8) -> std::io::Result<Vec<u8>> {
    COMPRESSORS.with_borrow_mut(|made| {
        let compressors = match made {
            Some(compressors) => compressors,
            None => made.insert([Compressor::with_prepared_dictionary(&ENCODER)?, Compressor::new(LEVEL)?]),
        };
        let compressor = &mut compressors[usize::from(form == ALONE)];
        let mut packed = vec![0; 1 + zstd::zstd_safe::compress_bound(bytes.len())];
        packed[0] = form;
        let length = compressor.compress_to_buffer(bytes, &mut packed[1..])?;
        packed.truncate(1 + length);
        packed.shrink_to_fit();
        Ok(packed)
    })
}

fn decompress(bytes: &[u8], form: u8) -> Result<Vec<u8>, String> {
    let length = zstd::zstd_safe::get_frame_content_size(bytes).ok().flatten().ok_or("its length is missing")?;
    let length = usize::try_from(length).ok().filter(|length| *length <= UNPACKED_MAX).ok_or("it is too long")?;
    DECOMPRESSORS.with_borrow_mut(|made| {
        let decompressors = match made {
            Some(decompressors) => decompressors,
            None => {
                let dictionary = DECODER.get_or_init(|| DecoderDictionary::copy(DICTIONARY));
                let with = Decompressor::with_prepared_dictionary(dictionary).map_err(|error| error.to_string())?;
                made.insert([with, Decompressor::new().map_err(|error| error.to_string())?])
            }
        };
        decompressors[usize::from(form == ALONE)].decompress(bytes, length).map_err(|error| error.to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_and_become_small() {
        let row =
            r#"[{"day":20260401,"class":21,"code":"620007870","name":"アムロジピン錠５ｍｇ「サワイ」","count":28}]"#;
        let rows: serde_json::Value = serde_json::from_str(row).unwrap();
        let packed = pack("medication", &rows).unwrap();
        assert!(packed.len() * 2 < row.len(), "{} of {} bytes", packed.len(), row.len());
        assert_eq!(unpack::<serde_json::Value>(&packed).unwrap(), rows);
        assert_eq!(unpack::<serde_json::Value>(row.as_bytes()).unwrap(), rows, "rows of before are read as they are");
    }

    #[test]
    fn damaged_rows_are_told() {
        let packed = pack("medication", &vec![1; 100]).unwrap();
        for broken in [&[][..], &[9, 9], &packed[..packed.len() - 1], &packed[..1], b"{\"a\":"] {
            assert!(unpack::<Vec<i32>>(broken).is_err());
        }
        assert!(unpack_bytes(&packed).is_err());
        let bytes = pack_bytes(b"RE,1,1112").unwrap();
        assert_eq!(unpack_bytes(&bytes).unwrap(), b"RE,1,1112");
    }
}
