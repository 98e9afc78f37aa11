//! The world that the other tests stand on: what it holds is really there, on both engines.
#![allow(clippy::unwrap_used, clippy::panic)]

use madoguchi_model::account::AccountKind;
use madoguchi_model::kiosk::ConsentPage;
use madoguchi_model::listing::ListKind;
use madoguchi_service::test_support::{CLINIC, HOSPITAL, NOW, PHARMACY, Patient, World, months};
use madoguchi_service::viewing::Purpose;

async fn check(world: World) {
    for institution in [HOSPITAL, CLINIC, PHARMACY] {
        for kind in AccountKind::ALL {
            let session = world.session(institution, kind, NOW).await;
            assert_eq!((session.kind, session.institution.code.as_str()), (kind, institution));
        }
    }
    let answered = world.pass(HOSPITAL, Patient::Ordinary, NOW, |page| page == ConsentPage::Medication).await.unwrap();
    assert_eq!(answered.agreed, ["薬剤情報"]);
    let viewer = world.session(HOSPITAL, AccountKind::Viewer, NOW).await;
    let period = months(202_605, 202_610);
    let list = world.service.care_list(&viewer, Patient::Ordinary.id(), period, ListKind::Care, Purpose::View).await;
    let groups = list.unwrap().entries.unwrap();
    let names: Vec<_> = groups.iter().flat_map(|group| &group.rows).map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["薬202610-8", "薬202609-7", "薬202606-6", "薬202606-5", "薬202605-4"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite() {
    check(World::on_sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres() {
    let Some(world) = World::on_postgres().await else { return };
    check(world).await;
}
