"""What alarms, metrics and rules are: typed, checked when they are made, free of how they are evaluated."""
