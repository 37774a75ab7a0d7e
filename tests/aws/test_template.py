"""The stack keeps what it promises: nothing lost, nothing public, no right too many."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

yaml = pytest.importorskip("yaml", reason="NOT TESTED: pyyaml is not installed")

TEMPLATE = Path(__file__).resolve().parents[2] / "deploy" / "aws" / "template.yaml"


Loader = type("Loader", (yaml.SafeLoader,), {})
"""Reads the short forms of CloudFormation's functions as ``{name: value}``."""


def _function(loader: Any, suffix: str, node: Any) -> dict[str, Any]:  # noqa: ANN401 - of YAML
    if isinstance(node, yaml.ScalarNode):
        return {suffix: loader.construct_scalar(node)}
    return {suffix: loader.construct_sequence(node, deep=True)}


yaml.add_multi_constructor("!", _function, Loader)


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    """The template as it stands."""
    read: dict[str, Any] = yaml.load(TEMPLATE.read_text("utf-8"), Loader)
    return read


def resources(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """The properties of all resources of a kind, by name."""
    return {
        name: resource["Properties"]
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind and "Properties" in resource
    }


def listed(value: Any) -> list[Any]:  # noqa: ANN401 - a value of a policy
    """A value of a policy, which may stand alone or in a list."""
    return value if isinstance(value, list) else [value]


def statements(template: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All statements that roles and queues allow something by."""
    for role in resources(template, "AWS::IAM::Role").values():
        for policy in role["Policies"]:
            yield from policy["PolicyDocument"]["Statement"]
    for policy in resources(template, "AWS::SQS::QueuePolicy").values():
        yield from policy["PolicyDocument"]["Statement"]


def test_a_message_is_hidden_six_times_as_long_as_the_function_may_take(template: dict[str, Any]):
    """Else Lambda's own retries meet the message again before the first is done."""
    timeout = template["Resources"]["LabelFunction"]["Properties"]["Timeout"]
    queue = template["Resources"]["Queue"]["Properties"]
    assert queue["VisibilityTimeout"] >= 6 * timeout
    assert queue["RedrivePolicy"]["maxReceiveCount"] >= 5
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {"GetAtt": "DeadLetters.Arn"}
    dead = template["Resources"]["DeadLetters"]["Properties"]
    assert dead["MessageRetentionPeriod"] > queue["MessageRetentionPeriod"]


def test_one_bad_message_does_not_bring_back_a_batch(template: dict[str, Any]):
    """The queue is told of each message, and what EventBridge can't deliver is kept."""
    events = template["Resources"]["LabelFunction"]["Properties"]["Events"]
    assert events["Queue"]["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    (target,) = template["Resources"]["Changes"]["Properties"]["Targets"]
    assert target["DeadLetterConfig"] == {"Arn": {"GetAtt": "DeadLetters.Arn"}}


def test_no_right_is_a_wildcard(template: dict[str, Any]):
    """Each action is named, and each resource is one of the stack's own."""
    seen = list(statements(template))
    assert len(seen) > 8
    for statement in seen:
        assert statement["Effect"] == "Allow"
        assert not any("*" in action for action in listed(statement["Action"]))
        for resource in listed(statement["Resource"]):
            (own,) = resource.values()
            assert own.removeprefix("${").split(".")[0] in template["Resources"]
        principal = statement.get("Principal")
        if principal is not None:
            assert principal == {"Service": "events.amazonaws.com"}
            assert "aws:SourceArn" in statement["Condition"]["ArnEquals"]


def test_images_are_read_and_never_written(template: dict[str, Any]):
    """No role may put or delete an image."""
    for statement in statements(template):
        if "Images" in str(statement["Resource"]):
            assert set(listed(statement["Action"])) <= {"s3:GetObject", "s3:ListBucket"}


def test_buckets_are_private_encrypted_and_reached_by_tls_only(template: dict[str, Any]):
    """And kept when the stack is deleted."""
    buckets = resources(template, "AWS::S3::Bucket")
    assert len(buckets) == 2
    policies = resources(template, "AWS::S3::BucketPolicy").values()
    for name, bucket in buckets.items():
        assert template["Resources"][name]["DeletionPolicy"] == "Retain"
        assert all(bucket["PublicAccessBlockConfiguration"].values())
        assert len(bucket["PublicAccessBlockConfiguration"]) == 4
        assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        (policy,) = [policy for policy in policies if policy["Bucket"] == {"Ref": name}]
        (deny,) = policy["PolicyDocument"]["Statement"]
        assert deny["Effect"] == "Deny"
        assert deny["Condition"] == {"Bool": {"aws:SecureTransport": False}}
        assert len(deny["Resource"]) == 2


def test_the_handlers_and_the_variables_are_those_of_the_package(template: dict[str, Any]):
    """What the template names exists, and the settings are settings."""
    from bucketlens import aws  # noqa: PLC0415
    from bucketlens.aws.configuration import read_configuration  # noqa: PLC0415

    for function in resources(template, "AWS::Serverless::Function").values():
        module, _, name = function["Handler"].rpartition(".")
        assert module == "bucketlens.aws"
        assert callable(getattr(aws, name))
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    defaults = template["Parameters"]
    environ = {
        name: str(defaults[value["Ref"]]["Default"]) if "Ref" in value else "s3://bucket"
        for name, value in variables.items()
    }
    assert read_configuration(environ).settings.min_confidence == 55


def test_each_function_logs_to_a_group_that_forgets(template: dict[str, Any]):
    """Logs have a retention, and alarms somebody to tell."""
    groups = resources(template, "AWS::Logs::LogGroup")
    for function in resources(template, "AWS::Serverless::Function").values():
        assert "RetentionInDays" in groups[function["LoggingConfig"]["LogGroup"]["Ref"]]
    for alarm in resources(template, "AWS::CloudWatch::Alarm").values():
        assert alarm["AlarmActions"] == [{"Ref": "Trouble"}]
