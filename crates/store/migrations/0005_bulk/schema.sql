-- Bulk messages: what was uploaded and, chunk by chunk, what was answered. All of it belongs to an institution and goes
-- seven days after the acceptance.

CREATE TABLE bulk_jobs (
    institution_code TEXT NOT NULL,
    reception_number TEXT NOT NULL CHECK (length(reception_number) = 17),
    request_id blob NOT NULL CHECK (length(request_id) = 16),
    kind TEXT NOT NULL,
    question TEXT NOT NULL,
    user_id TEXT NOT NULL,
    terminal TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    kept_until BIGINT NOT NULL,
    records BIGINT NOT NULL,
    normal BIGINT NOT NULL,
    wrong BIGINT NOT NULL,
    chunks BIGINT NOT NULL,
    chunks_left BIGINT NOT NULL CHECK (chunks_left >= 0),
    state TEXT NOT NULL CHECK (state IN ('working', 'done', 'failed')),
    PRIMARY KEY (institution_code, reception_number)
);

-- The same request again finds its first acceptance here.
CREATE TABLE bulk_requests (
    institution_code TEXT NOT NULL,
    request_id blob NOT NULL CHECK (length(request_id) = 16),
    reception_number TEXT NOT NULL,
    PRIMARY KEY (institution_code, request_id)
) /* sqlite: WITHOUT ROWID */;

CREATE TABLE bulk_chunks (
    institution_code TEXT NOT NULL,
    reception_number TEXT NOT NULL,
    chunk BIGINT NOT NULL,
    questions TEXT NOT NULL,
    answers TEXT,
    PRIMARY KEY (institution_code, reception_number, chunk)
);

-- Only what is not finished, so that looking for work stays cheap. A lease is an instant until which one process, its
-- holder, works; who comes second loses at the chunk, not here.
CREATE TABLE bulk_work (
    institution_code TEXT NOT NULL,
    reception_number TEXT NOT NULL,
    lease_until BIGINT NOT NULL,
    holder TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    PRIMARY KEY (institution_code, reception_number)
) /* sqlite: WITHOUT ROWID */;
