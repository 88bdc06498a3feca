"""The Lambda runtime API on 127.0.0.1, and an AWS that answers every call with nothing found: enough to run the real binaries."""

import json
import os
import queue
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from measure import Failed, cpu_of, high_water

WAIT = 30  # seconds that a function may take


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body are two packets; without this the second waits 40 ms for the first to be acknowledged, thousands of times.
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    def _answer(self, body: bytes, headers: dict[str, str], status: int = 200) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        """`/2018-06-01/runtime/invocation/next`"""
        api = self.server.api
        api.asked.put(cpu_of(api.pid) if api.pid else 0.0)
        event = api.events.get()
        if event is None:
            self.close_connection = True
            return
        headers = {
            "Lambda-Runtime-Aws-Request-Id": "11111111-1111-4111-8111-111111111111",
            "Lambda-Runtime-Deadline-Ms": "9999999999999",
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-central-1:111122223333:function:bench",
            "Content-Type": "application/json",
        }
        self._answer(event, headers)

    def do_POST(self) -> None:
        """What a function answers, or a call of AWS."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        api = self.server.api
        if "/runtime/" in self.path:
            api.answers.put((self.path.rsplit("/", 1)[-1], body))
            return self._answer(b"", {}, 202)
        api.calls += 1
        return self._answer(b'{"Items":[],"Count":0}', {"Content-Type": "application/x-amz-json-1.0"})


class RuntimeApi:
    """One function at a time, run by this API."""

    def __init__(self) -> None:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self.server.daemon_threads = True
        self.server.api = self
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.child: subprocess.Popen | None = None
        self.calls = 0

    @property
    def pid(self) -> int | None:
        """The function's process."""
        return self.child.pid if self.child else None

    def start(self, command: list[str], variables: dict[str, str]) -> float:
        """Starts a function. Answers the processor seconds that it took until it asked for its first event."""
        self.asked: queue.Queue = queue.Queue()
        self.events: queue.Queue = queue.Queue()
        self.answers: queue.Queue = queue.Queue()
        keep = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        own = {
            "AWS_LAMBDA_RUNTIME_API": self.address,
            "AWS_LAMBDA_FUNCTION_NAME": "bench",
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
            "AWS_REGION": "eu-central-1",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        }
        self.child = subprocess.Popen(
            command, env={**keep, **own, **variables}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        return self._within(self.asked, f"`{command[-1]}` asked for no event")

    def _within(self, answers: queue.Queue, what: str) -> object:
        try:
            return answers.get(timeout=WAIT)
        except queue.Empty:
            raise Failed(f"{what} in {WAIT} seconds") from None

    def invoke(self, event: object) -> tuple[str, bytes, float]:
        """Hands an event over. Answers `response` or `error`, the body, and the processor seconds until the next one was asked for."""
        before = cpu_of(self.child.pid)
        self.events.put(json.dumps(event).encode())
        kind, body = self._within(self.answers, "the function gave no answer")
        return kind, body, self._within(self.asked, "the function asked for no further event") - before

    def stop(self) -> int:
        """Ends the function. Answers its high-water mark in KiB."""
        highest = high_water(self.child.pid) or 0
        self.child.kill()
        self.child.wait()
        self.events.put(None)
        self.child = None
        return highest
