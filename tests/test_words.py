"""The words of the project: names of modules, first sentences, and one word for each concept (CONTRIBUTING.md)."""

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import chain, pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("sms_sandbox", "contract_tests", "tests", "benchmarks", "examples")
FILES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
PROSE = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *ROOT.glob("*/README.md")])
SCRIPTS = sorted((ROOT / "sms_sandbox" / "web" / "page").rglob("*.js"))
MAX_WORDS = 15

# Nouns of the field or of the trade, though they look like participles.
NOUNS_IN_ING = {
    "billing", "logging", "paging", "pricing", "rendering", "routing", "settings", "signing", "streaming", "string",
    "testing", "throttling", "timing", "tracking",
}  # fmt: skip

# First words of a docstring that a function may not have, because a verb belongs there.
NO_VERBS = {
    "a", "an", "all", "another", "any", "as", "at", "both", "by", "each", "every", "for", "from", "how", "if", "in",
    "it", "its", "no", "nobody", "none", "of", "on", "one", "only", "other", "our", "so", "some", "such", "that", "the",
    "let", "their", "there", "these", "they", "this", "those", "to", "what", "whatever", "when", "where", "whether",
    "which", "who", "whoever", "whose", "why", "with", "without",
}  # fmt: skip
# First words that no docstring may have.
NO_NOUNS = {
    "how", "let", "of", "so", "those", "that", "what", "when", "where", "whether", "who", "whoever", "whose", "why",
}  # fmt: skip

# Names of variables and functions that say nothing about their values.
VAGUE_NAMES = {"found", "here", "of", "said", "there", "told", "who", "whose"}

# Words that a test's name may not have. It is a plain sentence that says what must hold.
ODD_TEST_NAMES = re.compile(
    r"^test_(?:it|its|so|of|what|which|who|whatever|whoever|however)_"
    r"|can_not|there_is_not(?:_|$)|ones_own|called_off|badly_written|nobodys|_anew$|_meanwhile$|_left_alone"
    r"|_(?:is|are)_none$"
)
MIN_WORDS_OF_TEST_NAMES = 3

# The beginning of a docstring that nobody understands without the lines above it.
REFERRING = re.compile(
    r"(?:do )?the same\b|further ones|as (?:above|of|where)\b|not even|however|whatever|each by", re.IGNORECASE
)

# A comment that names a section by a question, and not by a noun.
SECTION = re.compile(r"^ *# (?:what|when|whose|who|where|how|those|the rest)\b[^.]*$", re.IGNORECASE | re.MULTILINE)

BANNED = re.compile(
    r"\b(?:what became of|what becomes? of|what c[ao]mes? of|fared|hears? (?:of|how)"
    r"|what makes of|whoever|whatever is|so many|none that"
    r"|nobody (?:waits|knows|sees)|of its own accord|are to be had|what there is|those that none|is what|lets nothing"
    r"|no other than|by itself alone|and the like|of which none|lets? .{0,30}happen by itself|anew|afresh|as such"
    r"|(?:error|failure|fault|mistake)s? of ours|writ(?:es?|ten) down|fail(?:s|ed)? by (?:itself|themselves)"
    r"|go(?:es)? on counting|called off|makes? no sense|of one's own)\b",
    re.IGNORECASE,
)

# A sentence whose subject is a clause: "Who misses a report opens the message."
CLAUSE = re.compile(r"(?:[.:)] |\*\*)Who [a-z]+s\b")

# One word for each concept: the words on the left are not ours.
SYNONYMS = {
    r"\bworlds?\b": "tenant",
    r"\bjournal entr(?:y|ies)\b": "traffic entry",
    r"\btries of (?:a |the )?callbacks?\b": "callback attempts",
    r"\btry of a callback\b": "callback attempt",
    r"\bmishaps?\b": "fault",
}
SYNONYM = re.compile("|".join(f"(?:{word})" for word in SYNONYMS), re.IGNORECASE)


def first_sentence(text: str) -> str:
    """Return the first sentence of a docstring, or its first paragraph."""
    return " ".join(re.split(r"(?<=[.:;])\s|\n\s*\n", text.strip(), maxsplit=1)[0].split())


def documented(tree: ast.Module) -> Iterator[tuple[ast.AST, str, bool]]:
    """Yield each module, class and function, its docstring, and True if it is public."""
    stack: list[tuple[ast.AST, bool]] = [(tree, True)]
    while stack:
        node, is_public = stack.pop()
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text:
                yield node, text, is_public
            inside = is_public and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            stack += [(each, inside and not getattr(each, "name", "_").startswith("_")) for each in node.body]


def attribute_docstrings(tree: ast.Module) -> Iterator[ast.Constant]:
    """Yield each text below an assignment in a module or class, which documents the name."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            continue
        for before, after in pairwise(node.body):
            match before, after:
                case (ast.Assign() | ast.AnnAssign(), ast.Expr(value=ast.Constant(value=str()) as text)):
                    yield text


def is_action(node: ast.AST) -> bool:
    """Return True if a node is a function that does something.

    Properties and fixtures are used as values.
    """
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    decorators = {ast.unparse(each).partition("(")[0] for each in node.decorator_list}
    return not decorators & {"property", "cached_property", "functools.cached_property", "pytest.fixture"}


@cache
def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@pytest.fixture(scope="module", autouse=True)
def _parsed_files() -> Iterator[None]:
    """Drop the trees in the end. Each collection of garbage would look at all of them."""
    yield
    parse.cache_clear()


def is_banned(text: str) -> bool:
    return bool(BANNED.search(text) or SYNONYM.search(text))


def strings(path: Path) -> Iterator[tuple[int, str]]:
    """Yield each docstring, each string that clients or users may see, and its line.

    Comments follow where a banned phrase may be among them.
    """
    source = path.read_text()
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.lineno, " ".join(node.value.split())
    # To find the comments takes longer than all else here, and few files have such words anywhere.
    if is_banned(" ".join(source.split())):
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string


def check_each(paths: Iterable[Path], check: Callable[[Path], Iterable[str]]) -> None:
    """Fail if a check finds problems in files, and name them all.

    One test for each file would take longer than the checks do.
    """
    problems = [f"{path.relative_to(ROOT)}: {problem}" for path in paths for problem in check(path)]
    assert not problems, "\n".join(problems)


def test_modules_are_named_by_nouns() -> None:
    def participles(path: Path) -> Iterator[str]:
        for part in path.relative_to(ROOT).with_suffix("").parts:
            last = part.rpartition("_")[2]
            if last.endswith("ing") and last not in NOUNS_IN_ING:
                yield f"{part} is a participle; name what it holds"

    check_each(FILES, participles)


def test_docstrings_begin_with_a_short_sentence() -> None:
    def unclear(path: Path) -> Iterator[str]:
        for node, text, is_public in documented(parse(path)):
            line, sentence = getattr(node, "lineno", 1), first_sentence(text)
            if len(sentence.split()) > MAX_WORDS:
                yield f"line {line}: more than {MAX_WORDS} words: {sentence}"
            if not is_public or getattr(node, "name", "").startswith("test_"):
                continue
            opener = re.sub(r"\W", "", sentence.split()[0]).lower()
            if opener in (NO_VERBS if is_action(node) else NO_NOUNS):
                yield f"line {line}: {sentence}"
        for text_node in attribute_docstrings(parse(path)):
            sentence = first_sentence(str(text_node.value))
            if len(sentence.split()) > MAX_WORDS or re.sub(r"\W", "", sentence.split()[0]).lower() in NO_NOUNS:
                yield f"line {text_node.lineno}: {sentence}"

    check_each(FILES, unclear)


def test_docstrings_are_understood_alone() -> None:
    def referring(path: Path) -> Iterator[str]:
        texts = [(getattr(node, "lineno", 1), text) for node, text, _ in documented(parse(path))]
        texts += [(node.lineno, str(node.value)) for node in attribute_docstrings(parse(path))]
        yield from (f"line {line}: {first_sentence(text)}" for line, text in texts if REFERRING.match(text.strip()))

    check_each(FILES, referring)


def test_sections_are_named_by_nouns() -> None:
    check_each(FILES, lambda path: (match[0].strip() for match in SECTION.finditer(path.read_text())))


def test_comments_of_scripts_begin_with_a_short_sentence() -> None:
    def unclear(path: Path) -> Iterator[str]:
        source = path.read_text()
        head = re.match(r"// .*(?:\n// .*)*", source)
        comments = [head[0].replace("// ", "")] if head else []
        comments += [re.sub(r"\n *\*", " ", match[1]) for match in re.finditer(r"/\*\*(.*?)\*/", source, re.DOTALL)]
        for sentence in map(first_sentence, comments):
            if len(sentence.split()) > MAX_WORDS or re.sub(r"\W", "", sentence.split()[0]).lower() in NO_NOUNS:
                yield sentence

    check_each(SCRIPTS, unclear)


def test_variables_and_functions_are_named_by_their_values() -> None:
    def vague(path: Path) -> Iterator[str]:
        functions = [each for each in ast.walk(parse(path)) if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
        for node in chain.from_iterable(map(ast.walk, functions)):
            match node:
                case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name) if name in VAGUE_NAMES:
                    yield f"line {node.lineno}: {name}"
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if name in VAGUE_NAMES:
                    yield f"line {node.lineno}: {name}()"

    check_each(FILES, vague)


def test_names_of_tests_say_what_must_hold() -> None:
    def odd(path: Path) -> Iterator[str]:
        if not path.name.startswith("test_"):
            return
        for node in parse(path).body:
            match node:
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if name.startswith("test_"):
                    words = name.removeprefix("test_").split("_")
                    if ODD_TEST_NAMES.search(name) or len(words) < MIN_WORDS_OF_TEST_NAMES:
                        yield f"line {node.lineno}: {name}"

    check_each(FILES, odd)


def test_strings_and_comments_have_none_of_the_banned_phrases() -> None:
    def banned(path: Path) -> Iterator[str]:
        for line, text in strings(path):
            for match in filter(None, (BANNED.search(text), SYNONYM.search(text))):
                yield f"line {line}: {match[0]!r} in {text[:120]!r}"

    check_each((path for path in FILES if path != Path(__file__)), banned)


def test_pages_have_none_of_the_banned_phrases() -> None:
    def banned(path: Path) -> Iterator[str]:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if match := BANNED.search(line) or CLAUSE.search(line):
                yield f"line {number}: {match[0]!r}"
            if path.name != "CHANGELOG.md" and (match := SYNONYM.search(line)):
                yield f"line {number}: {match[0]!r}"

    check_each([*PROSE, *SCRIPTS], banned)
