//! The whole rights matrix against every use-case: allowed as `AccountKind::may` says, refused with a trace.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use madoguchi_model::account::{AccountKind, Right};
use madoguchi_model::audit::{Action, Outcome};
use madoguchi_model::id::PassId;
use madoguchi_model::listing::ListKind;
use madoguchi_model::settings::Settings;
use madoguchi_service::consent::PatientSearch;
use madoguchi_service::test_support::{HOSPITAL, NOW, PASSWORD, Patient, SECRET_NUMBER, World, months};
use madoguchi_service::viewing::Purpose;
use madoguchi_service::{Reason, Refusal, Session, on_every_engine};

on_every_engine!(each_use_case_asks_for_its_right, nothing_but_the_password_is_open_before_it_is_changed);

#[derive(Debug, Clone, Copy, PartialEq)]
enum UseCase {
    Accounts,
    CreateAccount,
    InitialisePassword,
    StopAccount,
    StartAccount,
    UnlockAccount,
    ResetMaster,
    ChangePassword,
    Settings,
    UpdateSettings,
    SettingHistory,
    Notices,
    MarkNoticesRead,
    ConsentedPatients,
    WithdrawConsent,
    Patient,
    ViewList,
    PrintList,
    BeginPass,
    PresentCard,
    AnswerPass,
}

impl UseCase {
    const ALL: [Self; 21] = [
        Self::Accounts,
        Self::CreateAccount,
        Self::InitialisePassword,
        Self::StopAccount,
        Self::StartAccount,
        Self::UnlockAccount,
        Self::ResetMaster,
        Self::ChangePassword,
        Self::Settings,
        Self::UpdateSettings,
        Self::SettingHistory,
        Self::Notices,
        Self::MarkNoticesRead,
        Self::ConsentedPatients,
        Self::WithdrawConsent,
        Self::Patient,
        Self::ViewList,
        Self::PrintList,
        Self::BeginPass,
        Self::PresentCard,
        Self::AnswerPass,
    ];

    /// The rights that open it: any of them.
    const fn rights(self) -> &'static [Right] {
        match self {
            Self::Accounts
            | Self::CreateAccount
            | Self::InitialisePassword
            | Self::StopAccount
            | Self::StartAccount
            | Self::UnlockAccount => &[Right::ManageAdministrators, Right::ManageAccounts],
            Self::ResetMaster => &[Right::ResetMaster],
            Self::ChangePassword | Self::Notices | Self::MarkNoticesRead => &[Right::UseOwnAccount],
            Self::Settings | Self::UpdateSettings | Self::SettingHistory => &[Right::UpdateSettings],
            Self::ConsentedPatients | Self::WithdrawConsent | Self::Patient | Self::ViewList | Self::PrintList => {
                &[Right::ViewRecords]
            }
            Self::BeginPass | Self::PresentCard | Self::AnswerPass => &[Right::PostCardResults],
        }
    }

    /// Does it, with nobody and nothing there to be found: what is allowed may still not succeed.
    async fn attempt(self, world: &World, session: &Session) -> Result<(), Refusal> {
        let (service, nobody) = (&world.service, Patient::SecondTwin.id());
        let pass = PassId::new(NOW, [9; 10]);
        let period = months(202_609, 202_610);
        match self {
            Self::Accounts => service.accounts(session).await.map(drop),
            Self::CreateAccount => {
                let kind =
                    if session.kind == AccountKind::Master { AccountKind::Administrator } else { AccountKind::Viewer };
                service.create_account(session, kind, "fresh01").await.map(drop)
            }
            Self::InitialisePassword => service.initialise_password(session, "nobody01").await.map(drop),
            Self::StopAccount => service.stop_account(session, "nobody01").await,
            Self::StartAccount => service.start_account(session, "nobody01").await,
            Self::UnlockAccount => service.unlock_account(session, "nobody01").await,
            Self::ResetMaster => service.reset_master(session, SECRET_NUMBER).await.map(drop),
            Self::ChangePassword => service.change_password(session, PASSWORD, "short", "short").await,
            Self::Settings => service.settings(session).await.map(drop),
            Self::UpdateSettings => service.update_settings(session, &Settings::default(), 0).await.map(drop),
            Self::SettingHistory => service.setting_history(session).await.map(drop),
            Self::Notices => service.notices(session).await.map(drop),
            Self::MarkNoticesRead => service.mark_notices_read(session, &[]).await,
            Self::ConsentedPatients => service.consented_patients(session, &PatientSearch::default()).await.map(drop),
            Self::WithdrawConsent => service.withdraw_consent(session, nobody).await,
            Self::Patient => service.patient(session, nobody).await.map(drop),
            Self::ViewList => service.care_list(session, nobody, period, ListKind::Care, Purpose::View).await.map(drop),
            Self::PrintList => {
                service.care_list(session, nobody, period, ListKind::Care, Purpose::Print).await.map(drop)
            }
            Self::BeginPass => service.begin_pass(session).await.map(drop),
            Self::PresentCard => service.present_card(session, pass, &[], &[]).await.map(drop),
            Self::AnswerPass => service.answer_pass(session, pass, &[]).await.map(drop),
        }
    }
}

async fn each_use_case_asks_for_its_right(world: World) {
    let mut sessions = Vec::new();
    for kind in AccountKind::ALL {
        sessions.push(world.session(HOSPITAL, kind, NOW).await);
    }
    for session in sessions {
        let kind = session.kind;
        for use_case in UseCase::ALL {
            let before = world.audit().await.len();
            let result = use_case.attempt(&world, &session).await;
            let refused = matches!(&result, Err(Refusal { reason: Reason::NoRight(_), .. }));
            let allowed = use_case.rights().iter().any(|right| kind.may(*right));
            assert_eq!(!refused, allowed, "{kind:?} {use_case:?}: {result:?}");
            if refused {
                let entries = world.audit().await;
                assert_eq!(entries.len(), before + 1, "{kind:?} {use_case:?}");
                let draft = &entries[before].draft;
                assert_eq!((draft.action, draft.outcome), (Action::Refuse, Outcome::Refused));
                assert_eq!((draft.user.as_str(), draft.institution.as_str()), (session.user.as_str(), HOSPITAL));
            }
        }
    }
}

async fn nothing_but_the_password_is_open_before_it_is_changed(world: World) {
    for kind in AccountKind::ALL {
        let mut session = world.session(HOSPITAL, kind, NOW).await;
        session.must_change_password = true;
        for use_case in UseCase::ALL {
            let blocked = matches!(
                use_case.attempt(&world, &session).await,
                Err(Refusal { reason: Reason::MustChangePassword, .. })
            );
            assert_eq!(blocked, use_case != UseCase::ChangePassword, "{kind:?} {use_case:?}");
        }
        assert!(world.service.log_out(&session).await.is_ok());
    }
}
