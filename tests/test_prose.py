"""The English of documentation, messages and docstrings: phrases of CONTRIBUTING.md that are not used."""

import ast
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from .documentation import ROOT

PHRASES = {
    r"\bgo(es)? on with\b": "resume, continue",
    r"\bgo(es)? on from\b": "resume, continue",
    r"\bto the bit\b": "bit-exactly",
    r"\bbelongs? into\b": "belongs in",
    r"\beverything lies\b": "Results:",
    r"\bno whole number\b": "must be an integer",
    r"\bwhole number from\b": "non-negative integer",
    r"\bis none of the\b": "is not a valid ...",
}
CODE_PHRASES = {
    r"\bthere is no such\b": "does not exist, unknown",
    r"\bare no [a-z]+ (of|that)\b|\bis no (longer )?(a|the|valid|YAML|text|file|run's|id|name|number|link)\b"
    r"(?! longer)": "is not a ...",
    r"\banew\b": "again",
    r"\b(is|are|be) passed over\b": "skip",
    r"\bpasses over (a|the|all)\b": "skip",
    r"\b(it|which|that|file|files|folder) (lie|lies|stand|stands) (in|below|beside|outside)\b": "is in ...",
    r"\bstands? in for\b": "replaces",
    r"\b(is|was|were|are) found out\b": "is detected",
    r"\bthe text (says|names|lists)\b": "The message lists ...",
    r"\bcannot be had\b": "is not available",
    r"\btaken for dead\b": "counts as dead",
    r"\bcounted up\b": "incremented",
    r"\bin sum\b": "in total",
    r"\blet who\b|\bwho listens\b": "subscribers",
    r"\b(is|are) under way\b": "is running, is pending",
    r"\bsomebody (asks|asked|else|publishes)\b": "a stop is requested",
    r"\bnobody (publishes|listens|says|tells|asks)\b": "there is no publisher, no subscriber",
    r"\bto be told (which|what|how|the)\b": "needs",
    r"\bonly (they|it) know(s)? what\b": "unknown",
}
"""Not used in code either: in messages, docstrings and comments."""
DOCSTRINGS = {
    r"^Give (the|a|an|each|all)\b": "Return ...",
    r"^(Tell|Say) (whether|how|why|what|which|where|when)\b": "Return ...",
    r"^(What|Where|Who|When|Whose|Whom)\b": "a noun: 'The origin of ...', or an imperative: 'Return ...'",
    r"^(Do|Does) what\b": "the action",
}
"""How no docstring of a class, function or attribute begins; 'Whether' and 'How' may begin a key's."""
FIRST_WORDS = ("What", "Where", "How", "Whether", "Which", "Who", "When")
"""With which no module docstring begins: it says what the module is."""
CODE = ("rl_pipeline/*.py", "ros_ws/src/*.py", "scripts/*.py", "scripts/*.bash")


def files(*patterns: str) -> list[Path]:
    """List the files of the repository that match."""
    listed = subprocess.run(
        ["git", "ls-files", *patterns], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    return [ROOT / name for name in listed.splitlines() if (ROOT / name).exists()]


def docstrings(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of every docstring of a file, including those of attributes."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))):
                yield node.lineno, text


@pytest.mark.parametrize("phrase", PHRASES)
def test_phrases_that_have_a_plainer_form_are_not_used(phrase: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: write {PHRASES[phrase]}: {line.strip()}"
        for path in files("*.md", "*.py", "*.bash", "*.yaml", "*.cs", "*.svg")
        if path != Path(__file__).resolve() and path.name != "CHANGELOG.md"
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if re.search(phrase, line, re.I)
    ]
    assert not found, "\n".join(found)


def test_a_sentence_does_not_continue_after_a_code_block() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {sentence}"
        for path in files("*.md")
        for sentence in re.findall(r"^```\n\n([a-z].*)", path.read_text(), re.M)
    ]
    assert not found, "\n".join(found)


def test_module_docstrings_begin_with_what_the_module_is() -> None:
    bad = []
    for path in files("rl_pipeline/*.py", "ros_ws/src/*.py", "scripts/*.py", "benchmarks/*.py"):
        docstring = ast.get_docstring(ast.parse(path.read_text())) or ""
        if docstring.startswith(FIRST_WORDS):
            bad.append(f"{path.relative_to(ROOT)}: {docstring.splitlines()[0]}")
    assert not bad, "\n".join(bad)


def test_phrases_of_code_that_have_a_plainer_form_are_not_used() -> None:
    plainer = {re.compile(phrase, re.I): text for phrase, text in CODE_PHRASES.items()}
    found = [
        f"{path.relative_to(ROOT)}:{number}: write {text}: {line.strip()}"
        for path in files(*CODE)
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        for phrase, text in plainer.items()
        if phrase.search(line)
    ]
    assert not found, "\n".join(found)


def test_docstrings_begin_with_a_verb_or_a_noun() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: write {plainer}: {text.splitlines()[0]}"
        for path in files("rl_pipeline/*.py", "ros_ws/src/*.py")
        for line, text in docstrings(path)
        for pattern, plainer in DOCSTRINGS.items()
        if re.search(pattern, text)
    ]
    assert not found, "\n".join(found)


def test_sections_of_docstrings_have_one_spelling() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in files("rl_pipeline/*.py", "ros_ws/src/*.py")
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if re.fullmatch(
            r"\s*(args|arguments|Arguments|Parameters|returns|Return|raises|yields|attributes):", line
        )
    ]
    assert not found, "\n".join(found)


def lint(*paths: Path) -> subprocess.CompletedProcess[str]:
    """Check files as the hook of pre-commit does."""
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    [hook] = [hook for hook in hooks if hook["id"] == "harper"]
    _, *arguments = shlex.split(hook["entry"])
    checked = [path for path in paths if not re.search(hook["exclude"], path.name)]
    command = [sys.executable, "-m", "harper", *arguments, *checked]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_grammar_checker_finds_nothing_in_the_documentation() -> None:
    result = lint(*files("*.md"))
    assert result.returncode == 0, result.stdout


def test_the_grammar_checker_finds_what_it_is_there_for(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A page\n\nStart some 20 trainings with the the launcher. It trains `a training` for you.\n"
    )
    found = lint(page).stdout
    for rule in ("MassNouns", "QuantifierNumeralConflict", "RepeatedWords"):
        assert found.count(rule) == 1, found
