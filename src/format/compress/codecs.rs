// SPDX-License-Identifier: GPL-3.0-or-later
//! The methods that are read step by step, each with its own idea of an error put into the words of all.

use std::io;

use liblzma::stream::{Action, CONCATENATED, Error as XzError, Status as XzStatus, Stream};
use zstd::stream::raw::{DParameter, Operation};

use crate::format::{CompressionFault, limits};

use super::unpacked::{Codec, Step};

/// bzip2 takes under 4 MiB, whatever a stream asks for.
pub(super) struct Bzip2Codec(bzip2::Decompress);

impl Codec for Bzip2Codec {
    fn open() -> io::Result<Self> {
        Ok(Self(bzip2::Decompress::new(false)))
    }

    fn next_stream(&mut self) -> io::Result<()> {
        *self = Self::open()?;
        Ok(())
    }

    fn step(&mut self, input: &[u8], output: &mut [u8], _: bool) -> io::Result<Step> {
        let before = (self.0.total_in(), self.0.total_out());
        let status = self.0.decompress(input, output).map_err(|error| match error {
            bzip2::Error::DataMagic => CompressionFault::OtherForm { form: "bzip2" },
            _ => CompressionFault::Damaged { form: "bzip2" },
        })?;
        Ok(Step {
            taken: (self.0.total_in() - before.0) as usize,
            given: (self.0.total_out() - before.1) as usize,
            is_end: status == bzip2::Status::StreamEnd,
        })
    }
}

/// xz and the older `.lzma`, told apart by their first bytes.
pub(super) struct XzCodec(Stream);

impl Codec for XzCodec {
    fn open() -> io::Result<Self> {
        // The library itself goes from one stream to the next, over the padding that may stand between them.
        let stream = Stream::new_auto_decoder(limits::XZ_MEMORY_BYTES, CONCATENATED);
        stream.map(Self).map_err(xz_error)
    }

    fn next_stream(&mut self) -> io::Result<()> {
        Err(CompressionFault::MoreBehind { form: XZ }.into())
    }

    fn step(&mut self, input: &[u8], output: &mut [u8], is_last: bool) -> io::Result<Step> {
        let action = if is_last { Action::Finish } else { Action::Run };
        let before = (self.0.total_in(), self.0.total_out());
        let status = self.0.process(input, output, action).map_err(xz_error)?;
        Ok(Step {
            taken: (self.0.total_in() - before.0) as usize,
            given: (self.0.total_out() - before.1) as usize,
            is_end: matches!(status, XzStatus::StreamEnd),
        })
    }
}

fn xz_error(error: XzError) -> io::Error {
    let fault = match error {
        XzError::Mem => return io::ErrorKind::OutOfMemory.into(),
        XzError::MemLimit => CompressionFault::TooMuchMemory { form: XZ },
        XzError::Format => CompressionFault::OtherForm { form: XZ },
        XzError::Options | XzError::NoCheck | XzError::UnsupportedCheck => CompressionFault::UnknownKind { form: XZ },
        XzError::Data | XzError::Program => CompressionFault::Damaged { form: XZ },
    };
    fault.into()
}

/// zstd.
pub(super) struct ZstdCodec(zstd::stream::raw::Decoder<'static>);

impl Codec for ZstdCodec {
    fn open() -> io::Result<Self> {
        let mut decoder = zstd::stream::raw::Decoder::new()?;
        decoder.set_parameter(DParameter::WindowLogMax(limits::ZSTD_WINDOW_LOG))?;
        Ok(Self(decoder))
    }

    fn next_stream(&mut self) -> io::Result<()> {
        // The library expects another frame where one has ended.
        Ok(())
    }

    fn step(&mut self, input: &[u8], output: &mut [u8], _: bool) -> io::Result<Step> {
        let status = self.0.run_on_buffers(input, output).map_err(|error| {
            let said = error.to_string();
            if said.starts_with(ZSTD_NO_MEMORY) {
                io::Error::from(io::ErrorKind::OutOfMemory)
            } else if said.starts_with(ZSTD_TOO_MUCH) {
                CompressionFault::TooMuchMemory { form: ZSTD }.into()
            } else if said.starts_with(ZSTD_OTHER_FORM) {
                CompressionFault::OtherForm { form: ZSTD }.into()
            } else {
                CompressionFault::Damaged { form: ZSTD }.into()
            }
        })?;
        Ok(Step {
            taken: status.bytes_read,
            given: status.bytes_written,
            is_end: status.remaining == 0,
        })
    }
}

/// How the library's words begin when it is this computer that has too little memory; its binding gives no code for it.
const ZSTD_NO_MEMORY: &str = "Allocation error";
/// The same where a frame wants a window beyond the limit, and where there is no frame.
const ZSTD_TOO_MUCH: &str = "Frame requires too much memory";
const ZSTD_OTHER_FORM: &str = "Unknown frame descriptor";

/// What the compressed forms are called.
const XZ: &str = "xz";
const ZSTD: &str = "zstd";
