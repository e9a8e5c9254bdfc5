//! Entries as bytes. Two decisions in a row are almost alike, so each is packed with the one before it as dictionary;
//! the first of a chain is packed by itself, and a chain is short enough to be unpacked in milliseconds.
//!
//! A frame is a format number, the length of what is packed (four bytes, little endian), and a zstd frame with a
//! checksum of what postcard wrote.

use zstd::bulk::{Compressor, Decompressor};

use super::entry::Entry;
use crate::store::Frame;

/// Format of this version. Rises when an entry or anything in it changes its shape.
const FORMAT: u8 = 1;
const HEADER: usize = 5;
/// Frames of a chain.
const CHAIN: u32 = 64;
/// Of zstd's levels the one beyond which little is gained here.
const LEVEL: i32 = 3;
/// Largest entry, bytes: a snapshot of 100,000 nodes takes a tenth of it.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// Why frames cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// Another version wrote them.
    #[error("it was logged by another version of this program (format {0})")]
    Format(u8),
    /// They are not what was written, or not all of it.
    #[error("its frames are damaged: {0}")]
    Damaged(String),
}

/// A frame that was packed, not stored yet.
#[derive(Debug)]
pub struct Packed {
    /// For the store.
    pub frame: Frame,
    raw: Vec<u8>,
}

/// Packs one group's entries.
#[derive(Debug, Default)]
pub struct FrameWriter {
    /// The last stored entry, its chain and its link.
    last: Option<(Vec<u8>, u64, u32)>,
}

impl FrameWriter {
    /// Packs an entry that was made at this time, ms. Nothing is changed until it is stored.
    ///
    /// # Errors
    /// [`FrameError::Damaged`]: the entry cannot be packed; a mistake of this program.
    pub fn pack(&self, entry: &Entry, at_ms: u64) -> Result<Packed, FrameError> {
        let raw = postcard::to_stdvec(entry).map_err(damaged)?;
        let before = self.last.as_ref().filter(|(_, _, link)| link + 1 < CHAIN);
        let (dictionary, chain, link) = match before {
            Some((last, chain, link)) => (last.as_slice(), *chain, link + 1),
            // Time may stand still or go back; chains rise.
            None => {
                let last = self.last.as_ref().map_or(0, |(_, chain, _)| chain + 1);
                ([].as_slice(), at_ms.max(last), 0)
            }
        };
        let mut compressor = Compressor::with_dictionary(LEVEL, dictionary).map_err(damaged)?;
        compressor.include_checksum(true).map_err(damaged)?;
        let packed = compressor.compress(&raw).map_err(damaged)?;
        let length = u32::try_from(raw.len()).map_err(damaged)?;
        let mut bytes = Vec::with_capacity(HEADER + packed.len());
        bytes.push(FORMAT);
        bytes.extend(length.to_le_bytes());
        bytes.extend(packed);
        Ok(Packed {
            frame: Frame { chain, link, bytes },
            raw,
        })
    }

    /// The frame is stored: the next one builds on it.
    pub fn stored(&mut self, packed: Packed) {
        let Frame { chain, link, .. } = packed.frame;
        self.last = Some((packed.raw, chain, link));
    }

    /// Whether the frame was stored is not known: the next one begins a chain.
    pub fn lost(&mut self) {
        if let Some((_, _, link)) = &mut self.last {
            *link = CHAIN;
        }
    }
}

/// The last entry of these frames, which are a chain from its first.
///
/// # Errors
/// [`FrameError`].
pub fn unpack(frames: &[Vec<u8>]) -> Result<Entry, FrameError> {
    let mut raw = Vec::new();
    for frame in frames {
        raw = unpack_one(frame, &raw)?;
    }
    postcard::from_bytes(&raw).map_err(damaged)
}

fn unpack_one(frame: &[u8], dictionary: &[u8]) -> Result<Vec<u8>, FrameError> {
    let Some((&[format, ref length @ ..], packed)) = frame.split_first_chunk::<HEADER>() else {
        return Err(FrameError::Damaged("one is too short".to_owned()));
    };
    if format != FORMAT {
        return Err(FrameError::Format(format));
    }
    let length = u32::from_le_bytes(*length) as usize;
    if length > MOST_BYTES {
        return Err(FrameError::Damaged(format!(
            "one says it has {length} bytes"
        )));
    }
    let mut decompressor = Decompressor::with_dictionary(dictionary).map_err(damaged)?;
    let raw = decompressor.decompress(packed, length).map_err(damaged)?;
    match raw.len() == length {
        true => Ok(raw),
        false => Err(FrameError::Damaged(
            "one is shorter than it says".to_owned(),
        )),
    }
}

fn damaged(error: impl std::fmt::Display) -> FrameError {
    FrameError::Damaged(error.to_string())
}

#[cfg(test)]
mod tests;
