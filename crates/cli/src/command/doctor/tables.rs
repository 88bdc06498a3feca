//! Whether the tables are there and protected.

use layerguard_core::ports::{PortErrorKind, PortResult};
use layerguard_core::schema::{FORMS, Standing};
use layerguard_core::text::escape;
use serde_json::Value;

use super::estate::{Estate, TableFound};
use super::finding::{Check, Finding};

const NEEDS: &[&str] = &["dynamodb:DescribeTable", "dynamodb:DescribeContinuousBackups"];

const TABLE: Check = Check {
    name: "table",
    why: "the record and open incidents stand there: a table that can be deleted or not put back can be lost by one command",
    needs: NEEDS,
};
const APPEND_ONLY: Check = Check {
    name: "append_only",
    why: "without this policy an administrator can rewrite or delete records, and only a chain that does not fit would tell",
    needs: &["dynamodb:GetResourcePolicy", "dynamodb:DescribeTimeToLive"],
};
const EXPIRY: Check = Check {
    name: "expiry",
    why: "what is closed goes by itself from the state table, and nothing ever goes from the record",
    needs: &["dynamodb:DescribeTimeToLive"],
};

const FORM: Check = Check {
    name: "form",
    why: "a version of layerguard refuses tables of a form that it does not know: then nothing is judged any more",
    needs: &["dynamodb:GetItem"],
};

/// By which attribute items of the state table expire.
const EXPIRES_BY: &str = "expires_at";

/// What the audit table's policy has to deny to everybody.
const DENIED: [&str; 7] = [
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:PartiQLUpdate",
    "dynamodb:PartiQLDelete",
    "dynamodb:UpdateTimeToLive",
];

/// Both tables, the record's policy, what expires, the form of what stands in them.
pub(super) fn check(estate: &Estate) -> Vec<Finding> {
    let tables = [("audit", &estate.audit), ("state", &estate.state)];
    let mut findings: Vec<Finding> = tables.into_iter().map(|(name, found)| protected(estate, name, found)).collect();
    // What is said of a table that is not there would only repeat it.
    if readable(&estate.audit.table) {
        findings.push(append_only(estate));
        findings.push(never_expires(estate));
    }
    if readable(&estate.state.table) {
        findings.push(expires(estate));
        findings.push(form(estate));
    }
    findings
}

fn readable<T>(found: &PortResult<T>) -> bool {
    !matches!(found, Err(error) if error.kind == PortErrorKind::NotFound)
}

fn protected(estate: &Estate, name: &str, found: &TableFound) -> Finding {
    let full = estate.place.name(name);
    let shown = format!("table `{}`", escape(&full));
    let table = match &found.table {
        Ok(table) => table,
        Err(error) => return TABLE.unread(&shown, error, &estate.place.stack),
    };
    if table.status != "ACTIVE" {
        return TABLE.failed(format!("{shown} is {}", escape(&table.status)), "wait until it is ACTIVE");
    }
    if !table.protected {
        return TABLE.failed(
            format!("{shown} is not protected from deletion"),
            format!("`aws dynamodb update-table --table-name {full} --deletion-protection-enabled`"),
        );
    }
    match &found.recovers {
        Ok(true) => TABLE.ok(format!("{shown} is protected from deletion and can be put back to an earlier time")),
        Ok(false) => TABLE.failed(
            format!("{shown} cannot be put back to an earlier time"),
            format!(
                "`aws dynamodb update-continuous-backups --table-name {full} --point-in-time-recovery-specification \
                 PointInTimeRecoveryEnabled=true`"
            ),
        ),
        Err(error) => TABLE.unread(&format!("the backups of {shown}"), error, &estate.place.stack),
    }
}

fn append_only(estate: &Estate) -> Finding {
    let again = "deploy the template again: somebody took the policy of the record away or changed it";
    match &estate.audit.policy {
        Err(error) => APPEND_ONLY.unread("the policy of the audit table", error, &estate.place.stack),
        Ok(None) => {
            APPEND_ONLY.failed("the audit table has no policy: whoever may write to it can change the record", again)
        }
        Ok(Some(policy)) => {
            let open: Vec<&str> = DENIED.into_iter().filter(|action| !denies(policy, action)).collect();
            if open.is_empty() {
                APPEND_ONLY.ok("the audit table denies every change of a record to everybody")
            } else {
                APPEND_ONLY
                    .failed(format!("the audit table's policy does not deny {} to everybody", open.join(", ")), again)
            }
        }
    }
}

/// Whether a policy denies an action to everybody, whatever the circumstances.
fn denies(policy: &str, action: &str) -> bool {
    let policy: Value = serde_json::from_str(policy).unwrap_or_default();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
    let statements = policy.get("Statement").map(list).unwrap_or_default();
    statements.iter().any(|statement| {
        let member = |key: &str| statement.get(key).map(list).unwrap_or_default();
        let everybody = statement.get("Principal").is_some_and(|principal| {
            principal == "*" || principal.get("AWS").map(list).is_some_and(|all| all.iter().any(|one| one == "*"))
        });
        statement.get("Effect").is_some_and(|effect| effect == "Deny")
            && everybody
            && statement.get("Condition").is_none()
            && member("Action")
                .iter()
                .filter_map(Value::as_str)
                .any(|denied| denied.eq_ignore_ascii_case(action) || denied == "*" || denied == "dynamodb:*")
    })
}

fn never_expires(estate: &Estate) -> Finding {
    match &estate.audit.expires_by {
        Ok(None) => EXPIRY.ok("no record ever expires"),
        Ok(Some(attribute)) => EXPIRY.failed(
            format!("records of the audit table expire by `{}`", escape(attribute)),
            format!(
                "`aws dynamodb update-time-to-live --table-name {} --time-to-live-specification \
                 Enabled=false,AttributeName={}`, after taking the table's policy away for that",
                estate.place.name("audit"),
                escape(attribute)
            ),
        ),
        Err(error) => EXPIRY.unread("how records expire", error, &estate.place.stack),
    }
}

fn expires(estate: &Estate) -> Finding {
    match &estate.state.expires_by {
        Ok(Some(attribute)) if attribute == EXPIRES_BY => {
            EXPIRY.ok("what is closed goes from the state table by itself")
        }
        Ok(_) => EXPIRY.warning(
            "nothing ever goes from the state table: it grows",
            format!(
                "`aws dynamodb update-time-to-live --table-name {} --time-to-live-specification \
                 Enabled=true,AttributeName={EXPIRES_BY}`",
                estate.place.name("state")
            ),
        ),
        Err(error) => EXPIRY.unread("how items of the state table expire", error, &estate.place.stack),
    }
}

fn form(estate: &Estate) -> Finding {
    let found = match &estate.form {
        Ok(found) => *found,
        Err(error) => return FORM.unread("the mark of the tables' form", error, &estate.place.stack),
    };
    let waits = "Decide marks new tables within a minute, and those of an older version half an hour after an upgrade; \
                 if it does not, its log says why";
    match FORMS.judge(found) {
        Ok(Standing::Same) => FORM.ok(format!("the tables have form {}, which this version writes", FORMS.newest)),
        Ok(Standing::Older) => {
            FORM.warning(format!("the tables are not marked to have form {} yet", FORMS.newest), waits)
        }
        Err(error) => FORM
            .failed(error.to_string(), "or use the command line of the version that is deployed, if that is another"),
    }
}
