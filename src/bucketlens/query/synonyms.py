"""Words that people search with and that no label has as a name or an alias.

Aliases are part of what a record says, as in a DetectLabels reply, and stand for the same thing.
These are only for finding: a narrower word leads to the label that its pictures have (*toddler* to
Person), an activity to its gear (*skiing* to Ski), an irregular plural to its singular. Where a
collection has a label of that very name, as Amazon Rekognition's have, the word means that label.

Words for what the models can't tell apart from its surroundings (*sunset*, *sky*, *tree*) find
nothing, so that nothing is promised; labels that come near to them are proposed instead.
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

RELATED = """
Outdoors: autumn, bush, cloud, dawn, desert, dusk, field, fog, forest, garden, grass, hill, island
Outdoors: jungle, meadow, moon, night, park, rain, rainbow, sand, sky, snow
Outdoors: spring, star, storm, summer, sun, sunrise, sunset, tree, weather, winter, wood
Nature: autumn, bush, cloud, dawn, desert, dusk, field, fog, forest, garden, grass, hill, island
Nature: jungle, leaf, leave, meadow, moon, park, rain, rainbow, river, sky, snow, stream
Nature: sun, sunrise, sunset, tree, waterfall, weather, winter, wood
Plant: autumn, bush, forest, garden, grass, hedge, jungle, lawn, leaf, leave, meadow, tree, wood
Flower: garden, rose, spring, tulip
Sea: island, sand, sunrise, sunset
Coast: island, sand, summer, vacation
Water: pool, rain, river, stream, waterfall
Mountain: hill, island, snow, winter
Ski: ice, snow, winter
Building: city, highway, hospital, road, ruin, school, street, town, village
Vehicle: highway, road, street, traffic
Street Sign: highway, road, street
Person: birthday, concert, dance, dancing, eye, feet, festival, foot, group, hair, hand, happy
Person: holiday, leg, love, party, portrait, smile, vacation, walking
Bed: bedroom
Furniture: interior, room
Sports Equipment: running
"""
"""What is proposed for a word that no label has; it finds nothing by itself."""


@cache
def words_by_name() -> dict[str, tuple[str, ...]]:
    """The words for each label's name (as :func:`search_key` gives it)."""
    return _by_name(WORDS)


@cache
def related_by_name() -> dict[str, tuple[str, ...]]:
    """The words that each label is proposed for, by its name."""
    return _by_name(RELATED)


def _by_name(table: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for line in table.strip().splitlines():
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
    key = search_key(label.name)
    more, related = (
        tuple(word for word in table.get(key, ()) if search_key(word) not in taken)
        for table in (words_by_name(), related_by_name())
    )
    if not more and not related:
        return label
    return msgspec.structs.replace(label, aliases=(*label.aliases, *more), related=related)
