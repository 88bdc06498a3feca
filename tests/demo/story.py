"""The demo, act by act. Each act waits for what it shows and says what it waits for."""

import os
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

import events
from people import BUILD, Role, Session, refusal
from telling import PATIENCE, Telling
from trail import Stalled, wait

REPOSITORY = "payments/api"
TAG = "2026.11"
LAYERS = 4
# Documentation addresses: nobody's (RFC 5737). The inventory knows only 192.0.2.0/24.
ELSEWHERE = "203.0.113.24"


@dataclass
class Cast:
    """Who takes part."""

    builder: Role
    build: Session
    on_call: Session
    layers: list[str]
    before: dict[str, dict]


class Story(Telling):
    """One run."""

    def run(self, wait_for_person: float) -> None:
        cast = self.set_up()
        intruder = self.break_in(cast)
        self.report(cast, intruder)
        self.follow_to_the_question(intruder)
        self.intruder_approves(intruder)
        approved = (
            self.person_answers(cast.on_call, wait_for_person)
            if wait_for_person
            else self.on_call_approves(cast.on_call)
        )
        self.see_the_effect(cast, intruder, approved)
        self.prove(cast.on_call)
        if approved:
            self.take_back(cast, intruder)
        self.end(cast, approved)

    def set_up(self) -> Cast:
        self.act(1, "An account with layerguard in it")
        account, screen = self.account, self.screen
        digests = account.image(REPOSITORY, TAG, LAYERS)
        screen.line("account", f"repository {REPOSITORY} holds the image {TAG} with {LAYERS} layers")
        builder = account.role("ci-builder", BUILD, path="/build/", managed=(account.on_call_policy(),))
        screen.line(
            "account", "role build/ci-builder builds and pushes images; it is not listed as one that pulls them"
        )
        screen.note(
            f"it also holds {account.stack}-on-call, so that IAM lets it answer requests: Decide has to refuse it"
        )
        duty = account.role("on-call", managed=(account.on_call_policy(),))
        screen.line("account", "role on-call is listed as the one that may approve")
        before = account.inline_policies(builder)
        build = account.session(builder, "build-4711")
        self._pushes(build)
        return Cast(builder, build, account.session(duty, "alice"), digests, before)

    def _pushes(self, build: Session) -> None:
        if code := refusal(self.account.client("ecr", build).initiate_layer_upload, repositoryName=REPOSITORY):
            raise Stalled(f"session {build.name} of ci-builder must be able to push, but was refused ({code})")
        self.screen.good("builder", f"session {build.name} of ci-builder pushes to {REPOSITORY}")

    def break_in(self, cast: Cast) -> Session:
        self.act(2, "An intruder has the role's credentials")
        account, screen = self.account, self.screen
        intruder = account.session(cast.builder, "intruder")
        screen.line("intruder", f"holds a session of its own: {intruder.arn}")
        ecr = account.client("ecr", intruder)
        ecr.get_authorization_token()
        screen.good("intruder", "GetAuthorizationToken: docker login")
        ecr.batch_get_image(repositoryName=REPOSITORY, imageIds=[{"imageTag": TAG}])
        screen.good("intruder", "BatchGetImage: the manifest, which names the layers")
        urls = [
            ecr.get_download_url_for_layer(repositoryName=REPOSITORY, layerDigest=d)["downloadUrl"] for d in cast.layers
        ]
        screen.good(
            "intruder",
            f"GetDownloadUrlForLayer, {len(urls)} times: a URL for each layer, good for about an hour, anywhere",
        )
        return intruder

    def report(self, cast: Cast, intruder: Session) -> None:
        self.act(3, "CloudTrail reports the calls")
        account, screen = self.account, self.screen
        screen.note("The emulator's CloudTrail feeds no event bus: the demo puts these events there itself.")
        login = events.login(account, intruder, ELSEWHERE)
        pull = [events.manifest(account, intruder, REPOSITORY, TAG)]
        pull += [events.layer(account, intruder, REPOSITORY, digest) for digest in cast.layers]
        self.records = [login, *pull]
        events.put(account, [login])
        screen.line("cloudtrail", f"1 login from {ELSEWHERE}")
        chain = f"call#{login['eventID']}"
        known = wait("Detect to record the login", PATIENCE, lambda: self.trail.records(chain))[0]
        verdict = known.body["assessment"]["verdict"]
        if verdict != "violation":
            raise Stalled(f"a login from a network that is not ours must be a violation, but was assessed {verdict}")
        screen.line("detect", f"the login is assessed {verdict}: it opens the incident", known.time)
        screen.note("its address is remembered for the pull that follows")
        events.put(account, pull)
        screen.line(
            "cloudtrail", f"1 BatchGetImage and {len(cast.layers)} GetDownloadUrlForLayer, as docker pull makes them:"
        )
        screen.note(f'address and client both "{events.MASK}". Where the session really is, only its login told.')

    def follow_to_the_question(self, intruder: Session) -> None:
        self.act(4, "layerguard finds it, decides, and asks")

        def opened() -> str | None:
            rows = self.trail.incidents("open")
            return next((row["id"] for row in rows if row["principal"].get("user_id") == intruder.user_id), None)

        self.incident = wait("an incident of the intruder's session", PATIENCE, opened)
        self.screen.line("detect", f"incident {self.incident}: login and pull are one, however many layers it has")
        self.follow("the approval request", lambda record: record.kind == "notification")
        asked = wait("the message to people", PATIENCE, self.trail.read_alerts)[-1]
        self.screen.line("alert", "what the people on call get:")
        self.screen.quote(asked.text, title=asked.subject)

    def intruder_approves(self, intruder: Session) -> None:
        self.act(5, "The intruder answers the request")
        token = self.token()
        self.layerguard("intruder", intruder, "approve", self.incident, brief=True)
        refused = self.follow(
            "the refusal of the intruder's answer", lambda record: record.kind.startswith("approval_")
        )
        if refused.kind != "approval_refused":
            raise Stalled(f"the intruder's own answer was not refused, but recorded as {refused.kind}")
        wait("a new wait for an answer", PATIENCE, lambda: self.token() != token)
        self.screen.note(
            "IAM let the answer be stored and the wait be ended. Neither carries authority: the wait goes on."
        )

    def on_call_approves(self, on_call: Session) -> bool:
        self.act(6, "The person on call approves")
        if status := self.layerguard("on-call", on_call, "approve", self.incident, "--comment", "not a build of ours"):
            raise Stalled(f"the approval of the person on call failed with exit status {status}")
        self.follow("the end of the containment", lambda record: record.kind == "closing")
        return True

    def person_answers(self, on_call: Session, seconds: float) -> bool:
        self.act(6, "Your answer is awaited")
        lines = [f"export {name}='{value}'\n" for name, value in self.account.variables(on_call).items()]
        path = Path(os.environ["LAYERGUARD_DEMO_CREDENTIALS"])
        path.touch(mode=0o600)
        path.write_text("".join(lines), encoding="utf-8")
        self.screen.plain("In another terminal, in this folder, be the person on call:")
        layerguard = f"(. {os.path.relpath(path)}; {os.path.relpath(self.binary)}"
        self.screen.commands(
            [
                (f"{layerguard} incidents show {self.incident})", "what you decide about"),
                (f"{layerguard} approve {self.incident})", "cut the session off"),
                (f"{layerguard} reject {self.incident} --comment 'our own migration')", "leave it alone"),
            ]
        )
        answers = ("approval_accepted", "approval_expired")
        answer = self.follow("your answer", lambda record: record.kind in answers, seconds)
        self.follow("the end of the incident", lambda record: record.kind == "closing")
        return answer.body.get("verb") == "approve"

    def see_the_effect(self, cast: Cast, intruder: Session, approved: bool) -> None:
        self.act(7, "Who is cut off, and who is not")
        ecr, layer = self.account.client("ecr", intruder), cast.layers[0]
        code = refusal(ecr.get_download_url_for_layer, repositoryName=REPOSITORY, layerDigest=layer)
        if bool(code) != approved:
            raise Stalled(f"the intruder's call must be {'refused' if approved else 'answered'} now, but it was not")
        if approved:
            self.screen.bad("intruder", f"GetDownloadUrlForLayer: {code}, by the account's IAM")
            self.screen.bad("intruder", f"GetAuthorizationToken: {refusal(ecr.get_authorization_token)}")
        else:
            self.screen.good("intruder", "GetDownloadUrlForLayer: nothing was changed, as you decided")
        self._pushes(cast.build)
        self._pushes(self.account.session(cast.builder, "build-4712"))
        self.screen.note("the same role, a session from before and a new one: builds go on")

    def prove(self, on_call: Session) -> None:
        self.act(8, "What is exposed, and what is proven")
        found = [event for record in self.trail.of_kind(self.incident, "finding") for event in record.body["events"]]
        layers = [event for event in found if event["call"] == "ecr:GetDownloadUrlForLayer"]
        until = max(datetime.fromisoformat(event["time"]) for event in layers) + timedelta(hours=1)
        self.screen.line(
            "alert", f"{len(layers)} layers stay exposed until {until.astimezone(timezone.utc):%Y-%m-%d %H:%M:%S} UTC"
        )
        self.screen.note("Nothing recalls a URL that was handed out; rotate the secrets that the layers hold.")
        if self.layerguard("on-call", on_call, "audit", "verify", self.incident):
            raise Stalled("the record of the incident could not be verified")

    def take_back(self, cast: Cast, intruder: Session) -> None:
        self.act(9, "The measure is taken back")
        if self.layerguard("on-call", cast.on_call, "undo", self.incident, brief=True):
            raise Stalled("the undo failed")
        self.follow("the end of the undo", lambda record: record.kind == "closing")
        after = self.account.inline_policies(cast.builder)
        if after != cast.before:
            raise Stalled(f"the role must be as it was, but has the inline policies {sorted(after)}")
        self.screen.line("account", "role build/ci-builder is exactly as it was: no policy of layerguard's is left")
        ecr, layer = self.account.client("ecr", intruder), cast.layers[0]
        if code := refusal(ecr.get_download_url_for_layer, repositoryName=REPOSITORY, layerDigest=layer):
            raise Stalled(f"after the undo the session must be answered again, but was refused ({code})")
        self.screen.good("intruder", "GetDownloadUrlForLayer, as before: undo is for a false alarm")
        self.layerguard("on-call", cast.on_call, "audit", "verify", self.incident)

    def end(self, cast: Cast, approved: bool) -> None:
        records = self.trail.records(self.incident)
        refused = len([record for record in records if record.kind == "approval_refused"])
        self.step = "end"
        self.screen.chapter("What happened")
        done = "1 session cut off and given back" if approved else "nothing changed, because a person said no"
        self.screen.plain(
            f"{len(self.records)} events, 1 incident, {len(records)} records in its chain; {refused} false approval refused; "
            f"{done}; the role's other sessions never noticed."
        )
