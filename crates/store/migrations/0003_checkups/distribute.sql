-- Citus only. Check-ups lie with their person; those that wait lie under their numbers.

SELECT create_distributed_table('checkups', 'person_id', colocate_with => 'persons');
SELECT create_distributed_table('checkup_sources', 'person_id', colocate_with => 'persons');
SELECT create_distributed_table('unattached_checkups', 'number_key', colocate_with => 'number_keys');
SELECT create_distributed_table('checkup_files', 'sha256', colocate_with => 'none');
