//! The table itself.

use super::{
    AFTER_MEALS, Block, Item, Limit, Limits, coded, high, limited, low, method, noted, ordered, quantity, text,
};

macro_rules! methods {
    ($($code:literal),+) => { &[$(method($code)),+] };
}

/// All items in the order of a report.
#[rustfmt::skip]
pub const ITEMS: &[Item] = &[
    quantity(Block::Body, "身長", "cm", methods!["9N001000000000001"]),
    quantity(Block::Body, "体重", "kg", methods!["9N006000000000001"]),
    limited(high("25"), quantity(Block::Body, "BMI", "kg/m2", methods!["9N011000000000001"])),
    limited(
        Limits::BySex { male: Limit::HighFrom("85"), female: Limit::HighFrom("90") },
        quantity(Block::Body, "腹囲", "cm", &[
            method("9N016160100000001"), noted("9N016160200000001", "自己測定"), noted("9N016160300000001", "自己申告"),
        ]),
    ),
    limited(high("100"), quantity(Block::Body, "内臓脂肪面積", "cm2", methods!["9N021000000000001"])),

    limited(high("130"), quantity(Block::BloodPressure, "収縮期血圧（その他）", "mmHg", methods!["9A755000000000001"])),
    limited(high("130"), quantity(Block::BloodPressure, "収縮期血圧（2回目）", "mmHg", methods!["9A752000000000001"])),
    limited(high("130"), quantity(Block::BloodPressure, "収縮期血圧（1回目）", "mmHg", methods!["9A751000000000001"])),
    limited(high("85"), quantity(Block::BloodPressure, "拡張期血圧（その他）", "mmHg", methods!["9A765000000000001"])),
    limited(high("85"), quantity(Block::BloodPressure, "拡張期血圧（2回目）", "mmHg", methods!["9A762000000000001"])),
    limited(high("85"), quantity(Block::BloodPressure, "拡張期血圧（1回目）", "mmHg", methods!["9A761000000000001"])),

    Item { texts: AFTER_MEALS, ..coded(Block::Lipids, "採血時間（食後）", &[], methods!["9N141000000000011"]) },
    limited(high("150"), quantity(Block::Lipids, "空腹時中性脂肪", "mg/dL", methods![
        "3F015000002327101", "3F015000002327201", "3F015000002399901"
    ])),
    limited(high("175"), quantity(Block::Lipids, "随時中性脂肪", "mg/dL", methods![
        "3F015129902327101", "3F015129902327201", "3F015129902399901"
    ])),
    limited(low("40"), quantity(Block::Lipids, "HDLコレステロール", "mg/dL", methods![
        "3F070000002327101", "3F070000002327201", "3F070000002399901"
    ])),
    limited(high("120"), quantity(Block::Lipids, "LDLコレステロール", "mg/dL", &[
        method("3F077000002327101"), method("3F077000002327201"), method("3F077000002399901"),
        noted("3F077000002391901", "計算法"),
    ])),
    limited(high("150"), quantity(Block::Lipids, "non-HDLコレステロール", "mg/dL", methods!["3F069000002391901"])),
    quantity(Block::Lipids, "総コレステロール", "mg/dL", methods![
        "3F050000002327101", "3F050000002327201", "3F050000002399901"
    ]),

    limited(high("31"), quantity(Block::Liver, "AST（GOT）", "U/L", methods!["3B035000002327201", "3B035000002399901"])),
    limited(high("31"), quantity(Block::Liver, "ALT（GPT）", "U/L", methods!["3B045000002327201", "3B045000002399901"])),
    limited(high("51"), quantity(Block::Liver, "γ-GT（γ-GTP）", "U/L", methods!["3B090000002327101", "3B090000002399901"])),
    quantity(Block::Liver, "総蛋白", "g/dL", methods!["3A010000002327101"]),
    quantity(Block::Liver, "アルブミン", "g/dL", methods!["3A015000002327101"]),

    limited(high("100"), quantity(Block::Sugar, "空腹時血糖", "mg/dL", methods![
        "3D010000001926101", "3D010000002227101", "3D010000001927201", "3D010000001999901"
    ])),
    limited(high("100"), quantity(Block::Sugar, "随時血糖", "mg/dL", methods![
        "3D010129901926101", "3D010129902227101", "3D010129901927201", "3D010129901999901"
    ])),
    limited(high("5.6"), quantity(Block::Sugar, "HbA1c（NGSP）", "%", methods![
        "3D046000001906202", "3D046000001920402", "3D046000001927102", "3D046000001999902"
    ])),

    ordered(Block::Urine, "尿糖", &["2102"], methods!["1A020000000191111", "1A020000000190111"]),
    ordered(Block::Urine, "尿蛋白", &["2102"], methods!["1A010000000191111", "1A010000000190111"]),
    ordered(Block::Urine, "尿潜血", &["2102"], methods!["1A100000000191111", "1A100000000190111"]),

    quantity(Block::Anaemia, "ヘマトクリット値", "%", methods!["2A040000001930102"]),
    limited(
        Limits::BySex { male: Limit::LowBelow("13.1"), female: Limit::LowBelow("12.1") },
        quantity(Block::Anaemia, "血色素量（ヘモグロビン値）", "g/dL", methods!["2A030000001930101"]),
    ),
    quantity(Block::Anaemia, "赤血球数", "万/mm3", methods!["2A020000001930101"]),
    text(Block::Anaemia, "貧血検査（実施理由）", methods!["2A020161001930149"]),
    quantity(Block::Anaemia, "白血球数", "/mm3", methods!["2A010000001930101"]),
    quantity(Block::Anaemia, "血小板数", "万/mm3", methods!["2A050000001930101"]),

    coded(Block::HeartAndEyes, "心電図（所見の有無）", &["2002"], methods!["9A110160700000011"]),
    text(Block::HeartAndEyes, "心電図（所見）", methods!["9A110160800000049"]),
    coded(Block::HeartAndEyes, "心電図（対象者）", &["18120"], methods!["9A110161600000011"]),
    text(Block::HeartAndEyes, "心電図（実施理由）", methods!["9A110161000000049"]),
    ordered(Block::HeartAndEyes, "眼底検査（KW分類）", &["2110"], methods!["9E100166000000011"]),
    ordered(Block::HeartAndEyes, "眼底検査（Scheie分類：H）", &["2111"], methods!["9E100166100000011"]),
    ordered(Block::HeartAndEyes, "眼底検査（Scheie分類：S）", &["2112"], methods!["9E100166200000011"]),
    ordered(Block::HeartAndEyes, "眼底検査（SCOTT分類）", &["2113"], methods!["9E100166300000011"]),
    ordered(Block::HeartAndEyes, "眼底検査（Wong-Mitchell分類）", &["18080"], methods!["9E100166600000011"]),
    ordered(Block::HeartAndEyes, "眼底検査（改変Davis分類）", &["18090"], methods!["9E100166500000011"]),
    text(Block::HeartAndEyes, "眼底検査（その他の所見）", methods!["9E100160900000049"]),
    coded(Block::HeartAndEyes, "眼底検査（対象者）", &["18130", "18120"], methods!["9E100161600000011"]),
    text(Block::HeartAndEyes, "眼底検査（実施理由）", methods!["9E100161000000049"]),
    coded(Block::HeartAndEyes, "胸部エックス線（所見の有無）", &["2002"], methods!["9N206160700000011"]),
    text(Block::HeartAndEyes, "胸部エックス線（所見）", methods!["9N206160800000049"]),

    quantity(Block::Kidney, "血清クレアチニン", "mg/dL", methods!["3C015000002327101", "3C015000002399901"]),
    limited(low("60"), quantity(Block::Kidney, "eGFR", "mL/min/1.73m2", methods!["8A065000002391901"])),
    limited(high("7.1"), quantity(Block::Kidney, "尿酸", "mg/dL", methods!["3C020000002327101", "3C020000002399901"])),
    coded(Block::Kidney, "血清クレアチニン（対象者）", &["18130", "18120"], methods!["3C015161602399911"]),
    text(Block::Kidney, "血清クレアチニン（実施理由）", methods!["3C015161002399949"]),

    coded(Block::Examination, "既往歴", &["2001"], methods!["9N056000000000011"]),
    text(Block::Examination, "具体的な既往歴", methods!["9N056160400000049"]),
    coded(Block::Examination, "自覚症状", &["2001"], methods!["9N061000000000011"]),
    text(Block::Examination, "自覚症状（所見）", methods!["9N061160800000049"]),
    coded(Block::Examination, "他覚症状", &["2001"], methods!["9N066000000000011"]),
    text(Block::Examination, "他覚症状（所見）", methods!["9N066160800000049"]),

    coded(Block::Metabolic, "メタボリックシンドローム判定", &["1008"], methods!["9N501000000000011"]),

    coded(Block::Guidance, "保健指導レベル", &["3001"], methods!["9N506000000000011"]),
    coded(Block::Guidance, "情報提供の方法", &["18050"], methods!["9N950000000000011"]),
    coded(Block::Guidance, "初回面接実施", &["18060"], methods!["9N807000000000011"]),

    text(Block::Diagnosis, "医師の診断（判定）", methods!["9N511000000000049"]),
    coded(Block::Diagnosis, "検査未実施の理由", &["24080"], methods!["9N512000000000011"]),
    text(Block::Diagnosis, "診断をした医師の氏名", methods!["9N516000000000049"]),

    coded(Block::Questions, "服薬1（血圧）", &["2003"], methods!["9N701000000000011"]),
    coded(Block::Questions, "服薬2（血糖）", &["2003"], methods!["9N706000000000011"]),
    coded(Block::Questions, "服薬3（脂質）", &["2003"], methods!["9N711000000000011"]),
    coded(Block::Questions, "既往歴1（脳血管）", &["2003"], methods!["9N716000000000011"]),
    coded(Block::Questions, "既往歴2（心血管）", &["2003"], methods!["9N721000000000011"]),
    coded(Block::Questions, "既往歴3（腎不全・人工透析）", &["2003"], methods!["9N726000000000011"]),
    coded(Block::Questions, "貧血と言われたこと", &["2003"], methods!["9N731000000000011"]),
    coded(Block::Questions, "喫煙", &["24060", "2003"], methods!["9N736000000000011"]),
    coded(Block::Questions, "20歳からの体重変化", &["2003"], methods!["9N741000000000011"]),
    coded(Block::Questions, "30分以上の運動習慣", &["2003"], methods!["9N746000000000011"]),
    coded(Block::Questions, "歩行または身体活動", &["2003"], methods!["9N751000000000011"]),
    coded(Block::Questions, "歩行速度", &["2003"], methods!["9N756000000000011"]),
    coded(Block::Questions, "咀嚼", &["18030"], methods!["9N872000000000011"]),
    coded(Block::Questions, "食べ方1（早食い等）", &["2004"], methods!["9N766000000000011"]),
    coded(Block::Questions, "食べ方2（就寝前）", &["2003"], methods!["9N771000000000011"]),
    coded(Block::Questions, "食べ方3（間食）", &["18040"], methods!["9N782000000000011"]),
    coded(Block::Questions, "食習慣（朝食を抜く）", &["2003"], methods!["9N781000000000011"]),
    coded(Block::Questions, "飲酒", &["24040"], methods!["9N786000000000011"]),
    coded(Block::Questions, "飲酒量", &["24050"], methods!["9N791000000000011"]),
    coded(Block::Questions, "睡眠", &["2003"], methods!["9N796000000000011"]),
    coded(Block::Questions, "生活習慣の改善", &["2007"], methods!["9N801000000000011"]),
    coded(Block::Questions, "保健指導の受診歴", &["2003"], methods!["9N808000000000011"]),
    coded(Block::Questions, "健康状態", &["19010"], methods!["9N932000000000011"]),
    coded(Block::Questions, "心の健康状態（生活の満足）", &["19020"], methods!["9N933000000000011"]),
    coded(Block::Questions, "食習慣（1日3食）", &["19030"], methods!["9N934000000000011"]),
    coded(Block::Questions, "口腔機能（固いもの）", &["19040"], methods!["9N935000000000011"]),
    coded(Block::Questions, "口腔機能（むせ）", &["19050"], methods!["9N936000000000011"]),
    coded(Block::Questions, "体重変化（6か月）", &["19060"], methods!["9N937000000000011"]),
    coded(Block::Questions, "歩く速度の低下", &["19070"], methods!["9N938000000000011"]),
    coded(Block::Questions, "転倒（1年間）", &["19080"], methods!["9N939000000000011"]),
    coded(Block::Questions, "運動（週1回以上）", &["19090"], methods!["9N940000000000011"]),
    coded(Block::Questions, "認知機能（物忘れ）", &["19100"], methods!["9N941000000000011"]),
    coded(Block::Questions, "認知機能（日付）", &["19110"], methods!["9N942000000000011"]),
    coded(Block::Questions, "喫煙（後期高齢者）", &["19120"], methods!["9N943000000000011"]),
    coded(Block::Questions, "外出（週1回以上）", &["19130"], methods!["9N944000000000011"]),
    coded(Block::Questions, "家族や友人との付き合い", &["19140"], methods!["9N945000000000011"]),
    coded(Block::Questions, "相談できる人", &["19150"], methods!["9N946000000000011"]),
];
