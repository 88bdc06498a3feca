//! Whether the functions and machines run, and whether they are of one deployment.

use jiff::SignedDuration;
use layerguard_core::ports::{Function, PortErrorKind};
use layerguard_core::release::version_of;
use layerguard_core::text::escape;

use super::estate::{Estate, FunctionFound};
use super::finding::{Check, Finding};

const FUNCTION: Check = Check {
    name: "function",
    why: "a function that does not run judges nothing, asks nobody or changes nothing",
    needs: &["lambda:GetFunctionConfiguration"],
};
const ERRORS: Check = Check {
    name: "errors",
    why: "what fails is tried again, and then waits in the failed-events queue or for a person",
    needs: &["cloudwatch:GetMetricStatistics"],
};
const VERSIONS: Check = Check {
    name: "versions",
    why: "the three functions read each other's records: they have to be of one version and know one inventory",
    needs: &["lambda:GetFunctionConfiguration"],
};
const MACHINE: Check = Check {
    name: "machine",
    why: "triage brings each event to Detect, respond each incident to its end; without logs nobody learns why one died",
    needs: &["states:DescribeStateMachine"],
};

const RUNTIME: &str = "provided.al2023";

/// How far apart one deployment may change its functions.
const ONE_DEPLOYMENT: SignedDuration = SignedDuration::from_mins(30);

/// What all three functions are given alike.
const SHARED: [&str; 4] =
    ["LAYERGUARD_INVENTORY", "LAYERGUARD_AUDIT_TABLE", "LAYERGUARD_STATE_TABLE", "LAYERGUARD_OWN_ROLE_PREFIX"];

/// Each function, its errors, the three against each other, the machines.
pub(super) fn check(estate: &Estate) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, found) in &estate.functions {
        let name = estate.place.name(name);
        findings.push(state(estate, &name, found));
        if !matches!(&found.function, Err(error) if error.kind == PortErrorKind::NotFound) {
            findings.push(errors(estate, &name, found));
        }
    }
    findings.extend(versions(estate));
    findings.extend(machines(estate));
    findings
}

fn state(estate: &Estate, name: &str, found: &FunctionFound) -> Finding {
    let shown = format!("function `{}`", escape(name));
    let function = match &found.function {
        Ok(function) => function,
        Err(error) => return FUNCTION.unread(&shown, error, &estate.place.stack),
    };
    if !matches!(function.state.as_str(), "Active" | "Inactive") {
        return FUNCTION.failed(format!("{shown} is {}", escape(&function.state)), "deploy the template again");
    }
    if function.last_update != "Successful" {
        return FUNCTION.failed(
            format!("the last update of {shown} is {}", escape(&function.last_update)),
            "wait if it is in progress; else deploy the template again",
        );
    }
    if function.runtime != RUNTIME {
        return FUNCTION.failed(
            format!("{shown} has the runtime {}, not {RUNTIME}", escape(&function.runtime)),
            "deploy the template again: somebody changed the function",
        );
    }
    let since = function
        .modified
        .map_or_else(String::new, |time| format!(", deployed {}", layerguard_core::message::moment(time)));
    FUNCTION.ok(format!("{shown} is active on {}{since}", escape(&function.architecture)))
}

fn errors(estate: &Estate, name: &str, found: &FunctionFound) -> Finding {
    let shown = escape(name);
    match &found.failures {
        Ok(0) => ERRORS.ok(format!("function `{shown}` did not fail in the last 24 h")),
        Ok(count) => ERRORS.warning(
            format!("function `{shown}` failed {count} times in the last 24 h"),
            format!("`aws logs tail /aws/lambda/{shown} --since 1d --filter-pattern ERROR` says why"),
        ),
        Err(error) => ERRORS.unread(&format!("the errors of function `{shown}`"), error, &estate.place.stack),
    }
}

/// Functions that cannot be read are told already.
fn versions(estate: &Estate) -> Vec<Finding> {
    let found: Vec<(&str, &Function)> =
        estate.functions.iter().filter_map(|(name, found)| Some((*name, found.function.as_ref().ok()?))).collect();
    let [(_, first), rest @ ..] = found.as_slice() else { return Vec::new() };
    if rest.len() < 2 {
        return Vec::new();
    }
    let again = "deploy all three together: `sam deploy`";
    if found.iter().any(|(_, function)| function.architecture != first.architecture) {
        return vec![VERSIONS.failed("the functions are built for different processors", again)];
    }
    for variable in SHARED {
        if rest.iter().any(|(_, other)| other.environment.get(variable) != first.environment.get(variable)) {
            return vec![VERSIONS.failed(format!("the functions differ in {variable}"), again)];
        }
    }
    let times = || found.iter().filter_map(|(_, function)| function.modified);
    if let Some((earliest, latest)) = times().min().zip(times().max())
        && earliest.duration_until(latest) > ONE_DEPLOYMENT
    {
        let apart = layerguard_core::message::duration(earliest.duration_until(latest));
        return vec![VERSIONS.warning(format!("the functions were changed {apart} apart"), again)];
    }
    if let Some(finding) = builds(estate) {
        return vec![finding];
    }
    vec![VERSIONS.ok("the three functions were deployed together and know the same inventory and tables")]
}

/// What is not well about the code that the functions say they are of. What one said before it was changed last counts for nothing.
fn builds(estate: &Estate) -> Option<Finding> {
    let said: Vec<(&str, &str)> = estate
        .running
        .iter()
        .filter_map(|(name, loaded)| {
            let loaded = loaded.as_ref().ok()?.as_ref()?;
            let changed = estate.functions.get(name)?.function.as_ref().ok()?.modified;
            let counts = changed.is_none_or(|changed| loaded.at >= changed);
            loaded.build.as_deref().filter(|_| counts).map(|build| (*name, build))
        })
        .collect();
    let (_, first) = said.first()?;
    if said.iter().any(|(_, build)| build != first) {
        let each: Vec<String> = said.iter().map(|(name, build)| format!("{name} {}", escape(build))).collect();
        return Some(VERSIONS.failed(
            format!("the functions are of different builds: {}", each.join(", ")),
            "deploy all together: `make package`, then `make deploy`",
        ));
    }
    let ours = env!("CARGO_PKG_VERSION");
    (version_of(first) != ours).then(|| {
        VERSIONS.warning(
            format!("the functions are layerguard {}, this command is {ours}", escape(first)),
            "use the command of the version that is deployed, or deploy this one",
        )
    })
}

fn machines(estate: &Estate) -> Vec<Finding> {
    let one = |(name, found): (&&'static str, &layerguard_core::ports::PortResult<layerguard_core::ports::Machine>)| {
        let shown = format!("machine `{}`", escape(&estate.place.name(name)));
        let machine = match found {
            Ok(machine) => machine,
            Err(error) => return MACHINE.unread(&shown, error, &estate.place.stack),
        };
        let kind = if *name == "triage" { "EXPRESS" } else { "STANDARD" };
        if machine.status != "ACTIVE" || machine.kind != kind {
            let (status, found) = (escape(&machine.status), escape(&machine.kind));
            return MACHINE.failed(
                format!("{shown} is {status} and {found}, not ACTIVE and {kind}"),
                "deploy the template again",
            );
        }
        if machine.logs == "OFF" {
            return MACHINE.failed(format!("{shown} logs nothing"), "deploy the template again: it logs errors");
        }
        MACHINE.ok(format!("{shown} is active and logs"))
    };
    estate.machines.iter().map(one).collect()
}
