// SPDX-License-Identifier: GPL-3.0-or-later
//! Firewall rules of version 3.2 and before: one policy, exceptions from it, and switches for name lookups and pings.
//!
//! They become a list in which the first rule that fits decides, as the existing restorer writes it: name lookups, pings,
//! the exceptions, the policy. The switch for the update proxy has no place in a firewall of today and is left out.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::inventory::{FirewallError, RuleFault, edit::item, xml::Element};

/// The outermost element.
pub(super) const ROOT: &str = "QubesFirewallRules";

/// What an exception can hold. Anything else might have narrowed it, so it must not be overlooked.
const KNOWN: [&str; 6] = ["address", "netmask", "proto", "port", "toport", "expire"];

/// The latest time that a PedOS can take, in seconds: the end of the year 9999.
const LATEST_EXPIRY_SECS: u64 = 253_402_300_799;

/// One rule of today: its properties in the order in which a PedOS writes them.
type Rule = Vec<(&'static str, String)>;

/// Converts a whole document.
pub(super) fn convert(old: &Element) -> Result<Element, FirewallError> {
    let policy = match old.attribute("policy") {
        Some("allow") => true,
        Some("deny") => false,
        _ => return Err(FirewallError::Policy),
    };
    let is_allowed = |switch| old.attribute(switch).map_or(policy, |text| text == "allow");
    let mut rules: Vec<Rule> = vec![
        vec![action(is_allowed("dns")), ("specialtarget", "dns".to_owned())],
        vec![action(is_allowed("icmp")), ("proto", "icmp".to_owned())],
    ];
    for (place, exception) in old.elements().enumerate() {
        let rule = rule(exception, action(!policy)).map_err(|fault| FirewallError::in_rule(place, fault))?;
        rules.push(rule);
    }
    rules.push(vec![action(policy)]);
    let mut list = Element::new("rules");
    for rule in rules {
        let properties = rule
            .into_iter()
            .map(|(name, value)| item("property", name).with_text(value));
        let properties = properties.fold(Element::new("properties"), Element::with_child);
        list.push(Element::new("rule").with_child(properties));
    }
    Ok(Element::new("firewall").with("version", "2").with_child(list))
}

fn action(is_allowed: bool) -> (&'static str, String) {
    ("action", if is_allowed { "accept" } else { "drop" }.to_owned())
}

/// One exception, or why it cannot be said today.
fn rule(old: &Element, action: (&'static str, String)) -> Result<Rule, RuleFault> {
    if old.name != "rule" {
        let name = old.name.clone();
        return Err(RuleFault::Element { name });
    }
    if let Some((name, _)) = old.attributes.iter().find(|(name, _)| !KNOWN.contains(&name.as_str())) {
        let name = name.clone();
        return Err(RuleFault::Unknown { name });
    }
    let value = |name| old.attribute(name).filter(|text| !text.is_empty());
    let mut rule = vec![action];
    if let Some(address) = value("address")
        && let Some(host) = host(address, value("netmask"))?
    {
        rule.push(("dsthost", host));
    }
    let ports = ports(value("port"), value("toport"))?;
    let protocol = match value("proto") {
        // The first versions wrote none, and meant this one where they named a port.
        None => ports.as_ref().map(|_| "tcp"),
        Some("any") => None,
        Some(known @ ("tcp" | "udp" | "icmp")) => Some(known),
        Some(other) => {
            let protocol = other.to_owned();
            return Err(RuleFault::Protocol { protocol });
        }
    };
    if let Some(protocol) = protocol {
        rule.push(("proto", protocol.to_owned()));
    }
    if let Some(ports) = ports {
        if !matches!(protocol, Some("tcp" | "udp")) {
            return Err(RuleFault::PortWithoutProtocol);
        }
        rule.push(("dstports", ports));
    }
    if let Some(expiry) = value("expire") {
        number(expiry, LATEST_EXPIRY_SECS).ok_or_else(|| RuleFault::Expiry {
            time: expiry.to_owned(),
        })?;
        rule.push(("expire", expiry.to_owned()));
    }
    Ok(rule)
}

/// The host or network that a rule is for; `None` for every one.
fn host(address: &str, netmask: Option<&str>) -> Result<Option<String>, RuleFault> {
    let (host, prefix) = match address.split_once('/') {
        Some((host, prefix)) => (host, Some(prefix)),
        None => (address, netmask),
    };
    let longest = if host.parse::<Ipv4Addr>().is_ok() {
        32
    } else if host.parse::<Ipv6Addr>().is_ok() {
        128
    } else if is_host_name(address) {
        return Ok(Some(address.to_ascii_lowercase()));
    } else {
        return Err(RuleFault::Address {
            address: address.to_owned(),
        });
    };
    let prefix = match prefix {
        None => longest,
        Some(text) => number(text, longest).ok_or_else(|| RuleFault::Netmask {
            netmask: text.to_owned(),
        })?,
    };
    Ok((prefix > 0).then(|| format!("{host}/{prefix}")))
}

/// Whether a firewall of today takes it for a name, but for capital letters, which make no difference in names.
fn is_host_name(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'))
        && text.contains(|c: char| c.is_ascii_alphanumeric())
}

/// The ports that a rule is for; the number 0 stood for none.
fn ports(first: Option<&str>, last: Option<&str>) -> Result<Option<String>, RuleFault> {
    let port = |text: Option<&str>| {
        let number = text.map(|text| number(text, u64::from(u16::MAX)).ok_or(text));
        let number = number.transpose();
        number.map_err(|text| RuleFault::Port { port: text.to_owned() })
    };
    Ok(match (port(first)?.unwrap_or(0), port(last)?.unwrap_or(0)) {
        (0, _) => None,
        (first, last) if last == 0 || last == first => Some(first.to_string()),
        (first, last) if first < last => Some(format!("{first}-{last}")),
        (first, last) => return Err(RuleFault::PortRange { first, last }),
    })
}

/// A number without sign and not above the largest one.
fn number(text: &str, largest: u64) -> Option<u64> {
    let is_digits = text.bytes().all(|b| b.is_ascii_digit());
    let number = text.parse().ok().filter(|_| is_digits)?;
    (number <= largest).then_some(number)
}

#[cfg(test)]
mod tests;
