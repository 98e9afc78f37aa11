//! Check-ups (特定健診) of the people from 40 on: one a year for those who go, packed as insurers get them.
//!
//! Everything follows from the person's number and the year. `body` says what is measured and answered,
//! `judge` what follows from it, `document` writes it as HL7 CDA.

mod body;
mod document;
mod judge;

use crate::chart::is_sunday;
use crate::dice::{Dice, Stream};
use crate::person::{CoverageSpan, Inhabitant};
use crate::story::Story;
use crate::world::World;
use body::Life;
use document::{Head, document};
use madoguchi_model::day::Day;
use madoguchi_model::insurance::InsurerNumber;
use madoguchi_wire::checkup::pack;
use std::collections::BTreeMap;

/// From this age on, counted at the end of the fiscal year, people are invited.
const FIRST_AGE: i32 = 40;
/// From this age on the 広域連合 examines.
const LATE_ELDERLY_AGE: i32 = 75;
/// Years of check-ups: what can be seen.
const YEARS: i32 = 5;
/// Share of people who go every year, and of the years in which the others go.
const REGULAR_SHARE: f64 = 0.45;
const OCCASIONAL_SHARE: f64 = 0.25;
/// Days from the check-up to the document.
const REPORT_DAYS: (i64, i64) = (14, 50);

/// A package of check-ups (ZIP) as an institution sends it to an insurer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckupPackage {
    /// `<sender>_<receiver>_<YYYYMMDD>1_1.zip`.
    pub file_name: String,
    /// How many check-ups are in it.
    pub documents: usize,
    /// The whole file.
    pub bytes: Vec<u8>,
}

/// One check-up that takes place.
struct Appointment<'a> {
    person: &'a Inhabitant,
    coverage: &'a CoverageSpan,
    day: Day,
    created_on: Day,
    place: usize,
}

impl World {
    /// All check-ups of the world, the oldest fiscal year first: one package for each year, institution and insurer.
    pub fn checkup_packages(&self) -> impl Iterator<Item = CheckupPackage> + '_ {
        let this_year = fiscal_year(self.today());
        (this_year - YEARS..=this_year).flat_map(|year| self.checkup_packages_of(year))
    }

    fn checkup_packages_of(&self, year: i32) -> Vec<CheckupPackage> {
        let mut packages: BTreeMap<(usize, InsurerNumber), Vec<(Appointment<'_>, String)>> = BTreeMap::new();
        for person in self.people() {
            let Some(appointment) = self.appointment(person, year) else { continue };
            let text = self.document_of(&appointment);
            let key = (appointment.place, appointment.coverage.numbers.insurer.clone());
            packages.entry(key).or_default().push((appointment, text));
        }
        packages
            .into_iter()
            .filter_map(|((place, insurer), documents)| self.package(place, &insurer, &documents))
            .collect()
    }

    /// The check-up of a person in a fiscal year, if there was one by today.
    fn appointment<'a>(&self, person: &'a Inhabitant, year: i32) -> Option<Appointment<'a>> {
        let turned = person.birthdate.age_on(Day::new(year + 1, 3, 31)?);
        let mut life = Dice::new(self.seed(), Stream::Checkups, person.serial, 0);
        let regular = life.chance(REGULAR_SHARE) || person.plays_a_case();
        let usual_month = 5 + life.below(8) as u8;
        let place = if life.chance(0.6) {
            *life.pick(&self.places.here.hospitals)
        } else {
            *life.pick(&self.places.here.clinics)
        };
        let mut dice = Dice::new(self.seed(), Stream::Checkups, person.serial, year as u64);
        let goes = regular || dice.chance(OCCASIONAL_SHARE);
        let day = Day::new(year, usual_month, 1 + dice.below(28) as u8)?;
        let day = if is_sunday(day) { day.plus_days(1) } else { day };
        let created_on = day.plus_days(dice.between(REPORT_DAYS.0, REPORT_DAYS.1));
        if turned < FIRST_AGE || !goes || created_on > self.today() {
            return None;
        }
        let (_, coverage) = person.coverage_on(day)?;
        Some(Appointment { person, coverage, day, created_on, place })
    }

    fn document_of(&self, appointment: &Appointment<'_>) -> String {
        let Appointment { person, coverage, day, created_on, place } = appointment;
        let dialysis = person.story == Some(Story::Dialysis);
        let life = Life::of(self.seed(), person, self.health(person), dialysis);
        let late_elderly = person.birthdate.age_on(*day) >= LATE_ELDERLY_AGE;
        let entries = body::entries(&life, self.seed(), *day, late_elderly, *place);
        let institution = self.institution(*place);
        let head = Head {
            person,
            numbers: &coverage.numbers,
            institution: &institution.code,
            institution_name: &institution.name,
            day: *day,
            created_on: *created_on,
            late_elderly,
        };
        document(&head, &entries)
    }

    fn package(
        &self,
        place: usize,
        insurer: &InsurerNumber,
        documents: &[(Appointment<'_>, String)],
    ) -> Option<CheckupPackage> {
        let sender = &self.institution(place).code;
        let sent_on = documents.iter().map(|(appointment, _)| appointment.created_on).max()?;
        let folder = format!("{sender}_{}_{sent_on}1_1", insurer.padded());
        let index = document::index(sender, insurer, sent_on, documents.len());
        let summary = document::summary(insurer, sent_on, documents.len());
        let named = |(number, (_, text)): (usize, &'_ (Appointment<'_>, String))| {
            (format!("{folder}/DATA/h{sender}{sent_on}1{number:06}.xml"), text.clone())
        };
        let mut files = vec![(format!("{folder}/ix08_V08.xml"), index), (format!("{folder}/su08_V08.xml"), summary)];
        files.extend((1..).zip(documents).map(named));
        let packed = pack(files.iter().map(|(path, text)| (path.clone(), text.as_bytes())));
        let bytes = packed.expect("short paths and few files make a package");
        Some(CheckupPackage { file_name: format!("{folder}.zip"), documents: documents.len(), bytes })
    }
}

/// 年度: it begins in April.
fn fiscal_year(day: Day) -> i32 {
    day.month().plus_months(-3).year()
}
