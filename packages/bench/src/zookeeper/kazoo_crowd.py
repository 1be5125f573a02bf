"""The lock of kazoo under the same crowd: waiters that take turns on one name, each a thread, over one session.

kazoo_crowd.py HOSTS WAITERS HOLD_MS SECONDS prints the turns of each waiter and the gaps between holds in microseconds.
"""

import json
import sys
import threading
import time

from kazoo.client import KazooClient

hosts, waiters, hold_s, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]) / 1000, float(sys.argv[4])
client = KazooClient(hosts=hosts)
client.start()
turns = [0] * waiters
holds = []
until = time.monotonic() + seconds


def wait(index):
    lock = client.Lock("/kazoo/one", str(index))
    while time.monotonic() < until:
        lock.acquire()
        ran = time.monotonic()
        time.sleep(hold_s)
        # Only who holds writes here.
        holds.append((ran, time.monotonic()))
        turns[index] += 1
        lock.release()


threads = [threading.Thread(target=wait, args=(index,)) for index in range(waiters)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
client.stop()
gaps = sorted(int((after[0] - before[1]) * 1e6) for before, after in zip(holds, holds[1:]))
print(json.dumps({"turns": turns, "gapsUs": gaps}))
