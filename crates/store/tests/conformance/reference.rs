//! Masters and claims files.

use madoguchi_model::{
    id::FileId,
    master::{Drug, DrugForm, Procedure},
};
use madoguchi_store::{Error, claim_file::ClaimFile, master::CodeName};

use super::samples::{day, hospital, month, pharmacy};
use crate::{NOW, Place, put};

pub(crate) async fn masters_keep_their_generations(place: &Place) {
    let drug = |from, to, name: &str| Drug {
        code: "620004625".into(),
        name: name.into(),
        unit: "錠".into(),
        form: DrugForm::Internal,
        price_code: "2171022F2010".into(),
        ingredient: Some("アムロジピンベシル酸塩".into()),
        generic: true,
        valid_from: day(from),
        valid_to: to,
    };
    let old = drug(20_200_401, Some(day(20_240_331)), "旧名");
    let new = drug(20_240_401, None, "新名");
    let procedure = Procedure {
        code: "150253010".into(),
        name: "内視鏡的大腸ポリープ切除術".into(),
        unit: String::new(),
        letter: 'K',
        section: 721,
        section_branch: 0,
        notification: 1,
        outpatient_total: 500,
        inpatient_total: 500,
        valid_from: day(20_240_601),
        valid_to: None,
    };
    let name = CodeName {
        kind: "T".into(),
        code: "710010001".into(),
        name: "カテーテル".into(),
        valid_from: day(20_240_601),
        valid_to: None,
    };
    put(place, [new.clone(), drug(20_200_401, None, "仮名")], async |tx, it| tx.put_drugs(&it).await).await;
    put(place, [old.clone()], async |tx, it| tx.put_drugs(&it).await).await;
    put(place, [procedure.clone()], async |tx, it| tx.put_procedures(&it).await).await;
    put(place, [name.clone(), name.clone()], async |tx, it| tx.put_code_names(&it).await).await;
    let mut tx = place.store.read();
    assert_eq!(tx.drug_generations("620004625").await.unwrap(), [old.clone(), new.clone()]);
    assert_eq!(tx.drug_generations("620004626").await.unwrap(), []);
    assert_eq!(tx.drugs().await.unwrap(), [old, new]);
    let procedures = [procedure];
    assert_eq!(tx.procedure_generations("150253010").await.unwrap(), procedures);
    assert_eq!(tx.procedures().await.unwrap(), procedures);
    assert_eq!(tx.code_names("T", "710010001").await.unwrap(), [name]);
    assert_eq!(tx.code_names("C", "710010001").await.unwrap(), []);
}

pub(crate) async fn a_claims_file_is_taken_once(place: &Place) {
    let file = ClaimFile {
        id: FileId::new(NOW, [1; 10]),
        institution: hospital(),
        request_month: month(202_208),
        reviewer: "1".into(),
        sha256: [7; 32],
        taken_at: NOW,
        report: "{}".into(),
    };
    put(place, file.clone(), async |tx, it| tx.insert_claim_file(&it).await).await;
    let again = file.clone();
    let again = place.store.write("again", async move |tx| tx.insert_claim_file(&again).await).await;
    assert!(matches!(again, Err(Error::Conflict(_))));
    let mut tx = place.store.read();
    assert_eq!(tx.claim_file(&hospital(), month(202_208), "1", &[7; 32]).await.unwrap(), Some(file.clone()));
    assert_eq!(tx.claim_file(&hospital(), month(202_208), "2", &[7; 32]).await.unwrap(), None);
    assert_eq!(tx.claim_file(&hospital(), month(202_209), "1", &[7; 32]).await.unwrap(), None);
    assert_eq!(tx.claim_files(&hospital(), 10).await.unwrap(), [file]);
    assert_eq!(tx.claim_files(&pharmacy(), 10).await.unwrap(), []);
}
