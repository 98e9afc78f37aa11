-- Indexes for questions that a primary key does not answer.

CREATE INDEX consent_list_by_time ON consent_list (institution_code, valid_until);
CREATE INDEX passes_by_reader ON passes (institution_code, reader_hash);
CREATE INDEX sessions_by_user ON sessions (institution_code, user_id);
CREATE INDEX unattached_receipts_by_number ON unattached_receipts (number_key);
