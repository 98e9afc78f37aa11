//! The decision whether past care may be shown (閲覧可否判定): one pure function.
//!
//! It is the only place that decides. The screen shows its value, the audit entry keeps it, and the
//! test below runs through its whole table. The order of the checks is the order of the clerk's
//! possible steps: right, institution, setting, log-in again, consent, month.

use crate::account::{AccountKind, Right};
use crate::consent::{Grant, GrantState, InformationKind};
use crate::day::{Day, Month, Timestamp};
use crate::id::ConsentId;
use crate::release::{Release, ReleaseRule};
use crate::settings::Settings;
use serde::{Deserialize, Serialize};

/// Everything that the decision looks at.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Who asks.
    pub account: AccountKind,
    /// Settings when the session began (screens), the token was issued (API) or now (folder agent).
    pub settings_at_login: &'a Settings,
    /// Settings now: 利用しない binds at once.
    pub settings_now: &'a Settings,
    /// The newest pass of this person at this institution, if there was one.
    pub grant: Option<&'a Grant>,
    /// What is asked for.
    pub kind: InformationKind,
    /// The month of care; `None` asks whether the kind may be opened at all.
    pub month: Option<Month>,
    /// The instant of the question.
    pub now: Timestamp,
    /// The operator's release rule.
    pub release: ReleaseRule,
}

/// The answer, with what led to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// May be shown because of this consent.
    Allow {
        /// The grant that allows it.
        consent: ConsentId,
    },
    /// May not be shown.
    Deny(Denial),
}

/// Why something may not be shown (閲覧不可の理由).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Denial {
    /// The account's kind may not view.
    NoRight,
    /// The institution does not use this kind of information now.
    NotUsed,
    /// The institution uses it since, but this log-in is older.
    UsedSinceNextLogin,
    /// This person has not passed the reader here.
    NoConsent,
    /// The pass exists, but its 24 hours are over.
    ConsentLapsed,
    /// The consent was withdrawn.
    ConsentWithdrawn,
    /// The person passed the reader and did not agree to this kind, or was not asked.
    NotAgreed,
    /// Care before 2021-09 is never shown.
    MonthBeforeStart,
    /// The month appears on this day.
    MonthNotReleased(Day),
    /// The month is older than the window.
    MonthTooOld,
}

/// Decides about one kind of information (and one month) for one person at one institution.
#[must_use]
pub fn decide(question: &Question<'_>) -> Decision {
    match denial(question) {
        Err(denial) => Decision::Deny(denial),
        Ok(consent) => Decision::Allow { consent },
    }
}

fn denial(question: &Question<'_>) -> Result<ConsentId, Denial> {
    let right = if question.account.uses_screens() { Right::ViewRecords } else { Right::FetchRecordFiles };
    if !question.account.may(right) {
        return Err(Denial::NoRight);
    }
    if !question.settings_now.uses(question.kind) {
        return Err(Denial::NotUsed);
    }
    if !question.settings_at_login.uses(question.kind) {
        return Err(Denial::UsedSinceNextLogin);
    }
    let grant = question.grant.ok_or(Denial::NoConsent)?;
    match grant.state(question.now) {
        GrantState::Valid => {}
        GrantState::Lapsed => return Err(Denial::ConsentLapsed),
        GrantState::Withdrawn => return Err(Denial::ConsentWithdrawn),
    }
    if !grant.scope.contains(question.kind) {
        return Err(Denial::NotAgreed);
    }
    match question.month.map(|month| question.release.release(month, question.now.day())) {
        None | Some(Release::Visible) => Ok(grant.id),
        Some(Release::BeforeStart) => Err(Denial::MonthBeforeStart),
        Some(Release::From(day)) => Err(Denial::MonthNotReleased(day)),
        Some(Release::TooOld) => Err(Denial::MonthTooOld),
    }
}

impl Denial {
    /// The code on screens, in answers and in the audit log: P0020 no consent, P0022 setting,
    /// E0011 right, P0021 nothing to show in the month.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoRight => "E0011",
            Self::NotUsed | Self::UsedSinceNextLogin => "P0022",
            Self::NoConsent | Self::ConsentLapsed | Self::ConsentWithdrawn | Self::NotAgreed => "P0020",
            Self::MonthBeforeStart | Self::MonthNotReleased(_) | Self::MonthTooOld => "P0021",
        }
    }

    /// The word in the audit log.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NoRight => "no_right",
            Self::NotUsed => "not_used",
            Self::UsedSinceNextLogin => "used_since_next_login",
            Self::NoConsent => "no_consent",
            Self::ConsentLapsed => "consent_lapsed",
            Self::ConsentWithdrawn => "consent_withdrawn",
            Self::NotAgreed => "not_agreed",
            Self::MonthBeforeStart => "month_before_start",
            Self::MonthNotReleased(_) => "month_not_released",
            Self::MonthTooOld => "month_too_old",
        }
    }

    /// What happened, for the clerk.
    #[must_use]
    pub fn explanation(self, kind: InformationKind) -> String {
        let kind = kind.label();
        match self {
            Self::NoRight => format!("このアカウントには{kind}を閲覧する権限がありません。"),
            Self::NotUsed => format!("この医療機関等では{kind}を「利用しない」に設定しています。"),
            Self::UsedSinceNextLogin => {
                format!("{kind}は「利用する」に変更されましたが、このログインにはまだ反映されていません。")
            }
            Self::NoConsent => format!("この患者の{kind}について、カードリーダーでの閲覧同意がありません。"),
            Self::ConsentLapsed => format!("{kind}の閲覧同意は、同意から24時間を過ぎたため期限切れです。"),
            Self::ConsentWithdrawn => format!("{kind}の閲覧同意は取り消されています。"),
            Self::NotAgreed => format!("患者は{kind}の閲覧に同意していません。"),
            Self::MonthBeforeStart => format!("{kind}は2021年9月診療分より前は閲覧できません。"),
            Self::MonthNotReleased(day) => format!("この診療年月の{kind}は{}から閲覧できます。", day.japanese()),
            Self::MonthTooOld => format!("この診療年月の{kind}は閲覧できる期間（5年）を過ぎています。"),
        }
    }

    /// What the clerk does next.
    #[must_use]
    pub const fn next_step(self) -> &'static str {
        match self {
            Self::NoRight => "医療情報閲覧者または管理者のアカウントでログインしてください。",
            Self::NotUsed => "管理者が「環境設定情報更新」で「利用する」に変更すると、次のログインから閲覧できます。",
            Self::UsedSinceNextLogin => "ログアウトし、もう一度ログインしてください。",
            Self::NoConsent | Self::ConsentLapsed | Self::ConsentWithdrawn | Self::NotAgreed => {
                "閲覧が必要なときは、患者にもう一度カードリーダーで同意をお願いしてください。"
            }
            Self::MonthBeforeStart | Self::MonthTooOld => "診療年月（自）・（至）を選び直してください。",
            Self::MonthNotReleased(_) => "診療月の翌月11日以降に、もう一度閲覧してください。",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::{CONSENT_SECONDS, Scope};
    use crate::id::PersonId;
    use crate::institution::InstitutionCode;
    use crate::settings::{NOT_USED, Setting, USED};

    const NOW: i64 = 1_763_870_400_000_000; // 2025-11-23 13:00 in Japan

    fn settings(kind: InformationKind, used: bool) -> Settings {
        let mut settings = Settings::default();
        settings.set(Setting::of_information(kind), if used { USED } else { NOT_USED }).unwrap();
        settings
    }

    #[derive(Debug, Clone, Copy, PartialEq)]
    enum Pass {
        None,
        Future,
        Fresh,
        LastSecond,
        Lapsed,
        Withdrawn,
    }

    fn grant(pass: Pass, agreed: bool, kind: InformationKind) -> Option<Grant> {
        let now = Timestamp::from_micros(NOW);
        let begun = match pass {
            Pass::None => return None,
            Pass::Future => now.plus_seconds(1),
            Pass::Fresh | Pass::Withdrawn => now,
            Pass::LastSecond => now.plus_seconds(1 - CONSENT_SECONDS),
            Pass::Lapsed => now.plus_seconds(-CONSENT_SECONDS),
        };
        let others: Vec<_> = InformationKind::ALL.into_iter().filter(|other| *other != kind).collect();
        let scope = if agreed { Scope::FULL } else { Scope::of(&others) };
        let institution = InstitutionCode::parse("1312345678").unwrap();
        let mut grant = Grant::new(
            ConsentId::new(now, [7; 10]),
            PersonId::new(now, [8; 10]),
            institution,
            Scope::FULL,
            scope,
            begun,
        );
        grant.withdrawn_at = (pass == Pass::Withdrawn).then_some(now);
        Some(grant)
    }

    /// The table, written independently of the code: the first thing that is wrong, in this order.
    fn expected(
        account: AccountKind,
        at_login: bool,
        now: bool,
        pass: Pass,
        agreed: bool,
        month: Option<i64>,
    ) -> Option<Denial> {
        use AccountKind as K;
        if !matches!(account, K::Administrator | K::Viewer | K::Agent | K::Api) {
            return Some(Denial::NoRight);
        }
        if !now {
            return Some(Denial::NotUsed);
        }
        if !at_login {
            return Some(Denial::UsedSinceNextLogin);
        }
        match pass {
            Pass::None => return Some(Denial::NoConsent),
            Pass::Lapsed | Pass::Future => return Some(Denial::ConsentLapsed),
            Pass::Withdrawn => return Some(Denial::ConsentWithdrawn),
            Pass::Fresh | Pass::LastSecond => {}
        }
        if !agreed {
            return Some(Denial::NotAgreed);
        }
        match month {
            Some(202_108) => Some(Denial::MonthBeforeStart),
            Some(202_511) => Some(Denial::MonthNotReleased(Day::from_number(20_251_211).unwrap())),
            _ => None,
        }
    }

    #[test]
    fn the_whole_decision_table() {
        let mut rows = 0;
        for account in AccountKind::ALL {
            for kind in InformationKind::ALL {
                for (at_login, now) in [(false, false), (false, true), (true, false), (true, true)] {
                    for pass in [Pass::None, Pass::Future, Pass::Fresh, Pass::LastSecond, Pass::Lapsed, Pass::Withdrawn]
                    {
                        for agreed in [false, true] {
                            for month in [None, Some(202_108), Some(202_109), Some(202_510), Some(202_511)] {
                                let (settings_at_login, settings_now) = (settings(kind, at_login), settings(kind, now));
                                let grant = grant(pass, agreed, kind);
                                let question = Question {
                                    account,
                                    settings_at_login: &settings_at_login,
                                    settings_now: &settings_now,
                                    grant: grant.as_ref(),
                                    kind,
                                    month: month.and_then(Month::from_number),
                                    now: Timestamp::from_micros(NOW),
                                    release: ReleaseRule::default(),
                                };
                                let decision = decide(&question);
                                match expected(account, at_login, now, pass, agreed, month) {
                                    Some(denial) => assert_eq!(decision, Decision::Deny(denial), "{question:?}"),
                                    None => assert!(matches!(decision, Decision::Allow { .. }), "{question:?}"),
                                }
                                rows += 1;
                            }
                        }
                    }
                }
            }
        }
        assert_eq!(rows, 8 * 4 * 4 * 6 * 2 * 5);
    }

    #[test]
    fn every_denial_explains_itself_and_says_what_to_do() {
        let day = Day::from_number(20_251_211).unwrap();
        for denial in [
            Denial::NoRight,
            Denial::NotUsed,
            Denial::UsedSinceNextLogin,
            Denial::NoConsent,
            Denial::ConsentLapsed,
            Denial::ConsentWithdrawn,
            Denial::NotAgreed,
            Denial::MonthBeforeStart,
            Denial::MonthNotReleased(day),
            Denial::MonthTooOld,
        ] {
            assert!(denial.explanation(InformationKind::Surgery).contains("手術情報"));
            assert!(denial.next_step().ends_with('。'));
            assert_eq!(denial.code().len(), 5);
        }
    }
}
