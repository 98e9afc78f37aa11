//! Whose receipt is it (個人の特定): the rule of claims.md 11.5 over those who share the numbers.
//!
//! Number first (exact, then without leading zeros), then birthdate and sex, then 枝番, then name.
//! More than one left, or a name that speaks against the only one left, means unattached: the
//! record of one person must never be shown as another's, and nothing is ever guessed. Periods of
//! coverage are not asked: the numbers name the person even after the coverage was lost.

use crate::claim::Patient;
use crate::day::Day;
use crate::id::PersonId;
use crate::insurance::{InsuranceNumbers, normal};
use crate::person::{Sex, comparable_name};

/// 法別番号 of 後期高齢者医療, whose numbers are personal and have no 枝番.
pub(crate) const PERSONAL_SCHEME: &str = "39";
/// What senders write for a character that Shift_JIS lacks.
const UNKNOWN_CHARACTER: char = '?';

/// Somebody who has, or had, the numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Who.
    pub person: PersonId,
    /// 番号 as issued.
    pub number: String,
    /// 枝番, two digits or empty.
    pub branch: String,
    /// 氏名 as registered.
    pub name: String,
    /// 氏名カナ.
    pub kana: String,
    /// 性別.
    pub sex: Sex,
    /// 生年月日.
    pub birthdate: Day,
}

/// Whose it is, or why that can't be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// This person's.
    Person(PersonId),
    /// Nobody's that we could be sure of.
    Unattached(Unattached),
}

/// Why a receipt is nobody's (未紐付けの理由).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unattached {
    /// The claim has no numbers of an insured person.
    NoNumber,
    /// Nobody is registered with the numbers.
    NumberUnknown,
    /// Nobody with the numbers has this birthdate and sex.
    BirthdateOrSexDiffers,
    /// Somebody has the numbers, birthdate and sex, but another name.
    NameDiffers,
    /// Several people remain.
    Ambiguous,
}

/// Tells whose receipt it is. `candidates` are those found under the key of `numbers`.
#[must_use]
pub fn resolve(numbers: &InsuranceNumbers, patient: &Patient, candidates: &[Candidate]) -> Resolution {
    let exact = |candidate: &&Candidate| normal(&candidate.number) == normal(&numbers.number);
    let (exact, loose): (Vec<_>, Vec<_>) = candidates.iter().partition(exact);
    let mut answer = Unattached::NumberUnknown;
    for tier in [exact, loose] {
        match among(numbers, patient, tier) {
            Resolution::Unattached(reason @ (Unattached::NumberUnknown | Unattached::BirthdateOrSexDiffers)) => {
                answer = answer.max(reason);
            }
            decided => return decided,
        }
    }
    Resolution::Unattached(answer)
}

fn among(numbers: &InsuranceNumbers, patient: &Patient, holders: Vec<&Candidate>) -> Resolution {
    if holders.is_empty() {
        return Resolution::Unattached(Unattached::NumberUnknown);
    }
    let mut fitting = holders;
    fitting.retain(|holder| holder.birthdate == patient.birthdate && same_sex(holder.sex, patient.sex));
    let named: Vec<_> = fitting.iter().copied().filter(|holder| same_name(holder, patient)).collect();
    let branched: Vec<_> = fitting.iter().copied().filter(|holder| same_branch(holder, numbers)).collect();
    let personal = numbers.insurer.scheme().as_deref() == Some(PERSONAL_SCHEME);
    match (one(&branched), one(&named)) {
        _ if fitting.is_empty() => Resolution::Unattached(Unattached::BirthdateOrSexDiffers),
        // 枝番 and name agree, or only one of them says anything.
        (One::Person(by_branch), One::Person(by_name)) if by_branch == by_name => Resolution::Person(by_branch),
        (One::Person(by_branch), One::Nobody) => Resolution::Person(by_branch),
        (One::Person(by_branch), One::Several) if named.iter().any(|holder| holder.person == by_branch) => {
            Resolution::Person(by_branch)
        }
        (One::Several, One::Person(by_name)) if branched.iter().any(|holder| holder.person == by_name) => {
            Resolution::Person(by_name)
        }
        (One::Nobody, One::Person(by_name)) => Resolution::Person(by_name),
        (One::Nobody, One::Nobody) => nameless(personal, &fitting),
        _ => Resolution::Unattached(Unattached::Ambiguous),
    }
}

/// Neither 枝番 nor name told anybody: only a personal number is enough by itself.
fn nameless(personal: bool, fitting: &[&Candidate]) -> Resolution {
    match one(fitting) {
        One::Person(person) if personal => Resolution::Person(person),
        One::Several if personal => Resolution::Unattached(Unattached::Ambiguous),
        _ => Resolution::Unattached(Unattached::NameDiffers),
    }
}

/// How many different people there are: one person may hold a number in several periods.
enum One {
    Nobody,
    Person(PersonId),
    Several,
}

fn one(holders: &[&Candidate]) -> One {
    match holders {
        [] => One::Nobody,
        [first, rest @ ..] if rest.iter().all(|holder| holder.person == first.person) => One::Person(first.person),
        _ => One::Several,
    }
}

/// A 枝番 on both sides that is the same.
fn same_branch(holder: &Candidate, numbers: &InsuranceNumbers) -> bool {
    !numbers.branch.is_empty() && holder.branch == numbers.branch
}

fn same_sex(left: Sex, right: Sex) -> bool {
    left == right || left == Sex::Unset || right == Sex::Unset
}

/// 氏名 or カナ氏名 is the same; ？ stands for any character.
fn same_name(holder: &Candidate, patient: &Patient) -> bool {
    agrees(&holder.name, &patient.name) || agrees(&holder.kana, &patient.kana) || agrees(&holder.kana, &patient.name)
}

fn agrees(registered: &str, written: &str) -> bool {
    let (registered, written) = (comparable_name(registered), comparable_name(written));
    let known = written.chars().filter(|character| *character != UNKNOWN_CHARACTER).count();
    known > 0
        && registered.chars().count() == written.chars().count()
        && registered.chars().zip(written.chars()).all(|(left, right)| left == right || right == UNKNOWN_CHARACTER)
}

impl Unattached {
    /// All reasons.
    pub const ALL: [Self; 5] =
        [Self::NoNumber, Self::NumberUnknown, Self::BirthdateOrSexDiffers, Self::NameDiffers, Self::Ambiguous];

    /// The word in the store and in reports.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoNumber => "no_number",
            Self::NumberUnknown => "number_unknown",
            Self::BirthdateOrSexDiffers => "birthdate_or_sex_differs",
            Self::NameDiffers => "name_differs",
            Self::Ambiguous => "ambiguous",
        }
    }

    /// What happened and what to do.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::NoNumber => "保険者番号・記号・番号を読み取れません。請求内容を確認してください",
            Self::NumberUnknown => "該当する資格が登録されていません。保険者の資格情報が取り込まれると自動で紐付けます",
            Self::BirthdateOrSexDiffers => {
                "番号は登録されていますが、生年月日または性別が一致しません。請求内容と資格情報を確認してください"
            }
            Self::NameDiffers => {
                "番号・生年月日・性別は一致しますが、枝番または氏名で本人を確認できません。請求内容と資格情報を確認してください"
            }
            Self::Ambiguous => "該当者が複数いるため紐付けません。枝番と氏名を確認してください",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::day::Timestamp;

    const BORN: i64 = 20_200_203;

    fn person(number: u8) -> PersonId {
        PersonId::new(Timestamp::from_micros(0), [number; 10])
    }

    fn somebody(number: u8, branch: &str, name: &str, sex: Sex) -> Candidate {
        Candidate {
            person: person(number),
            number: "00123".to_owned(),
            branch: branch.to_owned(),
            name: name.to_owned(),
            kana: "ヤマダ　ハナコ".to_owned(),
            sex,
            birthdate: Day::from_number(BORN).unwrap(),
        }
    }

    fn check(numbers: [&str; 4], patient: (&str, Sex, i64), candidates: &[Candidate], expected: Resolution) {
        let [insurer, symbol, number, branch] = numbers;
        let numbers = InsuranceNumbers::parse(insurer, symbol, number, branch).unwrap();
        let (name, sex, born) = patient;
        let birthdate = Day::from_number(born).unwrap();
        let patient = Patient { name: name.to_owned(), kana: String::new(), sex, birthdate };
        assert_eq!(resolve(&numbers, &patient, candidates), expected, "{numbers:?} {name}");
    }

    /// Two of one family, born on one day.
    fn twins() -> [Candidate; 2] {
        let twin =
            |number, branch, name| Candidate { kana: String::new(), ..somebody(number, branch, name, Sex::Female) };
        [twin(1, "02", "山田　花子"), twin(2, "03", "山田　月子")]
    }

    const HOUSE: [&str; 4] = ["138057", "国12", "00123", ""];
    const HOUSE_02: [&str; 4] = ["138057", "国12", "00123", "02"];

    #[test]
    fn twins_are_told_apart_by_branch_then_name_and_never_guessed() {
        use Resolution::Unattached as Not;
        use Unattached::{Ambiguous, NameDiffers};
        for (numbers, name, expected) in [
            (HOUSE_02, "山田　花子", Resolution::Person(person(1))),
            (HOUSE_02, "？？　？？", Resolution::Person(person(1))),
            (HOUSE_02, "山田　月子", Not(Ambiguous)),
            (HOUSE, "山田花子", Resolution::Person(person(1))),
            (HOUSE, "山田　？子", Not(Ambiguous)),
            (HOUSE, "山田　星子", Not(NameDiffers)),
            (["138057", "国12", "00123", "09"], "山田　月子", Resolution::Person(person(2))),
        ] {
            check(numbers, (name, Sex::Female, BORN), &twins(), expected);
        }
    }

    #[test]
    fn twins_of_two_sexes_without_branches() {
        let [sister, mut brother] = twins();
        brother.sex = Sex::Male;
        let twins = [sister, brother];
        check(HOUSE, ("山田　月子", Sex::Male, BORN), &twins, Resolution::Person(person(2)));
        check(HOUSE, ("山田　月子", Sex::Female, BORN), &twins, Resolution::Unattached(Unattached::NameDiffers));
    }

    #[test]
    fn an_unregistered_twin_is_not_attached_to_the_registered_one() {
        let [registered, _] = twins();
        let registered = Candidate { branch: String::new(), ..registered };
        let expected = Resolution::Unattached(Unattached::NameDiffers);
        check(HOUSE, ("山田　月子", Sex::Female, BORN), &[registered], expected);
    }

    #[test]
    fn birthdate_and_sex_must_agree() {
        let holder = [somebody(1, "02", "山田　花子", Sex::Female)];
        let differs = Resolution::Unattached(Unattached::BirthdateOrSexDiffers);
        check(HOUSE_02, ("山田　花子", Sex::Female, BORN + 1), &holder, differs);
        check(HOUSE_02, ("山田　花子", Sex::Male, BORN), &holder, differs);
        check(HOUSE_02, ("山田　花子", Sex::Unset, BORN), &holder, Resolution::Person(person(1)));
        check(HOUSE_02, ("山田　花子", Sex::Female, BORN), &[], Resolution::Unattached(Unattached::NumberUnknown));
    }

    #[test]
    fn an_exact_number_counts_before_one_without_its_zeros() {
        let exact = somebody(1, "", "山田　花子", Sex::Female);
        let loose = Candidate { number: "123".to_owned(), ..somebody(2, "", "山田　花子", Sex::Female) };
        let both = [loose.clone(), exact];
        check(HOUSE, ("山田　花子", Sex::Female, BORN), &both, Resolution::Person(person(1)));
        check(["138057", "国12", "123", ""], ("山田　花子", Sex::Female, BORN), &both, Resolution::Person(person(2)));
        check(HOUSE, ("山田　花子", Sex::Female, BORN), &[loose], Resolution::Person(person(2)));
    }

    #[test]
    fn a_personal_number_needs_no_name_and_two_periods_are_one_person() {
        let elder = somebody(1, "", "山田　花子", Sex::Female);
        let periods = [elder.clone(), Candidate { branch: "01".to_owned(), ..elder }];
        let new_name = ("佐藤　花子", Sex::Female, BORN);
        check(["39131156", "", "00123", ""], new_name, &periods, Resolution::Person(person(1)));
        check(HOUSE, new_name, &periods, Resolution::Unattached(Unattached::NameDiffers));
        check(HOUSE, ("ﾔﾏﾀﾞﾊﾅｺ", Sex::Female, BORN), &periods, Resolution::Person(person(1)));
    }

    #[test]
    fn reasons_have_distinct_words() {
        let words: std::collections::HashSet<_> = Unattached::ALL.iter().map(|reason| reason.code()).collect();
        assert_eq!(words.len(), Unattached::ALL.len());
    }
}
