"""§13 HTTP, §16 messages."""

import urllib.error
import urllib.request

from refusal import Refused, refuse_unless


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """A prefix goes to the named host alone."""

    def redirect_request(self, *_):
        return None


OPENER = urllib.request.build_opener(NoRedirect)


class Service:
    def __init__(self, url):
        self.base = url.rstrip("/")

    def ask(self, path, most, body=None, snapshot=None):
        headers = {"Accept": "*/*" if body is None and snapshot is None else "application/octet-stream"}
        if body is not None:
            headers["Content-Type"] = "application/octet-stream"
        request = urllib.request.Request(self.base + path, data=body, headers=headers)
        try:
            with OPENER.open(request, timeout=60) as response:
                answer = response.read(most + 1)
                served = response.headers.get("Credveil-Snapshot")
        except urllib.error.HTTPError as error:
            raise Refused("STATUS", str(error.code)) from None
        refuse_unless(len(answer) <= most, "ANSWER_TOO_LONG", "answer")
        refuse_unless(snapshot is None or served in (None, snapshot), "SNAPSHOT_CHANGED", "answer")
        return answer

    def lookup(self, snapshot, bucket_id, elements, most_body):
        message = b"\x01" + bucket_id.to_bytes(4, "big") + bytes([len(elements)]) + b"".join(elements)
        answer = self.ask(f"/v1/lookup?snapshot={snapshot}", 2 + 32 * len(elements) + most_body, message, snapshot)
        return self.elements(answer, len(elements)), answer[2 + 32 * len(elements) :]

    def evaluate(self, elements):
        answer = self.ask("/v1/evaluate", 2 + 32 * len(elements), b"\x01" + bytes([len(elements)]) + b"".join(elements))
        refuse_unless(len(answer) == 2 + 32 * len(elements), "MESSAGE_MALFORMED", "length")
        return self.elements(answer, len(elements))

    def prove(self, elements):
        answer = self.ask("/v1/prove", 65, b"\x01" + bytes([len(elements)]) + b"".join(elements))
        refuse_unless(len(answer) == 65 and answer[0] == 1, "MESSAGE_MALFORMED", "header")
        return answer[1:]

    @staticmethod
    def elements(answer, count):
        refuse_unless(len(answer) >= 2 + 32 * count and answer[0] == 1 and answer[1] == count, "MESSAGE_MALFORMED", "header")
        return [answer[2 + 32 * i : 34 + 32 * i] for i in range(count)]
