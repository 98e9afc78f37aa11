-- Citus only. An address lies with its institution's accounts.

SELECT create_distributed_table('access_urls', 'institution_code', colocate_with => 'accounts');
