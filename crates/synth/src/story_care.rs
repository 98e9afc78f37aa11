//! What the named patients go through, month by month.

use crate::act;
use crate::bill::{Disease, disease};
use crate::chart::{Chart, Stay, Supply, Visit, VisitKind, day_number, is_sunday};
use crate::medicine::{Medicine, list};
use crate::operation::{GALL_BLADDER, SHUNT};
use crate::story::{Story, Visible};
use madoguchi_model::day::Day;

const HYPERTENSION: Disease = disease("8833421");
const GOUT: Disease = disease("7906015");
const LIPIDS: Disease = disease("8844446");
const FIBRILLATION: Disease = disease("4273006");
const KNEES: Disease = disease("7153018");
const INSOMNIA: Disease = disease("8839792");
const ASTHMA: Disease = disease("4939008");
const RHINITIS: Disease = disease("4779004");
const KIDNEY: Disease = disease("8842116");
const DIABETES: Disease = disease("2500015");
const OSTEOPOROSIS: Disease = disease("7330006");
const ANGINA: Disease = disease("4139007");

const MANY: &[Medicine] = &[
    list::AMLODIPINE,
    list::OLMESARTAN,
    list::ATORVASTATIN,
    list::SITAGLIPTIN,
    list::ASPIRIN,
    list::LANSOPRAZOLE,
    list::MAGNESIUM_OXIDE,
    list::ELDECALCITOL,
    list::LEMBOREXANT,
    list::LOXOPROFEN_TAPE,
    list::HYALURONATE_EYE,
    list::LOXOPROFEN_NEEDED,
];

/// Fills the chart of a named patient. Those without a script (a newborn, someone who never came)
/// have no care.
pub(crate) fn play(chart: &mut Chart<'_>, story: Story, visible: &Visible) {
    match story {
        Story::NeverVisited
        | Story::Newborn
        | Story::Family
        | Story::AssistanceWithTicket
        | Story::AssistanceWithoutTicket
        | Story::AssistanceCombined
        | Story::SeveralCoverages
        | Story::LostToAssistance
        | Story::Died
        | Story::SelfDefence
        | Story::Haemophilia
        | Story::OtherName
        | Story::CardNearEnd => {}
        Story::OperationLastYear => operation_last_year(chart, visible),
        Story::FiveDrugs => five_drugs(chart),
        Story::LapsedCoverage => clinic(chart, &[11], INSOMNIA, &[list::BROTIZOLAM], 28),
        Story::RareCharacter => clinic(chart, &[14], GOUT, &[list::FEBUXOSTAT, list::AMLODIPINE_OD], 30),
        Story::TurnedSeventyFive => clinic(chart, &[4, 18], HYPERTENSION, &[list::AZILSARTAN, list::AMLODIPINE], 14),
        Story::Twin => twin(chart),
        Story::Dialysis => dialysis(chart, visible),
        Story::ManyDrugs => many_drugs(chart),
        Story::CertificateNearEnd => clinic(chart, &[9], LIPIDS, &[list::ROSUVASTATIN, list::EZETIMIBE], 30),
        Story::ExpiredCard => clinic(chart, &[21], RHINITIS, &[list::BILASTINE, list::MOMETASONE_NASAL], 28),
        Story::Prescribed => clinic(chart, &[3], LIPIDS, &[list::ATORVASTATIN], 28),
        Story::InsurerChanged => clinic(chart, &[5, 22], ASTHMA, &[list::MONTELUKAST, list::BUDESONIDE_INHALER], 14),
    }
}

/// The day of this month, or the Monday after a Sunday; all days of the stories are before the 27th.
fn weekday(chart: &Chart<'_>, day_of_month: u8) -> Day {
    let day = chart.month.day(day_of_month).unwrap_or(chart.month.first_day());
    if is_sunday(day) { day.plus_days(1) } else { day }
}

/// When the chronic diseases of the stories were found: before the world begins.
fn began(chart: &Chart<'_>, day: Day) -> Day {
    Day::new(2020, 6, 12).unwrap_or(day).max(chart.person.birthdate).min(day)
}

fn visit(chart: &mut Chart<'_>, institution: usize, day: Day, disease: Disease) -> Option<Visit> {
    let since = began(chart, day);
    chart.visit(institution, day, VisitKind::FollowUp, disease, since)
}

/// The same medicines at the same clinic, filled at the pharmacy.
fn clinic(chart: &mut Chart<'_>, days: &[u8], disease: Disease, medicines: &[Medicine], supply: u16) {
    let (clinic, pharmacy) = (chart.places.here.clinics[0], chart.places.here.pharmacies[0]);
    for day in days {
        let day = weekday(chart, *day);
        let Some(visit) = visit(chart, clinic, day, disease) else { continue };
        if disease == HYPERTENSION || disease == LIPIDS {
            chart.monthly_act(visit, &act::lifestyle_guidance(chart.month));
        } else if disease == ASTHMA {
            chart.monthly_act(visit, &act::CHRONIC_GUIDANCE);
        }
        chart.prescribe(visit, medicines, supply, Supply::Pharmacy(pharmacy, 0));
    }
}

fn operation_last_year(chart: &mut Chart<'_>, visible: &Visible) {
    clinic(chart, &[20], HYPERTENSION, &[list::CANDESARTAN], 28);
    let hospital = chart.places.here.hospitals[0];
    let operated = visible.months_ago(12);
    let since = chart.month.months_since(operated);
    if since == 0 {
        let admitted = operated.first_day().plus_days(7);
        chart.stay(&Stay {
            institution: hospital,
            admitted,
            discharged: admitted.plus_days(6),
            disease: GALL_BLADDER.disease,
            operation: Some((&GALL_BLADDER, admitted.plus_days(1))),
            drips: &[list::RINGER],
            bed: act::BED,
            dpc: false,
        });
    } else if since == -1 || since == 1 {
        let day = weekday(chart, 17);
        let Some(visit) = visit(chart, hospital, day, GALL_BLADDER.disease) else { return };
        [act::ULTRASOUND, act::CT, act::IMAGE_READING].iter().for_each(|act| chart.act(visit, act));
        chart.inject(visit, &[list::IODINE_CONTRAST]);
        chart.prescribe(visit, &[list::LOXOPROFEN, list::REBAMIPIDE], 7, Supply::InHouse);
    }
}

/// Five medicines: one from the clinic itself, two from the hospital itself, two from the pharmacy.
fn five_drugs(chart: &mut Chart<'_>) {
    let (clinic, hospital) = (chart.places.here.clinics[0], chart.places.here.hospitals[0]);
    let pharmacy = chart.places.here.pharmacies[0];
    let plan: [(usize, u8, Disease, &[Medicine], Supply); 3] = [
        (clinic, 6, LIPIDS, &[list::ROSUVASTATIN], Supply::InHouse),
        (hospital, 12, FIBRILLATION, &[list::EDOXABAN, list::BISOPROLOL], Supply::InHouse),
        (clinic, 20, KNEES, &[list::CELECOXIB, list::REBAMIPIDE], Supply::Pharmacy(pharmacy, 1)),
    ];
    for (institution, day, disease, medicines, supply) in plan {
        let day = weekday(chart, day);
        if let Some(visit) = visit(chart, institution, day, disease) {
            chart.prescribe(visit, medicines, 28, supply);
        }
    }
}

/// The twins take different medicines, so that a mix-up shows.
fn twin(chart: &mut Chart<'_>) {
    if chart.person.serial % 2 == 1 {
        clinic(chart, &[7], ASTHMA, &[list::MONTELUKAST, list::CARBOCISTEINE], 28);
    } else {
        clinic(chart, &[7], RHINITIS, &[list::LEVOCETIRIZINE], 28);
    }
}

/// Monday, Wednesday and Friday at the hospital; on Mondays an injection against anaemia.
fn dialysis(chart: &mut Chart<'_>, visible: &Visible) {
    let (hospital, pharmacy) = (chart.places.here.hospitals[0], chart.places.here.pharmacies[0]);
    let mut day = chart.month.first_day();
    let mut first = true;
    while day.month() == chart.month {
        // 1970-01-01 was a Thursday: 4 is Monday, 6 is Wednesday, 1 is Friday.
        let weekday = day_number(day).rem_euclid(7);
        if matches!(weekday, 4 | 6 | 1) {
            let Some(visit) = visit(chart, hospital, day, KIDNEY) else { return };
            chart.act(visit, &act::DIALYSIS);
            chart.inject(visit, &[list::HEPARIN, list::SALINE_DIALYSIS]);
            if weekday == 4 {
                chart.inject(visit, &[list::DARBEPOETIN]);
            }
            if first {
                dialysis_once_a_month(chart, visit, pharmacy);
                if chart.month == visible.months_ago(2) {
                    chart.operate(visit, &SHUNT);
                }
                first = false;
            }
        }
        day = day.plus_days(1);
    }
}

fn dialysis_once_a_month(chart: &mut Chart<'_>, visit: Visit, pharmacy: usize) {
    for act in [act::DRUG_LEVEL, act::NUTRITION_ADVICE, act::X_RAY, act::X_RAY_READING, act::BLOOD_COUNT] {
        chart.act(visit, &act);
    }
    let medicines = [list::NIFEDIPINE, list::FUROSEMIDE, list::ALFACALCIDOL, list::SENNOSIDE, list::LEMBOREXANT];
    chart.prescribe(visit, &medicines, 28, Supply::Pharmacy(pharmacy, 0));
}

fn many_drugs(chart: &mut Chart<'_>) {
    let (clinic, hospital) = (chart.places.here.clinics[0], chart.places.here.hospitals[0]);
    let pharmacy = chart.places.here.pharmacies[0];
    let day = weekday(chart, 9);
    if let Some(visit) = visit(chart, clinic, day, HYPERTENSION) {
        let since = began(chart, day);
        chart.diagnose(visit, OSTEOPOROSIS, since);
        chart.monthly_act(visit, &act::lifestyle_guidance(chart.month));
        chart.prescribe(visit, MANY, 28, Supply::Pharmacy(pharmacy, 0));
        if chart.month.month_of_year() % 6 == 1 {
            chart.inject(visit, &[list::DENOSUMAB]);
        }
        chart.inject(visit, &[list::PENTAZOCINE]);
    }
    let day = weekday(chart, 16);
    if let Some(visit) = visit(chart, hospital, day, DIABETES) {
        let since = began(chart, day);
        chart.diagnose(visit, ANGINA, since);
        chart.take_home(visit, &[list::INSULIN_GLARGINE]);
        chart.prescribe(visit, &[list::CLOPIDOGREL, list::NITROGLYCERIN], 28, Supply::InHouse);
        [act::BLOOD_DRAWING, act::HBA1C, act::GLUCOSE].iter().for_each(|act| chart.act(visit, act));
    }
}
