//! The medical tickets of the world as rows of the list that `ingest coverage` takes (医療券・調剤券CSV).

use crate::person::Inhabitant;
use crate::story::Story;
use crate::world::World;
use madoguchi_model::code::{Code, TicketKind, TreatmentKind};
use madoguchi_model::day::Month;
use madoguchi_model::institution::{Institution, InstitutionKind};

const COLUMNS: &str = "person_key,ticket_kind,treatment_month,issue_number,institution_code,institution_name,injury1,\
                       treatment,combination,social_insurance,infection,elderly_care,prefectural_expenses,remarks1";
/// Institutions that are entrusted with the same patient at most.
const INSTITUTIONS_MAX: usize = 10;
/// Months ahead for which tickets are there already: a demo's date runs on.
const MONTHS_AHEAD: i32 = 12;

impl World {
    /// The tickets of everybody on 医療扶助 but the one who waits for them: a heading, then one line for each
    /// institution and month from the last month on.
    #[must_use]
    pub fn ticket_csv(&self) -> String {
        let mut text = format!("{COLUMNS}\r\n");
        let this_month = self.today().month();
        for person in self.people().iter().filter(|person| has_tickets(person)) {
            for month in (-1..=MONTHS_AHEAD).map(|months| this_month.plus_months(months)) {
                for institution in self.institutions().iter().take(INSTITUTIONS_MAX) {
                    text.push_str(&line(person, month, institution));
                }
            }
        }
        text
    }
}

fn has_tickets(person: &Inhabitant) -> bool {
    let assisted = person.coverages.iter().any(crate::person::CoverageSpan::is_assistance);
    assisted && person.story != Some(Story::AssistanceWithoutTicket)
}

fn line(person: &Inhabitant, month: Month, institution: &Institution) -> String {
    let (kind, treatment) = match institution.kind() {
        InstitutionKind::Medical => (TicketKind::Medical, TreatmentKind::Outpatient),
        InstitutionKind::Dental => (TicketKind::Medical, TreatmentKind::Dental),
        InstitutionKind::Pharmacy => (TicketKind::Dispensing, TreatmentKind::Dispensing),
        InstitutionKind::HomeNursing => (TicketKind::Medical, TreatmentKind::HomeNursing),
    };
    let (combination, insured) =
        if person.story == Some(Story::AssistanceCombined) { ("02", "01") } else { ("01", "02") };
    format!(
        "{},{},{month},{},{},{},高血圧症,{},{combination},{insured},02,02,02,見本の医療券\r\n",
        person.key,
        kind.code(),
        person.serial + 1,
        institution.code,
        institution.name,
        treatment.code(),
    )
}
