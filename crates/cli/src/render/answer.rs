//! Answers: what is about to be said, and what became of it.

use std::io::Write;

use jiff::Timestamp;
use layerguard_core::approval::Verb;
use layerguard_core::audit::Body;
use layerguard_core::audit::body::ApprovalAccepted;
use layerguard_core::incident::Status;
use layerguard_core::message::{Done, moment};
use layerguard_core::plan::{Mode, Step};
use layerguard_core::text::{escape, escape_to};

use super::Screen;
use super::incidents::{of_status, words};
use super::paint::{Tone, paint};
use super::show::planned;
use super::timeline::{past, words as recorded};
use crate::command::answer::{Wish, covered};
use crate::command::dossier::Dossier;
use crate::failure::Failure;

impl Screen {
    /// What is about to be answered. What is shown here is what is signed.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn about_to_answer(&mut self, dossier: &Dossier, wish: &Wish<'_>) -> Result<(), Failure> {
        let summary = dossier.summary();
        let id = escape(&dossier.incident.id);
        writeln!(self.out, "{}\n{}", paint(Tone::Strong, &id), summary.title())?;
        let heading = match wish.verb {
            Verb::Approve => "You approve:",
            Verb::Reject => "You reject:",
            Verb::Undo => "You take back:",
            Verb::Lift => "You take back before its time:",
            Verb::Resume => "You end the pause:",
            Verb::Acknowledge => "You say that you have seen it.",
            Verb::Assign => "You say who looks after it:",
            Verb::Publish => "You publish a policy:",
            Verb::Rollback => "You take a policy back:",
        };
        writeln!(self.out, "{}", paint(Tone::Label, heading))?;
        let (out, width) = (&mut *self.out, self.width);
        let results = Done::all(&dossier.history);
        match wish.verb {
            Verb::Undo | Verb::Lift => {
                let covered = covered(dossier, wish);
                for step in covered.iter().filter_map(|number| dossier.history.step(*number)) {
                    planned(out, step, results.iter().find(|done| done.step == step.number), width)?;
                }
            }
            Verb::Approve | Verb::Reject | Verb::Resume | Verb::Publish | Verb::Rollback => {
                let steps = dossier.plan().iter().flat_map(|plan| &plan.steps).collect::<Vec<_>>();
                for step in steps.into_iter().filter(|step| step.is_containment() && step.mode == Mode::Ask) {
                    planned(out, step, None, width)?;
                }
            }
            Verb::Acknowledge | Verb::Assign => {
                if let Some(assignee) = wish.assignee {
                    writeln!(out, "  {}", escape_to(assignee, 200))?;
                }
            }
        }
        if let Some(comment) = wish.comment {
            writeln!(out, "  comment: {}", escape_to(comment, 600))?;
        }
        if let Some(request) = dossier.request.as_ref().filter(|_| wish.verb.decides()) {
            writeln!(out, "  asked at {}, deadline {}", moment(request.asked_at), moment(request.deadline))?;
            for entry in dossier.history.approved_so_far() {
                writeln!(out, "  {} at {}", recorded(&entry.body), moment(entry.time))?;
            }
        }
        Ok(())
    }

    /// The approval counts as the first of two.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn awaits_second(&mut self, deadline: Option<Timestamp>) -> Result<(), Failure> {
        let before = deadline.map(|deadline| format!(" before {}", moment(deadline))).unwrap_or_default();
        let text = format!("accepted; a second approver is needed{before}; nothing runs until then");
        Ok(writeln!(self.out, "{}", paint(Tone::Strong, &text))?)
    }

    /// An acknowledgement or an assignment is recorded.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn noted(&mut self, body: &Body) -> Result<(), Failure> {
        Ok(writeln!(self.out, "{}", paint(Tone::Good, &format!("recorded: {}", recorded(body))))?)
    }

    /// The answer is stored; nobody waits for what becomes of it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn stored(&mut self, wish: &Wish<'_>, stack: &str) -> Result<(), Failure> {
        let command = format!("layerguard incidents show {} --stack {}", escape(wish.id), escape(stack));
        Ok(writeln!(self.out, "stored; {} shows what became of it", paint(Tone::Command, &command))?)
    }

    /// The answer counts, and for whom the stack takes the person.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn accepted(&mut self, answer: &ApprovalAccepted) -> Result<(), Failure> {
        let who = escape(&answer.approver_arn);
        let text = format!("accepted: {} by {who}", past(answer.verb));
        Ok(writeln!(self.out, "{}", paint(Tone::Good, &text))?)
    }

    /// A step came out.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn step_done(&mut self, done: &Done, step: Option<&Step>) -> Result<(), Failure> {
        let tone = if done.is_trouble() { Tone::Alarm } else { Tone::Good };
        let action = step.map(|step| escape(&step.action)).unwrap_or_default();
        Ok(writeln!(self.out, "  {}. {action}: {}", done.step, paint(tone, &done.words()))?)
    }

    /// The incident is settled.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn closed(&mut self, status: Status) -> Result<(), Failure> {
        let text = words(status);
        Ok(writeln!(self.out, "closed: {}", paint(of_status(status), &text))?)
    }

    /// The answer counts, and what follows takes longer than the person wanted to wait.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn still_running(&mut self, id: &str, stack: &str) -> Result<(), Failure> {
        let command = format!("layerguard incidents show {} --stack {}", escape(id), escape(stack));
        Ok(writeln!(self.out, "what follows is under way; {} shows it", paint(Tone::Command, &command))?)
    }
}
