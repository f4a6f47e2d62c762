"""How CloudWatch evaluates alarms, as functions of values: no AWS, no clock, no state of its own.

- `statistics`: samples and statistic sets to one figure a period.
- `metric_math`: the expressions that alarms and widgets use.
- `evaluate`: one metric alarm at one moment (M of N, missing data, low-sample percentiles).
- `reasons`: the words CloudWatch finds for a state.
- `rules` and `suppression`: composite alarms.
- `schedule`: when an alarm is evaluated.
- `warm_up`: from when on a new alarm is.
"""
