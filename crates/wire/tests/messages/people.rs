//! Answers about people of a synthetic world, in every grade of 資格有効性 and by both means: XML and JSON are read as
//! the same answer. `MADOGUCHI_PERSONS` says how many people; the long run has 5,000.

use madoguchi_model::certificate::{Certificate, DiseaseCertificate, ElderlyCertificate, LimitCertificate};
use madoguchi_model::code::{CertificateKind, Code, DiseaseCategory, IncomeClass, LimitKind, QualificationValidity};
use madoguchi_model::consent::{Grant, Scope};
use madoguchi_model::coverage::{Coverage, ReasonOfLoss};
use madoguchi_model::day::{Day, Timestamp};
use madoguchi_model::eligibility::Told;
use madoguchi_model::eligibility::{
    Answer, AnswerConsent, Consents, Known, Presence, Query, Verdict, by_card, by_numbers, row,
};
use madoguchi_model::id::{ConsentId, CoverageId, PersonId};
use madoguchi_model::institution::InstitutionCode;
use madoguchi_model::person::{Particulars, Person, PostalCode};
use madoguchi_synth::{Inhabitant, World, WorldPlan};
use madoguchi_wire::message::eligibility::{self, Addressee};
use madoguchi_wire::message::leaf::Text;
use madoguchi_wire::message::{CharacterCode, Role};

const PERSONS_USUAL: u32 = 60;
const TODAY: i64 = 20_261_122;
const GRADES: [QualificationValidity; 6] = [
    QualificationValidity::Valid,
    QualificationValidity::Invalid,
    QualificationValidity::Replaced,
    QualificationValidity::None,
    QualificationValidity::Several,
    QualificationValidity::NotRegistered,
];

#[test]
fn everyone_comes_back_in_every_grade() {
    let persons = std::env::var("MADOGUCHI_PERSONS").map_or(PERSONS_USUAL, |text| text.parse().unwrap());
    let today = Day::from_number(TODAY).unwrap();
    let world = World::new(WorldPlan { persons, ..WorldPlan::demo(2_026, today) });
    let mut answers = 0;
    for (place, inhabitant) in world.people().iter().take(persons as usize).enumerate() {
        for grade in GRADES {
            for answer in answers_about(inhabitant, place, grade, today) {
                assert_eq!(answer.validity, grade, "{}", inhabitant.key);
                check(&answer, &inhabitant.key);
                answers += 1;
            }
        }
    }
    assert!(answers > persons * 7, "{answers} answers about {persons} people");
}

/// The answers that have this grade: by numbers, by card, or both.
fn answers_about(inhabitant: &Inhabitant, place: usize, grade: QualificationValidity, today: Day) -> Vec<Answer> {
    let person = person(inhabitant, place);
    let coverages = coverages(inhabitant, place, grade, today);
    let presence = if grade == QualificationValidity::NotRegistered { Presence::Missing } else { Presence::Registered };
    let at = today.midnight().plus_seconds(i64::try_from(place).unwrap() % 86_400);
    let institution = InstitutionCode::parse("1319999991").unwrap();
    let grant = grant(&person, &institution, place, at);
    let told = |verdict: &Verdict<'_>, consents| {
        let known = Known {
            person: &person,
            tickets: &[],
            told: Told::OfDay,
            reference_number: place.is_multiple_of(2).then_some(inhabitant.key.as_str()),
            institution: &institution,
            day: today,
            limit_consent: Some(AnswerConsent::Given(at)),
            disease_consent: Some(AnswerConsent::Given(at)),
            consents,
        };
        verdict.coverages.iter().map(|coverage| row(&known, coverage)).collect::<Vec<_>>()
    };
    let mut answers = Vec::new();
    if grade != QualificationValidity::Several {
        let query = Query {
            numbers: inhabitant.coverages[0].numbers.clone(),
            birthdate: person.birthdate,
            limit_consent: true,
            day: today,
        };
        let asked: Vec<_> = coverages.first().map(|coverage| coverage.id).into_iter().collect();
        let verdict = by_numbers(&asked, &coverages, today, presence);
        answers.push(Answer::to_numbers(&query, at, verdict.validity, told(&verdict, None)));
    }
    if grade != QualificationValidity::Replaced {
        let verdict = by_card(&coverages, today, presence);
        let rows = told(&verdict, Some(Consents::of(Some(&grant), at)));
        answers.push(Answer::to_card(at, verdict.validity, Vec::new(), rows));
    }
    answers
}

fn person(inhabitant: &Inhabitant, place: usize) -> Person {
    let Inhabitant { name, kana, sex, birthdate, .. } = inhabitant;
    let particulars = Particulars {
        other_name: place.is_multiple_of(7).then(|| "別名　<&>".to_owned()),
        other_kana: place.is_multiple_of(7).then(|| "ベツメイ　ヴァ".to_owned()),
        address: Some(format!("東京都架空区見本町{place}－１")),
        postal_code: PostalCode::parse("1000000").ok(),
    };
    Person {
        id: PersonId::new(Timestamp::from_micros(0), [1; 10]),
        // Every eleventh name has a character that no font has, every thirteenth one that Shift_JIS lacks.
        name: match place {
            _ if place.is_multiple_of(11) => format!("\u{E000}{name}"),
            _ if place.is_multiple_of(13) => format!("𠮷{name}"),
            _ => name.clone(),
        },
        kana: kana.clone(),
        sex: *sex,
        birthdate: *birthdate,
        died_on: None,
        particulars,
    }
}

/// Coverages that lead to the grade; the first one is asked for.
fn coverages(inhabitant: &Inhabitant, place: usize, grade: QualificationValidity, today: Day) -> Vec<Coverage> {
    let begun = today.plus_days(-400);
    let lost = Some(today.plus_days(-30));
    let insured = |number: u8, from, to| coverage(inhabitant, place, number, from, to);
    match grade {
        QualificationValidity::Valid => vec![insured(1, begun, None)],
        QualificationValidity::Invalid => vec![insured(1, begun, lost)],
        QualificationValidity::Replaced => {
            vec![insured(1, begun, lost), insured(2, today.plus_days(-29), None)]
        }
        QualificationValidity::None => Vec::new(),
        QualificationValidity::Several => vec![insured(1, begun, None), insured(2, today.plus_days(-10), None)],
        QualificationValidity::NotRegistered => {
            vec![Coverage { kind: CertificateKind::MedicalAssistance, ..insured(1, begun, None) }]
        }
    }
}

fn coverage(inhabitant: &Inhabitant, place: usize, number: u8, from: Day, to: Option<Day>) -> Coverage {
    let span = &inhabitant.coverages[place % inhabitant.coverages.len()];
    Coverage {
        person: PersonId::new(Timestamp::from_micros(0), [1; 10]),
        id: CoverageId::new(Timestamp::from_micros(0), [number; 10]),
        numbers: span.numbers.clone(),
        insurer_name: span.insurer_name.clone(),
        relation: span.relation,
        kind: CertificateKind::General,
        valid_from: from,
        valid_to: to,
        loss: to.map(|_| ReasonOfLoss::OtherCoverage),
        patient_share_percent: Some(span.patient_share_percent.into()),
        certificate: certificate(place, from),
    }
}

/// All kinds of certificates in turn.
fn certificate(place: usize, from: Day) -> Certificate {
    fn nth<C: Code>(place: usize) -> C {
        C::from_code(C::CHOICES[place % C::CHOICES.len()].0).unwrap()
    }
    let to = Some(from.plus_days(1_000));
    let limit = LimitCertificate {
        kind: nth::<LimitKind>(place),
        class: nth::<IncomeClass>(place),
        issued_on: Some(from),
        valid_from: from,
        valid_to: to,
        long_term_on: place.is_multiple_of(5).then_some(from),
    };
    let disease = |place| DiseaseCertificate {
        category: nth::<DiseaseCategory>(place),
        issued_on: Some(from),
        valid_from: from,
        valid_to: to,
        self_pay_yen: 10_000,
    };
    Certificate {
        insured_name: Some("見本　太郎".to_owned()),
        sex: None,
        issued_on: Some(from),
        valid_from: Some(from),
        valid_to: to,
        elderly: vec![ElderlyCertificate { issued_on: Some(from), valid_from: from, valid_to: to, share_percent: 20 }],
        limits: vec![limit],
        diseases: (0..place % 3).map(disease).collect(),
    }
}

/// Every set of consents in turn.
fn grant(person: &Person, institution: &InstitutionCode, place: usize, at: Timestamp) -> Grant {
    let agreed = Scope::from_bits(i64::try_from(place % 16).unwrap());
    Grant::new(ConsentId::new(at, [1; 10]), person.id, institution.clone(), Scope::FULL, agreed, at)
}

fn check(told: &Answer, key: &str) {
    let institution = InstitutionCode::parse("1319999991").unwrap();
    let to = Addressee { institution: &institution, identifier: Text::new(key), character_code: CharacterCode::Utf8 };
    let message = eligibility::Answer::telling(told, &to, None);
    assert_eq!(message.body.results.0.len(), told.rows.len());
    let (xml, json) = (message.to_xml(CharacterCode::Utf8), message.to_json());
    let from_xml = eligibility::Answer::from_xml(&xml, Role::Answer).unwrap();
    let from_json = eligibility::Answer::from_json(&json, Role::Answer).unwrap();
    assert_eq!(from_xml, from_json, "{key}: XML and JSON agree");
    assert_eq!(from_xml, message, "{key}: nothing is lost");
    assert_eq!((from_json.to_xml(CharacterCode::Utf8), from_xml.to_json()), (xml, json), "{key}: the same bytes");
    let shift_jis = message.to_xml(CharacterCode::ShiftJis);
    let again = eligibility::Answer::from_xml(&shift_jis, Role::Answer).unwrap();
    let mut expected = message;
    for row in &mut expected.body.results.0 {
        row.name = Text::new(&row.name.as_str().replace('𠮷', "●")).unwrap();
    }
    assert_eq!(again, expected, "{key}: only what Shift_JIS lacks is replaced");
}
