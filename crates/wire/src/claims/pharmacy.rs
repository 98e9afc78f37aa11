//! SH, CZ and IY of 調剤 (claims.md 7).

use super::record::{Fields, Findings};
use crate::issue::Issue;
use madoguchi_model::care::Prescriber;
use madoguchi_model::claim::{Body, DispensedDrug, Dispensing, Prescription};

/// The prescriptions of a receipt while they are read.
#[derive(Default)]
pub(super) struct Prescriptions {
    prescriber: Option<Prescriber>,
    prescriptions: Vec<(u64, Prescription)>,
}

impl Prescriptions {
    /// Reads 処方医療機関 from RE.
    pub(super) fn prescriber(&mut self, record: &Fields<'_>) {
        let code = format!("{}{}{}", record.field(9), record.field(10), record.field(11));
        let name = record.field(12).to_owned();
        if !code.is_empty() || !name.is_empty() {
            self.prescriber = Some(Prescriber { code, name });
        }
    }

    /// Takes one record.
    pub(super) fn read(&mut self, record: &Fields<'_>, findings: &mut Findings) {
        match record.kind() {
            "SH" => self.prescription(record, findings),
            "CZ" => self.dispensing(record, findings),
            "IY" => self.drug(record, findings),
            "TO" | "CO" | "TK" | "KI" | "ST" => {}
            other => findings.unknown(other),
        }
    }

    /// What was dispensed. A prescription without CZ has no quantity and is left out.
    pub(super) fn finish(self, findings: &mut Findings) -> Body {
        let mut taken = Vec::new();
        for (line, prescription) in self.prescriptions {
            if prescription.dispensings.is_empty() && !prescription.drugs.is_empty() {
                let message = "調剤情報レコード（CZ）がないため、この処方は表示しません";
                findings.warn(Issue::warning(line, "処方基本レコード（SH）", message));
            }
            taken.push(prescription);
        }
        Body::Pharmacy { prescriber: self.prescriber, prescriptions: taken }
    }

    fn prescription(&mut self, record: &Fields<'_>, findings: &mut Findings) {
        findings.check_width(record, 9);
        let form = record.field(2).parse().ok().filter(|form| matches!(form, 1..=9));
        if form.is_none() {
            findings.warn(Issue::warning(record.line, "剤形", "1から9の数字ではありません"));
        }
        let prescription = Prescription {
            form: form.unwrap_or(0),
            usage_code: record.field(3).to_owned(),
            instruction: record.field(4).to_owned(),
            dispensings: Vec::new(),
            drugs: Vec::new(),
        };
        self.prescriptions.push((record.line, prescription));
    }

    fn dispensing(&mut self, record: &Fields<'_>, findings: &mut Findings) {
        findings.check_width(record, 70);
        let dispensing = Dispensing {
            prescribed_on: record.day(2, "処方月日", findings),
            dispensed_on: record.day(3, "調剤月日", findings),
            count: record.number(5, "調剤数量", findings).unwrap_or(1),
        };
        match self.prescriptions.last_mut() {
            Some((_, prescription)) => prescription.dispensings.push(dispensing),
            None => findings.warn(without_prescription(record.line)),
        }
    }

    fn drug(&mut self, record: &Fields<'_>, findings: &mut Findings) {
        findings.check_width(record, 9);
        let drug = DispensedDrug {
            line: record.line,
            code: record.field(2).to_owned(),
            quantity: record.amount(3, "使用量", findings),
            dose: record.amount(9, "１回用量", findings),
        };
        match self.prescriptions.last_mut() {
            Some((_, prescription)) => prescription.drugs.push(drug),
            None => findings.warn(without_prescription(record.line)),
        }
    }
}

fn without_prescription(line: u64) -> Issue {
    Issue::warning(line, "処方基本レコード（SH）", "前に処方基本レコード（SH）がないため使用しません")
}
