// SPDX-License-Identifier: GPL-3.0-or-later
//! Profiles in YAML.

use pedos_backup::{profile::Profile, text};

use crate::input::{expect_words, text as text_of};

/// A profile that parses prints to a text that parses to an equal profile.
pub(crate) fn profile(input: &[u8]) {
    let Some(content) = text_of(input) else { return };
    let profile = match Profile::parse(content) {
        Ok(loaded) => loaded.profile,
        Err(error) => return expect_words(&text::profile_error(&error).full_text()),
    };
    let printed = profile.print();
    match Profile::parse(&printed) {
        Ok(again) => {
            assert!(again.unknown_keys.is_empty(), "{:?}", again.unknown_keys);
            assert_eq!(*again.profile.print(), *printed);
            assert_eq!(again.profile.include, profile.include);
            assert_eq!(again.profile.exclude, profile.exclude);
            assert_eq!(again.profile.destination_vm, profile.destination_vm);
            assert_eq!(again.profile.destination_path, profile.destination_path);
        }
        Err(error) => panic!("{error:?}: {}", *printed),
    }
}
