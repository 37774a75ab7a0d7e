"""Whatever the service's model allows as a reply is kept, and read again as it was kept."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rekognition.double import OPERATION, checked

from bucketlens.models.rekognition import parse_reply
from bucketlens.pipeline.replying import Replies
from bucketlens.stores import open_store
from bucketlens.types import Reply

if TYPE_CHECKING:
    from collections.abc import Callable

_names = count()


def replies_of(shape: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401
    """Values of a shape of the service's model, every member of a structure optional."""
    if shape.type_name == "structure":
        members = {name: replies_of(member) for name, member in shape.members.items()}
        return st.fixed_dictionaries({}, optional=members)
    if shape.type_name == "list":
        return st.lists(replies_of(shape.member), max_size=3)
    plain: dict[str, Callable[[], st.SearchStrategy[Any]]] = {
        "string": lambda: st.sampled_from(shape.enum) if shape.enum else st.text(max_size=8),
        "integer": lambda: st.integers(min_value=shape.metadata.get("min"), max_value=10**6),
        "float": lambda: st.floats(
            shape.metadata.get("min", -1e6), shape.metadata.get("max", 1e6), allow_nan=False
        ),
    }
    return plain[shape.type_name]()


@given(answer=replies_of(OPERATION.output_shape))
@settings(max_examples=60, deadline=None)
def test_any_reply_that_the_model_allows_can_be_kept(answer: dict[str, Any]):
    """Within our ranges when it is parsed, so that its record can be read back."""
    reply = parse_reply(checked(answer, OPERATION.output_shape))
    assert msgspec.json.decode(msgspec.json.encode(reply), type=Reply) == reply


def test_replies_are_kept_by_content_and_question():
    """The same image under another question has no reply; a damaged one is none."""
    store = open_store(f"memory://replies{next(_names)}")
    kept = Replies(store, "labels-1")
    assert kept.find("a" * 64) is None
    kept.keep("a" * 64, Reply(label_model_version="3.0"))
    assert kept.find("a" * 64) == Reply(label_model_version="3.0")
    assert kept.find("b" * 64) is None
    assert Replies(store, "labels-2").find("a" * 64) is None
    (info,) = store.list("replies/")
    assert info.key == f"replies/{'a' * 64}-labels-1.json"
    store.put(info.key, b"{")
    assert kept.find("a" * 64) is None
