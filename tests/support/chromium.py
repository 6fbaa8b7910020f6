"""A headless Chromium that tests drive over pipes: its DevTools protocol as JSON, a zero byte after each message."""

import base64
import fcntl
import json
import os
import select
import shutil
import signal
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Self

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# As little of the browser's own as can be: what arrives at the listener should have been asked for by the page.
_FLAGS: Final = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-sync",
    "--disable-features=OptimizationHints,MediaRouter,Translate,AutofillServerCommunication,CertificateTransparencyComponentUpdater",
    "--metrics-recording-only",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-pings",
    "--remote-debugging-pipe",
)
# Now and then it still asks its vendor for something; a page that did so would show among its own requests.
_VENDOR: Final = (b"google", b"gstatic", b"gvt1")
_PATIENCE: Final = 60.0


def find_chromium() -> str | None:
    """The browser on PATH, if there is one."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Listener:
    """A server that notes the first line of whatever reaches it and is not for the browser's vendor; it answers nothing."""

    def __init__(self) -> None:
        """Listen on a free port of 127.0.0.1."""
        self.heard: list[str] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                connection.settimeout(1)
                said = connection.recv(8192)
                # the host's name: in plain text in a request, and in the greeting of an encrypted one
                if not any(name in said for name in _VENDOR):
                    self.heard.append(said.split(b"\r\n")[0].decode(errors="replace"))

    def close(self) -> None:
        """Stop listening."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)


class Chromium:
    """One browser with one page; every host name leads to the listener."""

    def __init__(self, program: str, profile: Path) -> None:
        """Start it; profile: an empty folder for its files."""
        self.listener = Listener()
        self.events: list[dict[str, Any]] = []
        self._number = 0
        self._rest = b""
        # away from 3 and 4, where the browser expects them
        theirs_in, self._out = (fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in os.pipe())
        self._in, theirs_out = (fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in os.pipe())
        arguments = [
            program,
            *_FLAGS,
            f"--user-data-dir={profile}",
            f"--host-resolver-rules=MAP * 127.0.0.1:{self.listener.port}",
            "about:blank",
        ]
        quiet = os.open(os.devnull, os.O_RDWR)
        self._process = os.posix_spawn(
            program,
            arguments,
            {**os.environ, "HOME": str(profile)},
            file_actions=[
                *((os.POSIX_SPAWN_DUP2, quiet, number) for number in (0, 1, 2)),
                (os.POSIX_SPAWN_DUP2, theirs_in, 3),
                (os.POSIX_SPAWN_DUP2, theirs_out, 4),
            ],
            setpgroup=0,
        )
        for end in (theirs_in, theirs_out, quiet):
            os.close(end)
        self._session = ""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and wait for its answer; what happens meanwhile is kept in `events`."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result
            self.events.append(answer)

    def _receive(self) -> dict[str, Any]:
        deadline = time.monotonic() + _PATIENCE
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._in], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise TimeoutError(f"the browser said nothing for {_PATIENCE:g} s")
            chunk = os.read(self._in, 1 << 20)
            if not chunk:
                raise RuntimeError("the browser ended")
            self._rest += chunk
        line, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        return message

    def open(self, address: str) -> None:
        """Load an address from anew and wait until it is there."""
        self.events.clear()  # the load of a page before must not be taken for this one's
        self.send("Page.navigate", url="about:blank")
        self._wait_for("Page.loadEventFired")
        self.events.clear()
        self.send("Page.navigate", url=address)
        self._wait_for("Page.loadEventFired")
        self.run("new Promise(done => requestAnimationFrame(() => setTimeout(done, 50)))")

    def _wait_for(self, event: str) -> None:
        while not any(one.get("method") == event for one in self.events):
            self.events.append(self._receive())

    def run(self, script: str) -> Any:
        """Value of an expression in the page, promises awaited; an exception there is raised here."""
        found = self.send("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in found:
            raise RuntimeError(json.dumps(found["exceptionDetails"])[:500])
        return found["result"].get("value")

    def wait_until(self, condition: str) -> None:
        """Wait until an expression in the page is true; raises TimeoutError if it never is."""
        deadline = time.monotonic() + _PATIENCE
        while not self.run(condition):
            if time.monotonic() > deadline:
                raise TimeoutError(f"not true in {_PATIENCE:g} s: {condition}; the page said {self.complaints()}")
            self.run("new Promise(done => setTimeout(done, 20))")

    def press(self, key: str, code: int) -> None:
        """Press and release a key; code: its Windows key code."""
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            extra = text if kind == "keyDown" else {}
            self.send("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **extra)

    def size(self, width: int, height: int = 900) -> None:
        """Lay the page out at a width in CSS pixels."""
        self.send("Emulation.setScrollbarsHidden", hidden=True)
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def complaints(self) -> list[str]:
        """What went to the console as an error, exceptions and the browser's own complaints, since the page was opened."""
        found = []
        for event in self.events:
            method, parameters = event.get("method"), event.get("params", {})
            if method == "Runtime.exceptionThrown":
                found.append(json.dumps(parameters["exceptionDetails"])[:500])
            elif method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning", "assert"):
                found.append(json.dumps(parameters["args"])[:500])
            elif method == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
                found.append(parameters["entry"]["text"])
        return found

    def requests(self) -> list[str]:
        """Addresses that the page asked for since it was opened."""
        return [
            event["params"]["request"]["url"]
            for event in self.events
            if event.get("method") == "Network.requestWillBeSent"
        ]

    def picture(self, path: Path, *, whole: bool = True) -> Path:
        """Write a PNG of the page, or of what is on the screen."""
        area = self.send("Page.getLayoutMetrics")["cssContentSize"] if whole else None
        clip = {} if area is None else {"clip": {**area, "scale": 1}}
        found = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole, **clip)
        path.write_bytes(base64.b64decode(found["data"]))
        return path

    def paper(self) -> bytes:
        """The page as PDF."""
        return base64.b64decode(self.send("Page.printToPDF", preferCSSPageSize=True, printBackground=True)["data"])

    def __enter__(self) -> Self:
        """The browser itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the browser that this object started, and what it started."""
        with suppress(OSError):
            os.killpg(self._process, signal.SIGKILL)
        with suppress(OSError):
            os.waitpid(self._process, 0)
        for end in (self._in, self._out):
            os.close(end)
        self.listener.close()
