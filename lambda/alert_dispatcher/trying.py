"""What `Told.trying` says: what was being sent, to where it takes the sink, and when or in which digest."""

from dataclasses import dataclass, replace

from alert_common.incident import Stage, Told
from alert_dispatcher.gap import Gap


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One attempt at telling, which the sink may have taken."""

    seq: int
    stage: Stage
    at: int
    """Unix time."""
    digest: str = ""
    """Id of the digest that it was part of; empty for a message of its own."""

    def __str__(self) -> str:
        """As it is stored, and as messages carry it."""
        return f"{self.seq}/{self.stage}/{self.at}{f'/{self.digest}' if self.digest else ''}"

    def taken(self, told: Told) -> Told:
        """What the sink knows when it did take it."""
        return replace(told, seq=max(self.seq, told.seq), stage=self.stage, trying="")


def attempt(gap: Gap, digest: str = "") -> Attempt:
    """Describe the attempt to close a gap."""
    after = gap.after
    return Attempt(seq=after.seq, stage=after.stage, at=int(gap.now.timestamp()), digest=digest)


def parse(text: str) -> Attempt | None:
    """Read an attempt; None where nothing was tried."""
    if not text:
        return None
    seq, stage, at, *digest = text.split("/", 3)
    return Attempt(seq=int(seq), stage=Stage(stage), at=int(at), digest="".join(digest))
