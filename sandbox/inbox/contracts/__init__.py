"""What each service accepts, and how it answers what it does not: functions of request bodies, without state."""
