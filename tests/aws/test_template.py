"""The stack keeps what it promises, whatever its parameters: nothing lost, no right too many."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from tests.aws.stack import CHOICES, properties, stack

WITHOUT_RESOURCES = {
    "rekognition:DetectLabels",
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
}
"""Actions that know no resource but all of them."""


@pytest.fixture(params=CHOICES, scope="module")
def template(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The template as a stack gets it, for one choice of parameters after the other."""
    return stack(**CHOICES[request.param])


def listed(value: Any) -> list[Any]:  # noqa: ANN401 - a value of a policy
    """A value of a policy, which may stand alone or in a list."""
    return value if isinstance(value, list) else [value]


def statements(template: dict[str, Any], *kinds: str) -> Iterator[dict[str, Any]]:
    """All statements of policies of some kinds of resources, of roles, users and queues if none."""
    for kind in kinds or ("AWS::IAM::Role", "AWS::IAM::Policy", "AWS::SQS::QueuePolicy"):
        for resource in properties(template, kind).values():
            documents = [policy["PolicyDocument"] for policy in resource.get("Policies", ())]
            documents += [resource["PolicyDocument"]] if "PolicyDocument" in resource else []
            for document in documents:
                yield from document["Statement"]


def text_of(value: Any) -> str:  # noqa: ANN401
    """A resource of a policy as text, its functions taken off."""
    if isinstance(value, str):
        return value
    (inner,) = value.values()
    return inner if isinstance(inner, str) else f"${{{'.'.join(inner)}}}"


def label_function(template: dict[str, Any]) -> dict[str, Any]:
    """Properties of the label function."""
    return properties(template, "AWS::Lambda::Function")["LabelFunction"]


def test_a_message_is_hidden_six_times_as_long_as_the_function_may_take(template: dict[str, Any]):
    """Else Lambda's own retries meet the message again before the first is done."""
    queues = properties(template, "AWS::SQS::Queue")
    assert queues["Queue"]["VisibilityTimeout"] >= 6 * label_function(template)["Timeout"]
    assert queues["Queue"]["RedrivePolicy"]["maxReceiveCount"] >= 5
    target = queues["Queue"]["RedrivePolicy"]["deadLetterTargetArn"]
    assert target == {"Fn::GetAtt": ["DeadLetters", "Arn"]}
    kept = queues["Queue"]["MessageRetentionPeriod"]
    assert queues["DeadLetters"]["MessageRetentionPeriod"] > kept
    assert all(queue["SqsManagedSseEnabled"] for queue in queues.values())


def test_one_bad_message_does_not_bring_back_a_batch(template: dict[str, Any]):
    """The queue is told of each message, and calls no more functions than it may."""
    (mapping,) = properties(template, "AWS::Lambda::EventSourceMapping").values()
    assert mapping["EventSourceArn"] == {"Fn::GetAtt": ["Queue", "Arn"]}
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 10}
    chosen = stack(MaximumConcurrency=3)
    (mapping,) = properties(chosen, "AWS::Lambda::EventSourceMapping").values()
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 3}


def test_what_eventbridge_can_not_deliver_is_kept(template: dict[str, Any]):
    """Each rule tries for a day and then writes to the dead letters, which let it."""
    rules = properties(template, "AWS::Events::Rule")
    own = {name: rule for name, rule in rules.items() if "EventPattern" in rule}
    assert "RecordEvents" in own
    for rule in own.values():
        (target,) = rule["Targets"]
        assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["DeadLetters", "Arn"]}}
        assert target["RetryPolicy"]["MaximumEventAgeInSeconds"] == 86400
        assert target["RetryPolicy"]["MaximumRetryAttempts"] == 185
    policy = properties(template, "AWS::SQS::QueuePolicy")["DeadLettersPolicy"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    sources = listed(statement["Condition"]["ArnEquals"]["aws:SourceArn"])
    assert {text_of(source) for source in sources} == {f"${{{name}.Arn}}" for name in own}


def test_no_right_is_a_wildcard(template: dict[str, Any]):
    """Each action is named, and each resource too, where the action knows any."""
    seen = list(statements(template))
    assert len(seen) > 12
    for statement in seen:
        assert statement["Effect"] == "Allow"
        actions = listed(statement["Action"])
        assert not any("*" in action for action in actions)
        if set(actions) <= WITHOUT_RESOURCES:
            continue
        for resource in map(text_of, listed(statement["Resource"])):
            ours = re.match(r"\$\{(\w+)\b", resource)
            known = ours is not None and ours[1] in template["Resources"]
            assert known or resource.startswith("arn:${AWS::Partition}:s3:::")
            assert resource.count("*") == resource.endswith("*")
        if "Principal" in statement:
            assert set(statement["Principal"]) == {"Service"}
            assert "aws:SourceArn" in statement["Condition"]["ArnEquals"]


def test_images_are_read_and_never_written(template: dict[str, Any]):
    """No role may put or delete an image, and only the label function may read one."""
    for role, properties_ in properties(template, "AWS::IAM::Role").items():
        for policy in properties_["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                actions = set(listed(statement["Action"]))
                for resource in map(text_of, listed(statement["Resource"])):
                    if resource.endswith((":::photos/uploads/*", ":::photos/*")):
                        assert actions == {"s3:GetObject"}
                        assert role == "LabelRole"


def test_rekognition_and_traces_are_allowed_only_when_chosen():
    """The two rights that know no resource."""
    without = {action for one in statements(stack()) for action in listed(one["Action"])}
    assert not without & WITHOUT_RESOURCES
    chosen = stack(**CHOICES["rekognition"])
    given = {action for one in statements(chosen) for action in listed(one["Action"])}
    assert given - without == WITHOUT_RESOURCES
    policies = properties(chosen, "AWS::IAM::Policy")
    assert policies["RekognitionRight"]["Roles"] == [{"Ref": "LabelRole"}]
    assert label_function(chosen)["TracingConfig"] == {"Mode": "Active"}
    assert label_function(stack())["TracingConfig"] == {"Mode": "PassThrough"}


def test_buckets_are_private_encrypted_and_reached_by_tls_only(template: dict[str, Any]):
    """And kept when the stack is deleted. Only a website's is open to all, since it must be."""
    website = "WebsiteConfiguration" in properties(template, "AWS::S3::Bucket")["Site"]
    policies = properties(template, "AWS::S3::BucketPolicy").values()
    for name, bucket in properties(template, "AWS::S3::Bucket").items():
        resource = template["Resources"][name]
        assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain"
        assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        (policy,) = [policy for policy in policies if policy["Bucket"] == {"Ref": name}]
        first, *_ = policy["PolicyDocument"]["Statement"]
        if name == "Site" and website:
            assert (first["Sid"], first["Action"]) == ("EverybodyReads", "s3:GetObject")
            continue
        assert len(bucket["PublicAccessBlockConfiguration"]) == 4
        assert all(bucket["PublicAccessBlockConfiguration"].values())
        assert first["Effect"] == "Deny"
        assert first["Condition"] == {"Bool": {"aws:SecureTransport": False}}
        assert len(first["Resource"]) == 2


def test_buckets_of_others_are_left_as_they_are():
    """An existing bucket gets no policy, no notifications and no settings from the stack."""
    chosen = stack(**CHOICES["tutorial"])
    assert set(properties(chosen, "AWS::S3::Bucket")) == {"Site"}
    assert set(properties(chosen, "AWS::S3::BucketPolicy")) == {"SitePolicy"}


def test_all_kinds_of_creation_and_removal_are_told():
    """By EventBridge or by S3, copies, parts and expirations too, below the prefix."""
    default = stack()
    told = properties(default, "AWS::S3::Bucket")["Images"]["NotificationConfiguration"]
    assert told == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
    pattern = properties(default, "AWS::Events::Rule")["ImageEvents"]["EventPattern"]
    assert pattern["detail-type"] == ["Object Created", "Object Deleted"]
    assert pattern["detail"]["bucket"] == {"name": ["photos"]}
    assert pattern["detail"]["object"] == {"key": [{"prefix": "uploads/"}]}

    by_s3 = stack(Notifications="s3")
    assert "ImageEvents" not in by_s3["Resources"]
    told = properties(by_s3, "AWS::S3::Bucket")["Images"]["NotificationConfiguration"]
    kinds = {one["Event"] for one in told["QueueConfigurations"]}
    assert kinds == {"s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:LifecycleExpiration:*"}
    for one in told["QueueConfigurations"]:
        assert one["Filter"]["S3Key"]["Rules"] == [{"Name": "prefix", "Value": "uploads/"}]
    policy = properties(by_s3, "AWS::SQS::QueuePolicy")["QueuePolicy"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "s3.amazonaws.com"}
    assert text_of(statement["Condition"]["ArnEquals"]["aws:SourceArn"]).endswith(":::photos")
    assert statement["Condition"]["StringEquals"] == {
        "aws:SourceAccount": {"Ref": "AWS::AccountId"}
    }


def test_one_bucket_for_images_and_results_can_not_loop():
    """The rule of the images and all that is written lie apart."""
    chosen = stack(**CHOICES["tutorial"])
    rule = properties(chosen, "AWS::Events::Rule")["ImageEvents"]
    (condition,) = rule["EventPattern"]["detail"]["object"]["key"]
    written = [
        text_of(resource).split(":::photos/")[-1]
        for statement in statements(chosen, "AWS::IAM::Role")
        if "s3:PutObject" in statement["Action"]
        for resource in listed(statement["Resource"])
    ]
    assert "metadata/*" in written
    assert not any(name.startswith(condition["prefix"]) for name in written)
    assert not any(condition["prefix"].startswith(name.rstrip("*")) for name in written)
    variables = label_function(chosen)["Environment"]["Variables"]
    assert variables["BUCKETLENS_SOURCE"] == "s3://photos/uploads/"
    assert variables["BUCKETLENS_OUT"] == "s3://photos/"


def test_the_functions_run_as_they_are_told():
    """Processor, memory and times; nothing is reserved unless asked for."""
    for function in properties(stack(), "AWS::Lambda::Function").values():
        assert function["Architectures"] == ["x86_64"]
        assert function["Runtime"] == "python3.12"
        assert function["MemorySize"] >= 512
        assert "ReservedConcurrentExecutions" not in function
    chosen = stack(Architecture="arm64", ReservedConcurrency=20, LabelMemory=3008)
    functions = properties(chosen, "AWS::Lambda::Function")
    assert all(function["Architectures"] == ["arm64"] for function in functions.values())
    assert functions["LabelFunction"]["ReservedConcurrentExecutions"] == 20
    assert functions["LabelFunction"]["MemorySize"] == 3008
    assert functions["IndexFunction"]["ReservedConcurrentExecutions"] == 1


def test_the_index_has_one_writer(template: dict[str, Any]):
    """A call ends before the next, is not repeated, and what it holds does not come meanwhile."""
    timeout = properties(template, "AWS::Lambda::Function")["IndexFunction"]["Timeout"]
    schedule = properties(template, "AWS::Events::Rule")["IndexFunctionSchedule"]
    (minutes,) = re.fullmatch(r"rate\((\d+) minutes\)", schedule["ScheduleExpression"]).groups()  # type: ignore[union-attr]
    assert timeout < 60 * int(minutes)
    assert schedule["Targets"][0]["RetryPolicy"]["MaximumRetryAttempts"] == 0
    assert properties(template, "AWS::SQS::Queue")["Changes"]["VisibilityTimeout"] > timeout
    (changes,) = properties(template, "AWS::Events::Rule")["RecordEvents"]["EventPattern"][
        "detail"
    ]["object"]["key"]
    assert changes["prefix"].endswith("metadata/")
