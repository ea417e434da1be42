// SPDX-License-Identifier: GPL-3.0-or-later
//! Firewall rules, one a line: `action=accept proto=tcp dst4=192.0.2.0/24 dstports=22-22 comment=any text`.
//!
//! The daemon refuses all rules without a word when one of them is not as it must be, so rules are held to the same here,
//! before they are sent. Where a rule ends without one that applies, the packet is dropped.

mod rule;
mod value;

use super::{
    error::{AnswerError, AnswerFault},
    scan::{Span, lines},
};
pub use rule::{FirewallRule, Protocol, RuleAction, RuleTarget};

impl FirewallRule {
    /// Reads the rules of a VM.
    ///
    /// # Errors
    /// When a rule says something that is not known, which might narrow it, or something that no daemon takes.
    pub fn parse_all(content: &[u8]) -> Result<Vec<Self>, AnswerError> {
        lines(content)?.into_iter().map(Self::parse).collect()
    }

    /// The rules as the daemon takes them. No rule at all is printed as the one that it means, as newer daemons take no
    /// empty payload.
    ///
    /// # Errors
    /// When a rule is not one that the daemon takes; the place is that in the text that would have been sent.
    pub fn print_all(rules: &[Self]) -> Result<String, AnswerError> {
        let mut text: String = rules.iter().map(|rule| format!("{}\n", rule.print())).collect();
        if rules.is_empty() {
            text = format!("{}\n", Self::for_all(RuleAction::Drop).print());
        } else if Self::parse_all(text.as_bytes())? != rules {
            return Err(AnswerError::new(0, AnswerFault::value("rule")));
        }
        Ok(text)
    }

    fn parse(line: Span<'_>) -> Result<Self, AnswerError> {
        // Everything after this is the comment, which may hold blanks and must be last.
        let (options, comment) = match line
            .text
            .find("comment=")
            .filter(|place| is_word_start(line.text, *place))
        {
            Some(0) => (None, Some(line)),
            Some(place) => (Some(&line.text[..place - 1]), Some(line.skip(place))),
            None => (Some(line.text), None),
        };
        let mut read = value::Options::default();
        for word in options
            .map(|text| Span { at: line.at, text })
            .into_iter()
            .flat_map(Span::words)
        {
            read.take(word)?;
        }
        let comment = comment.map(value::comment).transpose()?;
        read.finish(line, comment)
    }

    fn print(&self) -> String {
        let mut words = vec![match self.action {
            RuleAction::Accept => "action=accept".to_owned(),
            RuleAction::Drop => "action=drop".to_owned(),
        }];
        words.extend(self.protocol.map(|protocol| format!("proto={}", protocol.name())));
        words.extend(self.target.as_ref().map(|target| match target {
            RuleTarget::V4(address, bits) => format!("dst4={address}/{bits}"),
            RuleTarget::V6(address, bits) => format!("dst6={address}/{bits}"),
            RuleTarget::Host(name) => format!("dsthost={name}"),
        }));
        words.extend(self.ports.map(|(first, last)| format!("dstports={first}-{last}")));
        words.extend(self.icmp_type.map(|kind| format!("icmptype={kind}")));
        words.extend(self.is_for_dns.then(|| "specialtarget=dns".to_owned()));
        words.extend(self.expires.map(|time| format!("expire={time}")));
        words.extend(self.comment.as_ref().map(|comment| format!("comment={comment}")));
        words.join(" ")
    }
}

fn is_word_start(line: &str, place: usize) -> bool {
    place == 0 || line.as_bytes()[place - 1] == b' '
}

#[cfg(test)]
mod tests;
