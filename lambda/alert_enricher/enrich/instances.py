"""How many cores and GPUs an ML instance has, to bring SageMaker's summed percentages back to 0-100.

SageMaker reports CPUUtilization from 0 to 100 x cores and GPUUtilization from 0 to 100 x GPUs.
Counts are from AWS's instance type pages (November 2026).
"""

_GPUS = {
    "g4dn": {"12xlarge": 4, "metal": 8},
    "g5": {"12xlarge": 4, "24xlarge": 4, "48xlarge": 8},
    "g6": {"12xlarge": 4, "24xlarge": 4, "48xlarge": 8},
    "g6e": {"12xlarge": 4, "24xlarge": 4, "48xlarge": 8},
    "g7e": {"12xlarge": 2, "24xlarge": 4, "48xlarge": 8},
    "gr6": {},
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
}
"""Sizes with more than one GPU; every other size of these families has one."""


def gpus(instance_type: str) -> int | None:
    """Return the number of GPUs, None for an instance that has none or is not known."""
    family, _, size = instance_type.removeprefix("ml.").partition(".")
    return _GPUS[family].get(size, 1) if family in _GPUS and size else None


def cores(instance_type: str) -> int | None:
    """Return the number of vCPUs, which AWS's size names tell: 4 for `xlarge`, 4 x N for `Nxlarge`; None otherwise."""
    size = instance_type.removeprefix("ml.").partition(".")[2]
    if size in {"medium", "large", "xlarge"}:
        return {"medium": 1, "large": 2, "xlarge": 4}[size]
    count = size.removesuffix("xlarge")
    return 4 * int(count) if count.isdigit() and size.endswith("xlarge") else None
