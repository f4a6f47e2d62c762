"""Alert in, one normalized alert with its context out, onto the queue of every sink that its route names."""
