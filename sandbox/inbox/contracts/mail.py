"""What SNS lets into an e-mail. Source: the SNS API reference, `Publish`."""

SUBJECT_CHARACTERS = 100
BODY_BYTES = 262_144
DEFAULT_SUBJECT = "AWS Notification Message"
"""The subject that SNS writes when the publisher gives none."""


def mail_problems(body: object) -> list[str]:
    """What SNS would not have sent, in an e-mail `{"to", "subject", "body", "topic"}`; empty when it is fine."""
    if not isinstance(body, dict):
        return ["the e-mail must be a JSON object with to, subject, body and topic"]
    problems = []
    to = body.get("to")
    if not isinstance(to, str) or "@" not in to:
        problems.append(f"to: {to!r} is not an e-mail address")
    subject = body.get("subject")
    if subject is not None:
        problems += _subject_problems(subject)
    text = body.get("body")
    if not isinstance(text, str) or not text:
        problems.append("body: must be a text that is not empty")
    elif len(text.encode(errors="replace")) > BODY_BYTES:
        problems.append(f"body: {len(text.encode(errors='replace'))} bytes, SNS sends at most {BODY_BYTES}")
    topic = body.get("topic")
    if not isinstance(topic, str) or not topic.startswith("arn:"):
        problems.append(f"topic: {topic!r} is not the ARN of a topic")
    return problems


def _subject_problems(subject: object) -> list[str]:
    if not isinstance(subject, str) or not subject:
        return ["subject: must be a text that is not empty, or left out"]
    problems = []
    if len(subject) > SUBJECT_CHARACTERS:
        problems.append(f"subject: {len(subject)} characters, SNS takes at most {SUBJECT_CHARACTERS}")
    if not subject.isascii():
        problems.append("subject: holds characters beyond ASCII")
    elif not subject.isprintable():
        problems.append("subject: holds line breaks or control characters")
    elif subject[0] == " ":
        problems.append("subject: must begin with a letter, number or punctuation mark")
    return problems
