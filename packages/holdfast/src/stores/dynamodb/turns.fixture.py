"""A program of another language that takes turns on a line, by docs/protocols/records.md alone.

python3 turns.fixture.py URL RESOURCE FILE TURNS
"""
import json
import sys
import time
import urllib.error
import urllib.request
import uuid

url, resource, file, turns = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
TTL_MS = 10_000
PLACE_MS = 15_000
OWN_CHANNEL = "python-" + uuid.uuid4().hex
first_seen = {}


def call(operation, body):
    request = urllib.request.Request(
        url,
        json.dumps({"TableName": "holdfast", **body}).encode(),
        {
            "X-Amz-Target": "DynamoDB_20120810." + operation,
            "X-Amz-Date": "20260101T000000Z",
            "Content-Type": "application/x-amz-json-1.0",
            "Authorization": "AWS4-HMAC-SHA256 Credential=local/20260101/local/dynamodb/aws4_request, "
            "SignedHeaders=host, Signature=none",
        },
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.load(answer)


def read():
    """The token, the claims each with its beat and its span, and the version."""
    item = call("GetItem", {"Key": {"line": {"S": resource}}, "ConsistentRead": True}).get("Item")
    if item is None:
        return time.time_ns() // 1000, [], None
    lines = item["record"]["S"].split("\n")
    claims = json.loads(lines[1])[1:] if lines[1] else []
    beats = json.loads(lines[2]) if claims else []
    return int(lines[0]), list(zip(claims, beats)), item["version"]["S"]


def write(token, line, seen):
    """Whether it was written: only when nobody else has written since."""
    claims = json.dumps([[]] + [claim for claim, _ in line]) if line else ""
    values = {":record": {"S": "\n".join([str(token), claims, json.dumps([beat for _, beat in line])])}}
    values[":version"] = {"S": str(uuid.uuid4())}
    if not line:
        values[":expiresAt"] = {"N": str(int(time.time()) + 30 * 24 * 3600)}
    if seen is not None:
        values[":seen"] = {"S": seen}
    change = "SET #record = :record, #version = :version"
    body = {
        "Key": {"line": {"S": resource}},
        "UpdateExpression": change + (" REMOVE expiresAt" if line else ", expiresAt = :expiresAt"),
        "ConditionExpression": "attribute_not_exists(line)" if seen is None else "#version = :seen",
        "ExpressionAttributeNames": {"#record": "record", "#version": "version"},
        "ExpressionAttributeValues": values,
    }
    try:
        call("UpdateItem", body)
        return True
    except urllib.error.HTTPError as error:
        if b"ConditionalCheckFailed" in error.read():
            return False
        raise


def living(line):
    """Without the claims whose beat has stood still for their span, on the clock of this process."""
    now_ms = time.monotonic() * 1000
    kept = []
    for claim, (beat, span_ms) in line:
        seen_ms = first_seen.setdefault((claim[1], beat), now_ms)
        if now_ms < seen_ms + span_ms * 1.01 + 5:
            kept.append((claim, [beat, span_ms]))
    return kept


def place_of(line, own):
    return next((index for index, (claim, _) in enumerate(line) if claim[1] == own), None)


def take(own):
    while True:
        token, line, seen = read()
        line = living(line)
        place = place_of(line, own)
        claim = ["waiting", own, 1, 1, TTL_MS, 0, 0, OWN_CHANNEL, "python", ""]
        if place is None:
            beat, span_ms, place = 0, PLACE_MS, len(line)
            line.append((claim, [beat, span_ms]))
        elif place > 0:
            time.sleep(0.03)
            continue
        before, (beat, _) = line[place]
        if place == 0:
            # Another process may have granted it already, with a first life that is short.
            token = token if before[0] == "held" else token + 1
            granted = before[10] if before[0] == "held" else str(token)
            line[0] = (["held"] + claim[1:] + [granted, False], [beat + 1, TTL_MS])
        else:
            line[place] = (claim, [beat + 1, PLACE_MS])
        if write(token, line, seen) and place == 0:
            return line[0][0][10]


def leave(own):
    while True:
        token, line, seen = read()
        line = [each for each in living(line) if each[0][1] != own]
        if write(token, line, seen):
            return


for _ in range(turns):
    own_id = uuid.uuid4().hex
    own_token = take(own_id)
    with open(file, "a", encoding="utf-8") as tokens:
        tokens.write(own_token + "\n")
    leave(own_id)
