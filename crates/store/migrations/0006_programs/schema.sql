-- Log-ins of programs: what a Web API account renews its token with. The tokens themselves are sessions.

CREATE TABLE refresh_tokens (
    institution_code TEXT NOT NULL,
    token_hash blob NOT NULL CHECK (length(token_hash) = 32),
    user_id TEXT NOT NULL,
    certificate_serial TEXT NOT NULL,
    logged_in_at BIGINT NOT NULL,
    issued_at BIGINT NOT NULL,
    PRIMARY KEY (institution_code, token_hash)
);
