"""A bootstrap that runs the real function behind a proxy and kills it at one call to IAM or ECR, once.

The function's calls to AWS go through the proxy. When the chosen call comes for the first time, the proxy lets it pass or not,
then ends the function's process with SIGKILL, so that no answer ever reaches it: what a Lambda that dies at that moment does.
"""

import http.client
import http.server
import io
import os
import pathlib
import signal
import subprocess
import sys
import threading
import urllib.parse
import zipfile

SCRIPT = """#!{python}
import runpy, sys
sys.path.insert(0, {folder!r})
import killer
killer.serve({action!r}, {passes!r}, {marker!r})
"""


def package(binary: pathlib.Path, action: str, passes: bool, marker: pathlib.Path) -> bytes:
    """A Lambda package that kills `binary` at the IAM or ECR call `action`, after it has passed or before; then writes `marker`."""
    folder = str(pathlib.Path(__file__).resolve().parent)
    script = SCRIPT.format(python=sys.executable, folder=folder, action=action, passes=passes, marker=str(marker))
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in (("bootstrap", script.encode()), ("function", binary.read_bytes())):
            entry = zipfile.ZipInfo(name)
            entry.external_attr, entry.create_system, entry.compress_type = 0o100755 << 16, 3, zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return output.getvalue()


def serve(action: str, passes: bool, marker: str) -> None:
    """What the bootstrap does: the proxy in a thread, the function as a child."""
    upstream = urllib.parse.urlsplit(os.environ["AWS_ENDPOINT_URL"]).netloc
    state = {"child": None, "marker": pathlib.Path(marker), "upstream": upstream}

    def is_wanted(request, body: bytes) -> bool:
        """IAM names its action in the body, ECR in a header."""
        target = request.headers.get("X-Amz-Target") or ""
        return f"Action={action}&".encode() in body or target.endswith(f".{action}")

    class Proxy(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            now = is_wanted(self, body) and not state["marker"].exists()
            answer = None if now and not passes else _forward(state["upstream"], self, body)
            if now:
                state["marker"].write_text(str(answer.status if answer else "not sent"), encoding="utf-8")
                os.kill(state["child"].pid, signal.SIGKILL)
                return
            content = answer.read()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("transfer-encoding", "content-length", "connection", "date", "server"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    endpoint = f"http://127.0.0.1:{server.server_port}"
    function = pathlib.Path(sys.argv[0]).resolve().parent / "function"
    state["child"] = subprocess.Popen([str(function)], env={**os.environ, "AWS_ENDPOINT_URL": endpoint})
    sys.exit(state["child"].wait() and 137)


def _forward(upstream: str, request, body: bytes):
    connection = http.client.HTTPConnection(upstream, timeout=30)
    # Nothing that was signed is changed, the Host header included.
    connection.putrequest(request.command, request.path, skip_host=True, skip_accept_encoding=True)
    for name, value in request.headers.items():
        connection.putheader(name, value)
    connection.endheaders(body)
    return connection.getresponse()
