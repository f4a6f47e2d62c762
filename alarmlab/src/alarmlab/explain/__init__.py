"""Alarms in words that a person understands: what each does, how soon, at what price, and what is suspicious about it.

- `words`: the sentences; `quantities` and `units` say what is compared.
- `dead_time`: how soon an alarm can fire at best, and end.
- `price`: what it costs a month.
- `findings`: what is probably a mistake, why, and how to fix it.
- `report`: all of that for an assembly; `render` shows it.
"""
