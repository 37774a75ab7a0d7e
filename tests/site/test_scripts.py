"""Modules become one script, and nothing that matters is lost on the way."""

import pytest

from bucketlens.site.scripts import join_modules
from bucketlens.site.squeezing import shorten_names, squeeze_script, squeeze_style


def joined(**modules: str) -> str:
    """The script that begins with ``main``."""
    return join_modules("main", modules.__getitem__)


def test_modules_stand_after_what_they_need():
    """Each once, however often it is needed."""
    text = joined(
        main='import {b} from "./b.js";\nimport {a} from "./a.js";\nb(a);\n',
        b='import {a} from "./a.js";\nexport function b() {\n  return a;\n}\n',
        a="export const a = 1;\n",
    )
    assert text == '(()=>{"use strict";const a=1;function b(){return a}\nb(a)})();\n'


@pytest.mark.parametrize(
    ("text", "shortened"),
    [
        ("const long=1;f(long+long)", "const $a=1;f($a+$a)"),
        ("const long=1;f(a.long)", "const long=1;f(a.long)"),
        ("const long=1;f({long:long})", "const long=1;f({long:long})"),
        ("const long=1;f({long,b})", "const long=1;f({long,b})"),
        ("const long=1;const{long=2}=b", "const long=1;const{long=2}=b"),
        ("const long=1;f(`${a+long}`)", "const long=1;f(`${a+long}`)"),
        ("const long=1;f(`long ${long}`)", "const long=1;f(`long ${long}`)"),
        ("const long=1;f(`${long} ${long+a}`)", "const $a=1;f(`${$a} ${$a+a}`)"),
        ('const long=1;f("long",long)', 'const $a=1;f("long",$a)'),
        ("const long=1;f((long)=>long,$a)", "const $b=1;f(($b)=>$b,$a)"),
    ],
)
def test_names_are_shortened_only_where_they_can_mean_nothing_else(text: str, shortened: str):
    """Not as a property, a key, a shorthand or in a template."""
    assert shorten_names(text, ["long"]) == shortened


@pytest.mark.parametrize(
    ("modules", "message"),
    [
        ({"main": 'import {x} from "./a.js";\n', "a": "const x = 1;\n"}, "exports no x"),
        ({"main": 'import {a} from "./main.js";\n'}, "needs itself"),
        ({"main": 'import a from "./a.js";\n'}, "can't be joined"),
        ({"main": "export {a};\n"}, "can't be joined"),
        (
            {
                "main": 'import {a} from "./a.js";\nconst b = 1;\n',
                "a": "export const a = 2, b = 3;\nconst b = 1;\n",
            },
            "both define b",
        ),
    ],
)
def test_what_can_not_be_joined_is_refused(modules: dict[str, str], message: str):
    """By name, before it comes to a browser."""
    with pytest.raises(ValueError, match=message):
        joined(**modules)


@pytest.mark.parametrize(
    ("text", "squeezed"),
    [
        ("const a = 1;  // one\n", "const a=1;"),
        ("/** Says\n * so. */\nlet b;\n", "let b;"),
        ("say(\"a  //  b\", '/* c */');", "say(\"a  //  b\",'/* c */');"),
        ("say(`a  ${b ? `c  ${d}` : e}  // f`);", "say(`a  ${b ? `c  ${d}` : e}  // f`);"),
        ('x.replace(/a  [/"] \\/ b/g, y);', 'x.replace(/a  [/"] \\/ b/g,y);'),
        ("const half = (a + b) / 2; // c / d", "const half=(a+b)/2;"),
        ("a + +b - -c", "a+ +b- -c"),
        ("return  typeof x", "return typeof x"),
        ("a\nb", "a\nb"),
        ("a = {\n  b,\n};\n", "a={b,};"),
        ("{\n  while (read());\n}", "{while(read());}"),
        ("{\n  for (const a of b(c)) d(e);\n}", "{for(const a of b(c))d(e)}"),
        ("return `x`", "return`x`"),
        ("if (a) {\n  b();\n}\nc();", "if(a){b()}\nc();"),
    ],
)
def test_only_what_separates_nothing_goes(text: str, squeezed: str):
    """Strings, templates and patterns stay as they are."""
    assert squeeze_script(text).strip() == squeezed


def test_a_stylesheet_keeps_what_it_says():
    """Blanks that join selectors and sums stay."""
    style = '/* a */\n.a > b, c :is(d) {\n  width: calc(1px + 0.5em);\n  content: " ; ";\n}\n'
    assert squeeze_style(style) == '.a > b,c :is(d){width:calc(1px + .5em);content:" ; "}\n'
