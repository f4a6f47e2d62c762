"""How many cores and GPUs an instance type has.

SageMaker reports CPU in percent of one core and GPU in percent of one GPU, added up: an `ml.g5.12xlarge` whose four GPUs are
half busy reports `GPUUtilization` 200. The counts of this table turn that into 50.

From the EC2 pages of each accelerated family, November 2026. The SageMaker SDK's own table knows neither g6 nor p5en nor p6.
"""

from dataclasses import dataclass

from endpointwatch import _checks


@dataclass(frozen=True, kw_only=True)
class InstanceShape:
    """Counts of one instance.

    Args:
        vcpus: virtual CPUs, at least 1.
        gpus: GPUs; 0 for none.
    """

    vcpus: int
    gpus: int = 0

    def __post_init__(self) -> None:
        _checks.whole("vcpus", self.vcpus, low=1, high=2048, fix="give the instance's vCPU count")
        _checks.whole("gpus", self.gpus, low=0, high=128, fix="give the instance's GPU count, 0 for none")


_ONE_GPU = {"xlarge": (4, 1), "2xlarge": (8, 1), "4xlarge": (16, 1), "8xlarge": (32, 1), "16xlarge": (64, 1)}
_ONE_TO_EIGHT = {**_ONE_GPU, "12xlarge": (48, 4), "24xlarge": (96, 4), "48xlarge": (192, 8)}
_FAMILIES: dict[str, dict[str, tuple[int, int]]] = {
    "g4dn": {**_ONE_GPU, "12xlarge": (48, 4)},
    "g5": _ONE_TO_EIGHT,
    "g6": _ONE_TO_EIGHT,
    "g6e": _ONE_TO_EIGHT,
    "g7": {
        "2xlarge": (8, 1),
        "4xlarge": (16, 1),
        "8xlarge": (32, 2),
        "12xlarge": (48, 4),
        "24xlarge": (96, 4),
        "48xlarge": (192, 8),
    },
    "g7e": {
        "2xlarge": (8, 1),
        "4xlarge": (16, 1),
        "8xlarge": (32, 1),
        "12xlarge": (48, 2),
        "24xlarge": (96, 4),
        "48xlarge": (192, 8),
    },
    "p2": {"xlarge": (4, 1), "8xlarge": (32, 8), "16xlarge": (64, 16)},
    "p3": {"2xlarge": (8, 1), "8xlarge": (32, 4), "16xlarge": (64, 8)},
    "p4d": {"24xlarge": (96, 8)},
    "p4de": {"24xlarge": (96, 8)},
    "p5": {"4xlarge": (16, 1), "48xlarge": (192, 8)},
    "p5e": {"48xlarge": (192, 8)},
    "p5en": {"48xlarge": (192, 8)},
    "p6-b200": {"48xlarge": (192, 8)},
    "p6-b300": {"48xlarge": (192, 8)},
    "p6e-gb200": {"36xlarge": (144, 4)},
}

INSTANCE_SHAPES: dict[str, InstanceShape] = {
    f"ml.{family}.{size}": InstanceShape(vcpus=vcpus, gpus=gpus)
    for family, sizes in _FAMILIES.items()
    for size, (vcpus, gpus) in sizes.items()
}
"""The shape of every GPU instance type that SageMaker hosts endpoints on."""


def shape_of(instance_type: str) -> InstanceShape:
    """The shape of a known GPU instance type.

    Raises:
        ValueError: the type is not in the table; the message says how to go on.
    """
    try:
        return INSTANCE_SHAPES[_checks.text("instance_type", instance_type, fix="give a type such as ml.g5.xlarge")]
    except KeyError:
        hint = f" (did you mean 'ml.{instance_type}'?)" if f"ml.{instance_type}" in INSTANCE_SHAPES else ""
        raise ValueError(
            f"instance_type: {instance_type!r} is not a GPU type that endpointwatch knows{hint}; "
            "give its counts too: instance_shape=InstanceShape(vcpus=..., gpus=...)"
        ) from None


def has_ebs_volume(instance_type: str) -> bool:
    """Whether instances of this type keep model and container on an EBS volume, which a customer's key can encrypt.

    SageMaker refuses a volume key for types with local NVMe storage (their disks are encrypted by the hardware).
    """
    return instance_type.split(".")[1] in {"p2", "p3"} if instance_type.startswith("ml.") else False
