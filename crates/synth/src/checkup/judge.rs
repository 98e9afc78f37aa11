//! What is judged from the values: メタボリックシンドローム判定 and 保健指導レベル, by the limits of the law.

use madoguchi_model::person::Sex;

/// What the judgements look at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Values {
    pub(super) sex: Sex,
    pub(super) age: i32,
    pub(super) waist: f64,
    pub(super) bmi: f64,
    pub(super) systolic: i32,
    pub(super) diastolic: i32,
    pub(super) triglycerides: i32,
    pub(super) hdl: i32,
    pub(super) glucose: i32,
    pub(super) hba1c: f64,
    pub(super) smokes: bool,
    /// Medicines for blood pressure, sugar, lipids.
    pub(super) medicines: [bool; 3],
}

impl Values {
    fn is_wide(&self) -> bool {
        self.waist >= if self.sex == Sex::Male { 85.0 } else { 90.0 }
    }

    fn has_pressure(&self) -> bool {
        self.systolic >= 130 || self.diastolic >= 85
    }

    fn has_lipids(&self) -> bool {
        self.triglycerides >= 150 || self.hdl < 40
    }

    /// 1 基準該当, 2 予備群該当, 3 非該当. Medicines count as the risk.
    pub(super) fn metabolic(&self) -> &'static str {
        let [pressure, sugar, lipids] = self.medicines;
        let risks = [
            self.has_pressure() || pressure,
            self.has_lipids() || lipids,
            self.glucose >= 110 || self.hba1c >= 6.0 || sugar,
        ];
        match (self.is_wide(), risks.into_iter().filter(|risk| *risk).count()) {
            (true, 2..) => "1",
            (true, 1) => "2",
            _ => "3",
        }
    }

    /// 1 積極的支援, 2 動機付け支援, 3 なし. Who takes medicines is not guided; from 65 on nobody is intensively.
    pub(super) fn guidance(&self) -> &'static str {
        if self.medicines.contains(&true) {
            return "3";
        }
        let risks = [self.has_pressure(), self.has_lipids(), self.glucose >= 100 || self.hba1c >= 5.6];
        let mut count = risks.into_iter().filter(|risk| *risk).count();
        count += usize::from(count > 0 && self.smokes);
        let level = match (self.is_wide(), self.bmi >= 25.0, count) {
            (true, _, 2..) | (false, true, 3..) => "1",
            (true, _, 1) | (false, true, 1..) => "2",
            _ => "3",
        };
        if level == "1" && self.age >= 65 { "2" } else { level }
    }

    /// What the doctor writes.
    pub(super) fn diagnosis(&self) -> String {
        let mut found = Vec::new();
        if self.systolic >= 140 || self.diastolic >= 90 {
            found.push("血圧高値。医療機関を受診してください");
        } else if self.has_pressure() {
            found.push("血圧がやや高めです");
        }
        if self.glucose >= 126 || self.hba1c >= 6.5 {
            found.push("血糖高値。医療機関を受診してください");
        } else if self.glucose >= 100 || self.hba1c >= 5.6 {
            found.push("血糖がやや高めです");
        }
        if self.has_lipids() {
            found.push("脂質異常。食生活の見直しをお勧めします");
        }
        match found.is_empty() {
            true => "異常を認めません。".to_owned(),
            false => format!("{}。", found.join("。")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEALTHY: Values = Values {
        sex: Sex::Male,
        age: 50,
        waist: 84.9,
        bmi: 24.9,
        systolic: 129,
        diastolic: 84,
        triglycerides: 149,
        hdl: 40,
        glucose: 99,
        hba1c: 5.5,
        smokes: false,
        medicines: [false; 3],
    };

    fn check(values: Values, expected: (&str, &str)) {
        assert_eq!((values.metabolic(), values.guidance()), expected, "{values:?}");
    }

    #[test]
    fn judgements_follow_the_limits() {
        check(HEALTHY, ("3", "3"));
        check(Values { smokes: true, waist: 85.0, ..HEALTHY }, ("3", "3"));
        check(Values { waist: 85.0, systolic: 130, ..HEALTHY }, ("2", "2"));
        check(Values { waist: 85.0, systolic: 130, smokes: true, ..HEALTHY }, ("2", "1"));
        check(Values { waist: 85.0, systolic: 130, smokes: true, age: 65, ..HEALTHY }, ("2", "2"));
        check(Values { waist: 85.0, systolic: 130, hdl: 39, ..HEALTHY }, ("1", "1"));
        check(Values { waist: 89.9, systolic: 130, sex: Sex::Female, ..HEALTHY }, ("3", "3"));
        check(Values { waist: 85.0, medicines: [true, false, true], ..HEALTHY }, ("1", "3"));
        check(Values { waist: 85.0, glucose: 100, ..HEALTHY }, ("3", "2"));
        check(Values { waist: 85.0, hba1c: 6.0, ..HEALTHY }, ("2", "2"));
        check(Values { bmi: 25.0, diastolic: 85, triglycerides: 150, ..HEALTHY }, ("3", "2"));
        check(Values { bmi: 25.0, diastolic: 85, triglycerides: 150, hba1c: 5.6, ..HEALTHY }, ("3", "1"));
    }

    #[test]
    fn the_doctor_says_what_was_found() {
        assert_eq!(HEALTHY.diagnosis(), "異常を認めません。");
        let text = Values { systolic: 140, hdl: 39, ..HEALTHY }.diagnosis();
        assert_eq!(text, "血圧高値。医療機関を受診してください。脂質異常。食生活の見直しをお勧めします。");
    }
}
