-- Citus only: an institution's uploads lie with its accounts.

SELECT create_distributed_table('bulk_jobs', 'institution_code', colocate_with => 'accounts');
SELECT create_distributed_table('bulk_requests', 'institution_code', colocate_with => 'accounts');
SELECT create_distributed_table('bulk_chunks', 'institution_code', colocate_with => 'accounts');
SELECT create_distributed_table('bulk_work', 'institution_code', colocate_with => 'accounts');
