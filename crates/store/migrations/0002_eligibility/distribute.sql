-- Citus only: a person's tables with the persons, look-ups by their own keys, an institution's tables by its code.

SELECT create_distributed_table('medical_tickets', 'person_id', colocate_with => 'persons');
SELECT create_distributed_table('bare_number_keys', 'bare_number_key', colocate_with => 'none');
SELECT create_distributed_table('ticket_keys', 'institution_code', colocate_with => 'accounts');
SELECT create_distributed_table('face_results', 'institution_code', colocate_with => 'accounts');
SELECT create_distributed_table('checks', 'institution_code', colocate_with => 'accounts');
