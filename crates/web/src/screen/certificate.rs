//! One coverage with its certificates, as a screen lays it out: facts that belong together, in words.

use madoguchi_model::code::{CertificateKind, label};
use madoguchi_model::day::Day;
use madoguchi_model::eligibility::{AnswerConsent, Row, TicketLine};

/// One coverage with its certificates.
pub(super) struct Card {
    pub(super) title: String,
    pub(super) parts: Vec<Part>,
    pub(super) rare_characters: bool,
}

/// Facts that belong together.
pub(super) struct Part {
    pub(super) heading: &'static str,
    pub(super) facts: Vec<(&'static str, String)>,
}

/// All that an answer tells of one coverage.
pub(super) fn card(row: &Row) -> Card {
    let title = format!("{}（{}）", row.kind.label(), row.insurer_name);
    let mut parts = vec![
        Part { heading: "", facts: person(row) },
        Part { heading: "証の内容", facts: certificate(row) },
        Part { heading: "高齢受給者証", facts: elderly(row) },
        Part { heading: "限度額適用認定証等", facts: limit(row) },
        Part { heading: "特定疾病療養受療証", facts: diseases(row) },
    ];
    parts.extend(row.tickets.iter().map(|line| Part { heading: line.ticket.kind.label(), facts: ticket(line) }));
    parts.retain(|part| !part.facts.is_empty());
    Card { title, parts, rare_characters: row.name.contains('●') || row.kana.contains('●') }
}

type Facts = Vec<(&'static str, String)>;

fn person(row: &Row) -> Facts {
    let mut facts = vec![
        ("氏名", row.name.clone()),
        ("氏名カナ", row.kana.clone()),
        ("生年月日", row.birthdate.era()),
        ("性別", row.sex.label().to_owned()),
    ];
    put(&mut facts, "性別（券面）", row.printed_sex.map(|sex| sex.label().to_owned()));
    put(&mut facts, "氏名（その他）", row.other_name.clone());
    put(&mut facts, "氏名（その他）カナ", row.other_kana.clone());
    put(&mut facts, "郵便番号", row.postal_code.as_ref().map(|code| code.as_str().to_owned()));
    put(&mut facts, "住所", row.address.clone());
    put(&mut facts, "照会番号", row.reference_number.clone());
    facts
}

fn certificate(row: &Row) -> Facts {
    let assistance = row.kind == CertificateKind::MedicalAssistance;
    let (insurer, number, name) = match assistance {
        true => ("公費負担者番号", "受給者番号", "福祉事務所"),
        false => ("保険者番号", "番号", "保険者名"),
    };
    let mut facts = vec![(insurer, row.numbers.insurer.printed()), (name, row.insurer_name.clone())];
    put(&mut facts, "記号", filled(&row.numbers.symbol));
    facts.push((number, row.numbers.number.clone()));
    put(&mut facts, "枝番", filled(&row.numbers.branch));
    put(&mut facts, "本人・家族の別", row.relation.map(|relation| label(relation).to_owned()));
    put(&mut facts, "被保険者氏名（世帯主氏名）", row.insured_name.clone());
    put(&mut facts, "負担割合", row.share_percent.map(share));
    put(&mut facts, "未就学", row.preschool.then(|| "未就学者に該当".to_owned()));
    facts.push(("資格取得日", row.qualified_on.era()));
    put(&mut facts, "資格喪失日", row.lost_on.map(Day::era));
    put(&mut facts, "資格喪失事由", row.loss.map(|loss| label(loss).to_owned()));
    put(&mut facts, "交付年月日", row.issued_on.map(Day::era));
    put(&mut facts, "有効期間", period(row.certificate_from, row.certificate_to));
    facts
}

fn elderly(row: &Row) -> Facts {
    let Some(elderly) = &row.elderly else { return Facts::new() };
    let mut facts = vec![("負担割合", share(elderly.share_percent))];
    put(&mut facts, "交付年月日", elderly.issued_on.map(Day::era));
    put(&mut facts, "有効期間", period(Some(elderly.valid_from), elderly.valid_to));
    facts
}

fn limit(row: &Row) -> Facts {
    let mut facts = Facts::new();
    if let Some(limit) = &row.limit {
        facts.push(("区分", limit.kind.label().to_owned()));
        facts.push(("適用区分", limit.class.label().to_owned()));
        put(&mut facts, "交付年月日", limit.issued_on.map(Day::era));
        put(&mut facts, "有効期間", period(Some(limit.valid_from), limit.valid_to));
        put(&mut facts, "長期入院該当年月日", limit.long_term_on.map(Day::era));
    }
    match row.limit_consent {
        Some(AnswerConsent::Given(at)) if row.limit.is_none() => {
            facts.push(("状態", format!("交付されていません（{}に口頭の同意）", at.japanese())));
        }
        Some(AnswerConsent::Refused) => facts.push(("状態", "同意がないため表示していません".to_owned())),
        _ => {}
    }
    facts
}

fn diseases(row: &Row) -> Facts {
    let mut facts = Facts::new();
    for disease in &row.diseases {
        facts.push(("疾病区分", disease.category.label().to_owned()));
        put(&mut facts, "交付年月日", disease.issued_on.map(Day::era));
        put(&mut facts, "有効期間", period(Some(disease.valid_from), disease.valid_to));
        facts.push(("自己負担限度額", yen(disease.self_pay_yen)));
    }
    facts
}

fn ticket(line: &TicketLine) -> Facts {
    let ticket = &line.ticket;
    let whose = if line.entrusted_here { "この医療機関等" } else { "ほかの医療機関等" };
    let mut facts = vec![
        ("委託先", format!("{}（{whose}）", ticket.institution_name)),
        ("診療年月", ticket.month.era()),
        ("有効期間", format!("{}から{}まで", ticket.valid_from.era(), ticket.valid_to.era())),
        ("交付番号", ticket.issue_number.clone()),
        ("診療別", ticket.treatment.label().to_owned()),
        ("単独・併用", ticket.combination.label().to_owned()),
    ];
    put(&mut facts, "傷病名", filled(&ticket.injuries.join("、")));
    put(&mut facts, "本人支払額", ticket.self_pay_yen.map(yen));
    put(&mut facts, "地区担当者", filled(&ticket.district_contact));
    put(&mut facts, "取扱担当者", filled(&ticket.handling_contact));
    put(&mut facts, "備考", filled(&ticket.remarks.join("　")));
    facts
}

fn put(facts: &mut Facts, label: &'static str, value: Option<String>) {
    facts.extend(value.map(|value| (label, value)));
}

fn filled(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn period(from: Option<Day>, to: Option<Day>) -> Option<String> {
    match (from, to) {
        (None, None) => None,
        (from, to) => Some(format!(
            "{}から{}",
            from.map_or_else(String::new, Day::era),
            to.map_or_else(String::new, |to| format!("{}まで", to.era()))
        )),
    }
}

fn share(percent: i64) -> String {
    match percent % 10 {
        0 => format!("{}割", percent / 10),
        _ => format!("{percent}％"),
    }
}

fn yen(amount: i64) -> String {
    let digits = amount.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text + "円"
}
