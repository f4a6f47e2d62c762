"""CloudWatch alarms, tested offline.

`alarmlab` reads the alarms of a CloudFormation template and evaluates them on invented or recorded metrics, as CloudWatch would.
It knows templates and numbers: no AWS SDK, no CDK, no account. In the order in which they build on each other:

- `alarmlab.model`: what an alarm is, and how templates and requests are read into it.
- `alarmlab.engine`: how CloudWatch evaluates it, over whole stretches of time at once.
- `alarmlab.assembly`: the alarms of cloud assemblies and templates; `alarmlab.paging`: whom a run wakes.
- `alarmlab.suite` and `alarmlab.backtest`: tests on invented metrics, and reports on recorded ones.
- `alarmlab.explain`, `alarmlab.tune`, `alarmlab.fetch`: alarms in words, better thresholds, metrics of a live account.
- `alarmlab.cli` and `alarmlab.pytest_plugin`: the ways in.
"""
