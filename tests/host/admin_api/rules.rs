// SPDX-License-Identifier: GPL-3.0-or-later
//! Firewall rules and devices as they were sent: what the daemons took is read and printed here, what they refused is
//! refused.

use std::collections::BTreeSet;

use pedos_backup::adminapi::{Assignment, FirewallRule, Response};

use super::recording::{Exchange, VERSIONS, recorded};

#[test]
fn recorded_rules_are_taken_and_refused_as_by_the_daemon() {
    for version in VERSIONS {
        let Some(exchanges) = recorded(version) else { return };
        let (mut taken, mut refused) = (0, 0);
        for pair in exchanges
            .windows(2)
            .filter(|pair| pair[0].service() == "admin.vm.firewall.Set")
        {
            let [set, get] = pair else {
                unreachable!("a window of two")
            };
            let mut rules = set.payload().to_vec();
            // Only the last line end may be missing in what is sent.
            if !rules.is_empty() && !rules.ends_with(b"\n") {
                rules.push(b'\n');
            }
            let rules = FirewallRule::parse_all(&rules);
            match set.response() {
                Response::Success(_) => {
                    kept_as_sent(&rules.unwrap(), get);
                    taken += 1;
                }
                Response::Silence => {
                    assert!(rules.is_err(), "{version}: {:?}", set.payload());
                    refused += 1;
                }
                // Newer daemons do not take an empty payload, which is not sent.
                Response::Exception(_) => assert_eq!((version, set.payload()), ("4.4", &b""[..])),
            }
        }
        let newest = usize::from(version == "4.4");
        assert_eq!((taken, refused), (9 - newest, 6), "{version}");
    }
}

/// The daemon gives back what it was sent, but for rules that have ended.
fn kept_as_sent(rules: &[FirewallRule], get: &Exchange) {
    let Response::Success(content) = get.response() else {
        panic!("{}: the rules were not given", get.name)
    };
    let mut rules = rules.to_vec();
    rules.retain(|rule| rule.expires.is_none_or(|time| time > 1_000_000_000));
    let given = FirewallRule::parse_all(&content).unwrap();
    assert_eq!(given, rules);
    if given.is_empty() {
        return;
    }
    let printed = FirewallRule::print_all(&given).unwrap();
    let content = String::from_utf8(content).unwrap();
    for (ours, theirs) in printed.lines().zip(content.lines()) {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<BTreeSet<_>>();
        assert_eq!(words(ours), words(theirs), "but for the order of the options");
    }
}

#[test]
fn recorded_assignments_are_read_and_printed_to_the_byte() {
    for version in VERSIONS {
        let Some(exchanges) = recorded(version) else { return };
        let is_assigned = |exchange: &&Exchange| exchange.service().ends_with(".Assigned");
        let mut count = 0;
        for exchange in exchanges.iter().filter(is_assigned) {
            let Response::Success(content) = exchange.response() else {
                assert_eq!(version, "4.2", "only older daemons do not know the call");
                continue;
            };
            let mut again = String::new();
            for assignment in Assignment::parse_all(&content).unwrap() {
                let payload = assignment.payload().unwrap();
                let argument = format!("{}+{}:{}", assignment.backend, assignment.port, assignment.identity);
                again.push_str(&format!("{argument} {payload}\n"));
                was_sent(&exchanges, &assignment);
                count += 1;
            }
            assert_eq!(again.as_bytes(), content);
        }
        assert_eq!(count, if version == "4.2" { 0 } else { 3 }, "{version}");
    }
}

fn was_sent(exchanges: &[Exchange], assignment: &Assignment) {
    let Assignment { class, .. } = assignment;
    let line = format!(
        "admin.vm.device.{class}.Assign+{} dom0 name new\0",
        assignment.argument()
    );
    let request = [line, assignment.payload().unwrap()].concat();
    let is_it = |exchange: &Exchange| exchange.request == request.as_bytes();
    assert!(exchanges.iter().any(is_it), "{request:?}");
}
