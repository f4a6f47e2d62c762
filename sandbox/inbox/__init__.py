"""A local server that stands in for PagerDuty, Slack and SNS e-mail, and shows what arrived as people would see it."""
