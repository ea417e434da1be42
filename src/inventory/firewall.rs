// SPDX-License-Identifier: GPL-3.0-or-later
//! The firewall rules of a VM, which a PedOS keeps as XML as well: in the form of today (version 2) or in that of
//! version 3.2 and before (version 1), which is converted.

mod old;

use std::borrow::Cow;

use super::{FirewallError, RuleFault, xml::Element};

/// Rules that let nothing pass: what a VM gets whose own rules cannot be read.
pub(crate) const DROP_EVERYTHING: &[u8] = br#"<firewall version="2">
  <rules>
    <rule>
      <properties>
        <property name="action">drop</property>
      </properties>
    </rule>
  </rules>
</firewall>
"#;

/// What a rule can hold.
const KNOWN: [&str; 11] = [
    "action",
    "comment",
    "dst4",
    "dst6",
    "dsthost",
    "dstname",
    "dstports",
    "expire",
    "icmptype",
    "proto",
    "specialtarget",
];

/// Whether it is a set of rules in the form of today that can be read. Whether the rules make sense is the firewall's
/// business.
pub(crate) fn check(bytes: &[u8]) -> Result<(), FirewallError> {
    let root = Element::parse(bytes)?;
    check_current(&root)
}

fn check_current(root: &Element) -> Result<(), FirewallError> {
    if root.name != "firewall" || root.attribute("version") != Some("2") {
        return Err(FirewallError::Version);
    }
    let rules = root.named("rules").flat_map(|rules| rules.named("rule"));
    for (place, rule) in rules.enumerate() {
        check_rule(rule).map_err(|fault| FirewallError::in_rule(place, fault))?;
    }
    Ok(())
}

/// Looks at what decides whether a rule can be read at all: a property that is not known might narrow it.
fn check_rule(rule: &Element) -> Result<(), RuleFault> {
    let properties = rule.named("properties").flat_map(|list| list.named("property"));
    let mut action = None;
    for property in properties {
        let name = property.attribute("name").unwrap_or_default();
        if !KNOWN.contains(&name) {
            let name = name.to_owned();
            return Err(RuleFault::Unknown { name });
        }
        if name == "action" {
            action = Some(property.text());
        }
    }
    match action.as_deref() {
        Some("accept" | "drop") => Ok(()),
        Some(other) => Err(RuleFault::Action {
            action: other.to_owned(),
        }),
        None => Err(RuleFault::NoAction),
    }
}

/// The rules, each as the names and values of its properties in their order.
///
/// # Errors
/// As [`readable`].
pub(crate) fn rules(bytes: &[u8]) -> Result<Vec<Vec<(String, String)>>, FirewallError> {
    let root = Element::parse(&readable(bytes)?)?;
    let rules = root.named("rules").flat_map(|rules| rules.named("rule"));
    let properties = |rule: &Element| {
        let properties = rule.named("properties").flat_map(|list| list.named("property"));
        let pair = |property: &Element| {
            (
                property.attribute("name").unwrap_or_default().to_owned(),
                property.text(),
            )
        };
        properties.map(pair).collect()
    };
    Ok(rules.map(properties).collect())
}

/// The rules in the form of today, if a PedOS can read them: what a restore puts in place and a verification accepts.
///
/// # Errors
/// When they are cut, empty, of an unknown version, or hold a rule that cannot be read.
pub(crate) fn readable(bytes: &[u8]) -> Result<Cow<'_, [u8]>, FirewallError> {
    let rules = current(bytes)?;
    check(&rules)?;
    Ok(rules)
}

/// The rules in the form of today. What is in that form already, or in none that is known, comes back to the byte.
///
/// # Errors
/// When old rules hold something that cannot be said today: then none of them is right any more.
pub(crate) fn current(bytes: &[u8]) -> Result<Cow<'_, [u8]>, FirewallError> {
    let root = Element::parse(bytes)?;
    if root.name != old::ROOT {
        return Ok(Cow::Borrowed(bytes));
    }
    Ok(Cow::Owned(old::convert(&root)?.print()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_rules_that_can_be_read_are_accepted() {
        let rules = |inner: &str| format!("<firewall version=\"2\"><rules>{inner}</rules></firewall>");
        let rule = |properties: &str| rules(&format!("<rule><properties>{properties}</properties></rule>"));
        let accept = "<property name=\"action\">accept</property>";
        for good in [
            rules(""),
            rule(accept),
            rule(&format!("{accept}<property name=\"comment\">x</property>")),
        ] {
            assert!(readable(good.as_bytes()).is_ok(), "{good}");
        }
        assert!(readable(DROP_EVERYTHING).is_ok());
        let whole = rule(accept);
        let newer = whole.replace("\"2\"", "\"3\"");
        for bad in [
            "",
            "no rules",
            &whole[..whole.len() / 2],
            &newer,
            &rule(""),
            &rule("<property name=\"action\">forward</property>"),
            &rule(&format!("{accept}<property name=\"only_on_mondays\">1</property>")),
        ] {
            assert!(readable(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
