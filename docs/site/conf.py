"""What Sphinx is told. The pages are staged by ``python -m docs.site`` and built from there."""

from __future__ import annotations

import re
from typing import Any

from docs.site import cells, mathematics
from docutils import nodes

import loligo

project = "loligo"
author = "The loligo developers"
project_copyright = "The loligo developers, BSD-3-Clause"
version = release = loligo.__version__
language = "en"

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3
html_math_renderer = "mathml"

# all code is run; a page whose code fails is not built. What came out is kept for as long as the
# code, loligo and all that it stands on are the same: `python -m docs.site` says where.
nb_execution_mode = "cache"
nb_execution_raise_on_error = True
nb_execution_in_temp = True
nb_execution_timeout = 300
nb_merge_streams = True

napoleon_google_docstring = False
napoleon_use_rtype = False
autodoc_typehints = "none"  # the docstrings say types with their units
autodoc_member_order = "bysource"
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

html_theme = "furo"
html_title = "loligo"
html_static_path = ["static"]
html_css_files = ["loligo.css"]
html_copy_source = False
html_show_sourcelink = False
# a block that names no language is output, or a link: there is nothing to colour
highlight_language = "none"


def setup(app: Any) -> None:
    """What Sphinx calls first."""
    app.connect("source-read", _read)
    app.connect("doctree-resolved", _warned)
    mathematics.setup(app)


# pages about the project itself: their code is part of a file, and runs nowhere else
_ABOUT = ("contributing", "changelog", "support", "security")


def _read(_app: Any, page: str, source: list[str]) -> None:
    if page not in _ABOUT:
        source[0] = cells.notebook(source[0])


# where a warning was given: a file of the notebook's that nobody has, and its line of code
_WHERE = re.compile(r"^\S*ipykernel_\d+/\d+\.py:\d+: (\w+: .*\n)(?:  .*\n)?", re.MULTILINE)


def _warned(_app: Any, doctree: nodes.document, _page: str) -> None:
    for block in doctree.findall(nodes.literal_block):
        said = _WHERE.sub(r"\1", block.astext())
        if said != block.astext():
            block.rawsource = said
            block.children = [nodes.Text(said)]
