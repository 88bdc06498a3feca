"""Least privilege: what the actions declare is what Remediate and the responder of another account may do, and no more."""

import json
import re

import pytest
from expand import documents, expanded
from test_template import CHOICES, FUNCTIONS, NARROW, ROOT, WIDE, as_list, of_type, properties, statements

DECIDE_ROLE = "arn:aws:iam::111122223333:role/layerguard-decide"
MEMBER_PATH = ROOT / "infra" / "member.yaml"
MEMBER_NARROW = expanded(MEMBER_PATH)
MEMBER = expanded(MEMBER_PATH, {name: CHOICES[name] for name in ("InlineDeny", "NeverTouchArns", "PermissionsBoundaryArn")} | {"DecideRoleArn": DECIDE_ROLE})
# Who changes an account: the template in its wide and narrow form, and the role there.
CHANGERS = {"Remediate": (WIDE, NARROW, "RemediateRole"), "the responder": (MEMBER, MEMBER_NARROW, "ResponderRole")}

INLINE = {"iam:PutRolePolicy", "iam:DeleteRolePolicy", "iam:PutUserPolicy", "iam:DeleteUserPolicy"}
ATTACH = {"iam:AttachRolePolicy", "iam:DetachRolePolicy", "iam:AttachUserPolicy", "iam:DetachUserPolicy"}
# What Remediate needs besides its actions: the record and the state table, its log, the report, and other accounts.
BESIDES = {
    "dynamodb:PartiQLInsert", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:DeleteItem",
    "logs:CreateLogStream", "logs:PutLogEvents", "sns:Publish", "sts:AssumeRole", "kms:Decrypt", "kms:GenerateDataKey",
}
CHOSEN = {"sts:AssumeRole", "kms:Decrypt", "kms:GenerateDataKey"}  # only with an organisation, or with keys of the owner's
QUARANTINE = "arn:aws:iam::111122223333:policy/layerguard-quarantine"
ROLE = "arn:aws:iam::111122223333:role"


def declared() -> dict[str, set[str]]:
    """The IAM permissions that the actions declare, by the source file; every action that is in use declares some."""
    folder = ROOT / "crates/core/src/action"
    listed = (folder / "mod.rs").read_text(encoding="utf-8").split("pub const ACTIONS")[1].split("];")[0]
    used = re.findall(r"&((?:\w+::)+)\w+,", listed)
    found: dict[str, set[str]] = {}
    for module in used:
        path = folder.joinpath(*module.removesuffix("::").split("::"))
        file = path.with_suffix(".rs") if path.with_suffix(".rs").exists() else path / "mod.rs"
        text = file.read_text(encoding="utf-8")
        bodies = re.findall(r"fn permissions\(&self\) -> &'static \[&'static str\] \{\s*&\[([^\]]*)\]", text)
        assert len(bodies) == len(re.findall(r"impl Action for", text)) > 0, f"{file.name}: each action spells its permissions out"
        for body in bodies:
            assert re.sub(r'"[^"]+"|[\s,]', "", body) == "" and '"' in body, f"{file.name}: the list is not spelled out"
        found[module] = {permission for body in bodies for permission in re.findall(r'"([^"]+)"', body)}
    assert len(used) == listed.count("&", listed.index("= &[") + 4) >= 4, "an action's line was not understood"
    return found


def allowed(template: dict, name: str) -> set[str]:
    return {action for s in statements(template, name) for action in as_list(s["Action"])}


@pytest.mark.parametrize("changer", CHANGERS)
def test_what_changes_an_account_may_do_what_the_actions_declare_and_no_more(changer):
    wide, narrow, role = CHANGERS[changer]
    needed = set().union(*declared().values())
    besides = BESIDES if role == "RemediateRole" else set()
    granted = allowed(wide, role)
    assert besides <= granted, "the listed permissions besides the actions are all there"
    assert not needed & BESIDES
    difference = {"missing": sorted(needed - granted), "too many": sorted(granted - needed - besides)}
    assert difference == {"missing": [], "too many": []}, f"{changer} against the actions: {difference}"
    assert allowed(narrow, role) == granted - INLINE - CHOSEN


def test_the_responder_may_do_in_its_account_what_remediate_may_do_at_home():
    assert allowed(MEMBER, "ResponderRole") == allowed(WIDE, "RemediateRole") - BESIDES
    assert allowed(MEMBER_NARROW, "ResponderRole") == allowed(NARROW, "RemediateRole") - BESIDES


def test_nobody_else_changes_an_account():
    for name in ("DetectRole", "DecideRole", "ReconcileRole", "TriageRole", "RespondRole", "CallsRuleRole", "OnCallPolicy"):
        own = {action for action in allowed(WIDE, name) if action.split(":")[0] in ("iam", "ecr", "sts") or "Layer" in action}
        reads = {"DecideRole": {"iam:GetRole", "sts:AssumeRole"}, "OnCallPolicy": {"iam:GetRole", "ecr:DescribeImages"}}
        assert own == reads.get(name, set()), name


def test_the_drill_can_do_nothing_but_pull_from_its_own_repository():
    repository = "arn:aws:ecr:eu-central-1:111122223333:repository/layerguard-drill"
    (pull,) = statements(WIDE, "DrillRole")
    assert (pull["Action"], pull["Resource"]) == (["ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"], repository)
    run = {s["Sid"]: s for s in statements(WIDE, "DrillRunRole")}
    assert set(run) == {"PlayTheIntruder", "LookWhatArrived", "ListIncidents", "DeliverLogs", "ReadWithTheKey"}
    assert (run["PlayTheIntruder"]["Action"], run["PlayTheIntruder"]["Resource"]) == ("sts:AssumeRole", f"{ROLE}/layerguard-drill")
    tables = "arn:aws:dynamodb:eu-central-1:111122223333:table/layerguard"
    assert (run["LookWhatArrived"]["Action"], run["LookWhatArrived"]["Resource"]) == ("dynamodb:Query", f"{tables}-audit")
    assert run["ListIncidents"]["Resource"] == f"{tables}-state/index/by_listing"
    assert run["ListIncidents"]["Condition"]["ForAllValues:StringEquals"] == {"dynamodb:LeadingKeys": ["open", "closed"]}
    driller = {s["Sid"]: s for s in statements(WIDE, "DrillerPolicy")}
    assert driller["PlayTheIntruder"]["Resource"] == f"{ROLE}/layerguard-drill"
    assert driller["LayTheDrillsImageOut"]["Resource"] == repository
    assert set(driller["FollowTheDrill"]["Action"]) == {"dynamodb:GetItem", "dynamodb:Query"} and len(driller) == 6
    assert driller["FollowTheDrill"]["Resource"] == f"{tables}-audit"
    assert driller["ReadItsIncident"]["Condition"]["ForAllValues:StringLike"] == {"dynamodb:LeadingKeys": ["incident#*"]}
    assert not {"DrillRole", "DrillRepository", "DrillerPolicy"} & set(NARROW["Resources"]), "only where it is wanted"


# ------------------------------------------------------------------ the quarantine


@pytest.mark.parametrize("template", [WIDE, NARROW, MEMBER, MEMBER_NARROW], ids=["wide", "narrow", "member", "member-narrow"])
def test_only_the_quarantine_is_attached_and_it_only_denies(template):
    for name in ("RemediateRole", "Boundary", "ResponderRole"):
        for statement in statements(template, name) if name in template["Resources"] else []:
            if set(as_list(statement["Action"])) & ATTACH:
                assert set(statement["Action"]) == ATTACH
                assert statement["Condition"] == {"ArnEquals": {"iam:PolicyARN": QUARANTINE}}
    quarantine = template["Resources"]["Quarantine"]["Properties"]
    assert quarantine["ManagedPolicyName"] == "layerguard-quarantine", "actions find it by the stack's name"
    (statement,) = quarantine["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"], statement["Resource"]) == ("Deny", "*", "*")
    assert "Condition" not in statement


# ------------------------------------------------------------------ what is never touched


@pytest.mark.parametrize("changer", CHANGERS)
def test_our_roles_those_of_aws_and_those_the_owner_named_are_never_touched(changer):
    wide, narrow, role = CHANGERS[changer]
    own = {f"{ROLE}/{r['Properties']['RoleName']}" for name, r in wide["Resources"].items() if r["Type"] == "AWS::IAM::Role" and not name.startswith("Drill")}
    fixed, chosen = statements(wide, role, "Deny")
    writes = INLINE | ATTACH | {"iam:UpdateAccessKey"}
    assert {action for action in allowed(wide, role) if action.startswith("iam:")} - writes == {
        "iam:GetRolePolicy", "iam:GetUserPolicy", "iam:ListAccessKeys", "iam:ListAttachedRolePolicies", "iam:ListAttachedUserPolicies",
    }
    assert set(fixed["Action"]) == set(chosen["Action"]) == writes, "every write is denied there"
    own.add(f"{ROLE}/layerguard-forwarder-*")  # those of infra/forwarder.yaml in any Region
    rescue = {f"{ROLE}/OrganizationAccountAccessRole", f"{ROLE}/AWSControlTowerExecution"}
    assert set(fixed["Resource"]) == own | rescue | {f"{ROLE}/aws-service-role/*", f"{ROLE}/aws-reserved/*"}
    assert chosen["Resource"] == ["arn:aws:iam::111122223333:user/admin", "x"]
    assert "Condition" not in fixed and "Condition" not in chosen
    assert len(statements(narrow, role, "Deny")) == 1


def test_no_function_edits_our_roles_our_policies_or_the_record():
    bound = {s["Sid"]: s for s in statements(NARROW, "Boundary", "Deny")}
    assert set(bound) == {"TheRecordIsAppendOnly", "NeverOwnRoles", "NeverOwnPolicies"}
    roles = {f"{ROLE}/{role['RoleName']}" for name, role in of_type("AWS::IAM::Role").items() if not name.startswith("Drill")}
    assert set(bound["NeverOwnRoles"]["Resource"]) == roles
    assert set(bound["NeverOwnRoles"]["Action"]) == {a for a in INLINE | ATTACH if "Role" in a}
    assert all(p["ManagedPolicyName"].startswith("layerguard-") for p in of_type("AWS::IAM::ManagedPolicy").values())
    assert bound["NeverOwnPolicies"]["Resource"] == "arn:aws:iam::111122223333:policy/layerguard-*"
    verbs = {"CreatePolicyVersion", "SetDefaultPolicyVersion", "DeletePolicyVersion", "DeletePolicy"}
    assert set(bound["NeverOwnPolicies"]["Action"]) == {f"iam:{verb}" for verb in verbs}
    assert set(bound["TheRecordIsAppendOnly"]["Action"]) == {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"}


def test_the_boundary_covers_what_the_functions_need_and_no_more():
    for template in (WIDE, NARROW):
        needed = set().union(*(allowed(template, f"{function}Role") for function in FUNCTIONS))
        assert allowed(template, "Boundary") == needed
    for function in FUNCTIONS:
        assert properties(f"{function}Role")["PermissionsBoundary"] == WIDE["Outputs"]["BoundaryPolicyArn"]["Value"]


def conditions(template: dict, name: str, action: str) -> list[tuple[str, str]]:
    """The conditions and resources under which an action is allowed, as text."""
    of_action = [s for s in statements(template, name) if action in as_list(s["Action"])]
    return sorted((json.dumps(s.get("Condition")), resource) for s in of_action for resource in as_list(s["Resource"]))


def test_the_boundary_sets_the_same_limits():
    for action in ("ecr:PutReplicationConfiguration", *INLINE, *ATTACH):
        assert conditions(WIDE, "Boundary", action) == conditions(WIDE, "RemediateRole", action) != []
    entering = sorted(conditions(WIDE, "RemediateRole", "sts:AssumeRole") + conditions(WIDE, "DecideRole", "sts:AssumeRole"))
    assert conditions(WIDE, "Boundary", "sts:AssumeRole") == entering


# ------------------------------------------------------------------ other accounts


def test_other_accounts_are_entered_only_within_the_organisation_that_was_named():
    entering = [s for s in statements(WIDE, "RemediateRole") if s["Action"] == "sts:AssumeRole"]
    assert [(s["Resource"], s["Condition"]) for s in entering] == [
        ("arn:aws:iam::*:role/layerguard-responder", {"StringEquals": {"aws:ResourceOrgID": "o-exampleorgid"}})
    ]
    reading = [s for s in statements(WIDE, "DecideRole") if s["Action"] == "sts:AssumeRole"]
    assert [(s["Resource"], s["Condition"]) for s in reading] == [
        ("arn:aws:iam::*:role/layerguard-reader", {"StringEquals": {"aws:ResourceOrgID": "o-exampleorgid"}})
    ]
    for name in ("RemediateRole", "DecideRole", "Boundary"):
        assert "sts:AssumeRole" not in allowed(NARROW, name), "without an organisation no account is entered"
    code = (ROOT / "crates/core/src/facts/own.rs").read_text(encoding="utf-8")
    assert 'const RESPONDER: &str = "layerguard-responder";' in code
    assert "use layerguard_core::facts::RESPONDER;" in (ROOT / "crates/aws/src/accounts.rs").read_text(encoding="utf-8")
    assert 'const READER: &str = "layerguard-reader";' in code
    assert "use layerguard_core::facts::READER;" in (ROOT / "crates/aws/src/roles.rs").read_text(encoding="utf-8")
    assert MEMBER["Resources"]["ResponderRole"]["Properties"]["RoleName"] == "layerguard-responder"
    assert MEMBER["Resources"]["ReaderRole"]["Properties"]["RoleName"] == "layerguard-reader"


def test_the_responder_trusts_one_role_of_our_organisation():
    (trust,) = MEMBER["Resources"]["ResponderRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"AWS": WIDE["Outputs"]["RemediateRoleArn"]["Value"]}
    assert (trust["Action"], trust["Condition"]) == ("sts:AssumeRole", {"StringEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}})


def test_the_reader_trusts_decide_and_reads_roles_and_nothing_else():
    reader = MEMBER["Resources"]["ReaderRole"]["Properties"]
    (trust,) = reader["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"AWS": WIDE["Outputs"]["DecideRoleArn"]["Value"]}
    assert (trust["Action"], trust["Condition"]) == ("sts:AssumeRole", {"StringEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}})
    assert allowed(MEMBER, "ReaderRole") == {"iam:GetRole"} == {a for a in allowed(WIDE, "DecideRole") if a.startswith("iam:")}
    assert "ReaderRole" not in MEMBER_NARROW["Resources"], "an account that names nobody lets nobody read"


def test_the_boundary_of_the_organisation_is_on_every_role_that_has_none_of_ours():
    for template, name in ((WIDE, "template"), (MEMBER, "member")):
        for role, resource in template["Resources"].items():
            if resource["Type"] == "AWS::IAM::Role":
                ours = role.removesuffix("Role") in FUNCTIONS
                expected = WIDE["Outputs"]["BoundaryPolicyArn"]["Value"] if ours else CHOICES["PermissionsBoundaryArn"]
                assert resource["Properties"]["PermissionsBoundary"] == expected, (name, role)
    for template in (NARROW, MEMBER_NARROW):
        bare = [r for r in template["Resources"].values() if r["Type"] == "AWS::IAM::Role" and "PermissionsBoundary" not in r["Properties"]]
        assert bare, "none is made up where none is given"


def test_member_has_no_wildcard_action_and_the_one_wildcard_resource_that_aws_forces():
    wide = set()
    for where, document in documents(MEMBER):
        for statement in document["Statement"] if where != "Quarantine/policy" else []:
            assert statement["Sid"] and "NotAction" not in statement and "NotResource" not in statement
            assert not any("*" in action for action in as_list(statement["Action"]))
            if "*" in as_list(statement.get("Resource")):
                wide.add(statement["Sid"])
    assert wide == {"RepairTheRegistry"}
    text = MEMBER_PATH.read_text(encoding="utf-8")
    assert not re.search(r"(!Sub|Resource:|Arn:) .*arn:aws:", text), "neutral as to the partition"


# ------------------------------------------------------------------ sizes


def size(document: dict) -> int:
    """Characters as IAM counts them, without white space."""
    return len(re.sub(r"\s", "", json.dumps(document, separators=(",", ":"))))


@pytest.mark.parametrize("template", [WIDE, MEMBER], ids=["template", "member"])
def test_each_policy_fits_with_room_for_a_long_stack_name(template):
    for where, document in documents(template):
        name, _, policy = where.partition("/")
        kind = template["Resources"][name]["Type"]
        limit = {"AWS::IAM::ManagedPolicy": 6144, "AWS::IAM::Role": 2048 if policy == "trust" else 10240}.get(kind)
        # A stack's name may be 52 characters long: a role's may be 64, and the longest of ours ends in `-remediate`.
        longer = json.dumps(document).count("layerguard-") * (52 - len("layerguard"))
        if limit:
            assert size(document) + longer <= limit, f"{where} has {size(document)} characters, {longer} more with a long name"
