use super::samples::{
    CLINIC, HOSPITAL, PHARMACY, Sample, act, clinic_receipt, day, dispensed, drug, month, pharmacy_receipt, prescribed,
    receipt,
};
use super::*;
use crate::care::{Amount, CareSetting, CountUnit, Medication};

fn outpatient(number: i64) -> CareReceipt {
    receipt(CLINIC, "資格クリニック", CareSetting::Outpatient, month(number))
}

fn tablets(name: &str, on: Option<Day>) -> Medication {
    drug(name, 21, "3", 14, CountUnit::Days, on)
}

fn tablets_of(class: u8, on: Option<Day>) -> Medication {
    Medication { class, ..tablets("錠剤", on) }
}

/// Every group as `年月 日 入外等 機関: 番号.区分 名 …`.
fn lines(receipts: Vec<CareReceipt>) -> Vec<String> {
    let list = Sample { receipts, ..Sample::nobody() }.list();
    let line = |group: EntryGroup| {
        let rows = group.rows.iter().map(|row| format!("{}.{} {}", row.number, row.label, row.name));
        let rows = rows.collect::<Vec<_>>().join(" ");
        format!("{} {} {} {}: {rows}", group.month, group.day, group.setting, group.institution)
    };
    list.entries.unwrap().into_iter().map(line).collect()
}

#[test]
fn the_guides_sample_reads_as_in_the_guide() {
    let sample = Sample { receipts: vec![clinic_receipt(month(202_207), 19)], ..Sample::nobody() };
    let list = sample.list();
    assert_eq!(list.title, "診療／薬剤情報一覧");
    assert_eq!(list.created_on, "2023年3月27日（令和5年3月27日）");
    assert!(list.notice.contains("2023年2月診療分まで"), "{}", list.notice);
    assert_eq!(list.visits.unwrap()[0].months, ["22年7月"]);
    let group = &list.entries.unwrap()[0];
    assert_eq!((group.month.as_str(), group.day.as_str(), group.setting), ("22年7月", "19日", "外来"));
    let row = &group.rows[2];
    assert_eq!((row.label, row.number, row.quantity.as_str(), row.count.as_str()), ("外用", 3, "10g", "1調剤"));
    assert_eq!(row.ingredient.as_deref(), Some("ゲンタマイシン硫酸塩"));
}

/// 診療識別 31 is an injection at a clinic and Ｘ線・検査 at a dentist's.
#[test]
fn the_classes_of_dentistry_are_named_as_its_own() {
    let drugs = || [21, 31, 33, 42, 54].map(|class| tablets_of(class, Some(day(20_220_719))));
    for (institution, expected) in
        [(CLINIC, ["内服", "注射", "注射", "薬剤", "麻酔"]), ("1330000002", ["内服", "検査", "薬剤", "処置", "麻酔"])]
    {
        let mut receipt = receipt(institution, "見本", CareSetting::Outpatient, month(202_207));
        receipt.medications = drugs().into();
        let list = Sample { receipts: vec![receipt], ..Sample::nobody() }.list();
        let mut labels: Vec<_> =
            list.entries.iter().flatten().flat_map(|group| &group.rows).map(|row| row.label).collect();
        let mut expected = expected.to_vec();
        labels.sort_unstable();
        expected.sort_unstable();
        assert_eq!(labels, expected, "{institution}");
    }
}

#[test]
fn the_person_box_is_complete() {
    let person = Sample::nobody().list().person;
    assert_eq!(person.birthdate, "1962年5月21日（昭和37年5月21日）");
    assert_eq!((person.sex, person.age.as_str(), person.name_note), ("男", "60歳", None));
    let numbers = [&person.insurer_number, &person.insurer_name, &person.symbol, &person.number, &person.branch];
    assert_eq!(numbers, ["01130012", "全国健康保険協会東京都支部", "1234567", "12345", "00"]);

    let uncovered = Sample { coverage: None, ..Sample::nobody() }.list().person;
    assert_eq!([uncovered.insurer_number, uncovered.symbol, uncovered.branch], [NO_VALUE; 3]);

    let mut gaiji = Sample::nobody();
    gaiji.person.name = "山\u{E001}　太\n郎".to_owned();
    let gaiji = gaiji.list().person;
    assert_eq!(gaiji.name, "山●　太 郎");
    assert_eq!(gaiji.name_note.unwrap(), "●は表示できない文字（外字 U+E001）");
}

#[test]
fn ages_turn_on_the_day_of_the_list() {
    for (now, age) in [(20_230_520, "60歳"), (20_230_521, "61歳")] {
        let now = day(now).midnight().plus_seconds(86_399);
        assert_eq!(Sample { now, ..Sample::nobody() }.list().person.age, age);
    }
}

#[test]
fn nobody_has_no_rows_and_every_block() {
    let list = Sample::nobody().list();
    assert!(list.is_empty());
    assert_eq!((list.visits, list.operations, list.entries), (Some(vec![]), Some(vec![]), Some(vec![])));
    assert!(!Sample::chronic().list().is_empty());
}

#[test]
fn newest_month_day_and_institution_first_unknown_days_last() {
    let mut january = outpatient(202_301);
    january.medications = vec![
        tablets("月のみ", None),
        tablets("五日", month(202_301).day(5)),
        tablets("十九日", month(202_301).day(19)),
    ];
    let mut pharmacy = receipt(PHARMACY, "薬局", CareSetting::Pharmacy, month(202_301));
    pharmacy.medications = vec![tablets("調剤", month(202_301).day(19))];
    let mut february = outpatient(202_302);
    february.acts = vec![act("管理料", "B000", None)];
    assert_eq!(
        lines(vec![pharmacy, january, february]),
        [
            "23年2月 － 外来 資格クリニック: 1.診療 管理料",
            "23年1月 19日 外来 資格クリニック: 1.内服 十九日",
            "23年1月 19日 調剤 薬局: 1.内服 調剤",
            "23年1月 5日 外来 資格クリニック: 1.内服 五日",
            "23年1月 － 外来 資格クリニック: 1.内服 月のみ",
        ]
    );
}

#[test]
fn claim_order_stays_and_nothing_is_merged_away() {
    let on = month(202_302).day(3);
    let mut receipt = outpatient(202_302);
    receipt.medications = vec![tablets("乙", on), tablets("甲", on), tablets("甲", on)];
    receipt.acts = vec![act("管理料", "B000", on)];
    assert_eq!(lines(vec![receipt]), ["23年2月 3日 外来 資格クリニック: 1.診療 管理料 2.内服 乙 3.内服 甲 4.内服 甲"]);
}

#[test]
fn a_month_in_which_the_insurer_changed_is_one_visit_and_all_its_rows() {
    let on = month(202_302).day(3);
    let under_each = ["前の保険", "後の保険"].map(|name| {
        let mut receipt = outpatient(202_302);
        receipt.medications = vec![tablets(name, on)];
        receipt.acts = vec![act("管理料", "B000", on)];
        receipt
    });
    let sample = Sample { receipts: under_each.to_vec(), ..Sample::nobody() };
    let visits = sample.list().visits.unwrap();
    assert_eq!((visits.len(), visits[0].months.as_slice()), (1, ["23年2月".to_owned()].as_slice()));
    assert_eq!(
        lines(under_each.into()),
        ["23年2月 3日 外来 資格クリニック: 1.診療 管理料 2.診療 管理料 3.内服 前の保険 4.内服 後の保険"]
    );
}

#[test]
fn pharmacy_rows_name_the_prescriber_and_are_no_visit() {
    let list = Sample { receipts: vec![pharmacy_receipt(month(202_302), 10)], ..Sample::nobody() }.list();
    assert_eq!(list.visits, Some(vec![]));
    let group = &list.entries.unwrap()[0];
    assert_eq!((group.institution.as_str(), group.own_mark), ("みどり調剤薬局", None));
    assert_eq!(group.prescriber.as_deref(), Some("資格クリニック"));
    assert_eq!(group.prescribed_on.as_deref(), Some("2月10日"));
    assert_eq!(group.supplied_on, "23年2月10日");
    assert_eq!(
        group.rows[1].usage.as_ref().unwrap().line,
        "【用法】１日３回食後服用　＜1回用量＞1錠　【用法等の特別指示】胃部不快時は中止"
    );
}

#[test]
fn two_prescriptions_on_one_day_are_two_groups() {
    let mut second = pharmacy_receipt(month(202_302), 10);
    second.medications.truncate(1);
    second.medications[0].prescribed_on = month(202_302).day(9);
    let list = Sample { receipts: vec![second, pharmacy_receipt(month(202_302), 10)], ..Sample::nobody() }.list();
    let dates: Vec<_> = list.entries.unwrap().into_iter().map(|group| group.prescribed_on.unwrap()).collect();
    assert_eq!(dates, ["2月10日", "2月9日"]);
}

#[test]
fn the_own_institution_is_marked() {
    let list = Sample::chronic().list();
    let marks = |name: &str| -> Vec<_> {
        let groups = list.entries.iter().flatten().filter(|group| group.institution == name);
        groups.map(|group| group.own_mark).collect()
    };
    assert_eq!(marks("窓口総合病院"), [Some("自院")]);
    assert_eq!(marks("資格クリニック"), [None; 3]);
    assert_eq!(list.operations.as_ref().unwrap()[0].own_mark, Some("自院"));

    let mut own_prescription = pharmacy_receipt(month(202_302), 10);
    own_prescription.prescriber.as_mut().unwrap().code = HOSPITAL.to_owned();
    let list = Sample { receipts: vec![own_prescription], ..Sample::nobody() }.list();
    assert_eq!(list.entries.unwrap()[0].prescriber_own_mark, Some("自院"));
}

#[test]
fn operations_stand_newest_first_with_their_section() {
    let mut november = receipt(HOSPITAL, "窓口総合病院", CareSetting::Inpatient, month(202_211));
    november.operations = vec![
        act("日不明", "K000", None),
        act("先", "K719-3", month(202_211).day(2)),
        act("後", "", month(202_211).day(9)),
    ];
    let mut december = outpatient(202_212);
    december.operations = vec![act("翌月", "K001", None)];
    let list = Sample { receipts: vec![november, december], ..Sample::nobody() }.list();
    let row = |row: Operation| {
        format!("{} {} {} {} {}", row.performed_on, row.setting, row.name, row.section.unwrap_or_default(), row.count)
    };
    assert_eq!(
        list.operations.unwrap().into_iter().map(row).collect::<Vec<_>>(),
        [
            "2022年12月 外来 翌月 K001 1回",
            "2022年11月9日 入院 後  1回",
            "2022年11月2日 入院 先 K719-3 1回",
            "2022年11月 入院 日不明 K000 1回",
        ]
    );
}

/// All lists over all sets of covered kinds: a block is there exactly when asked for and covered.
#[test]
fn blocks_follow_the_covered_kinds() {
    for kind in ListKind::ALL {
        for bits in 0..16 {
            let covered = Scope::from_bits(bits);
            let list = Sample { kind, covered, ..Sample::chronic() }.list();
            let shown = |information| kind.asks_for().and(covered).contains(information);
            let labels: Vec<_> =
                list.entries.iter().flatten().flat_map(|group| &group.rows).map(|row| row.label).collect();
            assert_eq!(list.visits.is_some(), shown(InformationKind::MedicalCare), "{kind:?} {bits}");
            assert_eq!(list.operations.is_some(), shown(InformationKind::Surgery), "{kind:?} {bits}");
            assert_eq!(labels.contains(&"診療"), shown(InformationKind::MedicalCare), "{kind:?} {bits}");
            assert_eq!(labels.contains(&"内服"), shown(InformationKind::Medication), "{kind:?} {bits}");
            for information in kind.asks_for().kinds() {
                let noted = list.notes.iter().any(|note| note.starts_with(information.label()));
                assert_eq!(noted, !shown(information), "{kind:?} {bits} {information:?}");
            }
        }
    }
}

#[test]
fn the_title_names_what_is_there() {
    use InformationKind::{Checkup, MedicalCare, Medication, Surgery};
    for (kind, covered, title) in [
        (ListKind::Care, vec![MedicalCare], "診療／薬剤情報一覧"),
        (ListKind::Care, vec![Surgery, MedicalCare, Medication], "診療／薬剤情報一覧"),
        (ListKind::Care, vec![Medication, Surgery], "薬剤情報一覧"),
        (ListKind::Care, vec![Surgery, Checkup], "手術情報"),
        (ListKind::Medication, vec![Surgery, MedicalCare, Medication], "薬剤情報一覧"),
        (ListKind::Surgery, vec![Surgery, MedicalCare, Medication], "手術情報"),
    ] {
        assert_eq!(
            Sample { kind, covered: Scope::of(&covered), ..Sample::nobody() }.list().title,
            title,
            "{covered:?}"
        );
    }
}

#[test]
fn the_period_says_what_of_it_can_be_seen() {
    for (from, to, text) in [
        (202_302, 202_302, "診療年月 2023年2月"),
        (202_210, 202_302, "診療年月 2022年10月～2023年2月"),
        (202_210, 202_303, "診療年月 2022年10月～2023年3月（うち表示できる期間 2022年10月～2023年2月）"),
        (202_303, 202_303, "診療年月 2023年3月（表示できる期間にかかっていません）"),
    ] {
        let asked = Period { from: month(from), to: month(to) };
        assert_eq!(Sample { asked, ..Sample::nobody() }.list().period, text);
    }
}

#[test]
fn amounts_read_by_class() {
    for (class, amount, unit, count, count_unit, expected) in [
        (21, "3", "錠", 14, CountUnit::Days, ("内服", "3錠", "14日分")),
        (22, "1", "錠", 5, CountUnit::Doses, ("頓服", "1錠", "5回分")),
        (23, "10", "ｇ", 1, CountUnit::Dispensings, ("外用", "10g", "1調剤")),
        (31, "0.5", "ｍＬ", 2, CountUnit::Times, ("注射", "0.5mL", "2回")),
        (14, "2", "キット", 1, CountUnit::Times, ("在宅", "2キット", "1回")),
        (28, "", "錠", 1, CountUnit::Times, ("薬剤", "", "1回")),
    ] {
        let mut receipt = outpatient(202_302);
        let medication = drug("薬", class, amount, count, count_unit, None);
        receipt.medications = vec![Medication { unit: unit.to_owned(), ..medication }];
        receipt.acts = vec![crate::care::Act {
            quantity: Some((Amount::parse("30").unwrap(), "分".to_owned())),
            ..act("診", "B000", None)
        }];
        let rows = Sample { receipts: vec![receipt], ..Sample::nobody() }.list().entries.unwrap().remove(0).rows;
        assert_eq!((rows[1].label, rows[1].quantity.as_str(), rows[1].count.as_str()), expected);
        assert_eq!((rows[0].quantity.as_str(), rows[0].usage.as_ref()), ("30分", None));
    }
}

/// Every group as `22年7月19日 入外等[印] 機関 ←処方元 処方日: 名 …`.
fn supplies(sample: &Sample) -> Vec<String> {
    let line = |group: EntryGroup| {
        let mark = group.source_mark.unwrap_or_default();
        let prescriber = group.prescriber.map(|name| format!(" ←{name}")).unwrap_or_default();
        let prescribed = group.prescribed_on.map(|day| format!(" {day}")).unwrap_or_default();
        let institution = format!("{}{}", group.institution, group.own_mark.unwrap_or_default());
        format!(
            "{} {}[{mark}] {institution}{prescriber}{prescribed} {}行",
            group.supplied_on,
            group.setting,
            group.rows.len()
        )
    };
    sample.list().entries.unwrap().into_iter().map(line).collect()
}

#[test]
fn what_only_the_e_prescription_service_knows_stands_among_the_receipts() {
    let sample = Sample { kind: ListKind::Medication, ..Sample::prescribed() };
    assert_eq!(
        supplies(&sample)[..4],
        [
            "23年3月27日 外来[処方] 窓口総合病院自院 1行",
            "23年3月11日 調剤[] みどり調剤薬局 ←資格クリニック 3月10日 1行",
            "23年2月10日 外来[] 資格クリニック 1行",
            "23年2月10日 調剤[] みどり調剤薬局 ←資格クリニック 2月10日 3行",
        ]
    );
    assert_eq!(supplies(&sample).len(), 9, "the dispensing of February is told by its receipt");
    let receipts_only = Sample { prescriptions: None, ..sample.clone() };
    assert_eq!(supplies(&receipts_only), supplies(&sample)[2..]);
}

#[test]
fn prescriptions_keep_to_the_months_asked_for_and_to_their_consent() {
    let of_march = Period { from: month(202_303), to: month(202_303) };
    let sample = Sample { asked: of_march, receipts: vec![], ..Sample::prescribed() };
    assert_eq!(supplies(&sample).len(), 2);
    let covered = Scope::of(&[InformationKind::MedicalCare, InformationKind::Surgery]);
    let without_consent = Sample { covered, ..sample.clone() };
    assert_eq!(supplies(&without_consent), Vec::<String>::new());
    for (sample, told) in [(&sample, true), (&without_consent, false)] {
        let list = sample.list();
        assert_eq!(list.notice.contains("処方・調剤情報"), told);
        assert_eq!(list.footnotes.iter().any(|note| note.contains("未調剤")), told);
        assert_eq!(list.period.contains("レセプトの情報を表示できる期間"), told, "{}", list.period);
    }
}

/// A prescription of one month that was dispensed in the next is not called undispensed in its own.
#[test]
fn a_dispensing_outside_the_months_still_tells_that_it_was_dispensed() {
    let records = vec![prescribed(CLINIC, day(20_230_228)), dispensed(CLINIC, day(20_230_228), day(20_230_301))];
    for (month_asked, expected) in
        [(202_302, vec![]), (202_303, vec!["23年3月1日 調剤[] みどり調剤薬局 ←資格クリニック 2月28日 1行"])]
    {
        let asked = Period { from: month(month_asked), to: month(month_asked) };
        let sample = Sample { asked, prescriptions: Some(records.clone()), ..Sample::nobody() };
        assert_eq!(supplies(&sample), expected, "{month_asked}");
    }
}
