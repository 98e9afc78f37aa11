-- Check-ups (特定健診). A check-up's id follows from what tells it from others, so that a later document finds the earlier
-- one. What was deleted at the insurer's request keeps its row without results, so that an older document cannot bring
-- it back.

CREATE TABLE checkups (
    person_id blob NOT NULL,
    checkup_day BIGINT NOT NULL,
    checkup_id blob NOT NULL CHECK (length(checkup_id) = 16),
    category TEXT NOT NULL,
    program TEXT NOT NULL,
    performer_code TEXT NOT NULL,
    performer_name TEXT NOT NULL,
    file_id blob NOT NULL CHECK (length(file_id) = 16),
    created_on BIGINT NOT NULL,
    taken_at BIGINT NOT NULL,
    deleted_at BIGINT,
    results TEXT NOT NULL,
    PRIMARY KEY (person_id, checkup_day, checkup_id)
);

CREATE TABLE checkup_sources (
    person_id blob NOT NULL,
    checkup_day BIGINT NOT NULL,
    checkup_id blob NOT NULL CHECK (length(checkup_id) = 16),
    source blob NOT NULL,
    PRIMARY KEY (person_id, checkup_day, checkup_id)
);

-- Documents whose person is not known yet, under the key of the numbers on them.
CREATE TABLE unattached_checkups (
    number_key TEXT NOT NULL,
    checkup_id blob NOT NULL CHECK (length(checkup_id) = 16),
    file_id blob NOT NULL CHECK (length(file_id) = 16),
    reason TEXT NOT NULL,
    created_on BIGINT NOT NULL,
    taken_at BIGINT NOT NULL,
    source blob NOT NULL,
    PRIMARY KEY (number_key, checkup_id)
);

CREATE TABLE checkup_files (
    sha256 blob NOT NULL PRIMARY KEY CHECK (length(sha256) = 32),
    file_id blob NOT NULL CHECK (length(file_id) = 16),
    taken_at BIGINT NOT NULL,
    report TEXT NOT NULL
);
