-- Citus only. The new receipts lie with the persons as the old ones did, raw bytes with the institution's other tables;
-- which files are under way is known on every node.

SELECT create_distributed_table('receipts', 'person_id', colocate_with => 'persons');
SELECT create_distributed_table('claim_sources', 'institution_code', colocate_with => 'accounts');
SELECT create_distributed_table('parts_under_way', 'institution_code', colocate_with => 'accounts');
SELECT create_reference_table('files_under_way');
