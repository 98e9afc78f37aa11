-- The oldest results of an institution's reader are handed over first, and those that are too old go with each new one:
-- where many wait, neither may read them all.

CREATE INDEX face_results_by_age ON face_results (institution_code, made_at, face_id);

-- A new pass ends the unfinished ones of its reader, without reading those that were ever finished there.

CREATE INDEX passes_unfinished ON passes (institution_code, reader_hash) WHERE state IN ('open', 'identified');
DROP INDEX passes_by_reader;
