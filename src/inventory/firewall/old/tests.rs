// SPDX-License-Identifier: GPL-3.0-or-later
//! The conversion of old firewall rules, value by value.

use proptest::prelude::*;

use crate::inventory::{
    FirewallError, RuleFault,
    firewall::{check, current},
};

/// The rules in one line each, as the existing tools show them.
fn rules(xml: &str) -> Result<Vec<String>, FirewallError> {
    let converted = current(xml.as_bytes())?;
    check(&converted).unwrap();
    let root = crate::inventory::xml::Element::parse(&converted).unwrap();
    let rules = root.child("rules").unwrap().named("rule");
    Ok(rules
        .map(|rule| {
            let properties = rule.child("properties").unwrap().named("property");
            let pairs = properties.map(|p| format!("{}={}", p.attribute("name").unwrap(), p.text()));
            pairs.collect::<Vec<_>>().join(" ")
        })
        .collect())
}

/// What becomes of one exception from "deny".
fn rule(attributes: &str) -> Result<String, FirewallError> {
    let xml = format!("<QubesFirewallRules policy='deny'><rule {attributes}/></QubesFirewallRules>");
    rules(&xml).map(|rules| rules[2].clone())
}

#[test]
fn a_policy_becomes_the_last_rule_and_the_switches_the_first() {
    let deny = "<QubesFirewallRules dns='allow' icmp='deny' policy='deny' yumProxy='allow'><rule address='a.b'/></QubesFirewallRules>";
    assert_eq!(
        rules(deny).unwrap(),
        [
            "action=accept specialtarget=dns",
            "action=drop proto=icmp",
            "action=accept dsthost=a.b",
            "action=drop"
        ]
    );
    let allow = "<QubesFirewallRules policy='allow' icmp='deny'><rule address='a.b'/></QubesFirewallRules>";
    assert_eq!(
        rules(allow).unwrap(),
        [
            "action=accept specialtarget=dns",
            "action=drop proto=icmp",
            "action=drop dsthost=a.b",
            "action=accept"
        ]
    );
}

/// The rules of a genuine archive; the existing restorer makes the same of them.
#[test]
fn a_genuine_set_of_rules_is_converted_as_the_existing_restorer_does_it() {
    let genuine = r#"<QubesFirewallRules dns="allow" icmp="deny" policy="deny" yumProxy="allow">
        <rule address="0.0.0.0" proto="tcp" netmask="0" port="22"/>
        <rule address="192.168.0.1" proto="tcp" port="1234" toport="1240"/>
        <rule address="10.0.0.0" netmask="8" proto="udp" port="53"/>
        <rule address="www.example.com" proto="any"/>
    </QubesFirewallRules>"#;
    let expected = [
        "action=accept specialtarget=dns",
        "action=drop proto=icmp",
        "action=accept proto=tcp dstports=22",
        "action=accept dsthost=192.168.0.1/32 proto=tcp dstports=1234-1240",
        "action=accept dsthost=10.0.0.0/8 proto=udp dstports=53",
        "action=accept dsthost=www.example.com",
        "action=drop",
    ];
    assert_eq!(rules(genuine).unwrap(), expected);
}

#[test]
fn exceptions_say_the_same_as_before() {
    for (old, new) in [
        ("address='0.0.0.0' netmask='0' proto='any'", "action=accept"),
        ("address='1.2.3.4'", "action=accept dsthost=1.2.3.4/32"),
        ("address='10.0.0.0' netmask='8'", "action=accept dsthost=10.0.0.0/8"),
        ("address='10.0.0.0/8'", "action=accept dsthost=10.0.0.0/8"),
        ("address='fd00::' netmask='8'", "action=accept dsthost=fd00::/8"),
        ("address='fd00::1'", "action=accept dsthost=fd00::1/128"),
        (
            "address='WWW.Example.com' netmask='32'",
            "action=accept dsthost=www.example.com",
        ),
        ("address='a' port='80'", "action=accept dsthost=a proto=tcp dstports=80"),
        (
            "address='a' port='80' toport='80'",
            "action=accept dsthost=a proto=tcp dstports=80",
        ),
        (
            "address='a' proto='udp' port='53' toport='54'",
            "action=accept dsthost=a proto=udp dstports=53-54",
        ),
        ("address='a' proto='any' port='0' toport='0'", "action=accept dsthost=a"),
        (
            "address='a' proto='icmp' expire='1400000000'",
            "action=accept dsthost=a proto=icmp expire=1400000000",
        ),
        (
            "address='a' expire='253402300799'",
            "action=accept dsthost=a expire=253402300799",
        ),
    ] {
        assert_eq!(rule(old).unwrap(), new, "{old}");
    }
}

#[test]
fn what_cannot_be_said_today_is_named_and_not_guessed() {
    let text = str::to_owned;
    for (old, fault) in [
        ("address='*'", RuleFault::Address { address: text("*") }),
        ("address='..'", RuleFault::Address { address: text("..") }),
        ("address='1.2.3.4/33'", RuleFault::Netmask { netmask: text("33") }),
        (
            "address='1.2.3.4' netmask='-1'",
            RuleFault::Netmask { netmask: text("-1") },
        ),
        (
            "address='1.2.3.4' netmask='255.0.0.0'",
            RuleFault::Netmask {
                netmask: text("255.0.0.0"),
            },
        ),
        ("proto='sctp'", RuleFault::Protocol { protocol: text("sctp") }),
        ("proto='any' port='80'", RuleFault::PortWithoutProtocol),
        ("proto='icmp' port='80'", RuleFault::PortWithoutProtocol),
        ("proto='tcp' port='65536'", RuleFault::Port { port: text("65536") }),
        ("proto='tcp' port='ssh'", RuleFault::Port { port: text("ssh") }),
        (
            "proto='tcp' port='90' toport='80'",
            RuleFault::PortRange { first: 90, last: 80 },
        ),
        (
            "expire='253402300800'",
            RuleFault::Expiry {
                time: text("253402300800"),
            },
        ),
        ("expire='soon'", RuleFault::Expiry { time: text("soon") }),
        (
            "expire='99999999999999'",
            RuleFault::Expiry {
                time: text("99999999999999"),
            },
        ),
        ("source='1.2.3.4'", RuleFault::Unknown { name: text("source") }),
    ] {
        assert_eq!(rule(old), Err(FirewallError::Rule { number: 1, fault }), "{old}");
    }
    for xml in [
        "<QubesFirewallRules/>",
        "<QubesFirewallRules policy='maybe'/>",
        "<QubesFirewallRules policy='deny'><other/></QubesFirewallRules>",
        "",
        "x",
    ] {
        rules(xml).unwrap_err();
    }
}

#[test]
fn rules_of_today_come_back_to_the_byte() {
    let rules = b"<firewall version=\"2\">\n\n  <rules/></firewall>\n";
    assert_eq!(&*current(rules).unwrap(), rules);
}

proptest! {
    #[test]
    fn no_input_panics(values in prop::collection::vec("[0-9]{0,6}|[a-z.:/*-]{0,9}|tcp|any|udp|allow|deny", 6), policy in "allow|deny|") {
        let names = super::KNOWN.iter().zip(values);
        let attributes: String = names.map(|(name, value)| format!("{name}='{value}' ")).collect();
        let _ = rules(&format!("<QubesFirewallRules policy='{policy}'><rule {attributes}/></QubesFirewallRules>"));
    }
}
