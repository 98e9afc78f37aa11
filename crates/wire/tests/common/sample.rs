//! Small claims of our own: synthetic people, real codes.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use madoguchi_model::care::{Amount, Prescriber};
use madoguchi_model::claim::{
    Addition, Body, Category, Claim, DispensedDrug, Dispensing, Dpc, Item, ItemKind, Patient, Payer, PayerKind,
    Prescription,
};
use madoguchi_model::day::{Day, Month};
use madoguchi_model::institution::InstitutionCode;
use madoguchi_model::person::Sex;
use madoguchi_wire::claims::{ClaimsWriter, Header, PointTable};

pub fn day(number: i64) -> Day {
    Day::from_number(number).unwrap()
}

pub fn header(table: PointTable) -> Header {
    let (code, name) = match table {
        PointTable::Medical => ("1310000001", "窓口中央病院"),
        PointTable::Dental => ("1330000002", "まどぐち歯科"),
        PointTable::Pharmacy => ("1340000003", "まどぐち薬局"),
    };
    Header {
        table,
        reviewer: "1".to_owned(),
        institution: InstitutionCode::parse(code).unwrap(),
        name: name.to_owned(),
        request_month: Month::from_number(202_404).unwrap(),
        volume: "00".to_owned(),
    }
}

pub fn insured(branch: &str) -> Payer {
    Payer {
        kind: PayerKind::Insurance,
        insurer: "01130012".to_owned(),
        symbol: "１２３４５６７８".to_owned(),
        number: "７".to_owned(),
        branch: branch.to_owned(),
        points: Some(1_234),
        confirmation: if branch.is_empty() { String::new() } else { "01".to_owned() },
    }
}

pub fn item(kind: ItemKind, class: u8, unit: u32, code: &str, quantity: &str, days: &[(u8, u32)]) -> Item {
    let comment = kind == ItemKind::Comment;
    Item {
        line: 0,
        kind,
        class,
        unit,
        code: code.to_owned(),
        quantity: if comment { None } else { Amount::parse(quantity) },
        text: if comment { quantity.to_owned() } else { String::new() },
        comments: Vec::new(),
        additions: Vec::new(),
        times: (!comment).then(|| days.iter().map(|(_, count)| count).sum()),
        days: days.to_vec(),
    }
}

pub fn claim(category: &str, payers: Vec<Payer>, body: Body) -> Claim {
    Claim {
        number: "1".to_owned(),
        line: 2,
        category: Category::parse(category).unwrap(),
        month: Month::from_number(202_403).unwrap(),
        patient: Patient {
            name: "見本　花子".to_owned(),
            kana: "ミホンハナコ".to_owned(),
            sex: Sex::Female,
            birthdate: day(19_620_521),
        },
        payers,
        visit_days: vec![4, 18],
        search_number: Some("A000000001".to_owned()),
        body,
    }
}

/// One outpatient month with every shape of a drug line, an operation and acts of several chapters.
pub fn outpatient() -> Claim {
    use ItemKind::{Act, Comment, Drug, Material};
    let items = vec![
        item(Act, 12, 1, "112007410", "", &[(4, 1), (18, 1)]),
        item(Act, 13, 2, "120002370", "", &[(4, 1)]),
        item(Comment, 21, 3, "810000001", "１日３回食後", &[]),
        item(Drug, 21, 3, "620098801", "3", &[(4, 14), (18, 7)]),
        item(Drug, 21, 3, "622533701", "3", &[(4, 14), (18, 7)]),
        Item { times: Some(28), ..item(Drug, 21, 4, "620007870", "1", &[(4, 1)]) },
        item(Drug, 22, 5, "622381201", "1", &[(4, 10)]),
        item(Comment, 23, 6, "810000001", "１日１回　腰に貼付", &[]),
        item(Drug, 23, 6, "620007813", "35", &[(18, 1)]),
        Item {
            comments: vec![("810000001".to_owned(), "静脈内".to_owned())],
            ..item(Drug, 33, 7, "643310225", "0.5", &[(18, 2)])
        },
        item(Act, 50, 8, "150253010", "", &[(18, 1)]),
        item(Drug, 50, 9, "620003853", "2", &[(18, 1)]),
        item(Act, 50, 10, "150224910", "200", &[(18, 2)]),
        item(Material, 50, 11, "700060000", "1.234", &[(18, 1)]),
        item(Act, 60, 12, "160008010", "", &[(4, 1)]),
        item(Act, 70, 13, "170027910", "2", &[(4, 1)]),
        item(Act, 80, 14, "199999999", "", &[(4, 1)]),
        item(Drug, 21, 15, "699999999", "2", &[]),
    ];
    claim("1112", vec![insured("01")], Body::Medical(items))
}

/// One month of an inpatient under DPC: an operation that is charged, named in SK and coded; one that is only named; drugs
/// within the bundle and on top of it.
pub fn dpc() -> Claim {
    use ItemKind::{Act, Comment, Drug, Material};
    let charged = vec![
        item(Act, 50, 1, "150181610", "", &[(6, 1)]),
        item(Drug, 50, 2, "620003853", "2", &[(6, 1)]),
        item(Comment, 21, 3, "810000001", "１日３回食後", &[]),
        item(Drug, 21, 3, "620098801", "3", &[(12, 7)]),
        item(Act, 13, 4, "120001610", "", &[(8, 1)]),
    ];
    let bundled = vec![
        item(Drug, 33, 1, "643310225", "0.5", &[(6, 2)]),
        item(Act, 33, 1, "130003810", "", &[(6, 1)]),
        item(Drug, 21, 2, "620098801", "3", &[(7, 5)]),
        item(Act, 50, 3, "150181610", "", &[(6, 1)]),
        item(Act, 70, 4, "170011810", "1", &[(5, 1)]),
        item(Material, 60, 5, "700060000", "1", &[(5, 1)]),
    ];
    let related = vec![
        Item { unit: 1, ..item(Act, 50, 1, "150181610", "", &[(6, 1)]) },
        Item { unit: 2, ..item(Act, 50, 2, "150183410", "", &[(9, 1)]) },
    ];
    Claim {
        visit_days: (5..=12).collect(),
        ..claim("1111", vec![insured("01")], Body::Dpc(Dpc { charged, bundled, related }))
    }
}

/// One month at a dentist's: care of several chapters, an extraction, drugs, an act of 医科 and material.
pub fn dental() -> Claim {
    use ItemKind::{Act, Comment, Drug, Material};
    let addition = |code: &str, quantity: &str| Addition { code: code.to_owned(), quantity: Amount::parse(quantity) };
    let items = vec![
        item(Act, 11, 1, "301000110", "", &[(5, 1)]),
        Item { additions: vec![addition("CB001", "")], ..item(Act, 13, 2, "302000110", "", &[(5, 1)]) },
        item(Act, 31, 3, "305000110", "", &[(5, 1)]),
        item(Act, 31, 4, "160008010", "", &[(5, 1)]),
        Item {
            additions: vec![addition("CJ001", "2"), addition("CJ002", "")],
            ..item(Act, 43, 5, "310000310", "", &[(12, 1)])
        },
        item(Act, 41, 6, "309004810", "2", &[(5, 1), (12, 1)]),
        item(Comment, 21, 7, "810000001", "１日３回食後", &[]),
        item(Drug, 21, 7, "620098801", "3", &[(12, 3)]),
        Item { additions: vec![addition("30001", "1.5")], ..item(Material, 62, 8, "710010001", "1.25", &[(12, 1)]) },
        item(Act, 80, 9, "399999999", "", &[(12, 1)]),
    ];
    Claim { visit_days: vec![5, 12], ..claim("3112", vec![insured("01")], Body::Dental(items)) }
}

/// One month at a pharmacy.
pub fn dispensing() -> Claim {
    let drug = |code: &str, quantity: &str, dose: &str| DispensedDrug {
        line: 0,
        code: code.to_owned(),
        quantity: Amount::parse(quantity),
        dose: Amount::parse(dose),
    };
    let dispensing = |prescribed: i64, dispensed: i64, count: u32| Dispensing {
        prescribed_on: Some(day(prescribed)),
        dispensed_on: Some(day(dispensed)),
        count,
    };
    let prescription = |form: u8, usage: &str, instruction: &str, dispensings, drugs| Prescription {
        form,
        usage_code: usage.to_owned(),
        instruction: instruction.to_owned(),
        dispensings,
        drugs,
    };
    let prescriptions = vec![
        prescription(
            1,
            "003",
            "",
            vec![dispensing(20_240_304, 20_240_304, 14), dispensing(20_240_318, 20_240_319, 28)],
            vec![drug("620098801", "3", "1"), drug("622533701", "3", "")],
        ),
        prescription(1, "018", "粉砕", vec![dispensing(20_240_304, 20_240_304, 7)], vec![drug("620007870", "1", "")]),
        prescription(
            3,
            "900",
            "痛むとき",
            vec![dispensing(20_240_304, 20_240_304, 10)],
            vec![drug("622381201", "1", "")],
        ),
        prescription(
            5,
            "900",
            "１日１回貼付",
            vec![dispensing(20_240_304, 20_240_304, 1)],
            vec![drug("620007813", "35", "")],
        ),
    ];
    let prescriber = Some(Prescriber { code: "1310000001".to_owned(), name: "窓口中央病院".to_owned() });
    Claim { visit_days: Vec::new(), ..claim("4112", vec![insured("01")], Body::Pharmacy { prescriber, prescriptions }) }
}

pub fn file(table: PointTable, claims: &[Claim]) -> Vec<u8> {
    let mut writer = ClaimsWriter::begin(Vec::new(), &header(table)).unwrap();
    for claim in claims {
        writer.claim(claim).unwrap();
    }
    writer.finish().unwrap()
}

/// The kinds of claims with a file of each.
pub fn samples() -> [(&'static str, PointTable, Claim); 4] {
    [
        ("RECEIPTC.UKE", PointTable::Medical, outpatient()),
        ("RECEIPTD.UKE", PointTable::Medical, dpc()),
        ("RECEIPTS.UKE", PointTable::Dental, dental()),
        ("RECEIPTY.CYO", PointTable::Pharmacy, dispensing()),
    ]
}

/// The file as the reviewing body hands it on: three columns in front of each line, all fields in quotes, and its own
/// records in between.
pub fn distributed(file: &[u8]) -> Vec<u8> {
    let quoted = |line: &[u8]| {
        let fields = line.split(|byte| *byte == b',').map(|field| [&b"\""[..], field, b"\""].concat());
        fields.collect::<Vec<_>>().join(&b","[..])
    };
    let mut all = Vec::new();
    let mut number = 0;
    let mut put = |side: u8, line: &[u8]| {
        number += 1;
        all.extend_from_slice(format!("\"{side}\",\"{number}\",\"0\",").as_bytes());
        all.extend_from_slice(&quoted(line));
        all.extend_from_slice(b"\r\n");
    };
    let content = file.strip_suffix(b"\x1a").unwrap_or(file);
    for line in content.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line)) {
        match line.get(..2) {
            Some(b"RE") => {
                put(2, b"MN,000000000000000000000000000001");
                put(1, line);
                put(2, b"JY,1");
            }
            Some(b"GO") => {
                put(1, line);
                put(2, b"RC,01,0123456789ABCDEF");
            }
            Some(_) => put(1, line),
            None => {}
        }
    }
    all
}
