"""Secrets as the inbox shows them: enough to tell two apart, never enough to use one."""

import hashlib
import re

_SHORTEST_WITH_TAIL = 12
_TAIL = 4
_IN_TEXT = re.compile(r"xox[a-z]-[\w-]+|(?<=routing_key)(\W{1,9})([\w+-]{5,})")


class Masks:
    """Gives every secret a mask that is its own: `…a1b2`, and `…a1b2 (2)` for another secret with the same end."""

    def __init__(self) -> None:
        self._digests: dict[str, list[bytes]] = {}

    def mask(self, secret: str) -> str:
        """The mask of `secret`, the same one each time. Of a short secret it shows nothing."""
        tail = "…" + (secret[-_TAIL:] if len(secret) >= _SHORTEST_WITH_TAIL else "")
        digest = hashlib.sha256(secret.encode(errors="surrogatepass")).digest()
        known = self._digests.setdefault(tail, [])
        if digest not in known:
            known.append(digest)
        number = known.index(digest) + 1
        return tail if number == 1 else f"{tail} ({number})"

    def scrub(self, text: str) -> str:
        """`text` with whatever looks like a Slack token or a routing key masked: for bodies that could not be parsed."""
        return _IN_TEXT.sub(
            lambda found: found[1] + self.mask(found[2]) if found[2] else self.mask(found[0]),
            text,
        )
