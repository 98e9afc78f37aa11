//! The prescriptions and dispensings of the e-prescription service in the last hundred days, as
//! `prescriptions.csv`.
//!
//! They tell of the same visits as the claims: in months that are released the receipts are there
//! too, in the newest months they are not yet. Part of the people's prescriptions are electronic;
//! a few of the newest wait for the pharmacy.

use crate::dice::{Dice, Stream};
use crate::medicine::{Form, Medicine, list, usage_text};
use crate::person::Inhabitant;
use crate::pharmacy_claim::dose;
use crate::story::Story;
use crate::uke::decimal;
use crate::world::World;
use madoguchi_model::day::Day;
use madoguchi_model::prescription::VisibleDays;
use std::collections::BTreeMap;

/// Columns of the file; what is missing here is known by the product's masters.
const COLUMNS: &str = "record,prescription_id,person_key,prescriber_code,prescriber_name,prescribed_on,pharmacy_code,\
                       pharmacy_name,dispensed_on,form,drug_code,amount,count,dose,usage\r\n";
/// Share of people and months whose prescriptions are electronic.
const ELECTRONIC_SHARE: f64 = 0.4;
/// Share of prescriptions in unreleased months that nobody has taken to a pharmacy.
const WAITING_SHARE: f64 = 0.06;

/// One prescription of a person: when, and by which institution.
type Slip = (Day, usize);

/// What became of it: pharmacy, day and the medicines with their counts.
#[derive(Debug, Default)]
struct Supplies(BTreeMap<(usize, Day), Vec<(Medicine, u32)>>);

impl World {
    /// The file's lines, the heading first.
    pub fn prescription_lines(&self) -> impl Iterator<Item = String> + '_ {
        let people = self.people().iter().map(|person| self.lines_of(person));
        std::iter::once(COLUMNS.to_owned()).chain(people)
    }

    /// The whole file as text.
    #[must_use]
    pub fn prescription_csv(&self) -> String {
        self.prescription_lines().collect()
    }

    fn lines_of(&self, person: &Inhabitant) -> String {
        let mut text = String::new();
        for (slip, supplies) in self.slips_of(person) {
            let medicines: Vec<_> = supplies.0.values().flatten().copied().collect();
            self.add_lines(&mut text, person, slip, None, &medicines);
            if self.is_waiting(person, slip) {
                continue;
            }
            for ((pharmacy, dispensed), medicines) in &supplies.0 {
                if *dispensed <= self.today() {
                    self.add_lines(&mut text, person, slip, Some((*pharmacy, *dispensed)), medicines);
                }
            }
        }
        text
    }

    /// The electronic prescriptions of the days that can be seen.
    fn slips_of(&self, person: &Inhabitant) -> BTreeMap<Slip, Supplies> {
        let visible = VisibleDays::on(self.today());
        let mut slips: BTreeMap<Slip, Supplies> = BTreeMap::new();
        let mut month = visible.from.month();
        while month <= visible.to.month() {
            let mut dice = Dice::new(self.seed(), Stream::Prescriptions, person.serial, month.number() as u64);
            let electronic = dice.chance(ELECTRONIC_SHARE) && person.story.is_none_or(|story| story == Story::Family);
            if electronic || person.story == Some(Story::Prescribed) {
                for receipt in self.chart(person, month).pharmacy {
                    let supplies = receipt.dispensings.iter().flat_map(|dispensing| {
                        dispensing.supplies.iter().map(move |supply| (&dispensing.medicines, *supply))
                    });
                    for (medicines, (prescribed, dispensed, count)) in supplies {
                        let to = slips.entry((prescribed, receipt.prescriber)).or_default();
                        let to = to.0.entry((receipt.pharmacy, dispensed)).or_default();
                        to.extend(medicines.iter().map(|medicine| (*medicine, count)));
                    }
                }
            }
            month = month.plus_months(1);
        }
        if person.story == Some(Story::Prescribed) {
            slips.extend(self.waiting_story());
        }
        slips.retain(|(prescribed, _), _| (visible.from..=visible.to).contains(prescribed));
        slips
    }

    /// Yesterday the clinic prescribed something new, and nobody has been at a pharmacy with it.
    fn waiting_story(&self) -> BTreeMap<Slip, Supplies> {
        let (yesterday, tomorrow) = (self.today().plus_days(-1), self.today().plus_days(1));
        let medicines = vec![(list::LEVOFLOXACIN, 5), (list::LOXOPROFEN_NEEDED, 10)];
        let supplies = Supplies(BTreeMap::from([((self.places.here.pharmacies[0], tomorrow), medicines)]));
        BTreeMap::from([((yesterday, self.places.here.clinics[0]), supplies)])
    }

    /// Only where no receipt can say otherwise.
    fn is_waiting(&self, person: &Inhabitant, (prescribed, prescriber): Slip) -> bool {
        let day = prescribed.number().unsigned_abs() * 100_000 + prescriber as u64;
        let mut dice = Dice::new(self.seed(), Stream::Waiting, person.serial, day);
        prescribed.month() > self.care_period().to && person.story.is_none() && dice.chance(WAITING_SHARE)
    }

    fn add_lines(
        &self,
        text: &mut String,
        person: &Inhabitant,
        (prescribed, prescriber): Slip,
        dispensed: Option<(usize, Day)>,
        medicines: &[(Medicine, u32)],
    ) {
        let record = if dispensed.is_some() { '2' } else { '1' };
        let wrote = self.institution(prescriber);
        let supply = dispensed.map_or_else(
            || ",,".to_owned(),
            |(pharmacy, day)| {
                let pharmacy = self.institution(pharmacy);
                format!("{},{},{day}", pharmacy.code, pharmacy.name)
            },
        );
        let key = &person.key;
        for (medicine, count) in medicines {
            let (form, usage) = form_and_usage(medicine);
            let (code, amount, dose) = (medicine.code, decimal(medicine.amount), dose(medicine));
            text.push_str(&format!(
                "{record},RX-{key}-{prescribed}-{prescriber},{key},{},{},{prescribed},{supply},{form},{code},{amount},\
                 {count},{dose},{usage}\r\n",
                wrote.code, wrote.name
            ));
        }
    }
}

/// 剤形区分 of the prescription record, and the usage in words.
fn form_and_usage(medicine: &Medicine) -> (u8, &'static str) {
    match medicine.form {
        Form::Internal(code) => (1, usage_text(code)),
        Form::AsNeeded(_, text) => (2, text),
        Form::External(text) => (3, text),
        Form::Injection(_) | Form::SelfInjection => (5, "医師の指示通り"),
    }
}
