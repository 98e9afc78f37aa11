CREATE INDEX bulk_jobs_by_time ON bulk_jobs (institution_code, received_at);
