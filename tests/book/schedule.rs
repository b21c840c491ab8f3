//! Decision rows on real-looking calendars.

use crate::market::{date, weekdays};
use decile::{
    backtest::schedule::decision_rows,
    check::{CalendarRule, Every, On},
    panel::{Calendar, Date},
};

fn dates_of(rules: &[CalendarRule], calendar: &Calendar) -> Vec<String> {
    let rows = decision_rows(rules, calendar, 0, calendar.len() as u32 - 1);
    rows.iter().map(|r| calendar.date(*r).to_string()).collect()
}

fn rule(every: Every, on: On) -> CalendarRule {
    CalendarRule { every, on, months: vec![], gate: None }
}

/// 2020-01-02 to 2021-12-31 without a few holidays.
fn two_years() -> Calendar {
    let closed: Vec<Date> =
        ["2020-04-10", "2020-12-25", "2021-01-01", "2021-04-02"].map(date).to_vec();
    let mut dates = weekdays("2020-01-02", 522);
    dates.retain(|d| !closed.contains(d));
    Calendar::new(dates)
}

#[test]
fn periods_end_on_their_last_session() {
    let calendar = two_years();
    let quarters = [
        "2020-03-31",
        "2020-06-30",
        "2020-09-30",
        "2020-12-31",
        "2021-03-31",
        "2021-06-30",
        "2021-09-30",
        "2021-12-31",
    ];
    assert_eq!(dates_of(&[rule(Every::Quarter, On::LastDay)], &calendar), quarters);
    assert_eq!(
        dates_of(&[rule(Every::HalfYear, On::LastDay)], &calendar),
        ["2020-06-30", "2020-12-31", "2021-06-30", "2021-12-31"]
    );
    assert_eq!(
        dates_of(&[rule(Every::Year, On::LastDay)], &calendar),
        ["2020-12-31", "2021-12-31"]
    );
    let months = dates_of(&[rule(Every::Month, On::LastDay)], &calendar);
    assert_eq!(months.len(), 24);
    assert_eq!(months[1], "2020-02-28");
    assert_eq!(dates_of(&[rule(Every::Day, On::LastDay)], &calendar).len(), calendar.len());
}

#[test]
fn periods_begin_on_their_first_session() {
    let calendar = two_years();
    // Where the data begin says nothing: by the weekdays alone, 2020-01-01 may have been a session.
    assert_eq!(dates_of(&[rule(Every::Year, On::FirstDay)], &calendar), ["2021-01-04"]);
    let weeks = dates_of(&[rule(Every::Week, On::FirstDay)], &calendar);
    assert_eq!(weeks[..2], ["2020-01-06", "2020-01-13"]);
}

#[test]
fn cutting_the_data_never_ends_a_period() {
    let whole = weekdays("2020-01-01", 400);
    for every in [Every::Week, Every::Month, Every::Quarter, Every::Year] {
        let rules = [rule(every, On::LastDay)];
        let all = decision_rows(&rules, &Calendar::new(whole.clone()), 0, 399);
        for cut in 2..whole.len() {
            let calendar = Calendar::new(whole[..cut].to_vec());
            let rows = decision_rows(&rules, &calendar, 0, cut as u32 - 1);
            let before: Vec<u32> = all.iter().copied().filter(|r| (*r as usize) < cut).collect();
            assert_eq!(rows, before);
        }
    }
}

#[test]
fn a_weekday_without_a_session_moves_to_the_session_before() {
    let calendar = two_years();
    let fridays =
        dates_of(&[rule(Every::Week, On::Weekday { weekday: 4, ordinal: None })], &calendar);
    assert_eq!(fridays[0], "2020-01-03");
    assert!(fridays.contains(&"2020-04-09".to_owned()), "Good Friday moves to Thursday");
    assert!(!fridays.contains(&"2020-04-10".to_owned()));
    assert_eq!(fridays.len(), 105);
}

#[test]
fn the_nth_weekday_of_a_period() {
    let calendar = two_years();
    let third = On::Weekday { weekday: 4, ordinal: Some(3) };
    let thirds = dates_of(&[rule(Every::Month, third)], &calendar);
    assert_eq!(thirds[..3], ["2020-01-17", "2020-02-21", "2020-03-20"]);
    assert_eq!(thirds.len(), 24);
    let fifth = On::Weekday { weekday: 4, ordinal: Some(5) };
    assert_eq!(
        dates_of(&[rule(Every::Month, fifth)], &calendar)[..3],
        ["2020-01-31", "2020-05-29", "2020-07-31"]
    );
    let last = On::Weekday { weekday: 4, ordinal: None };
    assert_eq!(
        dates_of(&[rule(Every::Quarter, last)], &calendar)[..4],
        // Christmas 2020 was a Friday.
        ["2020-03-27", "2020-06-26", "2020-09-25", "2020-12-24"]
    );
}

#[test]
fn months_narrow_a_rule() {
    let calendar = two_years();
    let in_june = |every, on| CalendarRule { every, on, months: vec![6], gate: None };
    let end = ["2020-06-30", "2021-06-30"];
    assert_eq!(dates_of(&[in_june(Every::Year, On::LastDay)], &calendar), end);
    assert_eq!(dates_of(&[in_june(Every::Month, On::LastDay)], &calendar), end);
    assert_eq!(
        dates_of(&[in_june(Every::Year, On::FirstDay)], &calendar),
        ["2020-06-01", "2021-06-01"]
    );
    assert_eq!(dates_of(&[in_june(Every::Day, On::LastDay)], &calendar).len(), 44);
}

#[test]
fn rows_are_counted_from_the_start_and_rules_are_joined() {
    let calendar = two_years();
    let every_ten = rule(Every::Rows(10), On::LastDay);
    assert_eq!(decision_rows(std::slice::from_ref(&every_ten), &calendar, 5, 30), [5, 15, 25]);
    let month = rule(Every::Month, On::LastDay);
    assert_eq!(decision_rows(&[every_ten, month], &calendar, 5, 30), [5, 15, 21, 25]);
}

#[test]
fn nothing_comes_of_nothing() {
    let none = Calendar::new(vec![]);
    assert!(decision_rows(&[rule(Every::Day, On::LastDay)], &none, 0, 0).is_empty());
    assert!(decision_rows(&[], &two_years(), 0, 100).is_empty());
}
