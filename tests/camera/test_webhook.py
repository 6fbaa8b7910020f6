"""Messages that a receiver refuses at first arrive in the end."""

import http.server
import json
import threading
from typing import Any

import pytest

from benchmarks.errors import StudyError
from memory_vad.webhook import Webhook


class TestWebhook:
    def test_tries_again(self) -> None:
        """A message that was refused twice arrives at the third attempt."""
        got: list[Any] = []
        tries: list[int] = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                tries.append(1)
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if len(tries) > 2:
                    got.append(json.loads(body))
                self.send_response(200 if len(tries) > 2 else 503)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        with http.server.HTTPServer(("127.0.0.1", 0), Handler) as served:
            threading.Thread(target=served.serve_forever, daemon=True).start()
            hook = Webhook(f"http://127.0.0.1:{served.server_address[1]}/", pytest.fail, pause=0.01)
            hook.send({"kind": "event began"})
            hook.close()
            served.shutdown()
        assert got == [{"kind": "event began"}]

    def test_only_http(self) -> None:
        """An address of another kind is refused."""
        with pytest.raises(StudyError, match="http"):
            Webhook("file:///etc/passwd", print)
