"""The template as CloudFormation carries it out: transformed by SAM, for given parameters.

AWS's own translator of SAM does the transformation, in the environment of the servers. Conditions
and parameters are put in here, so that what is asserted is what a stack with these parameters has.
"""

from __future__ import annotations

import json
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from tests.servers import interpreter

TEMPLATE = Path(__file__).resolve().parents[2] / "deploy" / "aws" / "template.yaml"
CODE = {"Bucket": "code", "Key": "bucketlens.zip"}
NEEDED = {"ImagesBucket": "photos", "Publish": "nothing"}
"""What has no default, on purpose."""

CREDENTIAL = "ab" * 32
CHOICES: dict[str, dict[str, object]] = {
    "plain": {},
    "private": {"Publish": "cloudfront-private", "SignIn": CREDENTIAL},
    "open": {"Publish": "cloudfront-open", "Notifications": "s3"},
    "website": {"Publish": "s3-website", "Prefix": "", "ReservedConcurrency": 20},
    "tutorial": {"ImagesBucketIs": "existing", "ResultsBucket": "photos", "Publish": "s3-website"},
    "rekognition": {"Model": "rekognition", "Tracing": "on", "AlarmEmail": "ops@example.test"},
    "existing": {"ImagesBucketIs": "existing", "Notifications": "s3", "ResultsPrefix": "labels/"},
}
"""What operators may choose, a bit of everything."""

TRANSLATE = """
import json, sys
from samtranslator.translator.transform import transform
class Policies:
    def load(self): return {}
print(json.dumps(transform(json.load(sys.stdin), {}, Policies())))
"""

_NOTHING = object()
"""Stands where CloudFormation leaves something out."""


def read_template() -> dict[str, Any]:
    """The template, with the short forms of functions written in full."""
    found: dict[str, Any] = yaml.load(TEMPLATE.read_text("utf-8"), _Loader)  # noqa: S506 - a safe one
    return found


@cache
def _transformed() -> str:
    template = read_template()
    template["Globals"]["Function"]["CodeUri"] = CODE
    done = subprocess.run(
        [interpreter(), "-c", TRANSLATE],
        input=json.dumps(template),
        capture_output=True,
        text=True,
        check=False,
        env={"AWS_DEFAULT_REGION": "us-east-1"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def stack(**parameters: object) -> dict[str, Any]:
    """The template that a stack with these parameters is made from, beside their defaults."""
    template: dict[str, Any] = json.loads(_transformed())
    values = {
        name: parameter["Default"]
        for name, parameter in template.pop("Parameters").items()
        if "Default" in parameter
    }
    values |= NEEDED | parameters
    resolved = _Resolver(values, template.pop("Conditions")).resolve(template)
    assert isinstance(resolved, dict)
    return resolved


def properties(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """The properties of all resources of a kind, by name."""
    return {
        name: resource.get("Properties", {})
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind
    }


class _Resolver:
    """Puts in what is known before a stack is made: parameters and conditions."""

    def __init__(self, values: dict[str, Any], conditions: dict[str, Any]) -> None:
        self._values = values
        self._conditions = conditions

    def holds(self, condition: Any) -> bool:  # noqa: ANN401 - JSON
        """Whether a condition holds."""
        if isinstance(condition, str):
            return self.holds(self._conditions[condition])
        (name, value) = next(iter(condition.items()))
        if name == "Condition":
            return self.holds(value)
        if name == "Fn::Equals":
            left, right = (str(self.resolve(side)) for side in value)
            return left == right
        held = [self.holds(part) for part in value]
        return {"Fn::Not": not held[0], "Fn::And": all(held), "Fn::Or": any(held)}[name]

    def resolve(self, value: Any) -> Any:  # noqa: ANN401
        """A value with all that is known put in."""
        if isinstance(value, list):
            return [found for part in value if (found := self.resolve(part)) is not _NOTHING]
        if not isinstance(value, dict):
            return value
        known = {"Ref": self._ref, "Fn::If": self._if, "Fn::Sub": self._sub}
        (name,) = value if len(value) == 1 else ("",)
        if name in known:
            return known[name](value[name])
        kept = {}
        for name, part in value.items():
            if isinstance(part, dict) and isinstance(part.get("Condition"), str):
                if not self.holds(part["Condition"]):
                    continue
                part = {key: one for key, one in part.items() if key != "Condition"}  # noqa: PLW2901
            if (found := self.resolve(part)) is not _NOTHING:
                kept[name] = found
        return kept

    def _if(self, argument: Any) -> Any:  # noqa: ANN401
        return self.resolve(argument[1 if self.holds(argument[0]) else 2])

    def _ref(self, name: str) -> Any:  # noqa: ANN401
        if name == "AWS::NoValue":
            return _NOTHING
        return self._values.get(name, {"Ref": name})

    def _sub(self, argument: Any) -> Any:  # noqa: ANN401
        text, own = (argument, {}) if isinstance(argument, str) else argument
        own = {name: self.resolve(value) for name, value in own.items()}

        def put(match: re.Match[str]) -> str:
            value = own.get(match[1], self._values.get(match[1]))
            if isinstance(value, dict):
                (inner,) = value.values()
                return f"${{{inner if isinstance(inner, str) else '.'.join(inner)}}}"
            return match[0] if value is None else str(value)

        text = re.sub(r"\$\{([A-Za-z0-9:.]+)\}", put, text)
        return {"Fn::Sub": text} if "${" in text else text


_Loader = type("_Loader", (yaml.SafeLoader,), {})


def _function(loader: Any, name: str, node: Any) -> dict[str, Any]:  # noqa: ANN401 - of YAML
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        if name == "GetAtt":
            value = value.split(".", 1)
    else:
        value = loader.construct_sequence(node, deep=True)
    return {name if name in {"Ref", "Condition"} else f"Fn::{name}": value}


yaml.add_multi_constructor("!", _function, _Loader)
