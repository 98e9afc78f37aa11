//! What is measured and answered at a check-up: each person has a level of their own, a slope over the
//! years, and a little chance at each visit.

use super::judge::Values;
use crate::dice::{Dice, Stream};
use crate::health::Health;
use crate::person::Inhabitant;
use madoguchi_model::day::Day;
use madoguchi_model::person::Sex;

/// 傷病名コード of the conditions that show in a check-up: hypertension, lipids, diabetes, gout.
const PRESSURE: &str = "8833421";
const LIPIDS: &str = "8844446";
const SUGAR: &str = "2500015";
const GOUT: &str = "7906015";
/// The year from which slopes are counted.
const FIRST_YEAR: i32 = 2020;

/// An entry of the results: one finding, or a group of findings under a short code.
pub(super) enum Entry {
    One(Finding),
    Group(&'static str, Vec<Finding>),
}

/// One result or answer.
pub(super) struct Finding {
    pub(super) code: &'static str,
    pub(super) value: Value,
    /// The laboratory's own range.
    pub(super) range: Option<(&'static str, &'static str)>,
}

/// Its value.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// Number and unit.
    Number(String, &'static str),
    /// CD or CO, code, system.
    Code(&'static str, String, &'static str),
    Text(String),
    /// The text that says why a detailed examination was made.
    Reason(String),
    NotDone,
}

/// What stays with a person.
pub(super) struct Life {
    serial: u64,
    birthdate: Day,
    sex: Sex,
    conditions: Conditions,
    height: f64,
    bmi: Level,
    systolic: Level,
    sugar: Level,
    lipids: f64,
    liver: f64,
    kidney: f64,
    blood: f64,
    smokes: u8,
    drinks: u8,
    habits: u32,
}

/// Which conditions are treated; their medicines are answered in the questions.
struct Conditions {
    pressure: bool,
    lipids: bool,
    sugar: bool,
    gout: bool,
    dialysis: bool,
}

/// A level and its change in a year, in deviations.
struct Level {
    at_first: f64,
    a_year: f64,
}

impl Level {
    fn of(dice: &mut Dice, drift: f64) -> Self {
        Self { at_first: dice.normal(), a_year: drift * (0.5 + dice.normal()) }
    }

    fn in_year(&self, years: f64) -> f64 {
        self.at_first + self.a_year * years
    }
}

impl Life {
    pub(super) fn of(seed: u64, person: &Inhabitant, health: &Health, dialysis: bool) -> Self {
        // The first numbers of stream 0 are the rhythm of going; these begin beyond any year.
        let mut dice = Dice::new(seed, Stream::Checkups, person.serial, 1);
        let has = |code: &str| health.chronic.iter().any(|chronic| chronic.condition.disease.code == code);
        let male = person.sex == Sex::Male;
        Self {
            serial: person.serial,
            birthdate: person.birthdate,
            sex: person.sex,
            conditions: Conditions {
                pressure: has(PRESSURE) || dialysis,
                lipids: has(LIPIDS),
                sugar: has(SUGAR),
                gout: has(GOUT),
                dialysis,
            },
            height: if male { 169.0 + 5.8 * dice.normal() } else { 156.0 + 5.4 * dice.normal() },
            bmi: Level::of(&mut dice, 0.06),
            systolic: Level::of(&mut dice, 0.10),
            sugar: Level::of(&mut dice, 0.10),
            lipids: dice.normal(),
            liver: dice.normal(),
            kidney: dice.normal(),
            blood: dice.normal(),
            smokes: *dice.weighted(if male { &[(1, 27), (2, 23), (3, 50)] } else { &[(1, 8), (2, 7), (3, 85)] }),
            drinks: *dice.weighted(if male {
                &[(1, 30), (3, 12), (4, 15), (6, 18), (8, 25)]
            } else {
                &[(1, 9), (3, 6), (4, 12), (6, 23), (8, 50)]
            }),
            habits: dice.below(1 << 20) as u32,
        }
    }

    fn male(&self) -> bool {
        self.sex == Sex::Male
    }
}

/// The values of one visit.
struct Visit<'a> {
    life: &'a Life,
    dice: Dice,
    age: i32,
    /// Whether the laboratory of this institution uses the first or the second method.
    second_method: bool,
    entries: Vec<Entry>,
}

/// All entries of a check-up on a day.
pub(super) fn entries(life: &Life, seed: u64, day: Day, late_elderly: bool, place: usize) -> Vec<Entry> {
    // The first draws of the year's stream decided whether the person goes.
    let mut dice = Dice::new(seed, Stream::Checkups, life.serial, 10_000 + day.year() as u64);
    let years = f64::from(day.year() - FIRST_YEAR);
    let age = life.birthdate.age_on(day);
    let body = Body::measured(life, &mut dice, years, age);
    let mut visit = Visit { life, dice, age, second_method: place % 2 == 1, entries: Vec::new() };
    visit.body(&body, late_elderly);
    visit.lipids(&body);
    visit.liver();
    visit.sugar(&body);
    visit.urine(&body);
    visit.kidney();
    if !late_elderly || visit.dice.chance(0.5) {
        visit.blood();
        visit.heart(&body);
    }
    if visit.dice.chance(0.2) {
        visit.eyes(&body);
    }
    visit.examination(&body);
    visit.judgements(&body, late_elderly);
    if late_elderly {
        visit.questions_of_the_elderly()
    } else {
        visit.questions()
    }
    visit.entries
}

/// What several findings and the judgements look at.
struct Body {
    height: f64,
    weight: f64,
    values: Values,
}

impl Body {
    fn measured(life: &Life, dice: &mut Dice, years: f64, age: i32) -> Self {
        let mut near = |middle: f64, deviation: f64| middle + deviation * dice.normal();
        let male = life.male();
        let (usual_bmi, spread) = if male { (23.8, 3.2) } else { (22.4, 3.4) };
        let bmi = near(usual_bmi + spread * life.bmi.in_year(years), 0.25).clamp(16.0, 42.0);
        let height = rounded((life.height - 0.08 * years).clamp(140.0, 195.0));
        let weight = rounded(bmi * height * height / 10_000.0);
        let bmi = rounded(weight * 10_000.0 / (height * height));
        let waist = if male { 84.5 + 2.5 * (bmi - 23.8) } else { 80.5 + 2.3 * (bmi - 22.4) };
        let treated = if life.conditions.pressure { 8.0 } else { 0.0 };
        let level = 117.0 + 0.4 * f64::from(age - 40) + 0.9 * (bmi - 23.0) + 10.0 * life.systolic.in_year(years);
        let systolic = near(level + treated, 5.0).clamp(92.0, 198.0);
        let diastolic =
            near(0.5 * systolic + 15.0 - 0.12 * f64::from((age - 55).max(0)), 3.5).clamp(50.0, systolic - 20.0);
        let lipids = life.lipids + 0.12 * (bmi - 23.0);
        let triglycerides = near(4.55 + 0.38 * lipids, 0.12).exp().clamp(30.0, 780.0);
        let hdl = near(if male { 56.0 } else { 66.0 } - 8.0 * lipids, 2.5).clamp(26.0, 108.0);
        let treated = if life.conditions.sugar { 1.3 } else { 0.0 };
        let level = 5.5 + 0.012 * f64::from(age - 50) + 0.22 * life.sugar.in_year(years) + 0.02 * (bmi - 23.0);
        let hba1c = rounded(near(level + treated, 0.06).clamp(4.6, 10.5));
        let glucose = near(94.0 + 26.0 * (hba1c - 5.5), 3.5).clamp(70.0, 260.0);
        let medicines = [life.conditions.pressure, life.conditions.sugar, life.conditions.lipids];
        let values = Values {
            sex: life.sex,
            age,
            waist: rounded(near(waist, 1.0).clamp(58.0, 130.0)),
            bmi,
            systolic: systolic as i32,
            diastolic: diastolic as i32,
            triglycerides: triglycerides as i32,
            hdl: hdl as i32,
            glucose: glucose as i32,
            hba1c,
            smokes: life.smokes == 1,
            medicines,
        };
        Self { height, weight, values }
    }
}

impl Visit<'_> {
    fn add(&mut self, finding: Finding) {
        self.entries.push(Entry::One(finding));
    }

    fn near(&mut self, middle: f64, deviation: f64) -> f64 {
        middle + deviation * self.dice.normal()
    }

    /// The code of the laboratory's method.
    fn method(&self, first: &'static str, second: &'static str) -> &'static str {
        if self.second_method { second } else { first }
    }

    fn body(&mut self, body: &Body, late_elderly: bool) {
        let Body { height, weight, values } = body;
        self.add(tenths("9N001000000000001", *height, "cm"));
        self.add(tenths("9N006000000000001", *weight, "kg"));
        self.add(tenths("9N011000000000001", values.bmi, "kg/m2"));
        if !late_elderly {
            let code = if self.dice.chance(0.06) { "9N016160300000001" } else { "9N016160100000001" };
            self.add(tenths(code, values.waist, "cm"));
        }
        if self.dice.chance(0.5) {
            let (up, down) = (self.dice.between(0, 6) as i32, self.dice.between(0, 4) as i32);
            self.add(whole("9A752000000000001", values.systolic - up, "mm[Hg]"));
            self.add(whole("9A762000000000001", values.diastolic - down, "mm[Hg]"));
        }
        self.add(whole("9A751000000000001", values.systolic, "mm[Hg]"));
        self.add(whole("9A761000000000001", values.diastolic, "mm[Hg]"));
    }

    fn lipids(&mut self, body: &Body) {
        let values = &body.values;
        let code = self.method("3F015000002327101", "3F015000002399901");
        self.add(Finding { range: Some(("30", "149")), ..whole(code, values.triglycerides, "mg/dL") });
        let code = self.method("3F070000002327101", "3F070000002399901");
        self.add(Finding { range: Some(("40", "119")), ..whole(code, values.hdl, "mg/dL") });
        let treated = if self.life.conditions.lipids { -22.0 } else { 0.0 };
        let ldl = self.near(121.0 + treated + 24.0 * self.life.lipids, 7.0).clamp(48.0, 248.0);
        match values.triglycerides >= 400 {
            true => {
                let non_hdl = ldl + f64::from(values.triglycerides) / 6.0;
                self.add(whole("3F069000002391901", non_hdl as i32, "mg/dL"));
            }
            false => {
                let code = self.method("3F077000002327101", "3F077000002391901");
                self.add(Finding { range: Some(("60", "119")), ..whole(code, ldl as i32, "mg/dL") });
            }
        }
    }

    fn liver(&mut self) {
        let liver = self.life.liver;
        let ast = self.near(3.08 + 0.22 * liver, 0.08).exp().clamp(9.0, 190.0);
        let alt = self.near(2.95 + 0.38 * liver, 0.12).exp().clamp(5.0, 260.0);
        let drinks = if self.life.drinks == 1 { 0.35 } else { 0.0 };
        let usual = if self.life.male() { 3.4 } else { 2.95 };
        let ggt = self.near(usual + drinks + 0.45 * liver, 0.12).exp().clamp(8.0, 600.0);
        let code = self.method("3B035000002327201", "3B035000002399901");
        self.add(Finding { range: Some(("10", "30")), ..whole(code, ast as i32, "U/L") });
        let code = self.method("3B045000002327201", "3B045000002399901");
        self.add(Finding { range: Some(("5", "30")), ..whole(code, alt as i32, "U/L") });
        let code = self.method("3B090000002327101", "3B090000002399901");
        self.add(Finding { range: Some(("10", "50")), ..whole(code, ggt as i32, "U/L") });
    }

    fn sugar(&mut self, body: &Body) {
        let code = self.method("3D010000001926101", "3D010000001927201");
        self.add(whole(code, body.values.glucose, "mg/dL"));
        let code = self.method("3D046000001906202", "3D046000001920402");
        self.add(tenths(code, body.values.hba1c, "%"));
    }

    fn urine(&mut self, body: &Body) {
        if self.life.conditions.dialysis {
            self.add(Finding { code: "1A020000000191111", value: Value::NotDone, range: None });
            self.add(Finding { code: "1A010000000191111", value: Value::NotDone, range: None });
            return;
        }
        let sugar = match body.values.glucose {
            180.. => 4,
            150.. => 3,
            _ => 1,
        };
        let protein = *self.dice.weighted(&[(1, 88), (2, 7), (3, 4), (4, 1)]);
        self.add(coded("CO", "1A020000000191111", sugar, "2102"));
        self.add(coded("CO", "1A010000000191111", protein, "2102"));
    }

    fn kidney(&mut self) {
        let (usual, spread) = if self.life.male() { (0.84, 0.12) } else { (0.64, 0.09) };
        let aged = 0.004 * f64::from((self.age - 60).max(0));
        let creatinine = match self.life.conditions.dialysis {
            true => self.near(9.8, 0.8),
            false => self.near(usual + aged + spread * self.life.kidney, 0.03).clamp(0.38, 2.4),
        };
        let creatinine = (creatinine * 100.0).round() / 100.0;
        let sex = if self.life.male() { 1.0 } else { 0.739 };
        let egfr = 194.0 * creatinine.powf(-1.094) * f64::from(self.age).powf(-0.287) * sex;
        let code = self.method("3C015000002327101", "3C015000002399901");
        let range = if self.life.male() { ("0.65", "1.07") } else { ("0.46", "0.79") };
        let members = vec![
            Finding { range: Some(range), ..number(code, format!("{creatinine:.2}"), "mg/dL") },
            number("8A065000002391901", format!("{egfr:.1}"), "mL/min/1.73m2"),
        ];
        self.entries.push(Entry::Group("3C015", members));
        if self.dice.chance(0.6) {
            let gout = if self.life.conditions.gout { 0.6 } else { 0.0 };
            let usual = if self.life.male() { 5.8 } else { 4.5 };
            let acid = self.near(usual + gout + 0.5 * self.life.kidney, 0.3).clamp(2.0, 10.0);
            self.add(Finding { range: Some(("2.1", "7.0")), ..tenths("3C020000002327101", acid, "mg/dL") });
        }
    }

    fn blood(&mut self) {
        let (usual, spread) = if self.life.male() { (14.9, 1.0) } else { (13.2, 1.0) };
        let aged = 0.02 * f64::from((self.age - 60).max(0));
        let renal = if self.life.conditions.dialysis { 3.4 } else { 0.0 };
        let haemoglobin = self.near(usual - aged - renal + spread * self.life.blood, 0.2).clamp(7.5, 18.5);
        let haematocrit = self.near(haemoglobin * 2.98, 0.4);
        let cells = self.near(haemoglobin * 32.3, 6.0);
        let members = vec![
            tenths("2A040000001930102", haematocrit, "%"),
            tenths("2A030000001930101", haemoglobin, "g/dL"),
            whole("2A020000001930101", cells as i32, "10*4/mm3"),
            reason("2A020161001930149", "医師の判断により実施"),
        ];
        self.entries.push(Entry::Group("2A020", members));
    }

    fn heart(&mut self, body: &Body) {
        let finding = self.dice.chance(0.04 + 0.003 * f64::from((self.age - 40).max(0)));
        let mut members = vec![coded("CD", "9A110160700000011", if finding { 1 } else { 2 }, "2002")];
        if finding {
            const FINDINGS: [&str; 5] =
                ["左室肥大疑い", "心室性期外収縮", "完全右脚ブロック", "洞性徐脈", "ＳＴ－Ｔ変化"];
            let finding = *self.dice.pick(&FINDINGS);
            members.push(text("9A110160800000049", finding));
        }
        let by_result = body.values.systolic >= 140 || body.values.diastolic >= 90;
        members.push(coded("CD", "9A110161600000011", u8::from(by_result), "18120"));
        members.push(reason("9A110161000000049", if by_result { "血圧が基準に該当" } else { "医師の判断により実施" }));
        self.entries.push(Entry::Group("9A110", members));
    }

    fn eyes(&mut self, body: &Body) {
        let grade = if body.values.systolic >= 150 { 2 } else { 1 };
        let members =
            vec![coded("CO", "9E100166000000011", grade, "2110"), reason("9E100161000000049", "医師の判断により実施")];
        self.entries.push(Entry::Group("9E100", members));
    }

    fn examination(&mut self, body: &Body) {
        let conditions = &self.life.conditions;
        let mut history = Vec::new();
        for (has, name) in [
            (conditions.pressure, "高血圧症"),
            (conditions.lipids, "脂質異常症"),
            (conditions.sugar, "糖尿病"),
            (conditions.gout, "痛風"),
            (conditions.dialysis, "慢性腎不全（血液透析中）"),
        ] {
            if has {
                history.push(name);
            }
        }
        self.add(coded("CD", "9N056000000000011", if history.is_empty() { 2 } else { 1 }, "2001"));
        if !history.is_empty() {
            self.add(text("9N056160400000049", &history.join("、")));
        }
        let tired = self.dice.chance(0.12);
        self.add(coded("CD", "9N061000000000011", if tired { 1 } else { 2 }, "2001"));
        if tired {
            const COMPLAINTS: [&str; 4] = ["肩こり", "腰痛", "疲れやすい", "膝の痛み"];
            let complaint = *self.dice.pick(&COMPLAINTS);
            self.add(text("9N061160800000049", complaint));
        }
        let seen = body.values.bmi >= 32.0;
        self.add(coded("CD", "9N066000000000011", if seen { 1 } else { 2 }, "2001"));
        if seen {
            self.add(text("9N066160800000049", "肥満"));
        }
    }

    fn judgements(&mut self, body: &Body, late_elderly: bool) {
        if !late_elderly {
            self.add(coded_text("9N501000000000011", body.values.metabolic(), "1008"));
            self.add(coded_text("9N506000000000011", body.values.guidance(), "3001"));
        }
        self.add(text("9N511000000000049", &body.values.diagnosis()));
        const DOCTORS: [&str; 3] = ["健診　一郎", "保健　美紀", "検査　修"];
        self.add(text("9N516000000000049", DOCTORS[usize::from(self.second_method)]));
    }

    fn questions(&mut self) {
        let life = self.life;
        let yes_no = |yes: bool| if yes { 1 } else { 2 };
        for (code, yes) in [
            ("9N701000000000011", life.conditions.pressure),
            ("9N706000000000011", life.conditions.sugar),
            ("9N711000000000011", life.conditions.lipids),
            ("9N716000000000011", false),
            ("9N721000000000011", false),
            ("9N726000000000011", life.conditions.dialysis),
            ("9N731000000000011", life.blood < -1.3),
        ] {
            self.add(coded("CD", code, yes_no(yes), "2003"));
        }
        self.add(coded("CD", "9N736000000000011", life.smokes, "24060"));
        // A habit changes in one year of seven.
        let shift = if self.dice.chance(0.15) { self.dice.below(12) as u32 } else { 0 };
        let habits = life.habits >> shift;
        let bit = |place: u32| yes_no(habits >> place & 1 == 1);
        let heavier = life.bmi.at_first > 0.5;
        self.add(coded("CD", "9N741000000000011", yes_no(heavier), "2003"));
        for (code, place) in [("9N746000000000011", 0), ("9N751000000000011", 1), ("9N756000000000011", 2)] {
            self.add(coded("CD", code, bit(place), "2003"));
        }
        self.add(coded("CD", "9N872000000000011", 1 + u8::from(self.age > 65 && habits & 8 != 0), "18030"));
        self.add(coded("CD", "9N766000000000011", 1 + (habits >> 4 & 1) as u8 + (habits >> 5 & 1) as u8, "2004"));
        self.add(coded("CD", "9N771000000000011", bit(6), "2003"));
        self.add(coded("CD", "9N782000000000011", 1 + (habits >> 7 & 1) as u8 + (habits >> 8 & 1) as u8, "18040"));
        self.add(coded("CD", "9N781000000000011", yes_no(habits >> 9 & 3 == 3), "2003"));
        self.add(coded("CD", "9N786000000000011", life.drinks, "24040"));
        if life.drinks < 7 {
            self.add(coded(
                "CD",
                "9N791000000000011",
                1 + (habits >> 11 & 1) as u8 + (habits >> 12 & 1) as u8,
                "24050",
            ));
        }
        self.add(coded("CD", "9N796000000000011", bit(13), "2003"));
        let resolve = 1 + self.dice.below(5) as u8;
        self.add(coded("CD", "9N801000000000011", resolve, "2007"));
        self.add(coded("CD", "9N808000000000011", yes_no(habits >> 14 & 7 == 7), "2003"));
    }

    fn questions_of_the_elderly(&mut self) {
        let habits = self.life.habits;
        let bit = |place: u32| 1 + (habits >> place & 1) as u8;
        self.add(coded("CD", "9N932000000000011", 2 + bit(0), "19010"));
        self.add(coded("CD", "9N933000000000011", bit(1), "19020"));
        const YES_NO: [(&str, &str); 9] = [
            ("9N934000000000011", "19030"),
            ("9N935000000000011", "19040"),
            ("9N936000000000011", "19050"),
            ("9N937000000000011", "19060"),
            ("9N938000000000011", "19070"),
            ("9N939000000000011", "19080"),
            ("9N940000000000011", "19090"),
            ("9N941000000000011", "19100"),
            ("9N942000000000011", "19110"),
        ];
        for (place, (code, system)) in (2..).zip(YES_NO) {
            self.add(coded("CD", code, bit(place), system));
        }
        let smokes = match self.life.smokes {
            1 => 1,
            2 => 3,
            _ => 2,
        };
        self.add(coded("CD", "9N943000000000011", smokes, "19120"));
        for (place, code, system) in
            [(12, "9N944000000000011", "19130"), (13, "9N945000000000011", "19140"), (14, "9N946000000000011", "19150")]
        {
            self.add(coded("CD", code, bit(place), system));
        }
    }
}

fn rounded(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn number(code: &'static str, number: String, unit: &'static str) -> Finding {
    Finding { code, value: Value::Number(number, unit), range: None }
}

fn tenths(code: &'static str, value: f64, unit: &'static str) -> Finding {
    number(code, format!("{value:.1}"), unit)
}

fn whole(code: &'static str, value: i32, unit: &'static str) -> Finding {
    number(code, value.to_string(), unit)
}

fn coded(kind: &'static str, code: &'static str, value: u8, system: &'static str) -> Finding {
    Finding { code, value: Value::Code(kind, value.to_string(), system), range: None }
}

fn coded_text(code: &'static str, value: &str, system: &'static str) -> Finding {
    Finding { code, value: Value::Code("CD", value.to_owned(), system), range: None }
}

fn text(code: &'static str, value: &str) -> Finding {
    Finding { code, value: Value::Text(value.to_owned()), range: None }
}

fn reason(code: &'static str, value: &str) -> Finding {
    Finding { code, value: Value::Reason(value.to_owned()), range: None }
}
