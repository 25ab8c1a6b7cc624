"""The site: `sphinx-build -W --keep-going docs docs/_build/html` builds it. Reading it needs no network.

Sphinx, because it reads docstrings by running the code: names that a module re-exports, and arrays annotated by their
shapes, come out as a user sees them. MyST-NB, because these pages are Markdown that GitHub shows too, and because it
runs notebooks. Furo, because it reads well on a phone and in the dark, and takes nothing from other hosts.
"""

import re
import sys
from importlib import metadata
from pathlib import Path

_HERE = Path(__file__).parent
sys.path.insert(0, str(_HERE))

project = "jaxrepsim"
author = "the authors of jaxrepsim"
project_copyright = "the authors of jaxrepsim, Apache-2.0"
release = metadata.version("jaxrepsim")

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "docstrings",
    "drawings",
]
exclude_patterns = ["_build", "conftest.py"]
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb"}

html_theme = "furo"
html_title = f"jaxrepsim {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False

myst_heading_anchors = 3  # as GitHub names them

# Cells that fail, fail the build. What has been run is run again only when it changes.
nb_execution_mode = "cache"
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_merge_streams = True

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
autodoc_default_options = {"members": True}
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_custom_sections = [("Fields", "params_style")]
python_use_unqualified_type_names = True
maximum_signature_line_length = 88
default_role = "py:obj"  # `name` is a link where there is such a name, and code where there is none
nitpicky = True  # of this package's own types: those of others have their pages on other hosts
_WITHIN = r"jaxrepsim\.(activations\.units|data\.streamed|decomposition\.host|pipeline\.part|pipeline\.passes\..*)\..*"
nitpick_ignore_regex = [("py:obj", ".*"), ("py:.*", "(?!jaxrepsim).*"), ("py:class", _WITHIN)]
toc_object_entries_show_parents = "hide"

_ROOT = re.compile(r"\]\(((?:\.\./)*)(README|CONTRIBUTING|CHANGELOG)\.md(#[^)]*)?\)")
_PAGES = {"README": "index.md", "CONTRIBUTING": "contributing.md", "CHANGELOG": "changelog.md"}
_LINK = re.compile(r"\[([^]]+)\]\(([\w/.-]+)\)")


def _for_the_site(text: str, docname: str) -> str:
    """A page without what only GitHub or doctest needs: links to files in the repository's root, and to folders."""
    up = "../" * docname.count("/")
    text = _ROOT.sub(lambda found: f"]({up}{_PAGES[found[2]]}{found[3] or ''})", text)
    text = text.replace("\n\n```\n", "\n```\n")  # the empty line that ends an example for doctest
    folder = (_HERE / docname).parent
    return _LINK.sub(lambda found: found[1] if (folder / found[2]).is_dir() else found[0], text)


def _source_read(app, docname, source):
    source[0] = _for_the_site(source[0], docname)
    if docname == "notebooks/index":  # a copy of the sources may lack some
        there = {path.stem for path in (_HERE / "notebooks").glob("*.ipynb")}
        source[0] = "\n".join(line for line in source[0].splitlines() if "_" not in line or line in there)


def _include_read(app, path, docname, content):
    content[0] = _for_the_site(content[0], docname)


def _source_page(app, pagename, templatename, context, doctree):
    """Sources without links back: viewcode does not know the name under which a module re-exports a function."""
    if pagename.startswith("_modules/"):
        context["body"] = re.sub(r'<a class="viewcode-back".*?</a>', "", context["body"])


def setup(app):
    app.connect("html-page-context", _source_page)
    app.connect("source-read", _source_read)
    app.connect("include-read", _include_read)
