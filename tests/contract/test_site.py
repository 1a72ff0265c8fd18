"""The site: what its pages are made of, and what is checked of it when it is built.

``python -m docs.site`` builds it, in ``.ci/run``, and runs all code on its pages.
"""

import json
import re
from pathlib import Path

import pytest
from docs.course import notebooks
from docs.site import cells, check, generated

import loligo as lo

DOCS = Path(__file__).parents[2] / "docs"
HOW_TO = sorted((DOCS / "howto").glob("*.md"))


def test_the_reference_has_every_public_name_once():
    named = [name for names in generated.REFERENCE.values() for name in names]
    assert sorted(named) == sorted({*lo.__all__} - {"experiments"})


def test_every_model_and_experiment_has_a_page_and_every_page_is_in_a_list():
    made = dict(generated.pages())
    table = generated.library((DOCS / "library.md").read_text(encoding="utf-8"))
    for name in lo.models():
        assert f"models/{name}" in made
        assert f"| [{name}](models/{name}.md) |" in table
        assert f"\nmodels/{name}\n" in table
    for name in (each.name for each in generated.experiments()):
        assert f"experiments/{name}" in made
        assert f"]({name}.md) | " in made["experiments/index"]
        assert f"\n{name}\n" in made["experiments/index"]
    assert "[f–I curve](fi_curve.md)" in made["experiments/index"]


def test_blocks_of_python_become_cells_whose_pictures_have_words():
    page = "# A\n\nIt fires [twice](b.md):\n\n```python\n1 + 1\n```\n\n```sh\nls\n```\n"
    made = cells.notebook(page)
    assert made.startswith("---\nfile_format: mystnb")
    assert '```{code-cell} python\n---\nmystnb: {"image": {"alt": "It fires twice"}}' in made
    assert "```sh\nls\n```" in made
    assert cells.notebook("no code") == "no code"


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ('<script src="https://elsewhere.org/x.js"></script>', "from elsewhere"),
        ('<link rel="stylesheet" href="//elsewhere.org/x.css">', "from elsewhere"),
        ('<img src="none.png" alt="nothing">', "none.png is missing"),
        ('<a href="none.html">there</a>', "leads nowhere"),
        ('<a href="b.html#none">there</a>', "to no place on its page"),
        ('<img src="data:image/png;base64,AAAA">', "has no words"),
    ],
)
def test_what_must_not_be_on_the_site_is_found(tmp_path, body, fault):
    (tmp_path / "b.html").write_text("<p id='here'></p>")
    good = '<a href="b.html#here">b</a><a href="https://doi.org/10.1">a paper</a>'
    (tmp_path / "a.html").write_text(good)
    assert not list(check.faults(tmp_path))
    (tmp_path / "a.html").write_text(good + body)
    assert fault in "".join(check.faults(tmp_path))


@pytest.mark.parametrize("page", notebooks.PAGES, ids=lambda page: page.stem)
def test_the_notebooks_of_the_course_are_those_of_its_pages(page):
    """``python -m docs.course`` writes them."""
    written = json.loads(page.with_suffix(".ipynb").read_text("utf-8"))
    assert written == notebooks.notebook(page), "run python -m docs.course"
    code = ["".join(c["source"]) for c in written["cells"] if c["cell_type"] == "code"]
    assert sum(text.startswith("# @title Solution") for text in code) >= 2
    assert sum("%pip install -q loligo" in text for text in code) == 1
    assert len({cell["id"] for cell in written["cells"]}) == len(written["cells"])
    for text in code:  # what Jupyter would not run as it stands
        compile(re.sub(r"^( *)%.*$", r"\1pass", text, flags=re.MULTILINE), page.name, "exec")


def test_a_student_has_numbers_of_her_own():
    own = notebooks.notebook(notebooks.PAGES[0], seed=4711)
    assert "seed = 4711" in json.dumps(own)
    assert own["cells"][2:] != notebooks.notebook(notebooks.PAGES[0])["cells"][2:]


@pytest.mark.slow
@pytest.mark.parametrize("path", HOW_TO, ids=lambda path: path.stem)
def test_the_code_of_a_page_runs_and_says_what_comes_out(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace = {}
    for block in re.findall(r"```python\n(.*?)```", path.read_text("utf-8"), re.DOTALL):
        exec(compile(block, f"docs/howto/{path.name}", "exec"), namespace)


def test_the_pages_that_errors_name_are_there():
    from loligo import errors

    kinds = [each for each in vars(errors).values() if isinstance(each, type)]
    named = {each.page for each in kinds if issubclass(each, errors.LoligoError) and each.page}
    assert named >= {"models", "howto/units"}
    for page in named:
        assert (DOCS / f"{page}.md").is_file()
    with pytest.raises(lo.LoligoError) as caught:
        lo.Pulse("5 mV", 1, 20)
    assert caught.value.__notes__ == [f"More: {errors.DOCS}/howto/units.md"]


def test_the_command_line_names_the_page_where_a_document_is_wrong(tmp_path, capsys):
    from loligo.cli import main

    file = tmp_path / "mine.toml"
    file.write_text('name = "mine"\nC_m = 1.0\n[channels.L]\ng = 0.3\nE = "2*(V"\n')
    assert main(["show", str(file)]) == 2
    said = capsys.readouterr().err
    assert "this bracket is never closed" in said
    assert said.splitlines()[-1].endswith("docs/models.md")
