//! The list of prescriptions and dispensings (電子処方箋の処方情報・調剤情報) that `ingest prescriptions`
//! takes: a CSV of our own, one line for each drug.
//!
//! `docs/formats/prescription-csv.md` describes it. Lines of one slip may stand anywhere in the list
//! and must agree about everything but the drug. Every wrong field of every line is reported at
//! once. Whose slip it is and what a code means is not asked here.

use crate::issue::{Issue, Severity};
use crate::table::{ISSUES_MAX, Row, Table};
use madoguchi_model::care::{Amount, Medication};
use madoguchi_model::day::Day;
use madoguchi_model::institution::{InstitutionCode, InstitutionKind};
use madoguchi_model::insurance::InsuranceNumbers;
use madoguchi_model::person::NAME_CHARACTERS_MAX;
use madoguchi_model::prescription::{DRUGS_MAX, Dispensing, DrugForm, Place};
use std::collections::HashMap;
use std::io::Read;

/// The columns of the list, in the order in which we write them.
pub const COLUMNS: &[&str] = &[
    "record",
    "prescription_id",
    "person_key",
    "insurer_number",
    "symbol",
    "number",
    "branch",
    "birthdate",
    "prescriber_code",
    "prescriber_name",
    "prescribed_on",
    "pharmacy_code",
    "pharmacy_name",
    "dispensed_on",
    "form",
    "drug_code",
    "drug_name",
    "ingredient",
    "amount",
    "unit",
    "count",
    "dose",
    "usage",
    "instruction",
];
const REQUIRED: &[&str] = &[
    "record",
    "prescription_id",
    "prescriber_code",
    "prescriber_name",
    "prescribed_on",
    "form",
    "drug_code",
    "amount",
    "count",
];
/// Characters of 処方箋の番号 and of the operator's key of a person.
const KEY_CHARACTERS_MAX: usize = 64;
/// Characters of a drug's name, its usage and its instruction.
const TEXT_CHARACTERS_MAX: usize = 255;
/// Characters of a unit.
const UNIT_CHARACTERS_MAX: usize = 50;
/// Days, doses or dispensings of one drug at most: a year and more.
const COUNT_MAX: u32 = 999;

/// A list, read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PrescriptionFile {
    /// The slips, each with its drugs, in the order of their first lines.
    pub slips: Vec<Slip>,
    /// Findings, at most a thousand.
    pub issues: Vec<Issue>,
    /// Lines with a fault.
    pub refused: u64,
}

/// A prescription or a dispensing.
#[derive(Clone, PartialEq, Eq)]
pub struct Slip {
    /// Its first line, from 1.
    pub line: u64,
    /// 処方箋の番号: the same for a prescription and its dispensings.
    pub prescription: String,
    /// Whose.
    pub person: PersonReference,
    /// What is said about it.
    pub content: Content,
}

/// What a slip says.
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    /// It was written or dispensed.
    Registered(Registered),
    /// The prescription was taken back (取消), with all its dispensings.
    Cancelled,
}

/// A prescription as written, or as dispensed.
#[derive(Clone, PartialEq, Eq)]
pub struct Registered {
    /// 処方した医療機関.
    pub prescriber: Place,
    /// 処方年月日.
    pub prescribed_on: Day,
    /// 調剤結果; `None` is the prescription itself.
    pub dispensing: Option<Dispensing>,
    /// The drugs. A name may be empty: the master has it.
    pub drugs: Vec<Medication>,
}

/// How the list names a person.
#[derive(Clone, PartialEq, Eq)]
pub enum PersonReference {
    /// By the operator's key of the list of insured persons.
    Key(String),
    /// By the numbers on the certificate and the birthdate.
    Numbers(InsuranceNumbers, Day),
}

impl std::fmt::Debug for Slip {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Slip").field("line", &self.line).finish_non_exhaustive()
    }
}

/// Reads a list.
///
/// # Errors
/// Why it can't be read at all; faults of lines are in [`PrescriptionFile::issues`].
pub fn read(source: impl Read) -> Result<PrescriptionFile, Issue> {
    let (mut table, issues) = Table::open(source, COLUMNS, REQUIRED)?;
    let mut file = PrescriptionFile { issues, ..PrescriptionFile::default() };
    let mut places = HashMap::new();
    while let Some(row) = table.next()? {
        let mut wrong = Vec::new();
        if let Some(slip) = slip(&row, &mut wrong) {
            join(&row, slip, &mut file.slips, &mut places, &mut wrong);
        }
        file.refused += u64::from(wrong.iter().any(|issue| issue.severity > Severity::Warning));
        let room = ISSUES_MAX.saturating_sub(file.issues.len());
        file.issues.extend(wrong.into_iter().take(room));
    }
    Ok(file)
}

/// Which slip a line belongs to: number, and pharmacy and day where it was dispensed.
type SlipKey = (String, Option<(String, Day)>);

/// Puts a line to the slip that it belongs to.
fn join(
    row: &Row<'_>,
    line: Slip,
    slips: &mut Vec<Slip>,
    places: &mut HashMap<SlipKey, usize>,
    wrong: &mut Vec<Issue>,
) {
    let dispensing = match &line.content {
        Content::Registered(registered) => registered.dispensing.as_ref(),
        Content::Cancelled => None,
    };
    let dispensed = dispensing.map(|dispensing| (dispensing.pharmacy.code.as_str().to_owned(), dispensing.on));
    let place = *places.entry((line.prescription.clone(), dispensed)).or_insert(slips.len());
    let Some(slip) = slips.get_mut(place) else { return slips.push(line) };
    match (&mut slip.content, line.content) {
        (Content::Registered(slip), Content::Registered(more)) if slip.drugs.len() + more.drugs.len() > DRUGS_MAX => {
            let message = format_args!("1つの処方箋の医薬品は{DRUGS_MAX}件までです。別の処方箋に分けてください");
            wrong.push(row.wrong("prescription_id", message));
        }
        (Content::Registered(slip), Content::Registered(more))
            if slip.prescriber == more.prescriber
                && slip.prescribed_on == more.prescribed_on
                && slip.dispensing == more.dispensing =>
        {
            slip.drugs.extend(more.drugs);
        }
        _ => {
            let message =
                format_args!("{}行目と同じ処方箋ですが、医薬品以外の項目が違います。そろえてください", slip.line);
            return wrong.push(row.wrong("prescription_id", message));
        }
    }
    if slip.person != line.person {
        wrong.push(row.wrong("person_key", format_args!("{}行目と同じ処方箋ですが、患者が違います", slip.line)));
    }
}

fn slip(row: &Row<'_>, wrong: &mut Vec<Issue>) -> Option<Slip> {
    let prescription = text(row, "prescription_id", 1, KEY_CHARACTERS_MAX, wrong);
    let person = person(row, wrong);
    let content = match row.field("record") {
        "1" => registered(row, false, wrong).map(Content::Registered),
        "2" => registered(row, true, wrong).map(Content::Registered),
        "9" => Some(Content::Cancelled),
        _ => {
            wrong.push(row.wrong("record", "1（処方）、2（調剤）または9（取消）で入力してください"));
            None
        }
    };
    Some(Slip { line: row.line, prescription: prescription?, person: person?, content: content? })
}

fn person(row: &Row<'_>, wrong: &mut Vec<Issue>) -> Option<PersonReference> {
    if row.some("person_key").is_some() {
        return text(row, "person_key", 1, KEY_CHARACTERS_MAX, wrong).map(PersonReference::Key);
    }
    if row.some("insurer_number").is_none() && row.some("number").is_none() && row.some("birthdate").is_none() {
        let expected =
            "person_key、または保険者番号・番号・生年月日（insurer_number、number、birthdate）を入力してください";
        wrong.push(row.wrong("person_key", expected));
        return None;
    }
    let numbers = numbers(row, wrong);
    let birthdate = day(row, "birthdate", wrong);
    Some(PersonReference::Numbers(numbers?, birthdate?))
}

fn registered(row: &Row<'_>, dispensed: bool, wrong: &mut Vec<Issue>) -> Option<Registered> {
    let prescriber = place(row, "prescriber_code", "prescriber_name", wrong);
    let prescriber = prescriber.filter(|place| {
        let writes = matches!(place.code.kind(), InstitutionKind::Medical | InstitutionKind::Dental);
        if !writes {
            wrong.push(row.wrong("prescriber_code", "処方した医科または歯科の医療機関コードを入力してください"));
        }
        writes
    });
    let prescribed_on = day(row, "prescribed_on", wrong);
    let dispensing = if dispensed { Some(dispensing(row, prescribed_on, wrong)) } else { None };
    let on = dispensing.as_ref().map_or(prescribed_on, |dispensing| dispensing.as_ref().map(|it| it.on));
    let drug = drug(row, wrong);
    let prescribed_on = prescribed_on?;
    let drug = Medication { day: on, prescribed_on: dispensed.then_some(prescribed_on), ..drug? };
    let dispensing = match dispensing {
        Some(dispensing) => Some(dispensing?),
        None => None,
    };
    Some(Registered { prescriber: prescriber?, prescribed_on, dispensing, drugs: vec![drug] })
}

fn dispensing(row: &Row<'_>, prescribed_on: Option<Day>, wrong: &mut Vec<Issue>) -> Option<Dispensing> {
    let pharmacy = place(row, "pharmacy_code", "pharmacy_name", wrong);
    let on = day(row, "dispensed_on", wrong);
    if prescribed_on.zip(on).is_some_and(|(prescribed, dispensed)| dispensed < prescribed) {
        wrong.push(row.wrong("dispensed_on", "prescribed_on以降の日を入力してください"));
    }
    let pharmacy = pharmacy?;
    if pharmacy.code.kind() != InstitutionKind::Pharmacy {
        wrong.push(row.wrong("pharmacy_code", "調剤した薬局の医療機関コードを入力してください"));
        return None;
    }
    Some(Dispensing { pharmacy, on: on? })
}

fn place(row: &Row<'_>, code: &str, name: &str, wrong: &mut Vec<Issue>) -> Option<Place> {
    let parsed = InstitutionCode::parse(row.field(code)).map_err(|error| wrong.push(row.wrong(code, error))).ok();
    let name = text(row, name, 1, NAME_CHARACTERS_MAX, wrong);
    Some(Place { code: parsed?, name: name? })
}

fn drug(row: &Row<'_>, wrong: &mut Vec<Issue>) -> Option<Medication> {
    let form = row.field("form").parse().ok().and_then(DrugForm::from_number);
    if form.is_none() {
        let expected = "1（内服）、2（頓服）、3（外用）、5（注射）または9（その他）で入力してください";
        wrong.push(row.wrong("form", expected));
    }
    let code = row.field("drug_code");
    let coded = code.len() == 9 && code.bytes().all(|byte| byte.is_ascii_digit());
    if !coded {
        wrong.push(row.wrong("drug_code", "レセプト電算の医薬品コード（数字9桁）を入力してください"));
    }
    let quantity = amount(row, "amount", wrong);
    let count = row.field("count").parse().ok().filter(|count| (1..=COUNT_MAX).contains(count));
    if count.is_none() {
        wrong.push(row.wrong("count", format_args!("1から{COUNT_MAX}の数字で入力してください")));
    }
    let dose = if row.some("dose").is_some() { Some(amount(row, "dose", wrong)) } else { None };
    let mut optional = |name, characters_max| text(row, name, 0, characters_max, wrong);
    let name = optional("drug_name", TEXT_CHARACTERS_MAX);
    let ingredient = optional("ingredient", TEXT_CHARACTERS_MAX);
    let unit = optional("unit", UNIT_CHARACTERS_MAX);
    let usage = optional("usage", TEXT_CHARACTERS_MAX);
    let instruction = optional("instruction", TEXT_CHARACTERS_MAX);
    let form = form?;
    Some(Medication {
        day: None,
        prescribed_on: None,
        class: form.class(),
        code: Some(code).filter(|_| coded)?.to_owned(),
        name: name?,
        ingredient: filled(ingredient?),
        amount: Some(quantity?),
        unit: unit?,
        count: count?,
        count_unit: form.count_unit(),
        usage: filled(usage?),
        dose: dose.map_or(Some(None), |dose| dose.map(Some))?,
        instruction: filled(instruction?),
        in_house: false,
    })
}

fn numbers(row: &Row<'_>, wrong: &mut Vec<Issue>) -> Option<InsuranceNumbers> {
    let field = |name| row.field(name);
    let parsed = InsuranceNumbers::parse(field("insurer_number"), field("symbol"), field("number"), field("branch"));
    let column = |name: &'static str| match name {
        "保険者番号" => "insurer_number",
        "被保険者証等記号" => "symbol",
        "被保険者証等番号" => "number",
        "枝番" => "branch",
        other => other,
    };
    parsed.map_err(|errors| wrong.extend(errors.iter().map(|error| row.wrong(column(error.field), error)))).ok()
}

fn day(row: &Row<'_>, name: &'static str, wrong: &mut Vec<Issue>) -> Option<Day> {
    Day::parse(row.field(name), name).map_err(|error| wrong.push(row.wrong(name, error))).ok()
}

fn amount(row: &Row<'_>, name: &str, wrong: &mut Vec<Issue>) -> Option<Amount> {
    let amount = Amount::parse(row.field(name)).filter(|amount| amount.raw() > 0);
    if amount.is_none() {
        wrong.push(row.wrong(name, "0より大きい数字（整数10桁、小数5桁まで）で入力してください"));
    }
    amount
}

fn text(
    row: &Row<'_>,
    name: &str,
    characters_min: usize,
    characters_max: usize,
    wrong: &mut Vec<Issue>,
) -> Option<String> {
    let text = row.field(name);
    if (characters_min..=characters_max).contains(&text.chars().count()) {
        return Some(text.to_owned());
    }
    wrong.push(row.wrong(name, format_args!("{characters_min}文字以上{characters_max}文字以内で入力してください")));
    None
}

fn filled(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use madoguchi_model::care::CountUnit;

    fn check(lines: &str) -> PrescriptionFile {
        read(format!("{}\n{lines}", COLUMNS.join(",")).as_bytes()).unwrap()
    }

    const BY_KEY: &str = "p1,,,,,";
    const CLINIC: &str = "1312345678,資格クリニック,20261101";
    const PHARMACY: &str = "1342345678,みどり薬局,20261102";
    const TABLET: &str = "1,620007870,,,1,錠,28,,１日１回朝食後服用,";

    #[test]
    fn a_prescription_and_its_dispensing_with_their_drugs() {
        let file = check(&format!(
            "1,A-1,{BY_KEY},{CLINIC},,,,{TABLET}\n\
             2,A-1,{BY_KEY},{CLINIC},{PHARMACY},{TABLET}\n\
             1,A-1,{BY_KEY},{CLINIC},,,,2,620098801,ロキソプロフェン,ロキソ成分,1.5,錠,10,0.5,疼痛時,粉砕\n\
             9,A-0,{BY_KEY},,,,,,,,,,,,,,,,\n"
        ));
        assert_eq!(file.issues, []);
        let [prescribed, dispensed, cancelled] = file.slips.as_slice() else { panic!("three") };
        assert!(cancelled.content == Content::Cancelled && cancelled.prescription == "A-0" && cancelled.line == 5);
        let (Content::Registered(prescribed), Content::Registered(dispensed)) =
            (&prescribed.content, &dispensed.content)
        else {
            panic!("two registrations")
        };
        let tablet = &prescribed.drugs[0];
        assert_eq!((tablet.class, tablet.count, tablet.count_unit), (21, 28, CountUnit::Days));
        assert_eq!((tablet.day, tablet.prescribed_on), (Some(prescribed.prescribed_on), None));
        let needed = &prescribed.drugs[1];
        assert_eq!(needed.amount.unwrap().to_string(), "1.5");
        assert_eq!((needed.dose.unwrap().to_string(), needed.count_unit), ("0.5".to_owned(), CountUnit::Doses));
        assert_eq!(needed.instruction.as_deref(), Some("粉砕"));
        let on = dispensed.dispensing.as_ref().map(|dispensing| dispensing.on);
        assert_eq!((dispensed.drugs[0].day, dispensed.drugs[0].prescribed_on), (on, Some(prescribed.prescribed_on)));
        assert_eq!(dispensed.drugs.len(), 1);
    }

    #[test]
    fn a_person_is_named_by_key_or_by_numbers_and_birthdate() {
        for (columns, expected) in [
            ("p1,,,,,", vec![]),
            ("p1,138057,,,,", vec![]),
            (",138057,国12,00123,01,19600102", vec![]),
            (",138057,,00123,,3350102", vec![]),
            (",138057,,00123,,", vec!["birthdate"]),
            (",138057,,,,19600102", vec!["number"]),
            (",x,,1,123,19600132", vec!["insurer_number", "branch", "birthdate"]),
            (",,,,,", vec!["person_key"]),
        ] {
            let file = check(&format!("1,A-1,{columns},{CLINIC},,,,{TABLET}\n"));
            let fields: Vec<_> = file.issues.iter().map(|issue| issue.field.as_str()).collect();
            assert_eq!(fields, expected, "{columns}");
            assert_eq!(file.slips.len(), usize::from(expected.is_empty()));
        }
    }

    #[test]
    fn every_wrong_field_of_every_line_is_named() {
        let file = check(&format!(
            "2,,{BY_KEY},1342345678,,20261131,1312345678,,20261101,4,62000787,,,0,錠,0,x,,\n\
             3,A-1,{BY_KEY},{CLINIC},,,,{TABLET}\n\
             2,A-1,{BY_KEY},{CLINIC},1342345678,みどり薬局,20261031,{TABLET}\n\
             1,A-2,{BY_KEY},{CLINIC},,,,1,620007870,{long},,1,錠,1000,,,\n",
            long = "薬".repeat(256)
        ));
        let fields: Vec<_> = file.issues.iter().map(|issue| (issue.line, issue.field.as_str())).collect();
        let first = [
            "prescription_id",
            "prescriber_name",
            "prescribed_on",
            "pharmacy_name",
            "form",
            "drug_code",
            "amount",
            "count",
            "dose",
        ];
        let expected: Vec<_> = first
            .iter()
            .map(|field| (2, *field))
            .chain([(3, "record"), (4, "dispensed_on"), (5, "count"), (5, "drug_name")])
            .collect();
        assert_eq!(fields, expected);
        assert_eq!(file.refused, 4);
    }

    #[test]
    fn codes_must_fit_who_prescribes_and_who_dispenses() {
        let file = check(&format!(
            "1,A-1,{BY_KEY},1342345678,薬局,20261101,,,,{TABLET}\n\
             2,A-1,{BY_KEY},{CLINIC},1312345678,診療所,20261101,{TABLET}\n\
             1,A-2,{BY_KEY},1332345678,歯科,20261101,,,,{TABLET}\n"
        ));
        let fields: Vec<_> = file.issues.iter().map(|issue| (issue.line, issue.field.as_str())).collect();
        assert_eq!(fields, [(2, "prescriber_code"), (3, "pharmacy_code")]);
    }

    #[test]
    fn lines_of_a_slip_agree_about_everything_but_the_drug() {
        let same = format!("1,A-1,{BY_KEY},{CLINIC},,,,{TABLET}\n");
        for (other, field) in [
            (format!("1,A-1,{BY_KEY},1312345678,別の名前,20261101,,,,{TABLET}\n"), Some("prescription_id")),
            (format!("1,A-1,{BY_KEY},1312345678,資格クリニック,20261102,,,,{TABLET}\n"), Some("prescription_id")),
            (format!("1,A-1,p2,,,,,,{CLINIC},,,,{TABLET}\n"), Some("person_key")),
            (format!("9,A-1,{BY_KEY},,,,,,,,,,,,,,,,\n"), Some("prescription_id")),
            (format!("1,A-2,p2,,,,,,{CLINIC},,,,{TABLET}\n"), None),
            (same.clone(), None),
            (same.repeat(DRUGS_MAX - 1), None),
            (same.repeat(DRUGS_MAX), Some("prescription_id")),
        ] {
            let file = check(&format!("{same}{other}"));
            let fields: Vec<_> = file.issues.iter().map(|issue| issue.field.as_str()).collect();
            assert_eq!(fields, field.into_iter().collect::<Vec<_>>(), "{}", &other[..20]);
        }
    }

    #[test]
    fn hostile_lists_end_with_a_finding() {
        assert_eq!(read("record,prescription_id\n".as_bytes()).unwrap_err().field, "見出し行");
        let endless = [COLUMNS.join(",").as_bytes(), b"\n", &vec![b'1'; 100_000]].concat();
        assert_eq!(read(endless.as_slice()).unwrap_err().field, "ファイル");
        let shift_jis = [COLUMNS.join(",").as_bytes(), b"\n1,\x8e\x52,,,\n"].concat();
        assert_eq!(read(shift_jis.as_slice()).unwrap_err().field, "文字コード");
        let many = check(&"x\n".repeat(2_000));
        assert_eq!((many.issues.len(), many.refused), (ISSUES_MAX, 2_000));
        let quoted = check("\"1\",\"A\n-1\",\"p1\",\"\0\",,,,\n");
        assert!(quoted.slips.is_empty() && quoted.refused == 1);
    }
}
