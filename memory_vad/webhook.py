"""Messages posted to an address, so that a slow or absent receiver never holds up scoring."""

import json
import queue
import threading
import time
import urllib.request
from collections.abc import Callable
from typing import Any

from benchmarks.errors import StudyError

_TRIES, _BACKLOG = 5, 100


class Webhook:
    """Posts events as JSON to an address in a thread of its own; tries again with growing pauses, then gives up."""

    def __init__(self, url: str, say: Callable[[str], None], *, pause: float = 1.0) -> None:
        if not url.startswith(("http://", "https://")):
            raise StudyError(f"Expected an http or https address for the webhook, but got {url!r}.")
        self.url, self.say, self.pause = url, say, pause
        self._waiting: queue.Queue[dict[str, Any] | None] = queue.Queue(_BACKLOG)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def send(self, content: dict[str, Any]) -> None:
        """Queue one message; where too many wait, this one is left out and said."""
        try:
            self._waiting.put_nowait(content)
        except queue.Full:
            self.say(f"The webhook {self.url} does not keep up; a message was left out.")

    def close(self, timeout: float = 30.0) -> None:
        """Wait for what is queued."""
        self._waiting.put(None)
        self._thread.join(timeout)

    def _run(self) -> None:
        while (content := self._waiting.get()) is not None:
            body = json.dumps(content).encode()
            for attempt in range(_TRIES):
                request = urllib.request.Request(self.url, body, {"Content-Type": "application/json"})  # noqa: S310 - checked
                try:
                    with urllib.request.urlopen(request, timeout=10):  # noqa: S310 - checked
                        break
                except OSError as error:
                    if attempt == _TRIES - 1:
                        self.say(f"The webhook {self.url} was tried {_TRIES} times in vain ({error}).")
                    else:
                        time.sleep(self.pause * 2**attempt)
