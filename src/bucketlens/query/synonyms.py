"""Words that people search with and that no label has as a name or an alias.

Aliases are part of what a record says, as in a DetectLabels reply, and stand for the same thing.
These are only for finding: a narrower word leads to the label that its pictures have (*toddler* to
Person), an activity to its gear (*skiing* to Ski), an irregular plural to its singular. Words that
the models can't tell apart from their surroundings (*sunset*, *sky*, *tree*) lead nowhere, so that
nothing is promised. Where a collection has a label of that very name, as Amazon Rekognition's
have, the word means that label.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import msgspec

from bucketlens.query.words import search_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bucketlens.query.vocabulary import VocabularyLabel

WORDS = """
Person: adult, baby, boy, child, children, crowd, face, family, female, girl, guy, infant, kid
Person: lady, male, man, men, newborn, selfie, teen, teenager, toddler, woman, women
Bridegroom: bride, wedding
Baseball Player: batter
Scuba Diver: diving, scuba
Cat: moggy, tomcat
Horse: filly
Cow: bovine, calves
Pig: swine
Goose: geese
Chicken: chick
Ox: oxen
Computer Mouse: mouse, mice
Mobile Phone: handset, mobile
Laptop: macbook, notebook
Remote Control: clicker
Refrigerator: freezer
Stove: hob
Drinking Glass: glass, tumbler
Wine Glass: glass
Beer Glass: beer, glass, pint
Beer Bottle: beer
Teapot: kettle, tea
Cup: tea, teacup
Coffee: cappuccino, latte
Car: hatchback, sedan
Minivan: van
Moving Van: van
Police Van: van
Boat: motorboat, rowboat
Ship: vessel
Train: railroad, railway
Motorcycle: biker
Bicycle: cycling, cyclist
Airplane: aviation
Ski: skier, skiing
Snowboard: snowboarder, snowboarding
Skateboard: skateboarder, skateboarding, skater
Surfboard: surf, surfer, surfing
Swimwear: swimming
Tennis Racket: tennis
Tennis Ball: tennis
Soccer Ball: soccer
Golf Ball: golf
Golf Cart: golf
Ping-Pong Ball: table tennis
Tent: camping
Teddy Bear: plush, teddy
T-Shirt: shirt, tee
Coat: jacket, parka
Jeans: pants, trousers
Clothing: fashion, outfit
Jewelry: jewels
Hat: cap
Street Sign: signpost
Sea: wave
Lake: pond
Nature: countryside, wilderness
Plant: greenery
Flower: bouquet
Vegetable: veg
Dessert: pudding, sweets
Food: cuisine, dish, snack
Meal: breakfast, dinner, lunch, supper
Fast Food: junk food
Shop: mall, market
Building: skyscraper
Place of Worship: chapel, shrine, temple
Knife: knives
Book: novel
Text: document, words
Musical Instrument: music
"""


@cache
def words_by_name() -> dict[str, tuple[str, ...]]:
    """The words for each label's name (as :func:`search_key` gives it)."""
    found: dict[str, tuple[str, ...]] = {}
    for line in WORDS.strip().splitlines():
        name, _, words = line.partition(":")
        key = search_key(name)
        found[key] = (*found.get(key, ()), *(word.strip() for word in words.split(",")))
    return found


def with_synonyms(labels: Iterable[VocabularyLabel]) -> tuple[VocabularyLabel, ...]:
    """The same labels, found by more words.

    A word that is the name or an alias of any of these labels keeps its meaning.
    """
    known = tuple(labels)
    taken = {search_key(word) for label in known for word in (label.name, *label.aliases)}
    return tuple(_with_words(label, taken) for label in known)


def _with_words(label: VocabularyLabel, taken: set[str]) -> VocabularyLabel:
    words = words_by_name().get(search_key(label.name), ())
    more = tuple(word for word in words if search_key(word) not in taken)
    return msgspec.structs.replace(label, aliases=(*label.aliases, *more)) if more else label
