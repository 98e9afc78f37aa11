//! Consent to viewing (閲覧同意): given at the card reader, for 24 hours, per institution.

use crate::day::Timestamp;
use crate::id::{ConsentId, PersonId};
use crate::institution::InstitutionCode;
use serde::{Deserialize, Serialize};

/// Seconds that a consent lasts: 24 hours, whatever happens to the visit.
pub const CONSENT_SECONDS: i64 = 24 * 3_600;

/// A kind of information that needs its own consent (情報種別).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InformationKind {
    /// 手術情報 (手).
    Surgery,
    /// 診療情報 (診).
    MedicalCare,
    /// 薬剤情報 (薬).
    Medication,
    /// 特定健診情報 (健).
    Checkup,
}

impl InformationKind {
    /// All kinds in the order of the columns 手 診 薬 健.
    pub const ALL: [Self; 4] = [Self::Surgery, Self::MedicalCare, Self::Medication, Self::Checkup];

    /// 手術情報, 診療情報, 薬剤情報 or 特定健診情報.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Surgery => "手術情報",
            Self::MedicalCare => "診療情報",
            Self::Medication => "薬剤情報",
            Self::Checkup => "特定健診情報",
        }
    }

    /// The column's mark: 手, 診, 薬 or 健.
    #[must_use]
    pub const fn mark(self) -> &'static str {
        match self {
            Self::Surgery => "手",
            Self::MedicalCare => "診",
            Self::Medication => "薬",
            Self::Checkup => "健",
        }
    }

    const fn bit(self) -> i64 {
        match self {
            Self::Surgery => 1,
            Self::MedicalCare => 2,
            Self::Medication => 4,
            Self::Checkup => 8,
        }
    }
}

/// A set of kinds, kept as one small number (1 手, 2 診, 4 薬, 8 健).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scope(i64);

impl Scope {
    /// Nothing.
    pub const EMPTY: Self = Self(0);
    /// All four kinds.
    pub const FULL: Self = Self(15);

    /// From the stored number; other bits are dropped.
    #[must_use]
    pub const fn from_bits(bits: i64) -> Self {
        Self(bits & 15)
    }

    /// The stored number.
    #[must_use]
    pub const fn bits(self) -> i64 {
        self.0
    }

    /// The set of these kinds.
    #[must_use]
    pub fn of(kinds: &[InformationKind]) -> Self {
        kinds.iter().fold(Self::EMPTY, |scope, kind| scope.with(*kind))
    }

    /// With one kind more.
    #[must_use]
    pub const fn with(self, kind: InformationKind) -> Self {
        Self(self.0 | kind.bit())
    }

    /// Whether the kind is in the set.
    #[must_use]
    pub const fn contains(self, kind: InformationKind) -> bool {
        self.0 & kind.bit() != 0
    }

    /// What is in both sets.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether nothing is in the set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The kinds in the order 手 診 薬 健.
    pub fn kinds(self) -> impl Iterator<Item = InformationKind> {
        InformationKind::ALL.into_iter().filter(move |kind| self.contains(*kind))
    }
}

/// What a person answered at the reader of one institution: the newest pass replaces the former,
/// also when everything was refused (同意情報).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Identity of the pass.
    pub id: ConsentId,
    /// Whose records.
    pub person: PersonId,
    /// Which institution may look.
    pub institution: InstitutionCode,
    /// The kinds agreed to.
    pub scope: Scope,
    /// The kinds that were asked for.
    pub asked: Scope,
    /// 同意日時, a whole second.
    pub granted_at: Timestamp,
    /// 閲覧可能期限: from this instant on the grant is over.
    pub valid_until: Timestamp,
    /// When patient or institution withdrew it.
    pub withdrawn_at: Option<Timestamp>,
}

/// Where a grant stands at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantState {
    /// It can be used.
    Valid,
    /// Its 24 hours are over.
    Lapsed,
    /// It was taken back.
    Withdrawn,
}

impl Grant {
    /// A fresh pass at `now`, valid for 24 hours to the second.
    #[must_use]
    pub fn new(
        id: ConsentId,
        person: PersonId,
        institution: InstitutionCode,
        asked: Scope,
        agreed: Scope,
        now: Timestamp,
    ) -> Self {
        let granted_at = now.whole_second();
        let valid_until = granted_at.plus_seconds(CONSENT_SECONDS);
        Self { id, person, institution, scope: agreed.and(asked), asked, granted_at, valid_until, withdrawn_at: None }
    }

    /// Valid, lapsed or withdrawn at this instant. A grant from the future (a clock that stepped
    /// back) is not valid yet, so it counts as lapsed.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> GrantState {
        if self.withdrawn_at.is_some() {
            GrantState::Withdrawn
        } else if now < self.granted_at || now >= self.valid_until {
            GrantState::Lapsed
        } else {
            GrantState::Valid
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_lasts_24_hours_to_the_second() {
        let now = Timestamp::from_micros(1_763_870_400_500_000);
        let id = ConsentId::new(now, [1; 10]);
        let person = PersonId::new(now, [2; 10]);
        let institution = InstitutionCode::parse("1312345678").unwrap();
        let asked = Scope::of(&[InformationKind::Medication, InformationKind::Checkup]);
        let mut grant = Grant::new(id, person, institution, asked, Scope::FULL, now);
        assert_eq!(grant.scope, asked, "nothing that was not asked is agreed to");
        let start = now.whole_second();
        for (seconds, state) in [
            (-1, GrantState::Lapsed),
            (0, GrantState::Valid),
            (CONSENT_SECONDS - 1, GrantState::Valid),
            (CONSENT_SECONDS, GrantState::Lapsed),
        ] {
            assert_eq!(grant.state(start.plus_seconds(seconds)), state, "{seconds}");
        }
        grant.withdrawn_at = Some(now);
        assert_eq!(grant.state(now), GrantState::Withdrawn);
    }

    #[test]
    fn scopes_are_sets() {
        for bits in 0..16 {
            let scope = Scope::from_bits(bits);
            let kinds: Vec<_> = scope.kinds().collect();
            assert_eq!(Scope::of(&kinds), scope);
            assert_eq!(scope.is_empty(), kinds.is_empty());
        }
        assert_eq!(Scope::from_bits(-1), Scope::FULL);
    }
}
