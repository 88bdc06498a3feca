//! A rule's annotations, held to their formats, and what a rule reads.

use cedar_policy::{Effect, Policy};

use super::playbook::Playbooks;
use super::problem::{Problem, did_you_mean};
use super::reads::facts_read;
use super::situation::{Situation, Value};
use super::source::{self, Source};
use super::{FiredRule, Severity};

/// Every rule carries these.
const ANNOTATIONS: [&str; 7] = ["id", "family", "title", "severity", "attack", "controls", "playbook"];
/// And may carry these: a severity that holds instead where a fact is true.
const RAISED: [&str; 2] = ["raised", "raised_when"];

const SEVERITIES: [(&str, Severity); 4] =
    [("low", Severity::Low), ("medium", Severity::Medium), ("high", Severity::High), ("critical", Severity::Critical)];

/// A rule as its file says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its id, also the file's stem.
    pub id: String,
    /// Annotation `@title`.
    pub title: String,
    /// Annotation `@family`.
    pub family: String,
    /// Annotation `@severity`.
    pub severity: Severity,
    /// Annotation `@playbook`.
    pub playbook: String,
    /// Annotation `@attack`: ATT&CK techniques.
    pub attack: String,
    /// Annotation `@controls`.
    pub controls: String,
    /// The severity instead where the fact of this path is true (`@raised`, `@raised_when`).
    pub raised: Option<(Severity, String)>,
    /// The facts that it reads, as paths (`context.call.network`), in the order of its text.
    pub reads: Vec<String>,
}

impl Rule {
    /// Read the annotations of a rule. `None`, and the problems say why, when one is missing or wrong.
    pub(super) fn read(
        source: Source<'_>,
        stem: &str,
        policy: &Policy,
        playbooks: Option<&Playbooks>,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let before = problems.len();
        let mut reader = Reader { source, policy, problems };
        reader.check_shape(stem);
        let rule = Self {
            id: reader.id(stem),
            title: reader.text("title"),
            family: reader.one_of("family", playbooks.map(|all| all.families.iter().map(String::as_str))),
            severity: reader.severity(),
            playbook: reader.one_of("playbook", playbooks.map(|all| all.by_id.keys().map(String::as_str))),
            raised: reader.raised(),
            attack: reader.attack(),
            controls: reader.text("controls"),
            reads: reader.reads(),
        };
        (problems.len() == before).then_some(rule)
    }

    /// It asks who called. Whether it was layerguard itself can always be told: its roles are known by exact ARN.
    pub(super) fn reads_the_principal(&self) -> bool {
        let asks = |path: &String| path == "principal" || (path.starts_with("principal.") && path != "principal.own");
        self.reads.iter().any(asks)
    }

    /// The rule as fired, no exception applied yet.
    pub(super) fn fired(&self, situation: &Situation) -> FiredRule {
        let holds = |path: &str| situation.value_at(path) == Some(&Value::Bool(true));
        let raised = self.raised.as_ref().filter(|(_, when)| holds(when)).map(|(severity, _)| *severity);
        FiredRule {
            id: self.id.clone(),
            title: self.title.clone(),
            family: self.family.clone(),
            severity: raised.unwrap_or(self.severity),
            playbook: self.playbook.clone(),
            attack: self.attack.clone(),
            controls: self.controls.clone(),
            exception: None,
        }
    }
}

impl Severity {
    /// The word in annotations, JSON, tables and messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// One step higher; critical stays critical.
    #[must_use]
    pub const fn raised(self) -> Self {
        match self {
            Self::Low => Self::Medium,
            Self::Medium => Self::High,
            Self::High | Self::Critical => Self::Critical,
        }
    }
}

/// Reads annotations and notes what is wrong with them, at their place.
struct Reader<'a, 'p> {
    source: Source<'a>,
    policy: &'a Policy,
    problems: &'p mut Vec<Problem>,
}

impl<'a> Reader<'a, '_> {
    fn problem(&mut self, annotation: &str, message: impl Into<String>, help: Option<String>) {
        let Source { name, text } = self.source;
        let problem = match text.find(&format!("@{annotation}")) {
            Some(offset) => Problem::at(name, text, offset, message),
            None => Problem::whole(name, message),
        };
        self.problems.push(problem.with_help(help));
    }

    fn check_shape(&mut self, stem: &str) {
        if self.policy.effect() != Effect::Forbid {
            let message = "a rule is a `forbid`: what no rule forbids is authorised already";
            self.problems.push(Problem::whole(self.source.name, message));
        }
        if stem.is_empty() || !stem.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') {
            let message = format!("the rule id `{stem}` may hold lower-case letters, digits and `_` only");
            self.problems.push(Problem::whole(self.source.name, message));
        }
        let policy = self.policy;
        let known = || ANNOTATIONS.into_iter().chain(RAISED);
        for (name, _) in policy.annotations().filter(|(name, _)| !known().any(|other| other == *name)) {
            self.problem(name, format!("a rule has no annotation `@{name}`"), did_you_mean(name, known()));
        }
    }

    fn text(&mut self, annotation: &str) -> String {
        match source::annotation(self.policy, annotation).map(str::trim) {
            Some(text) if !text.is_empty() => text.to_owned(),
            Some(_) => {
                self.problem(annotation, format!("annotation `@{annotation}` is empty"), None);
                String::new()
            }
            None => {
                let message = format!("annotation `@{annotation}` is missing");
                self.problems.push(Problem::whole(self.source.name, message));
                String::new()
            }
        }
    }

    fn id(&mut self, stem: &str) -> String {
        let id = self.text("id");
        if !id.is_empty() && id != stem {
            let message = format!("the id `{id}` is not the file's name");
            self.problem("id", message, Some(format!("write `@id(\"{stem}\")`, or rename the file")));
        }
        id
    }

    fn one_of<'k>(&mut self, annotation: &str, known: Option<impl Iterator<Item = &'k str> + Clone>) -> String {
        let text = self.text(annotation);
        let Some(known) = known else { return text };
        if !text.is_empty() && !known.clone().any(|candidate| candidate == text) {
            let help = did_you_mean(&text, known);
            self.problem(annotation, format!("{annotation} `{text}` is not in `playbooks.toml`"), help);
        }
        text
    }

    fn severity(&mut self) -> Severity {
        self.severity_in("severity")
    }

    /// Both annotations or none; the fact is one that the rule itself may read.
    fn raised(&mut self) -> Option<(Severity, String)> {
        RAISED.iter().find(|name| source::annotation(self.policy, name).is_some())?;
        let severity = self.severity_in("raised");
        let when = self.text("raised_when");
        let is_path = when
            .split('.')
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
        let is_fact = is_path && when.starts_with("context.");
        if !(when.is_empty() || is_fact) {
            let help = "write the path of a fact, such as `context.grant.push`".to_owned();
            self.problem("raised_when", format!("`{when}` is not a fact of the call"), Some(help));
        }
        Some((severity, when))
    }

    fn severity_in(&mut self, annotation: &str) -> Severity {
        let text = self.text(annotation);
        let known = SEVERITIES.iter().find(|(word, _)| *word == text);
        if known.is_none() && !text.is_empty() {
            let help = did_you_mean(&text, SEVERITIES.map(|(word, _)| word))
                .unwrap_or_else(|| "one of `low`, `medium`, `high`, `critical`".to_owned());
            self.problem(annotation, format!("severity `{text}` is not known"), Some(help));
        }
        known.map_or(Severity::Critical, |(_, severity)| *severity)
    }

    fn attack(&mut self) -> String {
        let text = self.text("attack");
        if !text.is_empty() && !text.split(',').all(|part| is_technique(part.trim())) {
            let help = "write `T1530`, or `T1078.004` for a sub-technique; several with commas";
            self.problem("attack", format!("`{text}` is not an ATT&CK technique"), Some(help.to_owned()));
        }
        text
    }

    fn reads(&mut self) -> Vec<String> {
        facts_read(self.policy).unwrap_or_else(|error| {
            self.problems
                .push(Problem::whole(self.source.name, format!("could not tell what the rule reads: {error}")));
            Vec::new()
        })
    }
}

/// `T1530` or `T1078.004`.
fn is_technique(text: &str) -> bool {
    let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some(number) = text.strip_prefix('T') else { return false };
    match number.split_once('.') {
        Some((technique, sub)) => digits(technique, 4) && digits(sub, 3),
        None => digits(number, 4),
    }
}
