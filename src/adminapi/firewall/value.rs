// SPDX-License-Identifier: GPL-3.0-or-later
//! The options of one firewall rule, each of which may stand there once.

use super::{
    super::{
        error::{AnswerError, AnswerFault},
        scan::Span,
    },
    rule::{FirewallRule, Protocol, RuleAction, RuleTarget},
};

/// What may stand in a value besides letters and digits.
const MARKS: &str = ":;,./_[]-";
/// The longest name of a host.
const LONGEST_HOST_BYTES: usize = 253;

/// The options that were read, with the words that said them.
#[derive(Default)]
pub(super) struct Options<'a> {
    action: Option<RuleAction>,
    protocol: Option<Protocol>,
    target: Option<RuleTarget>,
    ports: Option<((u16, u16), Span<'a>)>,
    icmp_type: Option<(u8, Span<'a>)>,
    is_for_dns: Option<()>,
    expires: Option<u64>,
}

impl<'a> Options<'a> {
    /// Reads one `name=value`.
    pub(super) fn take(&mut self, word: Span<'a>) -> Result<(), AnswerError> {
        let Some((name, value)) = word.split("=") else {
            return Err(word.error(AnswerFault::unknown(word.text)));
        };
        let unfit = || value.error(AnswerFault::value(name.text));
        let is_plain = |c: char| c.is_ascii_alphanumeric() || MARKS.contains(c);
        if value.text.is_empty() || !value.text.chars().all(is_plain) {
            return Err(unfit());
        }
        let is_new = match name.text {
            "action" => set(&mut self.action, action(value.text).ok_or_else(unfit)?),
            "proto" => set(&mut self.protocol, protocol(value.text).ok_or_else(unfit)?),
            "dst4" | "dst6" | "dsthost" | "dstname" => {
                set(&mut self.target, target(name.text, value.text).ok_or_else(unfit)?)
            }
            "dstports" => set(&mut self.ports, (ports(value).ok_or_else(unfit)?, word)),
            "icmptype" => set(&mut self.icmp_type, (value.number("icmptype")?, word)),
            "specialtarget" if value.text == "dns" => set(&mut self.is_for_dns, ()),
            "specialtarget" => return Err(unfit()),
            "expire" => set(&mut self.expires, value.number("expire")?),
            _ => return Err(word.error(AnswerFault::unknown(name.text))),
        };
        if is_new {
            Ok(())
        } else {
            Err(word.error(AnswerFault::twice(name.text)))
        }
    }

    /// The rule, if its options go together.
    pub(super) fn finish(self, line: Span<'_>, comment: Option<String>) -> Result<FirewallRule, AnswerError> {
        let missing = line.error_after(AnswerFault::Missing { name: "action".into() });
        let has_ports = matches!(self.protocol, Some(Protocol::Tcp | Protocol::Udp));
        if let Some((_, word)) = self.ports.filter(|_| !has_ports) {
            return Err(word.error(AnswerFault::value("dstports")));
        }
        if let Some((_, word)) = self.icmp_type.filter(|_| self.protocol != Some(Protocol::Icmp)) {
            return Err(word.error(AnswerFault::value("icmptype")));
        }
        Ok(FirewallRule {
            action: self.action.ok_or(missing)?,
            protocol: self.protocol,
            target: self.target,
            ports: self.ports.map(|(ports, _)| ports),
            icmp_type: self.icmp_type.map(|(kind, _)| kind),
            is_for_dns: self.is_for_dns.is_some(),
            expires: self.expires,
            comment,
        })
    }
}

/// The text of `comment=TEXT`.
pub(super) fn comment(word: Span<'_>) -> Result<String, AnswerError> {
    let text = word.skip("comment=".len());
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == ' ' || MARKS.contains(c);
    match text.text.char_indices().find(|(_, c)| !is_plain(*c)) {
        Some((at, _)) => Err(text.skip(at).error(AnswerFault::value("comment"))),
        None => Ok(text.text.to_owned()),
    }
}

/// Whether there was none before.
fn set<T>(place: &mut Option<T>, value: T) -> bool {
    place.replace(value).is_none()
}

fn action(text: &str) -> Option<RuleAction> {
    match text {
        "accept" => Some(RuleAction::Accept),
        "drop" => Some(RuleAction::Drop),
        _ => None,
    }
}

fn protocol(text: &str) -> Option<Protocol> {
    let all = [Protocol::Tcp, Protocol::Udp, Protocol::Icmp];
    all.into_iter().find(|protocol| protocol.name() == text)
}

fn target(name: &str, text: &str) -> Option<RuleTarget> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(number::<u8>(bits)?)),
        None => (text, None),
    };
    match name {
        "dst4" => {
            let bits = bits.unwrap_or(32);
            Some(RuleTarget::V4(address.parse().ok()?, bits)).filter(|_| bits <= 32)
        }
        "dst6" => {
            let bits = bits.unwrap_or(128);
            Some(RuleTarget::V6(address.parse().ok()?, bits)).filter(|_| bits <= 128)
        }
        _ => Some(RuleTarget::Host(text.to_owned())).filter(|_| is_host(text)),
    }
}

fn is_host(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._".contains(&byte);
    text.len() <= LONGEST_HOST_BYTES && text.bytes().all(is_plain)
}

fn ports(value: Span<'_>) -> Option<(u16, u16)> {
    let (first, last) = value.text.split_once('-').unwrap_or((value.text, value.text));
    let (first, last) = (number(first)?, number(last)?);
    (first <= last).then_some((first, last))
}

fn number<N: std::str::FromStr>(text: &str) -> Option<N> {
    text.parse()
        .ok()
        .filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_a_host_is_as_long_as_the_network_takes() {
        assert!(is_host(&"x".repeat(LONGEST_HOST_BYTES)));
        assert!(!is_host(&"x".repeat(LONGEST_HOST_BYTES + 1)));
    }
}
