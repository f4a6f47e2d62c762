"""`alarmlab fetch` against the sandbox's CloudWatch, and `alarmlab backtest` on what it wrote."""

import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber

from alarmlab import fetch as live
from alarmlab.backtest.plan import Wanted
from alarmlab.cli import main
from alarmlab.model.metrics import MetricId
from tests.integration.embedded_aws import Aws, embedded_aws

NAMESPACE = "Shop"
NOW = datetime.now(UTC).replace(second=0, microsecond=0)


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    """An embedded AWS in which half an hour of one metric was published, with an alarm on it."""
    with embedded_aws() as aws:
        cloudwatch = aws.client("cloudwatch")
        dimensions = [{"Name": "Queue", "Value": "orders"}]
        for ago in range(30, 2, -1):
            value = 100.0 if ago < 15 else 1.0
            cloudwatch.put_metric_data(
                Namespace=NAMESPACE,
                MetricData=[
                    {
                        "MetricName": "Age",
                        "Dimensions": dimensions,
                        "Timestamp": NOW - timedelta(minutes=ago),
                        "Value": value,
                    }
                ],
            )
        cloudwatch.put_metric_alarm(
            AlarmName="shop-age",
            Namespace=NAMESPACE,
            MetricName="Age",
            Dimensions=dimensions,
            Statistic="Average",
            Period=60,
            EvaluationPeriods=3,
            Threshold=50,
            ComparisonOperator="GreaterThanThreshold",
            AlarmActions=["arn:aws:sns:us-east-1:000000000000:pages"],
            OKActions=["arn:aws:sns:us-east-1:000000000000:pages"],
            Tags=[{"Key": "severity", "Value": "critical"}],
        )
        yield aws


@pytest.fixture
def run(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """The command in a folder of its own, with the credentials of the embedded AWS."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str) -> tuple[int, str, str]:
        endpoint = ["--endpoint-url", aws.url] if arguments[0] == "fetch" else []
        code = main([*arguments, *endpoint])
        out, err = capsys.readouterr()
        return code, out, err

    return command


def test_what_is_deployed_is_recorded_and_tested_back(run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    """From an account to a page: the alarm with its tags as a template, its metric as a recording, one incident in it."""
    code, out, err = run(
        "fetch", "--deployed", "shop-", "--template", "deployed.json", "--out", "shop.json.gz", "--since", "1h"
    )
    assert (code, err) == (0, "")
    assert "of 1 metrics" in out
    code, out, err = run("backtest", "deployed.json", "shop.json.gz", "--json", "-")
    assert (code, err) == (0, "")
    report = json.loads(out)
    (incident,) = report["recordings"][0]["incidents"]
    assert (incident["resource"], incident["severity"], len(incident["pages"])) == ("shop-age", "critical", 1)
    # The first of the high values is fourteen minutes old; the third has ended two minutes after its period began.
    assert datetime.fromisoformat(incident["opened_at"]) == NOW - timedelta(minutes=11)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deployed.json", "shop.json.gz"]


def template(folder: Path, queue: str) -> str:
    """A template with an alarm on a queue's metric."""
    metric = {"Namespace": NAMESPACE, "MetricName": "Age", "Dimensions": [{"Name": "Queue", "Value": queue}]}
    properties = {
        **metric,
        "ExtendedStatistic": "p90",
        "Period": 300,
        "EvaluationPeriods": 1,
        "Threshold": 50,
        "ComparisonOperator": "GreaterThanThreshold",
        "AlarmActions": ["pages"],
    }
    resources = {
        "Orders": {"Type": "AWS::SQS::Queue", "Properties": {}},
        "Age": {"Type": "AWS::CloudWatch::Alarm", "Properties": {**properties, "Dimensions": metric["Dimensions"]}},
    }
    (folder / "template.json").write_text(json.dumps({"Resources": resources}))
    return "template.json"


def test_a_name_that_only_the_deployment_knows_is_set(run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    """Without it one line says how; with it fetch and backtest read the same metric."""
    path = template(tmp_path, "${Orders.QueueName}")
    code, _, err = run("fetch", path, "--out", "a.json")
    assert code == 2
    assert "say it with --set Orders.QueueName=VALUE" in err
    setting = ("--set", "Orders.QueueName=orders")
    code, out, err = run("fetch", path, "--out", "a.json", "--since", "1h", *setting)
    assert (code, err) == (0, "")
    code, out, err = run("backtest", path, "a.json", *setting)
    assert (code, err) == (0, "")
    assert "1 incident" in out


def test_nothing_published_is_said_and_nothing_written(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    """A recording without a value is a mistake in a name, a region or a profile."""
    code, _, err = run("fetch", template(tmp_path, "payments"), "--out", "a.json", "--since", "1h")
    assert code == 2
    assert "nothing was published for Shop Age {Queue: payments}" in err
    assert not (tmp_path / "a.json").exists()


def test_an_account_that_refuses_is_one_line(run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    """No trace of Python for whoever mistypes a profile."""
    code, _, err = run("fetch", template(tmp_path, "orders"), "--out", "a.json", "--profile", "nobody")
    assert code == 2
    assert err == "alarmlab: CloudWatch cannot be asked: The config profile (nobody) could not be found\n"


def test_without_the_sdk_one_line_says_how_to_get_it(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """boto3 is an extra."""
    monkeypatch.setitem(sys.modules, "boto3", None)
    code, _, err = run("fetch", template(tmp_path, "orders"), "--out", "a.json")
    assert (code, err) == (2, "alarmlab: fetch needs the AWS SDK: pip install 'alarmlab[fetch]'\n")


def test_many_metrics_are_asked_for_in_calls_of_five_hundred_and_read_page_by_page() -> None:
    """501 statistics are two calls; a result that continues on the next page is put together."""
    cloudwatch = live.client(region="us-east-1", profile=None)
    what = [Wanted(MetricId("N", f"m{number:03}"), "Sum", 60) for number in range(501)]
    at = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
    start = int(at.timestamp())

    def page(value: float, minute: int, token: str | None) -> dict[str, Any]:
        time = at + timedelta(minutes=minute)
        result = {"Id": "q0", "Label": "m", "Timestamps": [time], "Values": [value], "StatusCode": "PartialData"}
        if token is None:
            result["StatusCode"] = "Complete"
        return {"MetricDataResults": [result], "Messages": [], **({"NextToken": token} if token else {})}

    class Counting(Stubber):
        sizes: list[int] = []  # noqa: RUF012 - of one test

    with Counting(cloudwatch) as stub:
        cloudwatch.meta.events.register(
            "before-parameter-build.cloudwatch.GetMetricData",
            lambda params, **_: stub.sizes.append(len(params["MetricDataQueries"])),
        )
        stub.add_response("get_metric_data", page(1, 0, "more"))
        stub.add_response("get_metric_data", page(2, 1, None))
        stub.add_response("get_metric_data", {"MetricDataResults": [], "Messages": [{"Code": "A", "Value": "hint"}]})
        fetched = live.fetch(cloudwatch, what, start=start, end=start + 3600, now=start + 3600)
    assert stub.sizes == [500, 500, 1]
    (result,) = fetched.document["MetricDataResults"]
    assert (result["Values"], result["Timestamps"], result["StatusCode"]) == ([1, 2], [start, start + 60], "Complete")
    assert len(fetched.document["MetricDataQueries"]) == 501
    assert len(fetched.empty) == 500
    assert fetched.messages == ("A: hint",)
