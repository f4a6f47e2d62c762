"""CloudWatch alarms, tested offline.

`alarmlab` reads the alarms of a CloudFormation template and evaluates them on invented or recorded metrics, as CloudWatch would.
It knows templates and numbers: no AWS SDK, no CDK, no account.

- `alarmlab.model`: what an alarm is, and how templates and requests are read into it.
- `alarmlab.engine`: how CloudWatch evaluates it, over whole stretches of time at once.
"""
