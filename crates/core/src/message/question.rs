//! The question whether a plan is carried out: asked, repeated, and put for the last time.

use super::line::{own, told};
use super::words::moment;
use super::{Ask, Briefing, Form, Summary, assemble, body, chat};
use crate::audit::body::NotificationKind;

/// For which time people are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// The first.
    Request,
    /// Once more, as often as the inventory says.
    Reminder,
    /// One of two people has approved; a second must.
    SecondApprover,
    /// The last, a while before the deadline: nobody has decided.
    LastCall,
}

impl Call {
    /// What the record says that people were told. Its word is the message's attribute `kind`, to which a paging tool can subscribe.
    #[must_use]
    pub const fn kind(self) -> NotificationKind {
        match self {
            Self::Request => NotificationKind::ApprovalRequest,
            Self::Reminder => NotificationKind::Reminder,
            Self::SecondApprover => NotificationKind::SecondApprover,
            Self::LastCall => NotificationKind::LastCall,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Request => "approval_request",
            Self::Reminder => "reminder",
            Self::SecondApprover => "second_approver",
            Self::LastCall => "last_call",
        }
    }

    const fn lead(self) -> &'static str {
        match self {
            Self::Request => "to answer",
            Self::Reminder => "still to answer",
            Self::SecondApprover => "a second person must answer",
            Self::LastCall => "LAST CALL, not decided",
        }
    }

    const fn heading(self) -> &'static str {
        match self {
            Self::Request | Self::Reminder => "layerguard asks for your answer to this plan",
            Self::SecondApprover => "One person has approved this plan; layerguard asks for the answer of another one",
            Self::LastCall => "Nobody has decided about this plan, and the time for it is nearly over",
        }
    }
}

/// Asks people to approve or reject the plan. `remarks` say in words what was answered so far, one sentence each; they are escaped here.
/// Subject, plain text and chat form as described at [`crate::ports::Message`].
#[must_use]
pub fn question(briefing: &Briefing<'_>, ask: &Ask, call: Call, remarks: &[String]) -> crate::ports::Message {
    let summary = Summary::of(briefing.incident, briefing.events);
    // What is asked is shown whole each time; why it is asked was told.
    let mut text = told(body::opening(briefing, &summary, call == Call::Request));
    text.extend(told(body::plan(briefing, call.heading())));
    text.extend(told(body::exposure(&summary)));
    if !remarks.is_empty() {
        text.extend(own([String::new()]));
        text.extend(told(remarks.iter().cloned()));
    }
    text.extend(own(body::answer(briefing, ask)));
    let mut news = chat::plan(briefing.plan);
    news.extend(remarks.iter().map(|remark| chat::remark(remark)));
    news.push(format!("*Answer* before {}", moment(ask.deadline)));
    let next = body::answer_commands(briefing);
    assemble(briefing, &summary, Form { kind: call.word(), lead: call.lead(), body: text, news, next })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_attribute_and_the_record_use_one_word() {
        for call in [Call::Request, Call::Reminder, Call::SecondApprover, Call::LastCall] {
            assert_eq!(serde_json::to_value(call.kind()).unwrap(), call.word());
            assert!(call.kind().asks());
        }
    }
}
