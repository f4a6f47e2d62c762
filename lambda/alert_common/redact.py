"""Secrets are taken out of every text before it leaves: reasons, tags, log lines, raw messages."""

import re

# In quotes up to the closing one, else up to a blank or a separator.
_VALUE = r"""(?!\\?["']?\[redacted)(?:\\?"[^"\\]{0,1000}\\?"|'[^']{0,1000}'|[^\s"',;&}\\]+)"""

_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    # Webhook URLs are secrets as a whole; what follows the host is dropped.
    (re.compile(r"https?://hooks\.slack(?:-gov)?\.com/[^\s\"'<>|\\]+", re.I), "https://hooks.slack.com/[redacted]"),
    (re.compile(r"https?://[\w.-]*\.webhook\.office\.com/[^\s\"'<>|\\]+", re.I), "[redacted webhook]"),
    (re.compile(r"https?://discord(?:app)?\.com/api/webhooks/[^\s\"'<>|\\]+", re.I), "[redacted webhook]"),
    # A signed URL is as good as a key until it expires.
    (
        re.compile(r"(https?://[^\s\"'<>?]{1,2000})\?[^\s\"'<>]*(?:X-Amz-|Signature=|sig=|token=)[^\s\"'<>]*", re.I),
        r"\1?[redacted]",
    ),
    (re.compile(r"(\b\w{1,20}://[^\s/:@\"']{1,200}):[^\s/@\"']{1,200}@"), r"\1:[redacted]@"),
    (re.compile(r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b"), "[redacted AWS key]"),
    (re.compile(r"\bxox[a-z]-[\w-]{8,}|\bxapp-[\w-]{8,}|\bxwfp-[\w-]{8,}", re.I), "[redacted Slack token]"),
    (re.compile(r"\b(?:ghp|gho|ghu|ghs|ghr|github_pat|glpat|hf|sk|pk)[_-][A-Za-z0-9_-]{16,}"), "[redacted token]"),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"), "[redacted token]"),
    (re.compile(r"\b(bearer|basic)\s+[A-Za-z0-9+/=_.~-]{8,}", re.I), r"\1 [redacted]"),
    (
        re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.S),
        "[redacted key]",
    ),
    # Named values: `password=x`, `"password": "a b"`, `password is x`, `--api-key x`.
    (
        re.compile(
            r"((?:password|passwd|pwd|secret(?:[_-]?(?:access)?[_-]?key)?|api[_-]?key|access[_-]?token|auth[_-]?token"
            r"|client[_-]?secret|routing[_ -]?key|integration[_ -]?key|session[_-]?token|private[_-]?key)"
            r"(?:\\?[\"'])?(?:\s*[=:]\s*|\s+is\s+))" + _VALUE,
            re.I,
        ),
        r"\1[redacted]",
    ),
    (re.compile(r"(--[\w-]{0,20}(?:password|secret|token|key)\s+)" + _VALUE, re.I), r"\1[redacted]"),
    (re.compile(r"(\b(?:routing|integration)[_ -]?key\s+)(?=\w{32}\b)" + _VALUE, re.I), r"\1[redacted]"),
    # A bare `token` is more often a count or a word of a language model: only what is long and holds a letter.
    (
        re.compile(
            r"((?<![A-Za-z0-9])token(?:\\?[\"'])?\s*[=:]\s*)(?=[\\\"']*[\w.~+/-]*[A-Za-z])(?=[\\\"']*[\w.~+/-]{8})"
            + _VALUE,
            re.I,
        ),
        r"\1[redacted]",
    ),
)

_HINTS = (
    *("://", "akia", "asia", "abia", "acca", "xox", "xapp", "xwfp", "ghp", "gho", "ghu", "ghs", "ghr", "github_pat"),
    *(
        "glpat",
        "hf_",
        "hf-",
        "sk_",
        "sk-",
        "pk_",
        "pk-",
        "eyj",
        "bearer",
        "basic",
        "pass",
        "pwd",
        "secret",
        "key",
        "token",
    ),
)
"""Every rule needs one of these in lower case: most texts have none, and a search for them costs a tenth of the rules."""


_UNSEEN = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]{0,1000}(?:\x07|\x1b\\)"  # colours and titles of terminals
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
)
"""Controls, and marks that turn the direction of writing: they would show something else than what was written."""


def redact(text: str) -> str:
    """Replace what looks like a secret: AWS and API keys, tokens, passwords, webhook and signed URLs; drop control characters."""
    if not text.isprintable():
        text = _UNSEEN.sub("", text)
    lower = text.lower()
    if not any(hint in lower for hint in _HINTS):
        return text
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text
