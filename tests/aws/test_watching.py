"""What an operator sees of the stack: logs, alarms and a dashboard."""

import json
from typing import Any

import pytest
from tests.aws.stack import properties, stack

from bucketlens.aws.settling import METRICS, STAGES


@pytest.fixture(params=["packaged", "rekognition"], scope="module")
def template(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The template as a stack gets it, with either model."""
    return stack(Model=request.param)


def test_each_function_logs_to_a_group_that_forgets(template: dict[str, Any]):
    """Logs have a retention, and their function may write to them only."""
    groups = properties(template, "AWS::Logs::LogGroup")
    functions = properties(template, "AWS::Lambda::Function").values()
    assert {function["LoggingConfig"]["LogGroup"]["Ref"] for function in functions} == set(groups)
    assert all(group == {"RetentionInDays": 30} for group in groups.values())


def test_alarms_have_somebody_to_tell(template: dict[str, Any]):
    """Dead letters, waiting, failures and throttles; spending where there is any."""
    alarms = properties(template, "AWS::CloudWatch::Alarm")
    expected = {
        *("DeadLettersAlarm", "OldestMessageAlarm", "IndexAgeAlarm", "LabelErrorsAlarm"),
        *("IndexErrorsAlarm", "ThrottlesAlarm"),
    }
    assert set(alarms) - {"SpendAlarm"} == expected
    assert ("SpendAlarm" in alarms) == ("RekognitionRight" in template["Resources"])
    assert all(alarm["AlarmActions"] == [{"Ref": "Trouble"}] for alarm in alarms.values())


def test_the_dashboard_shows_what_the_functions_measure(template: dict[str, Any]):
    """It is JSON, and each of our metrics on it is one that is written."""
    (dashboard,) = properties(template, "AWS::CloudWatch::Dashboard").values()
    body = json.loads(dashboard["DashboardBody"]["Fn::Sub"])
    shown = [metric for widget in body["widgets"] for metric in widget["properties"]["metrics"]]
    ours = {metric[1] for metric in shown if metric[0] == "bucketlens"}
    written = {*METRICS.values(), *STAGES.values(), "ColdStart", "IndexTime", "RecordsChanged"}
    assert ours <= written | {"SpendPercent"}
    assert {"ImagesLabelled", "ImagesFailed", "SettleTime", "SpendPercent"} <= ours
    theirs = {metric[1] for metric in shown if metric[0] == "AWS/SQS"}
    assert {"ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"} <= theirs
