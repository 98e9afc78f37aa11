//! The order of the pages at the card reader (顔認証付きカードリーダー) after the person is known.
//!
//! The institution's settings decide which consents are asked; the page order is the documented one:
//! all at once or one by one, 手術, 診療/薬剤 (only 薬剤 when 診療 is off), 特定健診, 特定疾病療養受療証, and last the form of
//! the prescription, which is a choice and no consent.

use crate::code::{Code, PrescriptionTiming, PrescriptionUse};
use crate::consent::{InformationKind, Scope};
use crate::settings::{Setting, Settings, USED};
use serde::{Deserialize, Serialize};

/// One consent page of the kiosk (閲覧同意画面).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentPage {
    /// 手術情報.
    Surgery,
    /// 診療/薬剤情報: one answer for both kinds.
    MedicalCareAndMedication,
    /// 薬剤情報 alone, while 診療情報 is 利用しない.
    Medication,
    /// 診療情報 alone, while 薬剤情報 is 利用しない.
    MedicalCare,
    /// 特定健診情報.
    Checkup,
    /// 特定疾病療養受療証: whether the eligibility answer tells of it.
    SpecificDisease,
    /// 処方箋の発行形態: agreeing means 電子処方箋, refusing 紙.
    PrescriptionForm,
}

impl ConsentPage {
    /// The kinds of information that this page asks for.
    #[must_use]
    pub fn scope(self) -> Scope {
        match self {
            Self::Surgery => Scope::of(&[InformationKind::Surgery]),
            Self::MedicalCareAndMedication => Scope::of(&[InformationKind::MedicalCare, InformationKind::Medication]),
            Self::Medication => Scope::of(&[InformationKind::Medication]),
            Self::MedicalCare => Scope::of(&[InformationKind::MedicalCare]),
            Self::Checkup => Scope::of(&[InformationKind::Checkup]),
            Self::SpecificDisease | Self::PrescriptionForm => Scope::EMPTY,
        }
    }

    /// The heading on the page.
    #[must_use]
    pub const fn heading(self) -> &'static str {
        match self {
            Self::Surgery => "手術情報",
            Self::MedicalCareAndMedication => "診療／薬剤情報",
            Self::Medication => "薬剤情報",
            Self::MedicalCare => "診療情報",
            Self::Checkup => "特定健診情報",
            Self::SpecificDisease => "特定疾病療養受療証",
            Self::PrescriptionForm => "処方箋の発行形態",
        }
    }
}

/// The consent pages that these settings ask for, in their order. Empty when nothing is used.
#[must_use]
pub fn consent_pages(settings: &Settings) -> Vec<ConsentPage> {
    let mut pages = Vec::with_capacity(4);
    if settings.uses(InformationKind::Surgery) {
        pages.push(ConsentPage::Surgery);
    }
    match (settings.uses(InformationKind::MedicalCare), settings.uses(InformationKind::Medication)) {
        (true, true) => pages.push(ConsentPage::MedicalCareAndMedication),
        (true, false) => pages.push(ConsentPage::MedicalCare),
        (false, true) => pages.push(ConsentPage::Medication),
        (false, false) => {}
    }
    if settings.uses(InformationKind::Checkup) {
        pages.push(ConsentPage::Checkup);
    }
    pages
}

/// The pages about the eligibility answer itself that these settings ask for: every holder of a coverage is asked,
/// so that being asked tells nothing.
#[must_use]
pub fn answer_pages(settings: &Settings) -> Vec<ConsentPage> {
    let mut pages = Vec::with_capacity(2);
    if settings.value(Setting::SpecificDisease) == USED {
        pages.push(ConsentPage::SpecificDisease);
    }
    let both = settings.value(Setting::PrescriptionUse) == PrescriptionUse::Both.code();
    if both && settings.value(Setting::PrescriptionTiming) == PrescriptionTiming::AtCheck.code() {
        pages.push(ConsentPage::PrescriptionForm);
    }
    pages
}

/// The kinds that a set of pages asks for.
#[must_use]
pub fn asked(pages: &[ConsentPage]) -> Scope {
    Scope::from_bits(pages.iter().fold(0, |bits, page| bits | page.scope().bits()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::NOT_USED;

    fn settings(surgery: bool, care: bool, medication: bool, checkup: bool) -> Settings {
        let mut settings = Settings::default();
        for (setting, used) in [
            (Setting::Surgery, surgery),
            (Setting::MedicalCare, care),
            (Setting::Medication, medication),
            (Setting::Checkup, checkup),
        ] {
            settings.set(setting, if used { USED } else { NOT_USED }).unwrap();
        }
        settings
    }

    #[test]
    fn every_combination_asks_exactly_what_is_used_and_surgery_first() {
        for bits in 0..16 {
            let settings = settings(bits & 1 != 0, bits & 2 != 0, bits & 4 != 0, bits & 8 != 0);
            let pages = consent_pages(&settings);
            assert_eq!(asked(&pages), Scope::from_bits(bits), "{pages:?}");
            let surgery = pages.iter().position(|page| *page == ConsentPage::Surgery);
            assert!(surgery.is_none_or(|position| position == 0));
        }
    }

    #[test]
    fn pages_about_the_answer_follow_their_settings() {
        let (disease, form) = (ConsentPage::SpecificDisease, ConsentPage::PrescriptionForm);
        for (values, expected) in [
            (["0", "0", "1"], vec![]),
            (["1", "0", "1"], vec![disease]),
            (["0", "2", "1"], vec![]),
            (["0", "1", "2"], vec![]),
            (["0", "3", "2"], vec![]),
            (["0", "2", "2"], vec![form]),
            (["1", "2", "2"], vec![disease, form]),
        ] {
            let mut settings = Settings::default();
            for (setting, value) in [Setting::SpecificDisease, Setting::PrescriptionUse, Setting::PrescriptionTiming]
                .into_iter()
                .zip(values)
            {
                settings.set(setting, value).unwrap();
            }
            assert_eq!(answer_pages(&settings), expected, "{values:?}");
            assert!(asked(&expected).is_empty());
        }
    }

    #[test]
    fn before_anything_is_switched_on_only_medication_and_checkups_are_asked() {
        assert_eq!(consent_pages(&Settings::default()), [ConsentPage::Medication, ConsentPage::Checkup]);
        assert_eq!(
            consent_pages(&settings(true, true, true, true)),
            [ConsentPage::Surgery, ConsentPage::MedicalCareAndMedication, ConsentPage::Checkup]
        );
    }
}
