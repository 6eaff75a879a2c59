"""A product as small as can be: answers on a port, keeps a file, and may have a child that lingers."""

import http.server
import os
import subprocess
import sys

port, mode = int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""
sys.stdout.write("component starts\n")
sys.stdout.flush()
if mode == "fail":
    sys.exit(4)
if mode == "child":
    # A child that leaves the session: a removal by process group alone would miss it.
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = "\n".join([*sorted(os.environ), str(os.getuid()), os.getcwd()]).encode()
        self.send_response(200 if self.path != "/slow" else 503)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None: ...


with open("kept", "a") as file:
    file.write("started\n")
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
