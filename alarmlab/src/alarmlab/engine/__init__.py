"""How CloudWatch evaluates alarms, for whole stretches of time at once: no AWS, no clock, no state of its own.

One idea carries it: an evaluation looks at a row of periods, so evaluations at T moments look at a matrix of T rows
and K columns, the oldest period first. A missing datapoint is NaN. A test, a backtest over a year (in blocks) and the
one row of a live evaluation are the same code.
"""
