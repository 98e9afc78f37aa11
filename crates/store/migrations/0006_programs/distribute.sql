-- Citus only. A log-in lies with its institution's accounts.

SELECT create_distributed_table('refresh_tokens', 'institution_code', colocate_with => 'accounts');
