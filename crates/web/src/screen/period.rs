//! The choice of months on 患者情報詳細: 診療年月（自）・（至） or a quick pick, as query fields.

use crate::call::Fields;
use madoguchi_model::day::Month;
use madoguchi_model::field::FieldError;
use madoguchi_model::release::{Period, QuickPeriod};

/// The words of the quick picks in an address.
pub(super) const PICKS: [(&str, QuickPeriod); 3] = [
    ("this_month", QuickPeriod::ThisMonth),
    ("three_months", QuickPeriod::ThreeMonths),
    ("six_months", QuickPeriod::SixMonths),
];

/// The months that the fields ask for.
pub(super) fn chosen(fields: &Fields, this_month: Month) -> Result<Period, Vec<FieldError>> {
    if let Some((_, pick)) = PICKS.into_iter().find(|(word, _)| *word == fields.text("pick")) {
        return Ok(pick.period(this_month));
    }
    let from = month(fields, "from_year", "from_month", "診療年月（自）");
    let to = month(fields, "to_year", "to_month", "診療年月（至）");
    match (from, to) {
        (Ok(from), Ok(to)) => Ok(Period { from, to }),
        (from, to) => Err([from.err(), to.err()].into_iter().flatten().collect()),
    }
}

/// The months as query fields, for a link to the same list.
pub(super) fn query(period: Period) -> String {
    format!(
        "from_year={}&from_month={}&to_year={}&to_month={}",
        period.from.year(),
        period.from.month_of_year(),
        period.to.year(),
        period.to.month_of_year()
    )
}

fn month(fields: &Fields, year: &str, month: &str, field: &'static str) -> Result<Month, FieldError> {
    let wrong = FieldError::new(field, "一覧から選んだ年と月");
    let year: i32 = fields.text(year).parse().map_err(|_| wrong.clone())?;
    let month: u8 = fields.text(month).parse().map_err(|_| wrong.clone())?;
    Month::new(year, month).ok_or(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &str, expected: Option<(i64, i64)>) {
        let fields = Fields::decode(query.as_bytes()).unwrap();
        let period = chosen(&fields, Month::from_number(202_311).unwrap()).ok();
        assert_eq!(period.map(|period| (period.from.number(), period.to.number())), expected, "{query}");
    }

    #[test]
    fn months_and_quick_picks() {
        check("pick=six_months", Some((202_306, 202_311)));
        check("pick=six_months&from_year=2022&from_month=1&to_year=2022&to_month=2", Some((202_306, 202_311)));
        check("pick=period&from_year=2022&from_month=1&to_year=2022&to_month=2", Some((202_201, 202_202)));
        check("from_year=2022&from_month=1&to_year=2022&to_month=13", None);
        check("from_year=&from_month=1&to_year=2022&to_month=1", None);
        check("", None);
    }

    #[test]
    fn a_link_asks_for_the_same_months() {
        let period = Period { from: Month::from_number(202_112).unwrap(), to: Month::from_number(202_201).unwrap() };
        check(&query(period), Some((202_112, 202_201)));
    }
}
