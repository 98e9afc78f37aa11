//! Everything that must be there before the first request counts: log-ins, consents, and whom to ask for.

use crate::cards::{Holder, holders};
use crate::client::Line;
use crate::desk::Desk;
use crate::fault::LoadFault;
use crate::judge::judge;
use crate::kind::Kind;
use crate::people::People;
use crate::plan::Plan;
use crate::target::Target;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Institutions that get ready at a time: each log-in costs the server a password hash.
const READY_AT_A_TIME: usize = 8;
/// With fewer cards than this for each institution, everyone comes to every institution.
const CARDS_OF_AN_INSTITUTION_MIN: usize = 50;

/// So few persons are checked once before: those whose coverage the server sees otherwise than the list are left out. Of
/// more, they are counted under what the server says of them.
const LOOKED_AT_MAX: usize = 2_000;

/// A target that is ready for a plan.
pub struct Scene {
    pub(crate) desks: Vec<Arc<Desk>>,
    pub(crate) people: People,
}

impl std::fmt::Debug for Scene {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Scene").field("institutions", &self.desks.len()).finish_non_exhaustive()
    }
}

impl Scene {
    /// Logs everybody in, lets the holders of cards give their consents, and looks at every view once. `cards` is a file of
    /// [`crate::write_cards`].
    ///
    /// # Errors
    /// What the server refused, and a kind for which nobody can be asked.
    pub async fn prepare(
        target: &Target,
        plan: &Plan,
        people: People,
        cards: Option<&Path>,
    ) -> Result<Self, LoadFault> {
        let coming: Vec<Arc<Holder>> = match plan.has(|kind| kind.is_view() || kind == Kind::Card) {
            true => holders(target, cards)?.into_iter().map(Arc::new).collect(),
            false => Vec::new(),
        };
        let places = Arc::new(Semaphore::new(READY_AT_A_TIME));
        let mut tasks = Vec::with_capacity(target.institutions.len());
        for (place, institution) in target.institutions.iter().enumerate() {
            let mut desk = Desk::new(target, institution)?;
            let share = share(&coming, place, target.institutions.len());
            let (plan, places) = (plan.clone(), Arc::clone(&places));
            tasks.push(tokio::spawn(async move {
                let _place = places.acquire_owned().await;
                desk.log_in(&plan).await?;
                desk.prepare(&plan, &share).await?;
                Ok(Arc::new(desk))
            }));
        }
        let mut desks = Vec::with_capacity(tasks.len());
        for task in tasks {
            desks.push(task.await.map_err(|error| LoadFault::Machine(error.to_string()))??);
        }
        let few = people.are_unsure() || people.len() <= LOOKED_AT_MAX;
        let people = match few && plan.has(Kind::asks_for_anyone) {
            true => insured(&desks[0], plan, people).await?,
            false => people,
        };
        let scene = Self { desks, people };
        match plan.mix.iter().find(|entry| scene.able(entry.kind).is_empty()) {
            None => Ok(scene),
            Some(entry) => {
                let problem = "同意のある患者が、どの医療機関等にもいません。カードと設定を確認してください";
                Err(LoadFault::plan(format!("mix.{}", entry.kind.word()), problem))
            }
        }
    }

    /// Institutions.
    #[must_use]
    pub fn institutions(&self) -> usize {
        self.desks.len()
    }

    /// Patients over all institutions that a view of this kind may ask for.
    #[must_use]
    pub fn patients(&self, kind: Kind) -> usize {
        self.desks.iter().map(|desk| desk.patients(kind)).sum()
    }

    /// Whom checks ask for.
    #[must_use]
    pub fn people(&self) -> &People {
        &self.people
    }

    /// The places of the institutions that can ask for a kind.
    pub(crate) fn able(&self, kind: Kind) -> Vec<usize> {
        (0..self.desks.len()).filter(|place| self.desks[*place].can(kind)).collect()
    }
}

/// Those for whom a first check tells of a valid coverage.
async fn insured(desk: &Desk, plan: &Plan, people: People) -> Result<People, LoadFault> {
    let kind = plan.mix.iter().map(|entry| entry.kind).find(|kind| kind.asks_for_anyone()).unwrap_or(Kind::Check);
    let kind = if kind == Kind::CheckXml { kind } else { Kind::Check };
    let mut line = Line::new(desk.machine.clone());
    let mut valid = Vec::with_capacity(people.len());
    for place in 0..people.len() {
        let asked = desk.about_anyone(kind, 1, || people.person(place));
        let right = match line.exchange(&asked.bytes).await {
            Ok(reply) => judge(&asked.expected, &reply).is_ok(),
            Err(_) => false,
        };
        valid.push(right);
    }
    match valid.contains(&true) {
        true => Ok(people.keep(&valid)),
        false => Err(LoadFault::plan(
            "people",
            "資格確認に正しく回答された人がいません。アカウントと流量の上限を確認してください",
        )),
    }
}

/// Who comes to the institution at this place.
fn share(coming: &[Arc<Holder>], place: usize, institutions: usize) -> Vec<Arc<Holder>> {
    let all = coming.len() < CARDS_OF_AN_INSTITUTION_MIN * institutions;
    let mine = coming.iter().enumerate().filter(|(number, _)| all || number % institutions == place);
    mine.map(|(_, holder)| Arc::clone(holder)).collect()
}
