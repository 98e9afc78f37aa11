-- Citus only: a person's prescriptions lie with the person.

SELECT create_distributed_table('prescriptions', 'person_id', colocate_with => 'persons');
