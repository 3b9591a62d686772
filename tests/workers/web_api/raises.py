"""What stands in for pytest, which no guest has."""


class Raises:
    """A block that has to raise *kind*, whose text has *text* in it."""

    def __init__(self, kind, text=""):
        self.kind, self.text = kind, text

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _traceback):
        assert kind is not None, f"did not raise {self.kind.__name__}"
        if issubclass(kind, self.kind):
            assert self.text in str(error), f"{str(error)!r} has no {self.text!r}"
            return True
        return False
