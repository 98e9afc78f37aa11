-- The newest notices of an audience, asked for at every log-in.

CREATE INDEX notices_by_audience ON notices (audience, published_at);
