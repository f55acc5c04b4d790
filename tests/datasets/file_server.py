"""A server of files on this machine, which can fail in the ways that servers do."""

import contextlib
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FileServer(ThreadingHTTPServer):
    """Serve files by path.

    Parameters
    ----------
    files : dict of str to bytes
        Contents by path, which begins with "/".

    Attributes
    ----------
    trouble : dict of str to list
        What happens to the next requests of a path: a status, "cut", "silent",
        "wrong", "redirect".
    asked : list of str
        The paths that were asked for.
    pause : float
        Seconds in the middle of each file.
    """

    daemon_threads = True

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files = files
        self.trouble: dict[str, list[int | str]] = defaultdict(list)
        self.asked: list[str] = []
        self.pause = 0.0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_: object) -> None:
        """Say nothing where whoever asked was killed."""


class _Handler(BaseHTTPRequestHandler):
    server: FileServer

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        path = self.path.removeprefix("/moved")
        self.server.asked.append(self.path)
        waiting = self.server.trouble[self.path]
        trouble = waiting.pop(0) if waiting else None
        if isinstance(trouble, int):
            self.send_error(trouble)
            return
        if trouble == "redirect":
            self.send_response(302)
            self.send_header("Location", f"/moved{path}")
            self.end_headers()
            return
        content = self.server.files.get(path)
        if content is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if trouble == "wrong":
            content = bytes(len(content))
        half = len(content) // 2
        self.wfile.write(content[:half])
        if trouble == "cut":
            return
        time.sleep(3.0 if trouble == "silent" else self.server.pause)
        self.wfile.write(content[half:])


@contextlib.contextmanager
def serve(files: dict[str, bytes]) -> Iterator[FileServer]:
    """Serve files while something is tested."""
    with FileServer(files) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
