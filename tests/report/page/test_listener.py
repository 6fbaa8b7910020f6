import socket
import ssl
import time
from contextlib import suppress

from tests.support.chromium import Listener


def greet(port: int, host: str) -> None:
    """Begin an encrypted connection, which nobody answers."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=5)
    with connection, suppress(OSError):
        ssl.create_default_context().wrap_socket(connection, server_hostname=host)


def ask(port: int, host: str) -> None:
    """Send a request in plain text."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(f"GET /picture.png HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())


class TestListener:
    def test_hears_all_but_what_the_browser_asks_its_vendor(self) -> None:
        """A request and an encrypted greeting are noted; those for the browser's vendor are not."""
        listener = Listener()
        try:
            for send in (greet, ask):
                send(listener.port, "update.googleapis.com")
                send(listener.port, "example.org")
            until = time.monotonic() + 10
            while len(listener.heard) < 2 and time.monotonic() < until:
                time.sleep(0.01)
        finally:
            listener.close()
        assert len(listener.heard) == 2
        assert listener.heard[0].startswith("\x16\x03")
        assert listener.heard[1] == "GET /picture.png HTTP/1.1"
