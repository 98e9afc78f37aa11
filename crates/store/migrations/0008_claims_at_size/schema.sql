-- Receipts for a nation: what they show is kept compressed (see store/src/packing.rs), their raw bytes lie by the file
-- that brought them, and a file that is too large for one transaction shows nothing until all of it is there.

ALTER TABLE receipts RENAME TO receipts_as_text;

CREATE TABLE receipts (
    person_id blob NOT NULL,
    care_month BIGINT NOT NULL,
    receipt_id blob NOT NULL CHECK (length(receipt_id) = 16),
    institution_code TEXT NOT NULL,
    institution_name TEXT NOT NULL,
    setting TEXT NOT NULL,
    prescriber_code TEXT,
    prescriber_name TEXT,
    file_id blob NOT NULL,
    request_month BIGINT NOT NULL,
    category TEXT NOT NULL,
    receipt_number TEXT NOT NULL,
    search_number TEXT,
    ended_at BIGINT,
    ended_by blob,
    source_part BIGINT,
    source_place BIGINT,
    visits_and_care blob,
    medication blob,
    surgery blob,
    PRIMARY KEY (person_id, care_month, receipt_id)
);

INSERT INTO receipts (person_id, care_month, receipt_id, institution_code, institution_name, setting, prescriber_code,
    prescriber_name, file_id, request_month, category, receipt_number, search_number, ended_at, ended_by,
    visits_and_care, medication, surgery)
SELECT person_id, care_month, receipt_id, institution_code, institution_name, setting, prescriber_code,
    prescriber_name, file_id, request_month, category, receipt_number, search_number, ended_at, ended_by,
    /* sqlite: CAST(visits_and_care AS blob) *//* postgres: convert_to(visits_and_care, 'UTF8') */,
    /* sqlite: CAST(medication AS blob) *//* postgres: convert_to(medication, 'UTF8') */,
    /* sqlite: CAST(surgery AS blob) *//* postgres: convert_to(surgery, 'UTF8') */
FROM receipts_as_text;

DROP TABLE receipts_as_text;

-- Raw bytes of a file's receipts, compressed, apart by care month so that they go when their receipts go.
CREATE TABLE claim_sources (
    institution_code TEXT NOT NULL,
    file_id blob NOT NULL CHECK (length(file_id) = 16),
    part BIGINT NOT NULL,
    care_month BIGINT NOT NULL,
    source blob NOT NULL,
    PRIMARY KEY (institution_code, file_id, part)
) /* sqlite: WITHOUT ROWID */;

-- Files of which a part is stored and the rest not yet (`finished_at` is the largest number then). Their receipts are
-- shown once the file is finished; the row stays a little longer for those who were reading meanwhile.
CREATE TABLE files_under_way (
    file_id blob NOT NULL PRIMARY KEY CHECK (length(file_id) = 16),
    institution_code TEXT NOT NULL,
    begun_at BIGINT NOT NULL,
    finished_at BIGINT NOT NULL
);

-- Which receipts such a file has brought so far, so that they can be taken back: the person and the receipt of each.
CREATE TABLE parts_under_way (
    institution_code TEXT NOT NULL,
    file_id blob NOT NULL CHECK (length(file_id) = 16),
    part BIGINT NOT NULL,
    care_month BIGINT NOT NULL,
    receipts blob NOT NULL,
    PRIMARY KEY (institution_code, file_id, part)
) /* sqlite: WITHOUT ROWID */;
