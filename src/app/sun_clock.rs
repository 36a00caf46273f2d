//! The clock on the wall where the site lies, and when the sun is up there.

use crate::georef::{SiteFrame, SitePos};
use crate::panels::sun::SunState;
use crate::view::sun::sun_position;
use bevy::math::DVec3;
use jiff::{Timestamp, civil::Date, tz::{Offset, TimeZone}};

/// Steps in which sunrise and sunset are looked for, minutes.
const STEP_MIN: u16 = 5;
const DAY_MIN: u16 = 24 * 60;
/// The sun is up when its upper rim is over the horizon: its centre 0.27° below it (refraction is in the position).
const RIM_RAD: f64 = -0.0047;

/// Keeps the time zone and the daylight of the day that is shown.
#[derive(Default)]
pub(super) struct SunClock {
    zone: Option<TimeZone>,
    daylight_of: Option<(SiteFrame, Date)>,
    daylight: Option<(u16, u16)>,
}

impl SunClock {
    /// Date, minute and daylight at the site.
    pub(super) fn state(&mut self, site: Option<&SiteFrame>, time: Timestamp) -> SunState {
        let zone = site.map_or(TimeZone::UTC, zone_of);
        let local = time.to_zoned(zone.clone());
        let date = local.date();
        self.zone = Some(zone.clone());
        if let Some(site) = site {
            if self.daylight_of != Some((*site, date)) {
                self.daylight_of = Some((*site, date));
                self.daylight = daylight(site, date, &zone);
            }
        } else {
            self.daylight = None;
        }
        SunState { date, minute: minute_of(&local), daylight: self.daylight }
    }

    /// The same time on another date.
    pub(super) fn with_date(&self, time: Timestamp, date: Date) -> Option<Timestamp> {
        let zone = self.zone.clone()?;
        let local = time.to_zoned(zone.clone());
        date.to_datetime(local.time()).to_zoned(zone).ok().map(|zoned| zoned.timestamp())
    }

    /// Another minute of the same date.
    pub(super) fn with_minute(&self, time: Timestamp, minute: u16) -> Option<Timestamp> {
        let zone = self.zone.clone()?;
        at_minute(time.to_zoned(zone.clone()).date(), minute, &zone)
    }
}

fn minute_of(local: &jiff::Zoned) -> u16 {
    let part = |value: i8| u16::try_from(value).unwrap_or(0);
    part(local.hour()) * 60 + part(local.minute())
}

fn at_minute(date: Date, minute: u16, zone: &TimeZone) -> Option<Timestamp> {
    let minute = minute.min(DAY_MIN - 1);
    let (hour, minute) = (i8::try_from(minute / 60).ok()?, i8::try_from(minute % 60).ok()?);
    date.at(hour, minute, 0, 0).to_zoned(zone.clone()).ok().map(|zoned| zoned.timestamp())
}

/// Dutch sites keep Dutch time; elsewhere the hour that belongs to the longitude, without summer time.
fn zone_of(site: &SiteFrame) -> TimeZone {
    if let SiteFrame::RdNap { .. } = site {
        return TimeZone::get("Europe/Amsterdam").unwrap_or_else(|_| TimeZone::fixed(Offset::constant(1)));
    }
    let hours = site.lon_lat_h_from_site(SitePos(DVec3::ZERO)).map_or(0.0, |place| (place.lon_deg / 15.0).round());
    #[expect(clippy::cast_possible_truncation, reason = "a whole number from -12 to 12")]
    let hours = hours.clamp(-12.0, 12.0) as i8;
    TimeZone::fixed(Offset::constant(hours))
}

/// First and last minute of the day with sun, `None` when it does not rise or set.
fn daylight(site: &SiteFrame, date: Date, zone: &TimeZone) -> Option<(u16, u16)> {
    let up = |minute: &u16| {
        at_minute(date, *minute, zone)
            .and_then(|time| sun_position(site, time))
            .is_some_and(|position| position.elevation_rad > RIM_RAD)
    };
    let minutes = || (0..DAY_MIN).step_by(usize::from(STEP_MIN));
    let rise = minutes().find(up)?;
    let set = minutes().rev().find(up)?;
    (rise > 0 || set < DAY_MIN - STEP_MIN).then_some((rise, set))
}

#[cfg(test)]
mod tests {
    use super::SunClock;
    use crate::georef::{RdNap, SiteFrame};
    use jiff::{Timestamp, civil::date};

    const HENGELO: SiteFrame = SiteFrame::RdNap { anchor: RdNap { x_m: 251_000.0, y_m: 476_250.0, nap_m: 17.0 } };

    #[test]
    fn the_clock_shows_dutch_summer_time_and_keeps_it_over_a_change_of_date() {
        let mut clock = SunClock::default();
        let time: Timestamp = "2026-06-21T15:00:00+02:00".parse().unwrap();
        let state = clock.state(Some(&HENGELO), time);
        assert_eq!((state.date, state.minute), (date(2026, 6, 21), 15 * 60));
        let winter = clock.with_date(time, date(2026, 12, 21)).unwrap();
        assert_eq!(winter, "2026-12-21T15:00:00+01:00".parse::<Timestamp>().unwrap());
        let morning = clock.with_minute(time, 8 * 60 + 30).unwrap();
        assert_eq!(morning, "2026-06-21T08:30:00+02:00".parse::<Timestamp>().unwrap());
    }

    #[test]
    fn the_longest_day_in_hengelo_lasts_from_about_quarter_past_five_to_ten() {
        let mut clock = SunClock::default();
        let state = clock.state(Some(&HENGELO), "2026-06-21T15:00:00+02:00".parse().unwrap());
        let (rise, set) = state.daylight.unwrap();
        assert!((5 * 60 + 5..=5 * 60 + 20).contains(&rise), "rise {rise}");
        assert!((21 * 60 + 50..=22 * 60 + 5).contains(&set), "set {set}");
    }
}
