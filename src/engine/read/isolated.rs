// SPDX-License-Identifier: GPL-3.0-or-later
//! A decoder on a thread of its own that is confined to computing: libraries written in C decompress what strangers compressed.
//!
//! The decoder asks for input and hands over content through channels. The thread that wants the content reads the input,
//! because that is the thread which may read.

use std::{
    io::{self, Cursor, Read},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
};

use crate::{
    confine::enter_computing,
    engine::{EngineError, io_errors::into_io, of_panic},
    format::{Compression, decoder},
    units::KIB,
};

/// How many bytes of input or content are handed over at a time.
const PIECE_BYTES: usize = 128 * KIB as usize;

/// How many pieces of content may wait, so that the decoder works while the content is used.
const PIECES_AHEAD: usize = 2;

/// Returns the content of a compressed stream.
///
/// # Errors
/// When the system has no more threads. What is wrong with the stream is said while it is read.
pub(super) fn decompressed<'a>(method: Compression, stream: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    if method == Compression::None {
        return Ok(Box::new(stream));
    }
    Ok(Box::new(Isolated::start(stream, move |input| {
        Ok(decoder(method, input))
    })?))
}

/// The content of a stream. Its errors are those of the source first, and then those of the decoder.
pub(super) struct Isolated<R> {
    source: R,
    input: SyncSender<io::Result<Vec<u8>>>,
    answers: Receiver<Answer>,
    content: Cursor<Vec<u8>>,
    /// Why the source could not be read.
    failure: Option<io::Error>,
    is_over: bool,
}

/// What the decoder's thread says.
enum Answer {
    WantsInput,
    Content(Vec<u8>),
    /// There will be nothing more.
    End(io::Result<()>),
}

impl<R: Read> Isolated<R> {
    /// Starts the decoder that `open` makes, which runs on the confined thread as well.
    ///
    /// # Errors
    /// When the system has no more threads.
    pub(super) fn start<D: Read>(
        source: R,
        open: impl FnOnce(Input) -> io::Result<D> + Send + 'static,
    ) -> io::Result<Self> {
        let (input, received) = sync_channel(1);
        let (answer, answers) = sync_channel(PIECES_AHEAD);
        let decode = move || {
            enter_computing();
            let input = Input {
                received,
                answer: answer.clone(),
                piece: Cursor::default(),
            };
            let end = catch_unwind(AssertUnwindSafe(|| hand_over(open(input)?, &answer)))
                .unwrap_or_else(|panic| Err(into_io(of_panic(panic.as_ref()))));
            // Nobody may want it any more.
            let _ = answer.send(Answer::End(end));
        };
        thread::Builder::new()
            .name("decoder".to_owned())
            .spawn(decode)
            .map_err(|_| into_io(EngineError::NoThread))?;
        Ok(Self {
            source,
            input,
            answers,
            content: Cursor::default(),
            failure: None,
            is_over: false,
        })
    }

    /// Reads a piece of the source for the decoder. An empty one is the end.
    fn feed(&mut self) {
        let mut piece = vec![0; PIECE_BYTES];
        let read = loop {
            match self.source.read(&mut piece) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        let fed = match read {
            Ok(count) => {
                piece.truncate(count);
                Ok(piece)
            }
            Err(error) => {
                let kind = error.kind();
                self.failure = Some(error);
                Err(kind.into())
            }
        };
        // A decoder that has gone says so with its last answer.
        let _ = self.input.send(fed);
    }

    fn end(&mut self, end: io::Result<()>) -> io::Result<usize> {
        self.is_over = true;
        match self.failure.take() {
            Some(failure) => Err(failure),
            None => end.map(|()| 0),
        }
    }
}

impl<R: Read> Read for Isolated<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.content.read(buffer)?;
            if count > 0 || buffer.is_empty() || self.is_over {
                return Ok(count);
            }
            match self.answers.recv() {
                Ok(Answer::WantsInput) => self.feed(),
                Ok(Answer::Content(content)) => self.content = Cursor::new(content),
                Ok(Answer::End(end)) => return self.end(end),
                Err(_) => return self.end(Err(io::ErrorKind::BrokenPipe.into())),
            }
        }
    }
}

/// Hands everything over that the decoder makes.
fn hand_over(mut decoder: impl Read, answer: &SyncSender<Answer>) -> io::Result<()> {
    loop {
        let mut content = vec![0; PIECE_BYTES];
        match decoder.read(&mut content) {
            Ok(0) => return Ok(()),
            Ok(count) => {
                content.truncate(count);
                if answer.send(Answer::Content(content)).is_err() {
                    return Ok(());
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The input of a decoder, which comes from another thread.
pub(super) struct Input {
    received: Receiver<io::Result<Vec<u8>>>,
    answer: SyncSender<Answer>,
    piece: Cursor<Vec<u8>>,
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.piece.read(buffer)?;
        if count > 0 || buffer.is_empty() {
            return Ok(count);
        }
        let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        self.answer
            .send(Answer::WantsInput)
            .map_err(|_| io::ErrorKind::BrokenPipe)?;
        self.piece = Cursor::new(self.received.recv().map_err(gone)??);
        self.piece.read(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        engine::io_errors::from_io,
        format::{Level, compressed},
    };

    /// A source that ends with an error of its own.
    struct Failing<'a>(&'a [u8]);

    impl Read for Failing<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.0.read(buffer)? {
                0 => Err(into_io(EngineError::Cancelled)),
                count => Ok(count),
            }
        }
    }

    fn opened(input: Input) -> io::Result<Box<dyn Read>> {
        Ok(decoder(Compression::Gzip, input))
    }

    fn gzip(content: &[u8]) -> Vec<u8> {
        compressed(Compression::Gzip, Level::default(), content).unwrap()
    }

    #[test]
    fn the_content_comes_whole_and_in_its_order() {
        let content: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect();
        let compressed = gzip(&content);
        let mut out = Vec::new();
        let mut isolated = Isolated::start(&compressed[..], opened).unwrap();
        isolated.read_to_end(&mut out).unwrap();
        assert!(out == content);
        assert_eq!(isolated.read(&mut [0; 8]).unwrap(), 0, "the end stays the end");
    }

    #[test]
    fn what_the_source_says_goes_before_what_the_decoder_makes_of_it() {
        let compressed = gzip(&[7; 1 << 20]);
        let cut = &compressed[..compressed.len() / 2];
        let read = |source: &mut dyn Read| {
            let error = Isolated::start(source, opened)
                .unwrap()
                .read_to_end(&mut Vec::new())
                .unwrap_err();
            from_io(error, |error| panic!("{error}"))
        };
        assert_eq!(read(&mut Failing(cut)), EngineError::Cancelled);
    }

    #[test]
    fn the_decoder_can_do_nothing_but_compute_and_its_panic_is_an_error() {
        let peeking = |_: Input| std::fs::File::open("/etc/passwd");
        let peeked = Isolated::start(io::empty(), peeking).unwrap().read(&mut [0; 8]);
        let unconfined = crate::confine::run(Some(&Default::default()), || std::fs::File::open("/etc/passwd").is_ok());
        assert!(peeked.is_err() || unconfined.unwrap());
        let broken = |_: Input| -> io::Result<io::Empty> { panic!("ouch") };
        let error = Isolated::start(io::empty(), broken)
            .unwrap()
            .read(&mut [0; 8])
            .unwrap_err();
        assert!(format!("{error:?}").contains("ouch"), "{error:?}");
    }

    /// A decoder that never ends, and drops a sender when it does.
    struct Endless(SyncSender<()>);

    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let _: &SyncSender<()> = &self.0;
            Ok(buffer.len())
        }
    }

    #[test]
    fn a_reader_that_goes_away_ends_the_decoder() {
        let (alive, ended) = sync_channel(0);
        let mut isolated = Isolated::start(io::empty(), move |_| Ok(Endless(alive))).unwrap();
        isolated.read_exact(&mut [0; 8]).unwrap();
        drop(isolated);
        assert!(ended.recv().is_err(), "the thread has dropped it");
    }
}
