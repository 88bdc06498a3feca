//! Changes to what layerguard may be made of. Whether it is layerguard's own is not asked here.

use super::request::Request;
use super::{Call, Family, LAMBDA, member};

/// Rules of EventBridge and their targets.
pub(super) const RULES: Family = Family {
    source: "events.amazonaws.com",
    calls: &[
        ("PutRule", rule),
        ("DisableRule", rule),
        ("DeleteRule", rule),
        // It sets the plain state, in which a rule never sees read-only calls (AWS facts, section 2).
        ("EnableRule", rule),
        ("PutTargets", targets),
        ("RemoveTargets", targets),
    ],
};

/// Functions, beside what `lambda_function` reads.
pub(super) const FUNCTIONS: Family = Family {
    source: LAMBDA,
    calls: &[
        ("DeleteFunction", function),
        ("AddPermission", function),
        ("RemovePermission", function),
        ("PutFunctionConcurrency", function),
        ("DeleteFunctionConcurrency", function),
        ("PutFunctionEventInvokeConfig", function),
        ("UpdateFunctionEventInvokeConfig", function),
        ("DeleteFunctionEventInvokeConfig", function),
        ("CreateFunctionUrlConfig", function),
        ("UpdateFunctionUrlConfig", function),
        ("UpdateAlias", function),
        ("DeleteAlias", function),
        ("PutRuntimeManagementConfig", function),
        ("DeleteFunctionCodeSigningConfig", function),
    ],
};

/// Tables.
pub(super) const TABLES: Family = Family {
    source: "dynamodb.amazonaws.com",
    calls: &[
        ("DeleteTable", table),
        ("UpdateTable", table),
        ("UpdateTimeToLive", table),
        ("UpdateContinuousBackups", backups),
        ("PutResourcePolicy", resource),
        ("DeleteResourcePolicy", resource),
    ],
};

/// State machines and their executions.
pub(super) const MACHINES: Family = Family {
    source: "states.amazonaws.com",
    calls: &[
        ("UpdateStateMachine", machine),
        ("DeleteStateMachine", machine),
        ("UpdateStateMachineAlias", machine_alias),
        ("DeleteStateMachineAlias", machine_alias),
        ("DeleteStateMachineVersion", machine_version),
        ("StopExecution", execution),
    ],
};

/// Queues.
pub(super) const QUEUES: Family = Family {
    source: "sqs.amazonaws.com",
    calls: &[
        ("DeleteQueue", queue),
        ("PurgeQueue", queue),
        ("SetQueueAttributes", queue),
        ("AddPermission", queue),
        ("RemovePermission", queue),
    ],
};

/// Topics and subscriptions.
pub(super) const TOPICS: Family = Family {
    source: "sns.amazonaws.com",
    calls: &[
        ("DeleteTopic", topic),
        ("SetTopicAttributes", topic),
        ("AddPermission", topic),
        ("RemovePermission", topic),
        ("Unsubscribe", subscription),
        ("SetSubscriptionAttributes", subscription),
        ("PutDataProtectionPolicy", resource),
    ],
};

/// Roles and managed policies, beside what `iam_permissions` and `iam_credentials` read.
pub(super) const ROLES: Family = Family {
    source: "iam.amazonaws.com",
    calls: &[
        ("DeleteRole", role),
        ("UpdateRole", role),
        ("CreatePolicyVersion", policy),
        ("SetDefaultPolicyVersion", policy),
        ("DeletePolicyVersion", policy),
        ("DeletePolicy", policy),
    ],
};

/// Log groups.
pub(super) const LOGS: Family = Family { source: "logs.amazonaws.com", calls: &[("DeleteLogGroup", log_group)] };

fn rule(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    changed(request, "name", flaws)
}

fn targets(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    changed(request, "rule", flaws)
}

fn function(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    changed(request, "functionName", flaws)
}

fn table(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    changed(request, "tableName", flaws)
}

/// Recovery that is switched on takes nothing away, unless it reaches back fewer days.
fn backups(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    let path = "requestParameters.pointInTimeRecoverySpecification";
    let recovery = request.parameters.object("pointInTimeRecoverySpecification", path, flaws);
    let is_on = member::flag(recovery, "pointInTimeRecoveryEnabled", flaws) == Some(true);
    let harmless = is_on && recovery.get("recoveryPeriodInDays").is_none();
    Call::Control { resources: request.required("tableName", flaws).into_iter().collect(), harmless }
}

fn resource(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    changed(request, "resourceArn", flaws)
}

fn machine(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    changed(request, "stateMachineArn", flaws)
}

fn machine_alias(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    changed(request, "stateMachineAliasArn", flaws)
}

fn machine_version(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    changed(request, "stateMachineVersionArn", flaws)
}

fn execution(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    changed(request, "executionArn", flaws)
}

fn queue(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    changed(request, "queueUrl", flaws)
}

fn topic(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    changed(request, "topicArn", flaws)
}

fn subscription(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    changed(request, "subscriptionArn", flaws)
}

fn role(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    Call::Control { resources: request.role(flaws).into_iter().collect(), harmless: false }
}

fn policy(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    changed(request, "policyArn", flaws)
}

fn log_group(request: &Request<'_>, flaws: &mut Vec<String>) -> Call {
    changed(request, "logGroupName", flaws)
}

fn changed(request: &Request<'_>, key: &str, flaws: &mut Vec<String>) -> Call {
    Call::Control { resources: request.required(key, flaws).into_iter().collect(), harmless: false }
}
