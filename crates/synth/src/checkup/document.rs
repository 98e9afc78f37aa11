//! A check-up as HL7 CDA R2, and the index of a package.

use super::body::{Entry, Finding, Value};
use crate::person::Inhabitant;
use madoguchi_model::care::Amount;
use madoguchi_model::day::Day;
use madoguchi_model::institution::InstitutionCode;
use madoguchi_model::insurance::{InsuranceNumbers, InsurerNumber};
use std::fmt::Write;

/// Room of a usual document.
const USUAL_BYTES: usize = 16_384;

/// Whose check-up it is, where and when.
pub(super) struct Head<'a> {
    pub(super) person: &'a Inhabitant,
    pub(super) numbers: &'a InsuranceNumbers,
    pub(super) institution: &'a InstitutionCode,
    pub(super) institution_name: &'a str,
    pub(super) day: Day,
    pub(super) created_on: Day,
    pub(super) late_elderly: bool,
}

/// The whole document.
pub(super) fn document(head: &Head<'_>, entries: &[Entry]) -> String {
    let mut out = String::with_capacity(USUAL_BYTES);
    let (program, section) = if head.late_elderly { ("020", "01020") } else { ("010", "01010") };
    out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    out.push_str(
        "<ClinicalDocument xmlns=\"urn:hl7-org:v3\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n",
    );
    out.push_str("<typeId root=\"2.16.840.1.113883.1.3\" extension=\"POCD_HD000040\"/>\n<id nullFlavor=\"NI\"/>\n");
    out.push_str("<code code=\"10\" codeSystem=\"1.2.392.200119.6.1001\"/>\n");
    put(&mut out, format_args!("<effectiveTime value=\"{}\"/>\n", head.created_on));
    out.push_str("<confidentialityCode code=\"N\"/>\n");
    person(&mut out, head);
    let institution = format!(
        "<representedOrganization><id extension=\"{}\" root=\"1.2.392.200119.6.102\"/><name>{}</name></representedOrganization>",
        head.institution,
        escaped(head.institution_name)
    );
    put(
        &mut out,
        format_args!(
            "<author><time value=\"{}\"/><assignedAuthor><id nullFlavor=\"NI\"/>{institution}</assignedAuthor></author>\n",
            head.created_on
        ),
    );
    put(
        &mut out,
        format_args!(
            "<custodian><assignedCustodian><representedCustodianOrganization><id extension=\"{}\" \
             root=\"1.2.392.200119.6.101\"/></representedCustodianOrganization></assignedCustodian></custodian>\n",
            head.numbers.insurer.padded()
        ),
    );
    put(
        &mut out,
        format_args!(
            "<documentationOf><serviceEvent><code code=\"{program}\" codeSystem=\"1.2.392.200119.6.1002\"/>\
             <effectiveTime value=\"{}\"/><performer typeCode=\"PRF\"><assignedEntity><id nullFlavor=\"NI\"/>\
             {institution}</assignedEntity></performer></serviceEvent></documentationOf>\n",
            head.day
        ),
    );
    put(
        &mut out,
        format_args!(
            "<component><structuredBody><component><section><code code=\"{section}\" \
             codeSystem=\"1.2.392.200119.6.1010\"/><text/>\n"
        ),
    );
    for entry in entries {
        out.push_str("<entry>");
        match entry {
            Entry::One(finding) => observation(&mut out, finding),
            Entry::Group(code, members) => group(&mut out, code, members),
        }
        out.push_str("</entry>\n");
    }
    out.push_str("</section></component></structuredBody></component>\n</ClinicalDocument>\n");
    out
}

/// 交換用基本情報 (index) of a package.
pub(super) fn index(sender: &InstitutionCode, receiver: &InsurerNumber, day: Day, documents: usize) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <index xmlns=\"http://tokuteikenshin.jp/checkup/2007\"><interactionType code=\"1\"/><creationTime value=\"{day}\"/>\
         <sender><id extension=\"{sender}\" root=\"1.2.392.200119.6.102\"/></sender>\
         <receiver><id extension=\"{}\" root=\"1.2.392.200119.6.101\"/></receiver>\
         <serviceEventType code=\"1\"/><totalRecordCount value=\"{documents}\"/></index>\n",
        receiver.padded()
    )
}

/// 集計情報 (summary) of a package: counts only, nothing is settled.
pub(super) fn summary(receiver: &InsurerNumber, day: Day, documents: usize) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <summary xmlns=\"http://tokuteikenshin.jp/checkup/2007\"><creationTime value=\"{day}\"/>\
         <payer><id extension=\"{}\" root=\"1.2.392.200119.6.101\"/></payer>\
         <totalSubjectCount value=\"{documents}\"/></summary>\n",
        receiver.padded()
    )
}

fn person(out: &mut String, head: &Head<'_>) {
    out.push_str("<recordTarget><patientRole>\n");
    let InsuranceNumbers { insurer, symbol, number, branch } = head.numbers;
    for (text, suffix) in [(insurer.padded().as_str(), 101), (symbol, 204), (number, 205), (branch, 211)] {
        if !text.is_empty() {
            put(out, format_args!("<id extension=\"{}\" root=\"1.2.392.200119.6.{suffix}\"/>\n", escaped(text)));
        }
    }
    put(
        out,
        format_args!(
            "<patient><name>{}</name><administrativeGenderCode code=\"{}\" codeSystem=\"1.2.392.200119.6.1104\"/>\
             <birthTime value=\"{}\"/></patient></patientRole></recordTarget>\n",
            escaped(&head.person.kana),
            head.person.sex.number(),
            head.person.birthdate
        ),
    );
}

fn group(out: &mut String, code: &str, members: &[Finding]) {
    put(out, format_args!("<observation classCode=\"OBS\" moodCode=\"EVN\"><code code=\"{code}\"/>"));
    for member in members {
        let kind = if matches!(member.value, Value::Reason(_)) { "RSON" } else { "COMP" };
        put(out, format_args!("<entryRelationship typeCode=\"{kind}\">"));
        observation(out, member);
        out.push_str("</entryRelationship>");
    }
    out.push_str("</observation>");
}

fn observation(out: &mut String, finding: &Finding) {
    let code = finding.code;
    let not_done = if finding.value == Value::NotDone { " negationInd=\"true\"" } else { "" };
    put(
        out,
        format_args!(
            "<observation classCode=\"OBS\" moodCode=\"EVN\"{not_done}><code code=\"{code}\" \
             codeSystem=\"1.2.392.200119.6.1005\"/>"
        ),
    );
    match &finding.value {
        Value::Number(number, unit) => {
            put(out, format_args!("<value xsi:type=\"PQ\" value=\"{number}\" unit=\"{unit}\"/>"));
            if let Some((low, high)) = finding.range {
                range(out, number, unit, low, high);
            }
        }
        Value::Code(kind, code, system) => put(
            out,
            format_args!("<value xsi:type=\"{kind}\" code=\"{code}\" codeSystem=\"1.2.392.200119.6.{system}\"/>"),
        ),
        Value::Text(text) | Value::Reason(text) => {
            put(out, format_args!("<value xsi:type=\"ST\">{}</value>", escaped(text)));
        }
        Value::NotDone => {}
    }
    out.push_str("</observation>");
}

/// What the laboratory says: its own range, and on which side of it the value lies.
fn range(out: &mut String, number: &str, unit: &str, low: &str, high: &str) {
    let raw = |text: &str| Amount::parse(text).map_or(0, Amount::raw);
    let side = match raw(number) {
        value if value > raw(high) => "H",
        value if value < raw(low) => "L",
        _ => "N",
    };
    put(
        out,
        format_args!(
            "<interpretationCode code=\"{side}\"/><referenceRange><observationRange><value xsi:type=\"IVL_PQ\">\
             <low value=\"{low}\" unit=\"{unit}\"/><high value=\"{high}\" unit=\"{unit}\"/></value></observationRange>\
             </referenceRange>"
        ),
    );
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing into a string does not fail.
    let _ = out.write_fmt(text);
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
