//! The world that the other tests stand on: what it holds is really there.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use madoguchi_model::account::AccountKind;
use madoguchi_model::kiosk::ConsentPage;
use madoguchi_service::on_every_engine;
use madoguchi_service::test_support::{CLINIC, HOSPITAL, NOW, PHARMACY, Patient, World};

on_every_engine!(every_account_logs_in_and_a_card_passes);

async fn every_account_logs_in_and_a_card_passes(world: World) {
    for institution in [HOSPITAL, CLINIC, PHARMACY] {
        for kind in AccountKind::ALL {
            let session = world.session(institution, kind, NOW).await;
            assert_eq!((session.kind, session.institution.code.as_str()), (kind, institution));
        }
    }
    let answered = world.pass(HOSPITAL, Patient::Ordinary, NOW, |page| page == ConsentPage::Medication).await.unwrap();
    assert_eq!(answered.agreed, ["薬剤情報"]);
}
