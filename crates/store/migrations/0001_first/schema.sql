-- One text for SQLite and PostgreSQL. BIGINT, TEXT and blob only; truth is 0 or 1, a day is 20260401, a month 202604,
-- an instant microseconds UTC. Ids are 16 bytes from the application. A person's table begins with person_id, because
-- that is where a large store is cut. No triggers and no sequences, which a cut store refuses; no foreign keys, which it
-- refuses between most tables and which halve the speed of loading: what belongs together is written in one transaction.

-- Reference tables: small, whole on every node.

CREATE TABLE institutions (
    code TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    hospital BIGINT NOT NULL CHECK (hospital IN (0, 1)),
    opened_on BIGINT NOT NULL,
    abolished_on BIGINT
);

CREATE TABLE notices (
    notice_id blob NOT NULL PRIMARY KEY CHECK (length(notice_id) = 16),
    published_at BIGINT NOT NULL,
    audience TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    withdrawn_at BIGINT
);

CREATE TABLE drug_master (
    code TEXT NOT NULL,
    valid_from BIGINT NOT NULL,
    valid_to BIGINT,
    name TEXT NOT NULL,
    unit TEXT NOT NULL,
    form TEXT NOT NULL,
    price_code TEXT NOT NULL,
    ingredient TEXT,
    generic BIGINT NOT NULL CHECK (generic IN (0, 1)),
    PRIMARY KEY (code, valid_from)
) /* sqlite: WITHOUT ROWID */;

CREATE TABLE procedure_master (
    code TEXT NOT NULL,
    valid_from BIGINT NOT NULL,
    valid_to BIGINT,
    name TEXT NOT NULL,
    unit TEXT NOT NULL,
    letter TEXT NOT NULL CHECK (length(letter) = 1),
    section BIGINT NOT NULL,
    section_branch BIGINT NOT NULL,
    notification BIGINT NOT NULL,
    outpatient_total BIGINT NOT NULL,
    inpatient_total BIGINT NOT NULL,
    PRIMARY KEY (code, valid_from)
) /* sqlite: WITHOUT ROWID */;

CREATE TABLE code_names (
    kind TEXT NOT NULL,
    code TEXT NOT NULL,
    valid_from BIGINT NOT NULL,
    valid_to BIGINT,
    name TEXT NOT NULL,
    PRIMARY KEY (kind, code, valid_from)
) /* sqlite: WITHOUT ROWID */;

-- Tables of an institution, under its code.

CREATE TABLE settings (
    institution_code TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (institution_code, name)
) /* sqlite: WITHOUT ROWID */;

CREATE TABLE setting_changes (
    institution_code TEXT NOT NULL,
    change_id blob NOT NULL CHECK (length(change_id) = 16),
    at BIGINT NOT NULL,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    old_value TEXT NOT NULL,
    new_value TEXT NOT NULL,
    PRIMARY KEY (institution_code, change_id)
) /* sqlite: WITHOUT ROWID */;

CREATE TABLE accounts (
    institution_code TEXT NOT NULL,
    user_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    kind TEXT NOT NULL,
    stopped BIGINT NOT NULL CHECK (stopped IN (0, 1)),
    password_hash TEXT NOT NULL,
    secret_hash TEXT,
    must_change BIGINT NOT NULL CHECK (must_change IN (0, 1)),
    failed_count BIGINT NOT NULL,
    locked_until BIGINT,
    former_hashes TEXT NOT NULL,
    emergency_viewing BIGINT NOT NULL CHECK (emergency_viewing IN (0, 1)),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (institution_code, user_id)
);

CREATE TABLE sessions (
    institution_code TEXT NOT NULL,
    token_hash blob NOT NULL CHECK (length(token_hash) = 32),
    user_id TEXT NOT NULL,
    certificate_serial TEXT NOT NULL,
    form_token TEXT NOT NULL,
    settings TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    PRIMARY KEY (institution_code, token_hash)
);

CREATE TABLE notice_reads (
    institution_code TEXT NOT NULL,
    user_id TEXT NOT NULL,
    notice_id blob NOT NULL,
    read_at BIGINT NOT NULL,
    PRIMARY KEY (institution_code, user_id, notice_id)
) /* sqlite: WITHOUT ROWID */;

CREATE TABLE passes (
    institution_code TEXT NOT NULL,
    pass_id blob NOT NULL CHECK (length(pass_id) = 16),
    reader_hash blob NOT NULL CHECK (length(reader_hash) = 32),
    challenge blob NOT NULL,
    begun_at BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'identified', 'answered', 'superseded')),
    person_id blob,
    pages TEXT NOT NULL,
    PRIMARY KEY (institution_code, pass_id)
);

CREATE TABLE consent_list (
    institution_code TEXT NOT NULL,
    person_id blob NOT NULL,
    scope BIGINT NOT NULL,
    granted_at BIGINT NOT NULL,
    valid_until BIGINT NOT NULL,
    name TEXT NOT NULL,
    kana TEXT NOT NULL,
    sex BIGINT NOT NULL,
    birthdate BIGINT NOT NULL,
    reference_number TEXT,
    PRIMARY KEY (institution_code, person_id)
) /* sqlite: WITHOUT ROWID */;

CREATE TABLE reference_number_keys (
    institution_code TEXT NOT NULL,
    reference_number TEXT NOT NULL,
    person_id blob NOT NULL,
    PRIMARY KEY (institution_code, reference_number)
) /* sqlite: WITHOUT ROWID */;

CREATE TABLE claim_files (
    institution_code TEXT NOT NULL,
    request_month BIGINT NOT NULL,
    reviewer TEXT NOT NULL,
    sha256 blob NOT NULL CHECK (length(sha256) = 32),
    file_id blob NOT NULL CHECK (length(file_id) = 16),
    taken_at BIGINT NOT NULL,
    report TEXT NOT NULL,
    PRIMARY KEY (institution_code, request_month, reviewer, sha256)
);

CREATE TABLE unattached_receipts (
    institution_code TEXT NOT NULL,
    receipt_id blob NOT NULL CHECK (length(receipt_id) = 16),
    file_id blob NOT NULL,
    request_month BIGINT NOT NULL,
    care_month BIGINT NOT NULL,
    reason TEXT NOT NULL,
    number_key TEXT NOT NULL,
    taken_at BIGINT NOT NULL,
    source blob NOT NULL,
    PRIMARY KEY (institution_code, receipt_id)
);

-- Look-ups, under their own keys. A key is never updated: a new row is inserted, the old one deleted.

CREATE TABLE number_keys (
    number_key TEXT NOT NULL,
    person_id blob NOT NULL CHECK (length(person_id) = 16),
    coverage_id blob NOT NULL CHECK (length(coverage_id) = 16),
    number TEXT NOT NULL,
    branch TEXT NOT NULL,
    name TEXT NOT NULL,
    kana TEXT NOT NULL,
    sex BIGINT NOT NULL,
    birthdate BIGINT NOT NULL,
    valid_from BIGINT NOT NULL,
    valid_to BIGINT,
    PRIMARY KEY (number_key, person_id, coverage_id)
) /* sqlite: WITHOUT ROWID */;

CREATE TABLE card_certificates (
    serial TEXT NOT NULL PRIMARY KEY,
    person_id blob NOT NULL CHECK (length(person_id) = 16),
    registered_at BIGINT NOT NULL
) /* sqlite: WITHOUT ROWID */;

-- Tables of a person.

CREATE TABLE persons (
    person_id blob NOT NULL PRIMARY KEY CHECK (length(person_id) = 16),
    name TEXT NOT NULL,
    kana TEXT NOT NULL,
    sex BIGINT NOT NULL CHECK (sex IN (1, 2, 3)),
    birthdate BIGINT NOT NULL,
    died_on BIGINT
) /* sqlite: WITHOUT ROWID */;

CREATE TABLE coverages (
    person_id blob NOT NULL,
    coverage_id blob NOT NULL CHECK (length(coverage_id) = 16),
    insurer_number TEXT NOT NULL,
    symbol TEXT NOT NULL,
    number TEXT NOT NULL,
    branch TEXT NOT NULL,
    insurer_name TEXT NOT NULL,
    relation BIGINT NOT NULL CHECK (relation IN (1, 2)),
    classification TEXT NOT NULL,
    valid_from BIGINT NOT NULL,
    valid_to BIGINT,
    loss TEXT,
    patient_share_percent BIGINT,
    PRIMARY KEY (person_id, coverage_id)
) /* sqlite: WITHOUT ROWID */;

CREATE TABLE consents (
    person_id blob NOT NULL,
    institution_code TEXT NOT NULL,
    consent_id blob NOT NULL CHECK (length(consent_id) = 16),
    scope BIGINT NOT NULL CHECK (scope BETWEEN 0 AND 15),
    asked BIGINT NOT NULL CHECK (asked BETWEEN 0 AND 15),
    granted_at BIGINT NOT NULL,
    valid_until BIGINT NOT NULL,
    withdrawn_at BIGINT,
    PRIMARY KEY (person_id, institution_code)
) /* sqlite: WITHOUT ROWID */;

CREATE TABLE reference_numbers (
    person_id blob NOT NULL,
    institution_code TEXT NOT NULL,
    reference_number TEXT NOT NULL,
    PRIMARY KEY (person_id, institution_code)
) /* sqlite: WITHOUT ROWID */;

-- What a receipt shows is packed by the consent that it needs, so that no column holds more than one consent opens.
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
    visits_and_care TEXT NOT NULL,
    medication TEXT NOT NULL,
    surgery TEXT NOT NULL,
    PRIMARY KEY (person_id, care_month, receipt_id)
);

CREATE TABLE receipt_sources (
    person_id blob NOT NULL,
    care_month BIGINT NOT NULL,
    receipt_id blob NOT NULL CHECK (length(receipt_id) = 16),
    source blob NOT NULL,
    PRIMARY KEY (person_id, care_month, receipt_id)
);

-- The audit log: one chain a process.

CREATE TABLE audit_entries (
    process TEXT NOT NULL,
    sequence BIGINT NOT NULL CHECK (sequence > 0),
    at BIGINT NOT NULL,
    institution_code TEXT NOT NULL,
    user_id TEXT NOT NULL,
    terminal TEXT NOT NULL,
    action TEXT NOT NULL,
    outcome TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    previous_hash blob NOT NULL CHECK (length(previous_hash) = 32),
    hash blob NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (process, sequence)
) /* sqlite: WITHOUT ROWID */;

CREATE TABLE audit_heads (
    process TEXT NOT NULL,
    sequence BIGINT NOT NULL CHECK (sequence >= 0),
    note TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (process, sequence)
);
