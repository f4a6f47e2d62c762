"""The sandbox's model: file types from bytes with a deep network, behind the SageMaker container contract."""
