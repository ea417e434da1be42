// SPDX-License-Identifier: GPL-3.0-or-later
//! Local time as backups are named after it. The moment is an argument everywhere but in [`unix_now`].

use std::{fmt, time::SystemTime};

use jiff::{Timestamp, tz::TimeZone};

/// A moment in the time zone of this computer, to the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalTime(jiff::civil::DateTime);

impl LocalTime {
    /// What a wall clock on this computer shows at a moment; in UTC where its zone is not known.
    pub fn at(moment: SystemTime) -> Self {
        let timestamp = Timestamp::try_from(moment).unwrap_or(Timestamp::UNIX_EPOCH);
        Self::in_zone(timestamp, &system_zone())
    }

    /// The same for a moment in seconds since 1970.
    pub fn at_unix(seconds: i64) -> Self {
        Self::in_zone(timestamp_of(seconds), &system_zone())
    }

    /// The same in the zone of that name, such as `Europe/Berlin`; `None` where it is not known.
    #[cfg(test)]
    pub(crate) fn at_unix_in(seconds: i64, zone: &str) -> Option<Self> {
        let zone = TimeZone::get(zone).ok()?;
        Some(Self::in_zone(timestamp_of(seconds), &zone))
    }

    fn in_zone(moment: Timestamp, zone: &TimeZone) -> Self {
        Self(zone.to_datetime(moment))
    }

    /// Reads `YYYYMMDDTHHMMSS`; none where there is no such time.
    pub fn parse_compact(text: &str) -> Option<Self> {
        let (date, time) = text.split_once('T')?;
        let is_number = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(date, 8) || !is_number(time, 6) {
            return None;
        }
        let two = |text: &str| text.parse::<i8>().ok();
        jiff::civil::DateTime::new(
            date[..4].parse().ok()?,
            two(&date[4..6])?,
            two(&date[6..])?,
            two(&time[..2])?,
            two(&time[2..4])?,
            two(&time[4..])?,
            0,
        )
        .ok()
        .map(Self)
    }

    /// Seconds since 1970; none where the clock of this zone never showed that.
    pub fn unix_seconds(self) -> Option<i64> {
        system_zone().to_timestamp(self.0).ok().map(Timestamp::as_second)
    }

    /// The day: year, month and day of the month.
    pub fn day(self) -> (i16, i8, i8) {
        (self.0.year(), self.0.month(), self.0.day())
    }

    /// The week of ISO 8601, which begins on Monday: its year, which may be another one than that of the day, and its number.
    pub fn iso_week(self) -> (i16, i8) {
        let week = self.0.date().iso_week_date();
        (week.year(), week.week())
    }

    /// The month: year and month.
    pub fn month(self) -> (i16, i8) {
        (self.0.year(), self.0.month())
    }

    /// `YYYYMMDDTHHMMSS`, as backup ids begin.
    pub fn compact(self) -> String {
        self.0.strftime("%Y%m%dT%H%M%S").to_string()
    }

    /// The name of an archive that is begun at this time: `pedos-backup-YYYY-MM-DDTHHMMSS`.
    pub fn archive_name(self) -> String {
        self.0.strftime("pedos-backup-%Y-%m-%dT%H%M%S").to_string()
    }

    /// `YYYY-MM-DD-HHMMSS`, as the folder of a restored home ends.
    pub fn folder_time(self) -> String {
        self.0.strftime("%Y-%m-%d-%H%M%S").to_string()
    }
}

/// The zone of this computer, UTC where it is not known.
fn system_zone() -> TimeZone {
    TimeZone::try_system().unwrap_or(TimeZone::UTC)
}

fn timestamp_of(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Reads a time in ISO 8601 with its offset, as [`iso_time`] writes it; returns seconds since 1970.
pub fn seconds_of_iso(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_second)
}

/// A moment with its offset from UTC, `YYYY-MM-DDTHH:MM:SS+HH:MM`.
pub fn iso_time(moment: SystemTime) -> String {
    let timestamp = Timestamp::try_from(moment).unwrap_or(Timestamp::UNIX_EPOCH);
    timestamp
        .to_zoned_datetime(system_zone())
        .strftime("%Y-%m-%dT%H:%M:%S%:z")
        .to_string()
}

/// Seconds since 1970 by the clock of this computer; 0 where it stands before that.
pub fn unix_now() -> u64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

impl fmt::Display for LocalTime {
    /// `YYYY-MM-DD HH:MM:SS`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.strftime("%Y-%m-%d %H:%M:%S"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_moment_is_written_in_three_ways() {
        let time = LocalTime::parse_compact("20260102T030405").unwrap();
        assert_eq!(time.compact(), "20260102T030405");
        assert_eq!(time.archive_name(), "pedos-backup-2026-01-02T030405");
        assert_eq!(time.to_string(), "2026-01-02 03:04:05");
    }

    #[test]
    fn impossible_times_are_none() {
        for text in [
            "",
            "20260102",
            "20261302T030405",
            "20260102T250000",
            "2026010aT030405",
            "+0260102T030405",
        ] {
            assert_eq!(LocalTime::parse_compact(text), None, "{text}");
        }
    }

    #[test]
    fn a_week_belongs_to_the_year_of_its_thursday() {
        let time = |text: &str| LocalTime::parse_compact(text).unwrap();
        assert_eq!(time("20251229T000000").iso_week(), (2026, 1));
        assert_eq!(time("20260104T235959").iso_week(), (2026, 1));
        assert_eq!(time("20270103T120000").iso_week(), (2026, 53));
        assert_eq!(time("20270103T120000").day(), (2027, 1, 3));
        assert_eq!(time("20270103T120000").month(), (2027, 1));
    }

    #[test]
    fn a_moment_has_its_offset() {
        let text = iso_time(SystemTime::UNIX_EPOCH);
        assert_eq!(
            (text.len(), &text[10..11]),
            ("1970-01-01T00:00:00+00:00".len(), "T"),
            "{text}"
        );
    }

    #[test]
    fn every_moment_has_a_local_time() {
        LocalTime::at(SystemTime::UNIX_EPOCH);
        assert!(LocalTime::at(SystemTime::now()).compact().as_str() > "20200101T000000");
    }
}
