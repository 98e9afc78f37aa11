//! Prescriptions and dispensings of the e-prescription service.

use madoguchi_model::{
    consent::{InformationKind, Scope},
    id::PrescriptionId,
    prescription::{Dispensing, Place as Institution, Prescription, VisibleDays},
};
use madoguchi_store::{prescription::NewPrescription, tidy::Kept};

use super::patient::{consent_to, put_person};
use super::samples::{day, hospital, medication, person_id, pharmacy};
use crate::{NOW, Place, put, remove_kept_before};

/// A prescription of a day; dispensed on another one where that is given.
fn prescription(number: u8, person: u8, prescribed_on: i64, dispensed_on: Option<i64>) -> NewPrescription {
    let dispensing = dispensed_on.map(|on| Dispensing {
        pharmacy: Institution { code: pharmacy(), name: "みどり調剤薬局".into() },
        on: day(on),
    });
    NewPrescription {
        person: person_id(person),
        slip: format!("RX-{}", number % 10),
        prescription: Prescription {
            id: PrescriptionId::new(NOW, [number; 10]),
            prescriber: Institution { code: hospital(), name: "資格クリニック".into() },
            prescribed_on: day(prescribed_on),
            dispensing,
            drugs: vec![medication("アムロジピン錠５ｍｇ"), medication("レバミピド錠１００ｍｇ")],
        },
    }
}

async fn put_all(place: &Place, prescriptions: Vec<NewPrescription>) {
    put(place, prescriptions, async |tx, it| tx.put_prescriptions(&it).await).await;
}

async fn seen(place: &Place, from: i64, to: i64) -> Vec<Prescription> {
    let consent = consent_to(place, &[InformationKind::Medication]).await;
    let days = VisibleDays { from: day(from), to: day(to) };
    place.store.read().prescriptions(&consent, days).await.unwrap()
}

pub(crate) async fn a_prescription_opens_with_its_consent(place: &Place) {
    put_person(place, 1).await;
    let kept = [
        prescription(1, 1, 20_261_101, None),
        prescription(11, 1, 20_261_101, Some(20_261_103)),
        prescription(2, 2, 20_261_101, None),
    ];
    put_all(place, kept.to_vec()).await;
    let [written, dispensed, _] = kept.map(|new| new.prescription);
    let days = VisibleDays { from: day(20_260_101), to: day(20_261_231) };
    for bits in 1..16 {
        let scope = Scope::from_bits(bits);
        let consent = consent_to(place, &scope.kinds().collect::<Vec<_>>()).await;
        let found = place.store.read().prescriptions(&consent, days).await.unwrap();
        let opens = scope.contains(InformationKind::Medication);
        let expected = if opens { vec![dispensed.clone(), written.clone()] } else { vec![] };
        assert_eq!(found, expected, "{scope:?}");
        let limited = consent.limited_to(Scope::of(&[InformationKind::MedicalCare]));
        assert_eq!(place.store.read().prescriptions(&limited, days).await.unwrap(), []);
    }
    for (from, to, expected) in [
        (20_261_101, 20_261_103, vec![&dispensed, &written]),
        (20_261_102, 20_261_103, vec![&dispensed]),
        (20_261_101, 20_261_102, vec![&written]),
        (20_261_104, 20_261_130, vec![]),
    ] {
        assert_eq!(seen(place, from, to).await.iter().collect::<Vec<_>>(), expected, "{from} {to}");
    }
}

pub(crate) async fn the_same_prescription_again_changes_nothing(place: &Place) {
    put_person(place, 1).await;
    let taken = prescription(1, 1, 20_261_101, None);
    for _ in 0..2 {
        put_all(place, vec![taken.clone()]).await;
    }
    assert_eq!(seen(place, 20_260_101, 20_261_231).await, std::slice::from_ref(&taken.prescription));

    // Corrected, also the day: the former one is gone.
    let mut corrected = taken;
    corrected.prescription.prescribed_on = day(20_261_102);
    corrected.prescription.drugs.truncate(1);
    put_all(place, vec![corrected.clone()]).await;
    assert_eq!(seen(place, 20_260_101, 20_261_231).await, [corrected.prescription]);
}

pub(crate) async fn a_prescription_taken_back_goes_with_its_dispensings(place: &Place) {
    put_person(place, 1).await;
    let kept = prescription(2, 1, 20_261_105, None);
    let slips =
        vec![prescription(1, 1, 20_261_101, None), prescription(11, 1, 20_261_101, Some(20_261_103)), kept.clone()];
    put_all(place, slips).await;
    let cancel =
        async |number: u8| put(place, number, async |tx, it| tx.cancel_prescription(person_id(it), "RX-1").await).await;
    assert_eq!((cancel(2).await, cancel(1).await, cancel(1).await), (0, 2, 0));
    assert_eq!(seen(place, 20_260_101, 20_261_231).await, std::slice::from_ref(&kept.prescription));

    let remove = async |before: i64| remove_kept_before(place, Kept::Prescriptions, day(before).midnight()).await;
    assert_eq!((remove(20_261_105).await, remove(20_261_106).await), (0, 1));
    assert_eq!(seen(place, 20_260_101, 20_261_231).await, []);
}
