"""An embedded AWS: ministack, extended by what endpointwatch needs and it lacks."""
