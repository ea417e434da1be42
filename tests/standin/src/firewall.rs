// SPDX-License-Identifier: GPL-3.0-or-later
//! Firewall rules: the lines of `admin.vm.firewall.Set`, checked as strictly as the daemon checks them.

use std::{
    fmt::{self, Write as _},
    net::{Ipv4Addr, Ipv6Addr},
};

/// The options of a rule, in the order in which `Get` names them.
const ORDER: [&str; 8] = [
    "action",
    "expire",
    "dst",
    "specialtarget",
    "proto",
    "dstports",
    "icmptype",
    "comment",
];

/// A rule: its options by name, in the order in which they are shown. `dst` has its kind in front: `dst4=192.0.2.1/32`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rule {
    options: Vec<(&'static str, String)>,
}

impl Rule {
    /// The rule of a VM whose firewall was never set.
    pub(crate) fn accept() -> Self {
        Self {
            options: vec![("action", "accept".to_owned())],
        }
    }

    /// Reads a line; `None` where the daemon would not take it.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let (options, comment) = match line.split_once(" comment=") {
            Some((options, comment)) => (options, Some(comment)),
            None => (line, None),
        };
        let mut rule = Self::default();
        for option in options.split(' ') {
            let (name, value) = option.split_once('=')?;
            let (name, value) = option_value(name, value)?;
            rule.push(name, value)?;
        }
        if let Some(comment) = comment {
            let is_fine = comment.chars().all(|c| c == ' ' || is_safe(c));
            rule.push("comment", is_fine.then(|| comment.to_owned())?)?;
        }
        rule.get("action")?;
        let proto = rule.get("proto");
        if rule.get("dstports").is_some() && !matches!(proto, Some("tcp" | "udp")) {
            return None;
        }
        if rule.get("icmptype").is_some() && proto != Some("icmp") {
            return None;
        }
        let place = |name: &str| ORDER.iter().position(|known| *known == name);
        rule.options.sort_by_key(|(name, _)| place(name));
        Some(rule)
    }

    fn push(&mut self, name: &'static str, value: String) -> Option<()> {
        if self.get(name).is_some() {
            return None;
        }
        self.options.push((name, value));
        Some(())
    }

    fn get(&self, name: &str) -> Option<&str> {
        let found = self.options.iter().find(|(known, _)| *known == name)?;
        Some(&found.1)
    }

    /// Whether its time was over at that second.
    pub(crate) fn is_expired(&self, now: u64) -> bool {
        self.get("expire")
            .and_then(|text| text.parse::<u64>().ok())
            .is_some_and(|expire| expire < now)
    }

    fn xml(&self) -> String {
        let mut xml = String::from("    <rule>\n      <properties>\n");
        for (name, value) in &self.options {
            let (name, value) = match (*name, value.split_once('=')) {
                ("dst", Some((_, value))) => ("dsthost", value),
                _ => (*name, value.as_str()),
            };
            let _ = writeln!(xml, "        <property name=\"{name}\">{value}</property>");
        }
        xml + "      </properties>\n    </rule>\n"
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, value)) in self.options.iter().enumerate() {
            let gap = if index == 0 { "" } else { " " };
            match *name {
                "dst" => write!(f, "{gap}{value}")?,
                name => write!(f, "{gap}{name}={value}")?,
            }
        }
        Ok(())
    }
}

/// Returns `firewall.xml` of a VM with these rules.
pub(crate) fn xml(rules: &[Rule]) -> String {
    let rules: String = rules.iter().map(Rule::xml).collect();
    format!("<firewall version=\"2\">\n  <rules>\n{rules}  </rules>\n</firewall>\n")
}

fn is_safe(c: char) -> bool {
    c.is_ascii_alphanumeric() || ":;,./_-[]".contains(c)
}

fn option_value(name: &str, value: &str) -> Option<(&'static str, String)> {
    if value.is_empty() || !value.chars().all(is_safe) {
        return None;
    }
    let one_of = |known: &[&str]| known.contains(&value).then(|| value.to_owned());
    Some(match name {
        "action" => ("action", one_of(&["accept", "drop"])?),
        "proto" => ("proto", one_of(&["tcp", "udp", "icmp"])?),
        "specialtarget" => ("specialtarget", one_of(&["dns"])?),
        "expire" => ("expire", value.parse::<u64>().ok()?.to_string()),
        "icmptype" => ("icmptype", value.parse::<u8>().ok()?.to_string()),
        "dstports" => ("dstports", ports(value)?),
        "dst4" => ("dst", format!("dst4={}", network::<Ipv4Addr>(value, 32)?)),
        "dst6" => ("dst", format!("dst6={}", network::<Ipv6Addr>(value, 128)?)),
        "dsthost" | "dstname" => ("dst", host(value)?),
        _ => return None,
    })
}

fn ports(value: &str) -> Option<String> {
    let (first, last) = value.split_once('-').unwrap_or((value, value));
    let (first, last): (u16, u16) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last).then(|| format!("{first}-{last}"))
}

fn network<A: std::str::FromStr>(value: &str, longest: u8) -> Option<String> {
    let (address, length) = match value.split_once('/') {
        Some((address, length)) => (address, length.parse::<u8>().ok()?),
        None => (value, longest),
    };
    address.parse::<A>().ok()?;
    (length <= longest).then(|| format!("{address}/{length}"))
}

fn host(value: &str) -> Option<String> {
    if let Some(network) = network::<Ipv4Addr>(value, 32) {
        return Some(format!("dst4={network}"));
    }
    if let Some(network) = network::<Ipv6Addr>(value, 128) {
        return Some(format!("dst6={network}"));
    }
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-_".contains(c);
    value.chars().all(is_name).then(|| format!("dsthost={value}"))
}

#[cfg(test)]
mod tests {
    use super::Rule;

    #[test]
    fn a_rule_is_shown_in_the_order_of_the_daemon() {
        for (line, shown) in [
            (
                "action=accept dst6=2001:db8::/32 expire=4102444800",
                "action=accept expire=4102444800 dst6=2001:db8::/32",
            ),
            (
                "proto=tcp action=drop dstports=22 dst4=192.0.2.1 comment=a b",
                "action=drop dst4=192.0.2.1/32 proto=tcp dstports=22-22 comment=a b",
            ),
        ] {
            assert_eq!(Rule::parse(line).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn what_the_daemon_does_not_take_is_refused() {
        for line in [
            "",
            "nonsense",
            "action=accept  proto=tcp",
            "action=accept proto=tcp proto=udp",
            "action=accept dst4=192.0.2.1 dsthost=example.org",
            "action=accept dstports=22",
            "action=accept proto=icmp dstports=22",
            "action=accept icmptype=8",
            "action=accept dsthost=UPPER.example",
            "action=accept comment=a=b",
            "action=accept dst4=192.0.2.1/33",
            "proto=tcp",
        ] {
            assert_eq!(Rule::parse(line), None, "{line}");
        }
    }
}
