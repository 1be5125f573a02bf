"""A lock over HTTP for Python, with nothing but the standard library: with held("nightly") as lock: work(lock.token)"""
import contextlib
import json
import os
import threading
import time
import urllib.error
import urllib.request
import uuid


class Lock:
    def __init__(self, url, name, ttl_ms):
        self.url, self.name, self.ttl_ms, self.id = url, name, ttl_ms, uuid.uuid4().hex
        self.token, self.until, self.renew_after = None, 0.0, 1.0

    def post(self, verb, **body):
        data = json.dumps({"id": self.id, **body}).encode()
        request = urllib.request.Request(
            f"{self.url}/v1/locks/{self.name}/{verb}", data, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def granted(self, verb, **body):
        asked = time.monotonic()  # before the request, never after the answer
        answer = self.post(verb, **body)
        self.token = answer["token"]
        self.until = asked + answer["believeMs"] / 1000
        self.renew_after = answer["renewAfterMs"] / 1000

    def assert_held(self):
        """Call it before each step that must not happen without the lock."""
        if time.monotonic() >= self.until:
            raise RuntimeError(f"the lock {self.name} was lost")

    def renew_until(self, ended):
        while not ended.wait(self.renew_after):
            try:
                self.granted("renew", token=self.token)
            except urllib.error.HTTPError as error:
                if error.code == 410:
                    self.until = 0.0
                    return
            except OSError:
                pass  # not answered is not lost: the clock decides


@contextlib.contextmanager
def held(name, url=None, ttl_ms=10_000, wait_ms=0):
    lock = Lock(url or os.environ["HOLDFAST_URL"], name, ttl_ms)
    lock.granted("acquire", ttlMs=ttl_ms, waitMs=wait_ms)
    ended = threading.Event()
    renewer = threading.Thread(target=lock.renew_until, args=(ended,), daemon=True)
    renewer.start()
    try:
        yield lock
    finally:
        ended.set()
        lock.post("release")


if __name__ == "__main__":
    with held("nightly") as lock:
        lock.assert_held()
        print(lock.token)
