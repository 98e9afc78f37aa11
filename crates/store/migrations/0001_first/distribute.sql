-- Citus only. Reference tables are whole on every node; a person's tables lie together, cut by person_id; a look-up is
-- cut by its own key, an institution's tables by its code, the audit log by its process.

SELECT create_reference_table('schema_migrations');
SELECT create_reference_table('institutions');
SELECT create_reference_table('notices');
SELECT create_reference_table('drug_master');
SELECT create_reference_table('procedure_master');
SELECT create_reference_table('code_names');

SELECT create_distributed_table('persons', 'person_id');
SELECT create_distributed_table('coverages', 'person_id', colocate_with => 'persons');
SELECT create_distributed_table('consents', 'person_id', colocate_with => 'persons');
SELECT create_distributed_table('reference_numbers', 'person_id', colocate_with => 'persons');
SELECT create_distributed_table('receipts', 'person_id', colocate_with => 'persons');
SELECT create_distributed_table('receipt_sources', 'person_id', colocate_with => 'persons');

SELECT create_distributed_table('number_keys', 'number_key', colocate_with => 'none');
SELECT create_distributed_table('card_certificates', 'serial', colocate_with => 'none');

SELECT create_distributed_table('accounts', 'institution_code', colocate_with => 'none');
SELECT create_distributed_table('settings', 'institution_code', colocate_with => 'accounts');
SELECT create_distributed_table('setting_changes', 'institution_code', colocate_with => 'accounts');
SELECT create_distributed_table('sessions', 'institution_code', colocate_with => 'accounts');
SELECT create_distributed_table('notice_reads', 'institution_code', colocate_with => 'accounts');
SELECT create_distributed_table('passes', 'institution_code', colocate_with => 'accounts');
SELECT create_distributed_table('consent_list', 'institution_code', colocate_with => 'accounts');
SELECT create_distributed_table('reference_number_keys', 'institution_code', colocate_with => 'accounts');
SELECT create_distributed_table('claim_files', 'institution_code', colocate_with => 'accounts');
SELECT create_distributed_table('unattached_receipts', 'institution_code', colocate_with => 'accounts');

SELECT create_distributed_table('audit_entries', 'process', colocate_with => 'none');
SELECT create_distributed_table('audit_heads', 'process', colocate_with => 'audit_entries');
