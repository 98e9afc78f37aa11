//! One client of an institution: its open connections, and how it asks.

use crate::client::Line;
use crate::desk::{Asked, Desk};
use crate::dice::Dice;
use crate::judge::judge;
use crate::kind::Kind;
use crate::passing::broken;
use crate::people::People;
use crate::scene::Scene;
use std::sync::Arc;
use std::time::Instant;

/// A client.
pub(crate) struct Visitor {
    desk: Arc<Desk>,
    scene: Arc<Scene>,
    machine: Line,
    people: Line,
    /// Records of an upload.
    bulk_rows: u32,
}

impl Visitor {
    pub(crate) fn new(scene: &Arc<Scene>, desk: &Arc<Desk>, bulk_rows: u32) -> Self {
        Self {
            desk: Arc::clone(desk),
            scene: Arc::clone(scene),
            machine: Line::new(desk.machine.clone()),
            people: Line::new(desk.people.clone()),
            bulk_rows,
        }
    }

    /// Asks once and judges the answer, by this moment at the latest. `Err` is the class of the failure.
    pub(crate) async fn ask(&mut self, kind: Kind, seed: u64, until: Instant) -> Result<(), String> {
        match tokio::time::timeout_at(until.into(), self.asked(kind, seed)).await {
            Ok(outcome) => outcome,
            Err(_) => {
                // Its answer may still come, and must not be taken for the next one.
                self.machine.drop_connection();
                self.people.drop_connection();
                Err("no answer in time".to_owned())
            }
        }
    }

    /// Kept connections that were found closed so far.
    pub(crate) fn renewed(&self) -> u64 {
        self.machine.renewed + self.people.renewed
    }

    async fn asked(&mut self, kind: Kind, seed: u64) -> Result<(), String> {
        let (desk, scene) = (Arc::clone(&self.desk), Arc::clone(&self.scene));
        let mut dice = Dice::new(seed, 1);
        if kind == Kind::Card {
            return desk.pass(&mut self.machine, |count| dice.below(count)).await;
        }
        let asked = request(&desk, &scene.people, kind, self.bulk_rows, &mut dice)?;
        let line = if kind.is_screen() { &mut self.people } else { &mut self.machine };
        let reply = line.exchange(&asked.bytes).await.map_err(|error| broken(&error))?;
        judge(&asked.expected, &reply)
    }
}

fn request<'a>(
    desk: &'a Desk,
    people: &'a People,
    kind: Kind,
    rows: u32,
    dice: &mut Dice,
) -> Result<Asked<'a>, String> {
    if kind.asks_for_anyone() {
        return Ok(desk.about_anyone(kind, rows, || people.person(dice.below(people.len()))));
    }
    if kind == Kind::LogIn {
        return desk.log_in_request().map_err(|_| "no account".to_owned());
    }
    desk.about_patient(kind, |count| dice.below(count)).ok_or_else(|| "no patient".to_owned())
}
