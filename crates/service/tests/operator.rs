//! What the operator does at the shell: institutions, first accounts, cards.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use madoguchi_model::account::{AccountKind, UserId};
use madoguchi_model::audit::Action;
use madoguchi_model::institution::Institution;
use madoguchi_service::operator::GivenAccount;
use madoguchi_service::test_support::{HOSPITAL, NOW, Patient, World, code, day, reason};
use madoguchi_service::{Reason, on_every_engine};

on_every_engine!(
    an_institution_begins_with_two_accounts,
    given_accounts_log_in_at_once,
    an_abolished_institution_closes_from_the_next_day,
    a_card_belongs_to_one_person,
);

const NEW: &str = "1310000007";

fn new_institution() -> Institution {
    Institution {
        code: code(NEW),
        name: "あおば診療所".to_owned(),
        hospital: false,
        opened_on: day(20_260_401),
        abolished_on: None,
    }
}

async fn an_institution_begins_with_two_accounts(world: World) {
    let early = world.service.issue_first_accounts(&code(NEW)).await.map(drop);
    assert_eq!(reason(early), Reason::NotFound("この医療機関等"));
    world.service.put_institution(&new_institution()).await.unwrap();
    let first = world.service.issue_first_accounts(&code(NEW)).await.unwrap();
    let entry = world.last_entry().await.draft;
    assert_eq!((entry.action, entry.institution.as_str(), entry.user.as_str()), (Action::CreateAccount, "", ""));
    for secret in [&first.master.password, &first.reset.password, &first.secret_number] {
        assert!(!entry.detail.contains(secret));
    }
    let twice = world.service.issue_first_accounts(&code(NEW)).await.map(drop);
    assert!(matches!(reason(twice), Reason::Conflict(_)));

    let operation = world.at(NEW, NOW);
    let master = world.service.log_in(&operation, first.master.user.as_str(), &first.master.password).await.unwrap();
    assert!(master.session.must_change_password);
    let reset = world.service.log_in(&operation, first.reset.user.as_str(), &first.reset.password).await.unwrap();
    let issued = world.service.reset_master(&reset.session, &first.secret_number).await.unwrap();
    assert!(world.service.log_in(&operation, "master01", &issued.password).await.is_ok());
}

async fn given_accounts_log_in_at_once(world: World) {
    world.service.put_institution(&new_institution()).await.unwrap();
    let given = |kind, name: &str| GivenAccount {
        kind,
        user: UserId::parse(name).unwrap(),
        password: format!("{name}-Mori-no-oto7"),
        secret_number: None,
    };
    let accounts = vec![given(AccountKind::Viewer, "doctor01"), given(AccountKind::Reader, "kiosk01")];
    world.service.put_given_accounts(&code(NEW), accounts.clone()).await.unwrap();
    let operation = world.at(NEW, NOW);
    let doctor = world.service.log_in(&operation, "doctor01", &accounts[0].password).await.unwrap();
    assert!(!doctor.session.must_change_password);
    assert!(world.service.log_in_reader(&operation, "kiosk01", &accounts[1].password).await.is_ok());
    let again = vec![given(AccountKind::General, "desk01"), accounts[0].clone()];
    let again = world.service.put_given_accounts(&code(NEW), again).await;
    assert!(matches!(reason(again), Reason::Conflict(_)));
    let desk = world.service.log_in(&operation, "desk01", "desk01-Mori-no-oto7").await.map(drop);
    assert_eq!(reason(desk), Reason::WrongPassword, "nothing of a refused list was stored");
}

async fn an_abolished_institution_closes_from_the_next_day(world: World) {
    let open = world.log_in(HOSPITAL, AccountKind::Viewer, NOW).await;
    let mut hospital = open.session.institution.clone();
    for (abolished_on, closed) in [(Some(NOW.day()), false), (Some(NOW.day().plus_days(-1)), true), (None, false)] {
        hospital.abolished_on = abolished_on;
        world.service.put_institution(&hospital).await.unwrap();
        assert_eq!(world.last_entry().await.draft.action, Action::ChangeInstitution);
        let session = world.service.session(&world.at(HOSPITAL, NOW), &open.token).await;
        assert_eq!(session.err().map(|refusal| refusal.reason), closed.then_some(Reason::ClosedInstitution));
    }
}

async fn a_card_belongs_to_one_person(world: World) {
    let serials = world.cards.list().unwrap();
    let own_id = world.card(Patient::Unregistered).card_id().to_owned();
    let serial = &serials.iter().find(|issued| issued.holder.card_id == own_id).unwrap().serial;
    let reader = world.session(HOSPITAL, AccountKind::Reader, NOW).await;
    assert!(world.identified(&reader, Patient::Unregistered).await.is_err());
    world.service.register_card(serial, Patient::Unregistered.id()).await.unwrap();
    world.service.register_card(serial, Patient::Unregistered.id()).await.unwrap();
    let taken = world.service.register_card(serial, Patient::Ordinary.id()).await;
    assert!(matches!(reason(taken), Reason::Conflict(_)));
    let pass = world.service.begin_pass(&reader).await.unwrap();
    assert_eq!(world.present(&reader, &pass, Patient::Unregistered).await.unwrap().name, Patient::Unregistered.name());
}
