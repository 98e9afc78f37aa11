-- Indexes for questions that a primary key does not answer.

CREATE INDEX refresh_tokens_by_user ON refresh_tokens (institution_code, user_id);
