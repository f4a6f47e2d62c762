"""GPUs of SageMaker's instance types, for the synthetic GPU metrics."""

import re

# Sizes with more than one GPU (https://aws.amazon.com/ec2/instance-types/); every other size of a GPU family has one.
_SEVERAL = {
    "g4dn": {"12xlarge": 4},
    "g5": {"12xlarge": 4, "24xlarge": 4, "48xlarge": 8},
    "g6": {"12xlarge": 4, "24xlarge": 4, "48xlarge": 8},
    "g6e": {"12xlarge": 4, "24xlarge": 4, "48xlarge": 8},
    "g7": {"8xlarge": 2, "12xlarge": 4, "24xlarge": 4, "48xlarge": 8},
    "g7e": {"12xlarge": 2, "24xlarge": 4, "48xlarge": 8},
    "p2": {"8xlarge": 8, "16xlarge": 16},
    "p3": {"8xlarge": 4, "16xlarge": 8},
    "p3dn": {"24xlarge": 8},
    "p4d": {"24xlarge": 8},
    "p4de": {"24xlarge": 8},
    "p5": {"48xlarge": 8},
    "p5e": {"48xlarge": 8},
    "p5en": {"48xlarge": 8},
    "p6-b200": {"48xlarge": 8},
    "p6-b300": {"48xlarge": 8},
    "p6e-gb200": {"36xlarge": 4},
}


def gpu_count(instance_type: str) -> int:
    """GPUs of one instance; 0 for a type without any (`ml.m5.large`, serverless)."""
    match = re.fullmatch(r"ml\.([gp]\d[\w-]*)\.(\w+)", instance_type)
    if match is None:
        return 0
    family, size = match.groups()
    return _SEVERAL.get(family, {}).get(size, 1)
