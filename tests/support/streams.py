"""Sources of video over HTTP and RTSP on this machine, as small as the protocols allow."""

import contextlib
import http.server
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any


@contextlib.contextmanager
def http_source(pieces: Callable[[], Iterator[bytes]], content_type: str = "video/mp2t") -> Iterator[str]:
    """Serve what `pieces` yields to whoever connects, and end there; gives the address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", content_type)
            self.end_headers()
            with contextlib.suppress(ConnectionError):
                for piece in pieces():
                    self.wfile.write(piece)

        def log_message(self, *_: Any) -> None:
            pass

    with _served(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        yield f"http://127.0.0.1:{port}/stream"


@contextlib.contextmanager
def rtsp_source(transport_stream: bytes) -> Iterator[str]:
    """Serve an MPEG transport stream over RTSP, RTP interleaved in the connection (RFC 2326, RFC 2250)."""
    described = b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nt=0 0\r\nm=video 0 RTP/AVP 33\r\na=control:track\r\n"
    replies = {
        b"OPTIONS": b"Public: OPTIONS, DESCRIBE, SETUP, PLAY\r\n\r\n",
        b"DESCRIBE": b"Content-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s" % (len(described), described),
        b"SETUP": b"Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n\r\n",
        b"PLAY": b"Session: 1\r\n\r\n",
    }

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while line := self.rfile.readline():
                method = line.split()[0]
                headers = dict(header.split(b":", 1) for header in iter(lambda: self.rfile.readline().strip(), b""))
                number = headers[b"CSeq"].strip()
                self.wfile.write(b"RTSP/1.0 200 OK\r\nCSeq: %s\r\n%s" % (number, replies.get(method, b"\r\n")))
                if method == b"PLAY":
                    break
            with contextlib.suppress(ConnectionError):
                for count, start in enumerate(range(0, len(transport_stream), 7 * 188)):
                    payload = transport_stream[start : start + 7 * 188]
                    packet = struct.pack(">BBHII", 0x80, 33, count % 65536, 3000 * count, 1) + payload
                    self.wfile.write(struct.pack(">cBH", b"$", 0, len(packet)) + packet)

    with _served(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)) as port:
        yield f"rtsp://127.0.0.1:{port}/camera"


@contextlib.contextmanager
def _served(server: socketserver.TCPServer) -> Iterator[int]:
    server.daemon_threads = True  # type: ignore[attr-defined]
    with server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield int(server.server_address[1])
        server.shutdown()
