//! What is removed because its time is over, a few rows at a time, so that nobody's audit entry waits for it.

use crate::operation::Service;
use crate::refusal::Refusal;
use madoguchi_model::day::Timestamp;
use madoguchi_model::eligibility::FACE_SECONDS;
use madoguchi_model::institution::InstitutionCode;
use madoguchi_model::prescription::VisibleDays;
use madoguchi_store::Tx;
use madoguchi_store::tidy::{Kept, Passing};

/// So many rows are removed in one write.
const ROWS_AT_A_TIME: u32 = 500;
/// Seconds between two calls of [`Service::remove_over`].
pub const TIDY_SECONDS: u64 = 3_600;
/// Months for which a receipt or a check-up waits for its person: insurers register late, but not later than this.
const WAITING_MONTHS: i32 = 13;

impl Service {
    /// Removes what is kept for a day only (results of readers that nobody took, lists of checks, passes, and what is over
    /// in the lists of patients who agreed), prescriptions that are too old to be seen, and receipts and check-ups that
    /// have waited too long for their persons. The operator's program calls it from time to time.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn remove_over(&self) -> Result<(), Refusal> {
        let now = self.now();
        for what in Passing::ALL {
            let before = match what {
                Passing::Faces => now.plus_seconds(-FACE_SECONDS),
                Passing::Checks => now,
                // A day at a time, so that each institution is written to once a day.
                Passing::Passes | Passing::Listed => now.day().plus_days(-1).midnight(),
            };
            let institutions = async move |tx: &mut Tx| tx.institutions_with_old(what, before).await;
            for institution in self.0.store.scan(institutions).await? {
                self.remove_over_of(what, institution, before).await?;
            }
        }
        for what in Kept::ALL {
            let before = match what {
                Kept::Prescriptions => VisibleDays::on(now.day()).from.midnight(),
                Kept::WaitingReceipts | Kept::WaitingCheckups => {
                    now.day().month().plus_months(-WAITING_MONTHS).first_day().midnight()
                }
            };
            self.remove_kept(what, before).await?;
        }
        Ok(())
    }

    async fn remove_over_of(
        &self,
        what: Passing,
        institution: InstitutionCode,
        before: Timestamp,
    ) -> Result<(), Refusal> {
        loop {
            let institution = institution.clone();
            let slice = async move |tx: &mut Tx| tx.remove_old(what, &institution, before, ROWS_AT_A_TIME).await;
            if self.0.store.write_or_repeat("remove_over", slice).await? < u64::from(ROWS_AT_A_TIME) {
                return Ok(());
            }
        }
    }

    async fn remove_kept(&self, what: Kept, before: Timestamp) -> Result<(), Refusal> {
        loop {
            let slice = async move |tx: &mut Tx| tx.remove_kept_before(what, before, ROWS_AT_A_TIME).await;
            if self.0.store.write_or_repeat("remove_kept", slice).await? < u64::from(ROWS_AT_A_TIME) {
                return Ok(());
            }
        }
    }
}
