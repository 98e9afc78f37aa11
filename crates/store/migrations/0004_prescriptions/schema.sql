-- Prescriptions and dispensings of the e-prescription service: a person's rows, under the day on which they stand. What
-- a slip shows is packed, as on receipts. dispensed_on is NULL for the prescription itself.

CREATE TABLE prescriptions (
    person_id blob NOT NULL,
    day BIGINT NOT NULL,
    prescription_id blob NOT NULL CHECK (length(prescription_id) = 16),
    slip TEXT NOT NULL,
    prescriber_code TEXT NOT NULL,
    prescriber_name TEXT NOT NULL,
    prescribed_on BIGINT NOT NULL,
    pharmacy_code TEXT,
    pharmacy_name TEXT,
    dispensed_on BIGINT,
    drugs TEXT NOT NULL,
    PRIMARY KEY (person_id, day, prescription_id)
);
