// SPDX-License-Identifier: GPL-3.0-or-later
//! What a process prints, for the words about its failure.

use std::{
    io::Read,
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
};

/// How much of what a process prints is kept for an error message, in bytes.
const KEPT_BYTES: usize = 1024;

/// Reads what a process prints, so that it never waits for us, and keeps the end of it.
pub(crate) struct ProcessOutput {
    text: Arc<Mutex<Vec<u8>>>,
    listeners: Vec<JoinHandle<()>>,
}

impl ProcessOutput {
    pub(crate) fn listen<const N: usize>(streams: [Box<dyn Read + Send>; N]) -> Self {
        let text = Arc::new(Mutex::new(Vec::new()));
        let listener = |mut stream: Box<dyn Read + Send>| {
            let text = text.clone();
            thread::spawn(move || {
                let mut buffer = [0; 512];
                while let Ok(count @ 1..) = stream.read(&mut buffer) {
                    let mut text = text.lock().unwrap_or_else(PoisonError::into_inner);
                    text.extend_from_slice(&buffer[..count]);
                    let surplus = text.len().saturating_sub(KEPT_BYTES);
                    text.drain(..surplus);
                }
            })
        };
        let listeners = streams.into_iter().map(listener).collect();
        Self { text, listeners }
    }

    /// Waits until everything was heard that the process, which has ended, has printed.
    pub(crate) fn hear_out(&mut self) {
        for listener in self.listeners.drain(..) {
            // A listener that broke has kept what it heard until then.
            let _ = listener.join();
        }
    }

    /// Returns the rest of the first line that begins so, as far as that was heard until now. Untrusted: it is shown only.
    pub(crate) fn line_after(&self, beginning: &str) -> Option<String> {
        let text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&text);
        // The last line may still grow.
        let mut lines = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
        let found = lines.find_map(|line| line.strip_prefix(beginning))?;
        Some(found.trim().to_owned())
    }

    /// Returns the end of what was printed, once the process has ended, in printable ASCII.
    pub(crate) fn text(mut self) -> String {
        self.hear_out();
        let text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        let printable = |byte: &u8| {
            if matches!(byte, b' '..=b'~') {
                char::from(*byte)
            } else {
                ' '
            }
        };
        let text: String = text.iter().map(printable).collect();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_what_is_printed_is_kept() {
        let heard =
            |text: String| ProcessOutput::listen([Box::new(std::io::Cursor::new(text)) as Box<dyn Read + Send>]).text();
        let whole = "x".repeat(KEPT_BYTES);
        assert_eq!(heard(whole.clone()), whole);
        assert_eq!(heard(format!("y{whole}")), whole);
    }
}
