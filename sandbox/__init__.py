"""endpointwatch on one machine: an embedded AWS, a real model under load, and an inbox for the pages."""
