// SPDX-License-Identifier: GPL-3.0-or-later
//! What firewall rules hold, what they may not, and that they come back.

use std::net::Ipv4Addr;

use proptest::{option, prelude::*};

use super::*;

fn parse(line: &str) -> Result<FirewallRule, AnswerError> {
    FirewallRule::parse_all(format!("{line}\n").as_bytes()).map(|mut rules| rules.remove(0))
}

#[test]
fn options_come_in_any_order() {
    let rule = parse("expire=5 dstports=22 proto=tcp dst4=192.0.2.1 action=drop comment=a comment: b").unwrap();
    assert_eq!(rule.target, Some(RuleTarget::V4(Ipv4Addr::new(192, 0, 2, 1), 32)));
    assert_eq!((rule.ports, rule.expires), (Some((22, 22)), Some(5)));
    assert_eq!(rule.comment.as_deref(), Some("a comment: b"));
    let printed = FirewallRule::print_all(&[rule]).unwrap();
    assert_eq!(
        printed,
        "action=drop proto=tcp dst4=192.0.2.1/32 dstports=22-22 expire=5 comment=a comment: b\n"
    );
    let rule = parse("action=accept dst6=2001:db8::1 specialtarget=dns").unwrap();
    assert!(matches!(rule.target, Some(RuleTarget::V6(_, 128))));
    assert!(rule.is_for_dns);
}

#[test]
fn no_rule_is_printed_as_what_it_means() {
    assert_eq!(FirewallRule::print_all(&[]).unwrap(), "action=drop\n");
    assert!(FirewallRule::parse_all(b"").unwrap().is_empty());
}

#[test]
fn what_the_daemon_refuses_is_refused_with_its_place() {
    for (line, at) in [
        ("", 0),
        ("nonsense", 0),
        ("proto=tcp", 9),
        ("comment=x", 9),
        ("action=forward", 7),
        ("action=accept  proto=tcp", 14),
        ("action=accept ", 14),
        ("action=accept action=drop", 14),
        ("action=accept dst4=192.0.2.1 dsthost=a", 29),
        ("action=accept only_on=mondays", 14),
        ("action=accept proto=sctp", 20),
        ("action=accept dst4=192.0.2.1/33", 19),
        ("action=accept dst4=192.0.2.1/", 19),
        ("action=accept dst4=2001:db8::", 19),
        ("action=accept dst6=2001:db8::/129", 19),
        ("action=accept dst6=2001:db8::/+1", 19),
        ("action=accept dsthost=UPPER.example", 22),
        ("action=accept dsthost=", 22),
        ("action=accept dstports=22", 14),
        ("action=accept proto=icmp dstports=22", 25),
        ("action=accept proto=tcp dstports=9-8", 33),
        ("action=accept proto=tcp dstports=70000", 33),
        ("action=accept proto=tcp icmptype=8", 24),
        ("action=accept proto=icmp icmptype=256", 34),
        ("action=accept specialtarget=ntp", 28),
        ("action=accept expire=tomorrow", 21),
        ("action=accept comment=a=b", 23),
        ("action=accept comment=gr\u{fc}n", 24),
        ("action=accept x\"comment=a", 14),
    ] {
        assert_eq!(parse(line).unwrap_err().at, at, "{line}");
    }
    assert_eq!(
        FirewallRule::parse_all(b"action=accept").unwrap_err().fault,
        AnswerFault::Cut
    );
}

#[test]
fn a_rule_that_would_be_read_as_another_is_not_printed() {
    let rule = FirewallRule::for_all(RuleAction::Accept);
    for bad in [
        FirewallRule {
            comment: Some("a\naction=accept".into()),
            ..rule.clone()
        },
        FirewallRule {
            comment: Some("a=b".into()),
            ..rule.clone()
        },
        FirewallRule {
            target: Some(RuleTarget::Host("a action=drop".into())),
            ..rule.clone()
        },
        FirewallRule {
            target: Some(RuleTarget::Host("a comment=b".into())),
            ..rule.clone()
        },
        FirewallRule {
            target: Some(RuleTarget::V4(Ipv4Addr::LOCALHOST, 40)),
            ..rule.clone()
        },
        FirewallRule {
            ports: Some((1, 2)),
            ..rule.clone()
        },
    ] {
        assert!(
            FirewallRule::print_all(&[rule.clone(), bad.clone()]).is_err(),
            "{bad:?}"
        );
    }
}

fn target() -> impl Strategy<Value = RuleTarget> {
    prop_oneof![
        (any::<u32>(), 0_u8..=32).prop_map(|(address, bits)| RuleTarget::V4(address.into(), bits)),
        (any::<u128>(), 0_u8..=128).prop_map(|(address, bits)| RuleTarget::V6(address.into(), bits)),
        "[a-z0-9.-]{1,20}".prop_map(RuleTarget::Host),
    ]
}

fn rule() -> impl Strategy<Value = FirewallRule> {
    let kind = prop_oneof![
        Just((None, None, None)),
        option::of((any::<u16>(), any::<u16>())).prop_map(|ports| {
            let ordered = ports.map(|(one, other)| (one.min(other), one.max(other)));
            (Some(Protocol::Tcp), ordered, None)
        }),
        option::of(any::<u8>()).prop_map(|kind| (Some(Protocol::Icmp), None, kind)),
    ];
    let more = (
        option::of(any::<u64>()),
        option::of("[A-Za-z0-9 ._-]{0,20}"),
        any::<[bool; 2]>(),
    );
    (kind, option::of(target()), more).prop_map(
        |((protocol, ports, icmp_type), target, (expires, comment, [drop, dns]))| FirewallRule {
            action: if drop { RuleAction::Drop } else { RuleAction::Accept },
            protocol,
            target,
            ports,
            icmp_type,
            is_for_dns: dns,
            expires,
            comment,
        },
    )
}

proptest! {
    #[test]
    fn rules_come_back(rules in proptest::collection::vec(rule(), 1..5)) {
        let text = FirewallRule::print_all(&rules).unwrap();
        prop_assert_eq!(FirewallRule::parse_all(text.as_bytes()).unwrap(), rules);
    }

    #[test]
    fn no_bytes_make_it_panic(text in "(action=accept )?[a-z0-9=\u{e4} /:-]{0,20}(comment=)?[a-z=\n ]{0,4}", bytes: Vec<u8>) {
        let _ = (FirewallRule::parse_all(text.as_bytes()), FirewallRule::parse_all(&bytes));
        let _ = parse(&text.replace('\n', ""));
    }
}
