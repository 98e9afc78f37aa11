-- Eligibility: what certificates say, medical tickets, results that wait for an institution. What nothing searches is
-- packed as compact JSON.

ALTER TABLE persons ADD COLUMN particulars TEXT NOT NULL DEFAULT '{}';
ALTER TABLE coverages ADD COLUMN certificate TEXT NOT NULL DEFAULT '{}';
ALTER TABLE card_certificates ADD COLUMN card_ends_on BIGINT;
ALTER TABLE passes ADD COLUMN notices TEXT NOT NULL DEFAULT '[]';

CREATE TABLE medical_tickets (
    person_id blob NOT NULL,
    month BIGINT NOT NULL,
    ticket_id blob NOT NULL CHECK (length(ticket_id) = 16),
    ticket TEXT NOT NULL,
    PRIMARY KEY (person_id, month, ticket_id)
) /* sqlite: WITHOUT ROWID */;

-- Whom an institution is entrusted with in a month.
CREATE TABLE ticket_keys (
    institution_code TEXT NOT NULL,
    month BIGINT NOT NULL,
    person_id blob NOT NULL CHECK (length(person_id) = 16),
    ticket_id blob NOT NULL CHECK (length(ticket_id) = 16),
    PRIMARY KEY (institution_code, month, person_id, ticket_id)
) /* sqlite: WITHOUT ROWID */;

-- The look-up for questions that leave the symbol out, of coverages that have one. Many people share insurer and
-- number then, so that the birthdate is part of the key.
CREATE TABLE bare_number_keys (
    bare_number_key TEXT NOT NULL,
    birthdate BIGINT NOT NULL,
    person_id blob NOT NULL CHECK (length(person_id) = 16),
    coverage_id blob NOT NULL CHECK (length(coverage_id) = 16),
    number TEXT NOT NULL,
    branch TEXT NOT NULL,
    PRIMARY KEY (bare_number_key, birthdate, person_id, coverage_id)
) /* sqlite: WITHOUT ROWID */;

-- Coverages that were registered before: their number, of digits, is the end of their key.
INSERT INTO bare_number_keys (bare_number_key, birthdate, person_id, coverage_id, number, branch)
SELECT substr(number_key, 1, 9) || substr(number_key, length(rtrim(number_key, '0123456789')) + 1),
    birthdate, person_id, coverage_id, number, branch
FROM number_keys
WHERE rtrim(number_key, '0123456789') LIKE '%|' AND length(rtrim(number_key, '0123456789')) > 10;

CREATE TABLE face_results (
    institution_code TEXT NOT NULL,
    face_id blob NOT NULL CHECK (length(face_id) = 16),
    made_at BIGINT NOT NULL,
    answer TEXT NOT NULL,
    PRIMARY KEY (institution_code, face_id)
);

CREATE TABLE checks (
    institution_code TEXT NOT NULL,
    day BIGINT NOT NULL,
    check_id blob NOT NULL CHECK (length(check_id) = 16),
    line TEXT NOT NULL,
    PRIMARY KEY (institution_code, day, check_id)
);
