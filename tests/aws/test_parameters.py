"""What the stack is told reaches the functions."""

import json
from typing import Any

import pytest
from tests.aws.stack import CHOICES, properties, read_template, stack

from bucketlens import aws
from bucketlens.aws.configuration import read_configuration


def variables_of(template: dict[str, Any]) -> dict[str, Any]:
    """The label function's environment."""
    function = properties(template, "AWS::Lambda::Function")["LabelFunction"]
    found: dict[str, Any] = function["Environment"]["Variables"]
    return found


@pytest.mark.parametrize("choice", CHOICES)
def test_the_handlers_and_the_variables_are_those_of_the_package(choice: str):
    """What the template names exists, and the settings are settings."""
    template = stack(**CHOICES[choice])
    for function in properties(template, "AWS::Lambda::Function").values():
        module, _, name = function["Handler"].rpartition(".")
        assert module == "bucketlens.aws"
        assert callable(getattr(aws, name))
        environ = {
            variable: value if isinstance(value, str | int | float) else "s3://made"
            for variable, value in function["Environment"]["Variables"].items()
        }
        found = read_configuration({name: str(value) for name, value in environ.items()})
        assert found.settings.min_confidence == 55
        assert found.source.startswith("s3://photos/")
        assert found.settings.queue_url
        assert found.changes


def test_parameters_become_settings():
    """Filters, thresholds and the model are what they are set to."""
    chosen = stack(
        **CHOICES["rekognition"]
        | {"MinConfidence": 70, "MaxLabels": 10, "SpendLimit": 25, "RekognitionRate": 2.5}
        | {"Suffixes": ".jpg,.png", "Include": "trips/**", "Exclude": "*.tmp.jpg,drafts/"}
        | {"IncludeLabels": "Dog,Cat", "ExcludeLabels": "Person"}
        | {"IncludeCategories": "Animals and Pets", "ExcludeCategories": "Weapons"}
    )
    variables = variables_of(chosen)
    environ = {name: str(value) for name, value in variables.items()}
    settings = read_configuration(environ).settings
    assert (settings.min_confidence, settings.max_labels) == (70, 10)
    assert settings.classifier == "rekognition"
    assert (settings.rekognition_monthly_limit, settings.rekognition_rate) == (25, 2.5)
    assert (settings.suffixes, settings.include) == ((".jpg", ".png"), ("trips/**",))
    assert settings.exclude == ("*.tmp.jpg", "drafts/")
    assert (settings.include_labels, settings.exclude_labels) == (("Dog", "Cat"), ("Person",))
    assert settings.include_categories == ("Animals and Pets",)
    assert settings.exclude_categories == ("Weapons",)


def test_what_is_published_is_chosen_and_by_patterns():
    """Publish has no default; the patterns reach both functions, and are not there when empty."""
    assert "Default" not in read_template()["Parameters"]["Publish"]
    chosen = stack(PublishInclude="public/**", PublishExclude="*.private.jpg")
    for function in properties(chosen, "AWS::Lambda::Function").values():
        variables = function["Environment"]["Variables"]
        assert variables["BUCKETLENS_PUBLISH_INCLUDE"] == "public/**"
        assert variables["BUCKETLENS_PUBLISH_EXCLUDE"] == "*.private.jpg"
    assert not any("PUBLISH" in name for name in variables_of(stack()))


def test_no_parameter_is_without_effect():
    """Each is referred to from somewhere else."""
    template = read_template()
    names = set(template.pop("Parameters"))
    text = json.dumps(template)
    unused = {name for name in names if f'"{name}"' not in text and f"${{{name}}}" not in text}
    assert unused == set()
