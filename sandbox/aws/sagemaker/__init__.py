"""SageMaker for the embedded AWS: models, endpoint configs, endpoints whose containers are processes, and invocations."""
