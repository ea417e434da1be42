// SPDX-License-Identifier: GPL-3.0-or-later
//! Firewall rules as the daemon takes them, from the file in which an archive holds them.

use crate::{adminapi::FirewallRule, host::FileFault, inventory};

/// The rules of a VM that has no file of them: all packets pass.
pub(super) const OPEN: &str = "action=accept\n";

/// The rules of a file, one a line.
pub(super) fn of_file(content: &[u8]) -> Result<String, FileFault> {
    let rules = inventory::firewall_rules(content)?;
    let lines: String = rules.iter().map(|rule| line(rule)).collect();
    normal(&lines).ok_or(FileFault::RulesRefused)
}

/// The rules as they are printed by this program, whatever the order and the form in which somebody else printed them;
/// nothing where no daemon takes them.
pub(super) fn normal(lines: &str) -> Option<String> {
    let rules = FirewallRule::parse_all(lines.as_bytes()).ok()?;
    FirewallRule::print_all(&rules).ok()
}

fn line(rule: &[(String, String)]) -> String {
    let word = |(name, value): &(String, String)| {
        let name = match name.as_str() {
            // In the file an address has the name of a host.
            "dsthost" | "dstname" if is_address(value) && value.contains(':') => "dst6",
            "dsthost" | "dstname" if is_address(value) => "dst4",
            name => name,
        };
        format!("{name}={value}")
    };
    let is_comment = |(name, _): &&(String, String)| name == "comment";
    let mut words: Vec<String> = rule.iter().filter(|pair| !is_comment(pair)).map(word).collect();
    // A comment means nothing, so what the daemon does not take of it goes; it comes last.
    let comment = rule.iter().find(is_comment).map(|(_, text)| plain(text));
    words.extend(
        comment
            .filter(|text| !text.is_empty())
            .map(|text| format!("comment={text}")),
    );
    format!("{}\n", words.join(" "))
}

/// Whether it is an address, alone or with the number of bits that count.
fn is_address(value: &str) -> bool {
    let address = value.split('/').next().unwrap_or_default();
    address.parse::<std::net::IpAddr>().is_ok()
}

/// A comment with a blank for whatever the daemon does not take.
fn plain(comment: &str) -> String {
    let is_taken = |c: char| c.is_ascii_alphanumeric() || " :;,./_[]-".contains(c);
    let taken: String = comment.chars().map(|c| if is_taken(c) { c } else { ' ' }).collect();
    taken.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(properties: &[&[(&str, &str)]]) -> Vec<u8> {
        let property = |(name, value): &(&str, &str)| format!("<property name=\"{name}\">{value}</property>");
        let rule = |rule: &&[(&str, &str)]| {
            let properties: String = rule.iter().map(property).collect();
            format!("<rule><properties>{properties}</properties></rule>")
        };
        let rules: String = properties.iter().map(rule).collect();
        format!("<firewall version=\"2\"><rules>{rules}</rules></firewall>").into_bytes()
    }

    #[test]
    fn rules_come_out_as_the_daemon_takes_them() {
        let rules = of_file(&file(&[
            &[
                ("comment", "für „dich“"),
                ("dstports", "22"),
                ("action", "accept"),
                ("proto", "tcp"),
                ("dsthost", "192.0.2.7"),
            ],
            &[("action", "accept"), ("dsthost", "2001:db8::/32")],
            &[("action", "accept"), ("dsthost", "example.org")],
            &[("action", "drop")],
        ]));
        assert_eq!(
            rules.unwrap(),
            "action=accept proto=tcp dst4=192.0.2.7/32 dstports=22-22 comment=f r dich\n\
             action=accept dst6=2001:db8::/32\naction=accept dsthost=example.org\naction=drop\n"
        );
        assert_eq!(of_file(&file(&[])).unwrap(), "action=drop\n");
    }

    #[test]
    fn what_no_daemon_takes_is_refused() {
        for rule in [
            &[("action", "accept"), ("dstports", "22")][..],
            &[("action", "accept"), ("proto", "sctp")],
            &[("action", "accept"), ("dst4", "x")],
        ] {
            assert_eq!(of_file(&file(&[rule])), Err(FileFault::RulesRefused), "{rule:?}");
        }
    }

    #[test]
    fn rules_that_mean_the_same_are_the_same() {
        let one = normal("action=accept dst4=192.0.2.7 proto=tcp dstports=22\n");
        assert_eq!(
            one,
            normal("proto=tcp action=accept dstports=22-22 dst4=192.0.2.7/32\n")
        );
        assert!(one.is_some());
        assert_eq!(normal("action=maybe\n"), None);
    }
}
