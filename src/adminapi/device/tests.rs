// SPDX-License-Identifier: GPL-3.0-or-later
//! What assignments hold in both dialects, and that they come back.

use proptest::prelude::*;

use super::*;

fn assignment(options: &[(&str, &str)]) -> Assignment {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Assignment {
        class: "pci".into(),
        backend: "dom0".into(),
        port: "00_1f.2".into(),
        identity: "0x8086:0x10d3::p020000".into(),
        mode: AssignmentMode::AskToAttach,
        frontend: Some("work".into()),
        options: options.iter().map(owned).collect(),
    }
}

/// A line as the daemon prints it.
fn line(assignment: &Assignment) -> String {
    let Assignment {
        backend,
        port,
        identity,
        ..
    } = assignment;
    format!("{backend}+{port}:{identity} {}\n", assignment.payload().unwrap())
}

#[test]
fn quotes_and_blanks_stay_in_their_value() {
    let wanted = assignment(&[("a", "it's='x' b"), ("b", ""), ("c", "\\'\\n"), ("d", "'")]);
    assert!(wanted.payload().unwrap().contains("_a='it\\'s=\\'x\\' b'"));
    assert_eq!(Assignment::parse_all(line(&wanted).as_bytes()).unwrap(), [wanted]);
}

#[test]
fn the_identity_is_not_part_of_the_argument() {
    assert_eq!(assignment(&[]).argument(), "dom0+00_1f.2+_");
}

#[test]
fn what_would_be_read_as_something_else_is_not_printed() {
    for (name, value) in [
        ("a", "x\\"),
        ("a", "x\ny"),
        ("a", "\u{e4}"),
        ("a b", "x"),
        ("a'", "x"),
        ("", "x"),
        ("a=", "x"),
    ] {
        assert!(assignment(&[(name, value)]).payload().is_err(), "{name} {value}");
    }
}

#[test]
fn a_line_that_makes_no_sense_is_named_with_its_place() {
    let whole = line(&assignment(&[("x", "y")]));
    let fault = |text: &str| Assignment::parse_all(text.as_bytes()).unwrap_err();
    for name in ["devclass", "backend_domain", "port_id", "device_id", "mode"] {
        let without = whole.replace(&format!("{name}='"), "other='");
        let missing = AnswerFault::Missing { name: name.into() };
        assert_eq!(fault(&without), AnswerError::new(without.len() - 1, missing));
    }
    let odd = whole.replace("ask-to-attach", "manual");
    let at = odd.find("manual").unwrap();
    assert_eq!(fault(&odd), AnswerError::new(at, AnswerFault::value("mode")));
    let open = whole.replace("'\n", "\n");
    assert_eq!(fault(&open), AnswerError::new(open.len() - 1, AnswerFault::Cut));
    assert_eq!(fault("work\n").at, 0);
    let twice = whole.replace("_x=", "mode=");
    assert_eq!(fault(&twice).fault, AnswerFault::twice("mode"));
    let joined = whole.replace("' mode", "'mode");
    assert_eq!(fault(&joined).at, joined.find("mode").unwrap());
}

#[test]
fn words_that_are_no_options_are_passed_over() {
    let wanted = assignment(&[]);
    let more = line(&wanted).replace("mode=", "attached='no' mode=");
    assert_eq!(Assignment::parse_all(more.as_bytes()).unwrap(), [wanted]);
}

#[test]
fn older_daemons_say_it_in_plain_words() {
    let text = b"dom0+00_1f.2 no-strict-reset=True persistent=yes\nsys-usb+sda\nsys-usb+sdb persistent=no\n";
    let found = OldAttachment::parse_all(text).unwrap();
    assert_eq!(found[0].argument(), "dom0+00_1f.2");
    assert_eq!(found[0].payload().unwrap(), "no-strict-reset=True persistent=yes");
    assert_eq!(
        found.iter().map(|one| one.is_lasting).collect::<Vec<_>>(),
        [true, false, false]
    );
    assert_eq!(found[2].payload().unwrap(), "");
    let fault = |text: &[u8]| OldAttachment::parse_all(text).unwrap_err();
    assert_eq!(
        fault(b"dom0 a=b\n"),
        AnswerError::new(0, AnswerFault::Missing { name: "device".into() })
    );
    assert_eq!(
        fault(b"a+b persistent=x\n"),
        AnswerError::new(15, AnswerFault::value("persistent"))
    );
    assert_eq!(fault(b"a+b x\n"), AnswerError::new(4, AnswerFault::unknown("x")));
    for (name, value) in [
        ("a b", "x"),
        ("a", "x y"),
        ("", "x"),
        ("persistent", "no"),
        ("a", "b=c"),
    ] {
        let options = vec![(name.to_owned(), value.to_owned())];
        let bad = OldAttachment {
            options,
            ..found[0].clone()
        };
        assert!(bad.payload().is_err(), "{name} {value}");
    }
}

proptest! {
    #[test]
    fn assignments_come_back(value in "[ '\\\\=a-z]{0,12}", name in "[a-z_.-]{1,6}") {
        let wanted = assignment(&[(&name, &value)]);
        match wanted.payload() {
            Ok(_) => prop_assert_eq!(Assignment::parse_all(line(&wanted).as_bytes()).unwrap(), [wanted]),
            Err(_) => prop_assert!(value.ends_with('\\')),
        }
    }

    #[test]
    fn no_bytes_make_it_panic(text in "a\\+b:c [a-z_='\\\\ \u{e4}]{0,30}\n", bytes: Vec<u8>) {
        for content in [text.as_bytes(), &bytes] {
            let _ = (Assignment::parse_all(content), OldAttachment::parse_all(content));
        }
    }
}
