"""One delivery in, one message out: PagerDuty, Slack, e-mail."""
