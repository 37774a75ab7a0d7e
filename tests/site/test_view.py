"""Which labels come first, and where their boxes are."""

from tests.site.samples import box, color, dog_labels, label

from bucketlens.site.view import MARKS, ratio_class, view_colours, view_labels


def test_what_tells_most_comes_first():
    """Labels that others refine, and that have no place in the picture, come second."""
    view = view_labels(dog_labels())
    assert [row.name for row in view.specific] == ["Dog", "Golden Retriever", "Ball"]
    assert [row.name for row in view.general] == ["Animal", "Mammal", "Canine"]


def test_the_summary_names_the_most_specific_labels():
    """A photo of a retriever is called that, not an animal."""
    assert view_labels(dog_labels()).summary == "Golden Retriever, Ball"


def test_a_row_says_all_that_is_known_of_a_label():
    """A bar's length and the words beside it come from the label."""
    dog = view_labels(dog_labels()).specific[0]
    assert (dog.percent, dog.width, dog.places, dog.mark) == ("97", "97.31%", 1, 0)
    assert [link.name for link in dog.parents] == ["Canine", "Mammal", "Animal"]
    (category,) = dog.categories
    assert category.name == "Animals and Pets"
    assert category.search == "index.html?q=category%3A%22Animals%20and%20Pets%22"


def test_boxes_carry_the_mark_of_their_label_and_small_ones_lie_on_top():
    """A box lights up with its label, and one inside another can be pointed at."""
    view = view_labels(dog_labels())
    marks = {row.name: row.mark for row in view.specific}
    assert [one.mark for one in view.boxes] == [marks["Dog"], marks["Ball"], marks["Ball"]]
    assert (view.boxes[0].caption, view.boxes[0].percent) == ("Dog", "97")
    assert (view.boxes[0].left, view.boxes[0].height) == ("10.00%", "60.00%")
    assert view.loud


def test_tags_stay_inside_the_picture():
    """A box at the right has its tag end at its right edge."""
    left, right = sorted(view_labels(dog_labels()).boxes[1:], key=lambda one: one.turned)
    assert (left.tag_left, left.tag_width) == ("5.00%", "95.00%")
    assert (right.tag_left, right.tag_width) == ("0.00%", "90.00%")


def test_many_boxes_are_captioned_only_when_lit():
    """Twenty captions would hide the picture."""
    crowd = [box(n / 20, 0.5, 0.04, 0.1) for n in range(20)]
    assert not view_labels([label("Person", boxes=crowd)]).loud


def test_labels_beyond_the_marks_still_show_their_boxes():
    """The stylesheet has rules for a number of labels; others are drawn, but not lit."""
    many = [label(f"Thing {n:02}", boxes=[box(0, 0, 0.5, 0.5)]) for n in range(MARKS + 3)]
    view = view_labels(many)
    assert len(view.boxes) == MARKS + 3
    assert sum(one.mark is None for one in view.boxes) == 3
    assert sum(row.mark is None for row in view.specific) == 3


def test_no_labels_make_an_empty_view():
    """A photo in which nothing was recognised has a page too."""
    view = view_labels([])
    assert (view.specific, view.general, view.boxes, view.summary) == ((), (), (), "")


def test_colours_lie_end_to_end():
    """The bar of colours is full, by their shares."""
    views = view_colours([color(255, 0, 0, 30.0, "red"), color(0, 0, 1, 10.0, "black")])
    assert [(one.hex, one.start, one.width) for one in views] == [
        ("#ff0000", "0.00%", "75.00%"),
        ("#000001", "75.00%", "25.00%"),
    ]
    assert [one.percent for one in views] == ["30", "10"]


def test_shapes_have_bounds():
    """Panoramas, towers and empty images have a class in the stylesheet too."""
    assert ratio_class(3000, 2000, least=1, most=60) == 15
    assert ratio_class(90_000, 100, least=1, most=60) == 60
    assert ratio_class(1, 90_000, least=1, most=60) == 1
    assert ratio_class(0, 0, least=1, most=60) == 10
