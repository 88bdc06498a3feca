"""A policy is published and taken back while the stack runs: every function goes by it within a minute, and nobody deploys anything."""

from trail import wait
from world import INVENTORY, World

MINUTE = 90  # a sweep each minute, and half a minute until a function looks


def folder(world: World, name: str, inventory: str, **files: str):
    path = world.scratch(name)
    (path / "rules").mkdir(parents=True)
    (path / "inventory.toml").write_text(inventory)
    for rule, text in files.items():
        (path / "rules" / f"{rule}.cedar").write_text(text)
    return path


def verdict(world: World, who) -> str:
    """How Detect judges a layer that `who` downloads now."""
    answer, error = world.invoke("detect", world.layer(who))
    assert error is None, error
    return answer["assessment"]


def refusals(world: World) -> list:
    return [record.body["reason"] for record in world.trail.of_kind("policy", "approval_refused")]


def test_a_policy_is_published_and_taken_back_without_deploying(strict):
    strict.deploy("ask")
    intruder = strict.intruder()
    assert verdict(strict, intruder) == "violation"
    base = INVENTORY.format(mode="ask", timeout="30m", reminder="20m")
    listed = base.replace('role/puller-*"', f'role/puller-*", "{intruder.role.arn}"')
    next_policy = folder(strict, "next", listed)

    # Somebody who may store answers and is not on call.
    duty = strict.account.role(strict.name("colleague"), managed=(strict.account.on_call_policy(),))
    colleague = strict.account.session(duty, "mallory")
    printed = strict.on_call_does("policy", "publish", str(next_policy), "--comment", "mine", who=colleague, status=1)
    assert "only somebody on call may publish" in printed, printed
    assert any("only somebody on call may publish" in reason for reason in refusals(strict))
    assert verdict(strict, intruder) == "violation"

    printed = strict.on_call_does("policy", "publish", str(next_policy), "--comment", "the new builder")
    assert "in force" in printed, printed
    wait("the published policy", MINUTE, lambda: verdict(strict, intruder) == "clear")
    published = strict.trail.of_kind("policy", "published")
    assert len(published) == 1 and published[0].body["replaces"] == "built-in", published
    shown = strict.on_call_does("policy", "show", "--published")
    assert published[0].body["version"] in shown and "the new builder" in shown, shown

    printed = strict.on_call_does("policy", "rollback", "--comment", "too early")
    assert "in force" in printed, printed
    wait("the policy before", MINUTE, lambda: verdict(strict, intruder) == "violation")
    kinds = [record.body["kind"] for record in strict.trail.of_kind("policy", "notification")]
    assert kinds == ["published", "published"], kinds


def test_a_policy_that_cannot_be_in_force_is_not_published(strict):
    strict.deploy("ask")
    base = INVENTORY.format(mode="ask", timeout="30m", reminder="20m")
    broken = folder(strict, "broken", base, mine='@id("mine")\nforbid (principal, action, resource) when { context.nothing };')
    before = strict.trail.of_kind("policy", "published")
    printed = strict.on_call_does("policy", "publish", str(broken), "--comment", "a slip", status=1)
    assert "rules/mine.cedar" in printed and "nothing was published" in printed, printed
    assert strict.trail.of_kind("policy", "published") == before
