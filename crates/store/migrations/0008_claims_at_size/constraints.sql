-- Receipts that wait for their persons are taken back with their file; which files are not whole is asked at each view.

CREATE INDEX unattached_receipts_by_file ON unattached_receipts (institution_code, file_id);
CREATE INDEX files_under_way_by_end ON files_under_way (finished_at);
