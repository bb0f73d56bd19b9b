"""Settings of the site: `make docs` stages the pages of the repository and builds them with these."""

from __future__ import annotations

import importlib.metadata

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

project = "actuary"
author = "the authors of actuary"
copyright = author  # noqa: A001  (the name that Sphinx reads)
version = release = importlib.metadata.version("actuary")
language = "en"

root_doc = "index"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "numpydoc"]
templates_path = ["docs/templates"]
exclude_patterns = ["docs/templates"]

# Markdown: headings can be linked to, as on a page of the repository.
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence"]
smartquotes = False

# Notebooks are run before the pages are staged (tools/build_docs.py): they need the checkout around them.
nb_execution_mode = "off"
# Widgets would be loaded from elsewhere; the pages show what they print instead.
nb_ipywidgets_js: dict[str, dict[str, str]] = {}

# Reference: one page a public name, written while the site is built.
autosummary_generate = True
autosummary_imported_members = True
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

html_theme = "pydata_sphinx_theme"
html_title = "actuary"
html_static_path: list[str] = []
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_show_sphinx = False
# Pages with nothing beside them in the contents.
html_sidebars: dict[str, list[str]] = {name: [] for name in ("GLOSSARY", "CHANGELOG", "docs/tour", "docs/tour.zh")}
html_theme_options = {
    "header_links_before_dropdown": 8,
    "show_prev_next": True,
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "navbar_persistent": ["search-button"],
    "footer_start": [],
    "footer_end": [],
    "logo": {"text": "actuary 医保基金精算"},
}


def setup(app: Sphinx) -> None:
    """Let tables in CSV stand in the pages as they are."""
    app.add_lexer("csv", TextLexer)
