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
