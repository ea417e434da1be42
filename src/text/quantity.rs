// SPDX-License-Identifier: GPL-3.0-or-later
//! Sizes, times and kinds in words.
//!
//! Numbers are rounded to what a person can use: an estimate is "about", and nothing pretends to know seconds of an
//! hour.

use std::time::Duration;

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    engine::Protection,
    format::{Compression, Filter},
    host::Reference,
    inventory::Class,
    units::size_text,
};

use super::{
    i18n::{gettext, gettext_f, ngettext_f, pgettext},
    sanitize,
};

/// A byte count, "1.5 GiB".
pub fn size(bytes: u64) -> String {
    // Translators: what stands between whole and tenth in "1.5 GiB".
    size_text(bytes).replacen('.', &pgettext("decimal point", "."), 1)
}

/// A byte count out of another, "1.5 GiB of 3.0 GiB".
pub fn within(done_bytes: u64, total_bytes: u64) -> String {
    // Translators: how much of the data is done, as in "1.5 GiB of 3.0 GiB".
    gettext_f(
        "{done} of {total}",
        &[("done", &size(done_bytes)), ("total", &size(total_bytes))],
    )
}

/// A rate, "120.0 MiB/s".
pub fn speed(bytes_per_second: f64) -> String {
    let whole = bytes_per_second.clamp(0.0, 1e15) as u64;
    // Translators: a speed, as in "120.0 MiB/s".
    gettext_f("{size}/s", &[("size", &size(whole))])
}

/// A span of time in at most two units, "2 minutes 5 seconds".
pub fn duration(span: Duration) -> String {
    // Rounded to what is shown, so that no "60 seconds" comes out.
    let secs = if span.as_secs() >= 3600 {
        (span.as_secs() + 30) / 60 * 60
    } else {
        (span.as_millis() as u64 + 500) / 1000
    };
    let (hours, minutes, seconds) = (secs / 3600, secs / 60 % 60, secs % 60);
    match (hours, minutes, seconds) {
        (0, 0, 0) => gettext("less than a second"),
        (0, 0, s) => in_seconds(s),
        (0, m, 0) => in_minutes(m),
        (0, m, s) => pair(&in_minutes(m), &in_seconds(s)),
        (h, 0, _) => in_hours(h),
        (h, m, _) => pair(&in_hours(h), &in_minutes(m)),
    }
}

/// An estimate, "about 5 minutes left".
pub fn remaining(span: Duration) -> String {
    let secs = span.as_secs();
    let rough = match secs {
        0..=5 => return gettext("a few seconds left"),
        6..=55 => in_seconds(secs.div_ceil(5) * 5),
        56..=3570 => in_minutes((secs + 30) / 60),
        _ => match ((secs + 150) / 300 * 5 / 60, (secs + 150) / 300 * 5 % 60) {
            (h, 0) => in_hours(h),
            (h, m) => pair(&in_hours(h), &in_minutes(m)),
        },
    };
    // Translators: an estimate; {time} is "5 minutes" or the like.
    gettext_f("about {time} left", &[("time", &rough)])
}

/// A running clock, "0:07" or "1:02:33".
pub fn clock(span: Duration) -> String {
    let secs = span.as_secs();
    if secs >= 3600 {
        format!("{}:{:02}:{:02}", secs / 3600, secs / 60 % 60, secs % 60)
    } else {
        format!("{}:{:02}", secs / 60, secs % 60)
    }
}

/// A moment in the user's time zone, "2026-03-01 14:05"; the same in every language, as file names have it.
pub fn date(unix_seconds: i64) -> String {
    date_in(unix_seconds, TimeZone::system())
}

fn date_in(unix_seconds: i64, zone: TimeZone) -> String {
    Timestamp::from_second(unix_seconds).map_or_else(
        |_| gettext("an unknown time"),
        |moment| moment.to_zoned_datetime(zone).strftime("%Y-%m-%d %H:%M").to_string(),
    )
}

/// A class of VMs, as PedOS's own pages name it.
pub fn class(class: &Class) -> String {
    match class {
        // Translators: dom0 in a list of VMs: what is saved of it is the home of its user.
        Class::AdminVm => gettext("User home"),
        // The other names are the system's own and are not translated there either.
        Class::TemplateVm | Class::AppVm | Class::StandaloneVm | Class::DispVm | Class::RemoteVm => {
            class.wire_name().to_owned()
        }
        Class::Other(name) => sanitize(name),
    }
}

/// What a VM reaches the network through.
pub fn netvm(netvm: &Reference) -> String {
    match netvm {
        Reference::Default => pgettext("net VM", "default"),
        Reference::None => pgettext("net VM", "none"),
        Reference::Named(name) => sanitize(name),
    }
}

/// The kernel that a VM starts with.
pub fn kernel(kernel: &Reference) -> String {
    match kernel {
        Reference::Default => pgettext("kernel", "default"),
        Reference::None => pgettext("kernel", "none"),
        Reference::Named(name) => sanitize(name),
    }
}

/// A method of compression.
pub fn compression(method: Compression) -> String {
    method
        .filter_name()
        .map_or_else(|| pgettext("compression", "none"), str::to_owned)
}

/// The methods that a backup can be compressed with, as they are named in options and profiles.
pub fn compressions() -> String {
    let names = Compression::WRITABLE.into_iter().filter_map(Compression::filter_name);
    names.collect::<Vec<_>>().join(", ")
}

/// What decompresses an archive.
pub fn filter(filter: &Filter) -> String {
    match filter {
        Filter::BuiltIn(method) => compression(*method),
        Filter::Program(program) => sanitize(program),
    }
}

/// What keeps an archive secret and whole.
pub fn protection(protection: &Protection) -> String {
    match protection {
        Protection::Scrypt => "scrypt".to_owned(),
        Protection::Hmac {
            digest,
            cipher: Some(cipher),
        } => format!("HMAC {}, {}", digest.name(), cipher.name()),
        Protection::Hmac { digest, cipher: None } => {
            // Translators: what protects an old archive, as in "HMAC SHA512, not encrypted".
            gettext_f("HMAC {digest}, not encrypted", &[("digest", digest.name())])
        }
    }
}

fn in_seconds(n: u64) -> String {
    ngettext_f("{n} second", "{n} seconds", n, &[])
}

fn in_minutes(n: u64) -> String {
    ngettext_f("{n} minute", "{n} minutes", n, &[])
}

fn in_hours(n: u64) -> String {
    ngettext_f("{n} hour", "{n} hours", n, &[])
}

fn pair(large: &str, small: &str) -> String {
    // Translators: a span of time, as in "2 minutes 5 seconds".
    gettext_f("{large} {small}", &[("large", large), ("small", small)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn durations_have_two_units_at_most() {
        assert_eq!(duration(Duration::from_millis(300)), "less than a second");
        assert_eq!(duration(secs(1)), "1 second");
        assert_eq!(duration(Duration::from_millis(59_700)), "1 minute");
        assert_eq!(duration(secs(125)), "2 minutes 5 seconds");
        assert_eq!(duration(secs(3600)), "1 hour");
        assert_eq!(duration(secs(7 * 3600 + 65)), "7 hours 1 minute");
    }

    #[test]
    fn estimates_do_not_pretend_to_know() {
        assert_eq!(remaining(secs(2)), "a few seconds left");
        assert_eq!(remaining(secs(42)), "about 45 seconds left");
        assert_eq!(remaining(secs(80)), "about 1 minute left");
        assert_eq!(remaining(secs(3600)), "about 1 hour left");
        assert_eq!(remaining(secs(5000)), "about 1 hour 25 minutes left");
    }

    #[test]
    fn clocks_count_up() {
        assert_eq!(clock(secs(7)), "0:07");
        assert_eq!(clock(secs(3753)), "1:02:33");
    }

    #[test]
    fn dates_are_the_same_in_every_language() {
        assert_eq!(date_in(0, TimeZone::UTC), "1970-01-01 00:00");
        assert_eq!(date_in(i64::MAX, TimeZone::UTC), "an unknown time");
    }

    #[test]
    fn speeds_survive_nonsense() {
        assert_eq!(speed(1024.0 * 1024.0), "1.0 MiB/s");
        assert_eq!(speed(f64::NAN), "0 B/s");
        assert_eq!(speed(-1.0), "0 B/s");
    }

    #[test]
    fn a_class_from_an_archive_is_made_safe() {
        assert_eq!(class(&Class::Other("a\nb".into())), "a\u{fffd}b");
        assert_eq!(class(&Class::AppVm), "AppVM");
    }
}
