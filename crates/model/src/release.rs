//! Which months of care can be seen (公開規則): from care month 2021-09 on, each month from the 11th
//! of the next, for 60 months.

use crate::day::{Day, Month};
use serde::{Deserialize, Serialize};

/// First month of care that is ever shown.
pub const FIRST_MONTH_NUMBER: i64 = 202_109;

/// The two numbers that an operator may set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReleaseRule {
    /// Day of the following month from whose midnight on a month can be seen, 1-28.
    pub day_of_next_month: u8,
    /// Months that a month of care stays visible after it.
    pub window_months: i32,
}

impl Default for ReleaseRule {
    fn default() -> Self {
        Self { day_of_next_month: 11, window_months: 60 }
    }
}

/// Whether a month of care can be seen on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// It can.
    Visible,
    /// It will be, from this day on.
    From(Day),
    /// It is before 2021-09.
    BeforeStart,
    /// It is older than the window.
    TooOld,
}

impl ReleaseRule {
    /// The first day on which the month can be seen.
    #[must_use]
    pub fn first_day(&self, month: Month) -> Day {
        let next = month.plus_months(1);
        next.day(self.day_of_next_month).unwrap_or_else(|| next.last_day())
    }

    /// Whether the month can be seen on this day.
    #[must_use]
    pub fn release(&self, month: Month, today: Day) -> Release {
        if month.number() < FIRST_MONTH_NUMBER {
            Release::BeforeStart
        } else if today < self.first_day(month) {
            Release::From(self.first_day(month))
        } else if today.month().months_since(month) > self.window_months {
            Release::TooOld
        } else {
            Release::Visible
        }
    }

    /// The newest month that can be seen on this day; before 2021-10-11 it lies before the start.
    #[must_use]
    pub fn latest_month(&self, today: Day) -> Month {
        let last = today.month().plus_months(-1);
        if today < self.first_day(last) { last.plus_months(-1) } else { last }
    }

    /// The oldest month that can be seen on this day.
    #[must_use]
    pub fn earliest_month(&self, today: Day) -> Month {
        let window = today.month().plus_months(-self.window_months);
        Month::from_number(FIRST_MONTH_NUMBER).map_or(window, |first| first.max(window))
    }

    /// The part of a period that can be seen, or `None` when nothing of it can.
    #[must_use]
    pub fn visible_part(&self, period: Period, today: Day) -> Option<Period> {
        let from = period.from.max(self.earliest_month(today));
        let to = period.to.min(self.latest_month(today));
        (from <= to).then_some(Period { from, to })
    }
}

/// A run of months of care, both ends included (診療年月（自）・（至）).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// 診療年月（自）.
    pub from: Month,
    /// 診療年月（至）.
    pub to: Month,
}

/// The quick picks of 患者情報詳細.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuickPeriod {
    /// 今月.
    ThisMonth,
    /// 直近3ヵ月: this month and the two before.
    ThreeMonths,
    /// 直近6ヵ月: this month and the five before.
    SixMonths,
}

impl QuickPeriod {
    /// All picks in their order.
    pub const ALL: [Self; 3] = [Self::ThisMonth, Self::ThreeMonths, Self::SixMonths];

    /// The label on the screen.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::ThisMonth => "今月",
            Self::ThreeMonths => "直近3ヵ月",
            Self::SixMonths => "直近6ヵ月",
        }
    }

    /// The months, counted back from this month.
    #[must_use]
    pub const fn period(self, this_month: Month) -> Period {
        let back = match self {
            Self::ThisMonth => 0,
            Self::ThreeMonths => -2,
            Self::SixMonths => -5,
        };
        Period { from: this_month.plus_months(back), to: this_month }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(number: i64) -> Month {
        Month::from_number(number).unwrap()
    }

    /// Every day of ten years against every month of twelve: the answer changes only on the days it should.
    #[test]
    fn the_rule_over_its_whole_domain() {
        let rule = ReleaseRule::default();
        let mut day = Day::from_number(20_210_801).unwrap();
        let end = Day::from_number(20_310_801).unwrap();
        while day < end {
            let mut visible = Vec::new();
            let mut care = month(202_012);
            while care.number() <= 203_112 {
                let expected = if care.number() < 202_109 {
                    Release::BeforeStart
                } else {
                    let next = care.plus_months(1);
                    let opens = next.number() * 100 + 11;
                    if day.number() < opens {
                        Release::From(Day::from_number(opens).unwrap())
                    } else if care.plus_months(60) < day.month() {
                        Release::TooOld
                    } else {
                        visible.push(care);
                        Release::Visible
                    }
                };
                assert_eq!(rule.release(care, day), expected, "{care} on {day}");
                care = care.plus_months(1);
            }
            let whole = Period { from: month(202_012), to: month(203_112) };
            let part = rule.visible_part(whole, day).map(|period| (period.from, period.to));
            assert_eq!(part, visible.first().copied().zip(visible.last().copied()), "{day}");
            day = day.plus_days(1);
        }
    }

    #[test]
    fn a_month_appears_on_the_eleventh_of_the_next() {
        let rule = ReleaseRule::default();
        for (today, latest) in
            [(20_230_310, 202_301), (20_230_311, 202_302), (20_230_327, 202_302), (20_240_111, 202_312)]
        {
            assert_eq!(rule.latest_month(Day::from_number(today).unwrap()).number(), latest);
        }
    }

    #[test]
    fn quick_picks_count_back_from_this_month() {
        let periods = QuickPeriod::ALL.map(|pick| pick.period(month(202_602)).from.number());
        assert_eq!(periods, [202_602, 202_512, 202_509]);
    }
}
