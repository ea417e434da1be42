// SPDX-License-Identifier: GPL-3.0-or-later
//! Why a tool ends before its job.

use clap::CommandFactory;

use crate::{engine::EngineError, host::HostError, json::WhyUnopened, text::Message};

use super::exit::Exit;

/// Why a tool ends before its job.
pub(super) enum Stop {
    /// The command line is wrong.
    Usage {
        /// The usage line.
        usage: String,
        /// What is wrong.
        text: String,
    },
    /// The engine or the host failed; more may be said of it.
    Error(Box<EngineError>, Vec<Message>),
    /// Everything else.
    Said(Exit, Vec<Message>),
}

impl Stop {
    /// Returns why, as a document says it. A wrong command line is no run of which there could be one.
    pub(super) fn why(&self) -> Option<WhyUnopened<'_>> {
        match self {
            Self::Usage { .. } => None,
            Self::Error(error, _) if matches!(**error, EngineError::Cancelled) => Some(WhyUnopened::Cancelled),
            Self::Error(error, _) => Some(WhyUnopened::Failed(error)),
            Self::Said(Exit::Cancelled, _) => Some(WhyUnopened::Cancelled),
            Self::Said(_, messages) => Some(WhyUnopened::Said(
                messages.first().map_or("", |message| message.title.as_str()),
            )),
        }
    }

    pub(super) fn failed(message: Message) -> Self {
        Self::Said(Exit::Failed, vec![message])
    }

    /// A wrong command line, found after it was parsed.
    pub(super) fn usage<A: CommandFactory>(text: impl Into<String>) -> Self {
        Self::Usage {
            usage: A::command().render_usage().to_string(),
            text: text.into(),
        }
    }
}

impl From<EngineError> for Stop {
    fn from(error: EngineError) -> Self {
        Self::Error(Box::new(error), Vec::new())
    }
}

impl From<HostError> for Stop {
    fn from(error: HostError) -> Self {
        EngineError::from(error).into()
    }
}
