-- What may not be seen any more, or has waited too long, is found without reading all the rest.

CREATE INDEX prescriptions_by_day ON prescriptions (day);
CREATE INDEX unattached_receipts_by_age ON unattached_receipts (taken_at);
CREATE INDEX unattached_checkups_by_age ON unattached_checkups (taken_at);
