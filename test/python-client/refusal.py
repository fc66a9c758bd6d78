"""What a client refuses. A refusal is an error and never a verdict."""


class Refused(Exception):
    """An input that PROTOCOL.md requires a client to refuse. Its text never quotes the input."""

    def __init__(self, code, why):
        super().__init__(f"{code}: {why}")
        self.code = code


def refuse_unless(condition, code, why):
    if not condition:
        raise Refused(code, why)
