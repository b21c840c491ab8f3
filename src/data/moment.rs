//! How a column's texts and numbers stand for days, and to which day a moment belongs.

use super::value;
use crate::panel::{Date, days_since_epoch};
use jiff::{
    SignedDuration, Timestamp,
    civil::{DateTime, Time},
    fmt::strtime::BrokenDownTime,
    tz::TimeZone,
};
use serde::{Deserialize, Deserializer};

const DAY_SECONDS: i64 = 86_400;

/// How a column's values stand for days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct DayForm {
    /// As `strftime` writes it; one of the usual forms otherwise.
    pub(super) format: Option<String>,
    /// By which a time of day counts; it is left out otherwise.
    pub(super) close: Option<SessionClose>,
}

/// When sessions end: `16:00 America/New_York`.
///
/// A moment before the close is known at that close, so it belongs to the day before: what is published on a day is
/// known from the first session after that day. Midnight is how programs write a date without a time, and stands for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SessionClose {
    time: Time,
    zone: TimeZone,
}

impl<'de> Deserialize<'de> for SessionClose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let parsed = text.trim().split_once(' ').and_then(|(time, zone)| {
            Some(Self { time: time.parse().ok()?, zone: TimeZone::get(zone.trim()).ok()? })
        });
        let expected = || {
            format!(
                "expected a time and a zone such as \"16:00 America/New_York\", found \"{text}\""
            )
        };
        parsed.ok_or_else(|| serde::de::Error::custom(expected()))
    }
}

impl SessionClose {
    fn day(&self, moment: DateTime) -> Option<Date> {
        let is_early = moment.time() != Time::midnight() && moment.time() < self.time;
        if is_early { moment.date().yesterday().ok() } else { Some(moment.date()) }
    }

    fn day_of_instant(&self, instant: Timestamp) -> Option<Date> {
        // Midnight anywhere is UTC's where a program made instants of dates.
        match instant.as_second().rem_euclid(DAY_SECONDS) {
            0 => Some(instant.to_zoned(TimeZone::UTC).date()),
            _ => self.day(instant.to_zoned(self.zone.clone()).datetime()),
        }
    }
}

impl DayForm {
    /// Days in a format, or one of the usual forms.
    pub(super) fn plain(format: Option<&String>) -> Self {
        Self { format: format.cloned(), close: None }
    }

    /// Days since 1970-01-01.
    pub(super) fn of_text(&self, text: &str) -> Option<i32> {
        let Some(close) = &self.close else { return value::date(text, self.format.as_deref()) };
        let text = text.trim();
        let day = match &self.format {
            Some(format) => {
                let parts = BrokenDownTime::parse(format, text).ok()?;
                match (parts.to_timestamp(), parts.to_datetime()) {
                    (Ok(instant), _) => close.day_of_instant(instant)?,
                    (_, Ok(moment)) => close.day(moment)?,
                    _ => parts.to_date().ok()?,
                }
            }
            None if text.len() <= 10 => return value::date(text, None),
            None => match (text.parse::<Timestamp>(), text.parse::<DateTime>()) {
                (Ok(instant), _) => close.day_of_instant(instant)?,
                (_, Ok(moment)) => close.day(moment)?,
                _ => return None,
            },
        };
        Some(days_since_epoch(day))
    }

    /// Days since 1970-01-01 of a count of so many ticks a second: of UTC if it is an instant, else of the market's clocks.
    pub(super) fn of_ticks(&self, ticks: i64, rate: i64, is_instant: bool) -> Option<i32> {
        let day = ticks.div_euclid(rate.saturating_mul(DAY_SECONDS));
        let day = i32::try_from(day).ok().filter(|d| value::is_sound(*d))?;
        let Some(close) = &self.close else { return Some(day) };
        let seconds = ticks.div_euclid(rate);
        let date = if is_instant {
            close.day_of_instant(Timestamp::from_second(seconds).ok()?)?
        } else {
            let epoch = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
            close.day(epoch.checked_add(SignedDuration::from_secs(seconds)).ok()?)?
        };
        Some(days_since_epoch(date))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(format: Option<&str>) -> DayForm {
        let time = Time::constant(16, 0, 0, 0);
        let zone = TimeZone::get("America/New_York").expect("the zones are built in");
        DayForm { format: format.map(str::to_owned), close: Some(SessionClose { time, zone }) }
    }

    fn day(text: &str) -> Option<i32> {
        text.parse().ok().map(days_since_epoch)
    }

    #[test]
    fn what_is_public_before_the_close_belongs_to_the_day_before() {
        for (text, expected) in [
            ("2016-02-03", "2016-02-03"),
            ("20160203", "2016-02-03"),
            ("2016-02-03T15:59:59", "2016-02-02"),
            ("2016-02-03 16:00:00", "2016-02-03"),
            ("2016-02-03T00:00:00", "2016-02-03"),
            ("2016-02-03T00:00:00Z", "2016-02-03"),
            // 15:30 and 16:30 in New York, in winter and in summer.
            ("2016-02-03T20:30:00Z", "2016-02-02"),
            ("2016-02-03T21:30:00Z", "2016-02-03"),
            ("2016-07-06T19:30:00Z", "2016-07-05"),
            ("2016-07-06T20:30:00Z", "2016-07-06"),
            ("2016-02-04T05:30:00+09:00", "2016-02-02"),
            ("2016-02-04T06:30:00+09:00", "2016-02-03"),
        ] {
            assert_eq!(form(None).of_text(text), day(expected), "{text}");
        }
        assert_eq!(form(Some("%Y%m%d%H%M%S")).of_text("20160203093000"), day("2016-02-02"));
        assert_eq!(form(Some("%Y%m%d%H%M%S")).of_text("20160203163000"), day("2016-02-03"));
        assert_eq!(form(Some("%d.%m.%Y")).of_text("03.02.2016"), day("2016-02-03"));
        for text in ["2016-02-03 noon", "2016-02-30T10:00:00", "soon"] {
            assert_eq!(form(None).of_text(text), None, "{text}");
        }
    }

    #[test]
    fn ticks_are_of_the_markets_clocks_or_of_utc() {
        let noon = 16_834 * DAY_SECONDS + 12 * 3600;
        let late = 16_834 * DAY_SECONDS + 20 * 3600 + 1800;
        for (seconds, is_instant, expected) in [
            (noon, false, 16_833),
            (late, false, 16_834),
            // 20:30 of UTC is 15:30 in New York in February.
            (late, true, 16_833),
            (16_834 * DAY_SECONDS, true, 16_834),
        ] {
            let found = form(None).of_ticks(seconds * 1_000, 1_000, is_instant);
            assert_eq!(found, Some(expected), "{seconds} {is_instant}");
        }
        assert_eq!(DayForm::default().of_ticks(late, 1, true), Some(16_834));
    }
}
