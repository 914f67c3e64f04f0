"""What `make lint` says of texts that nothing translates, and of a catalogue that lags behind."""

from pathlib import Path

import pytest
from django.utils import translation

from tools.translations import CATALOGUE, catalogue, unwrapped


@pytest.mark.parametrize(
    "template",
    [
        "<p>Some words</p>",
        '<a href="/" title="Some words">{{ name }}</a>',
        '<td data-label="Plate">{{ plate }}</td>',
        "{% if here %}<b>Here</b>{% endif %}",
        '{{ zone|default:"No zone" }}',
        "{{ count }}{{ count|pluralize }}",
        '{% include "portal/pages.html" with name="Bad rows" %}',
        "{# a comment #}<p>{% blocktranslate %}Some words{% endblocktranslate %} and more</p>",
    ],
)
def test_a_text_of_a_template_that_nothing_translates_is_found(template: str) -> None:
    assert list(unwrapped.in_template(template))


def test_what_a_template_translates_or_nobody_reads_is_let_be() -> None:
    template = """
        {% block bodyclass %}wide page{% endblock %}{# A comment. #}
        <p class="lead" title="{% translate "Some words" %}">{% translate "Some words" %}</p>
        {% blocktranslate with name=user.name %}Some words, {{ name }}{% endblocktranslate %}
        <code>GET /path HTTP</code>{{ zone|default:_("No zone") }}<script>let it = "be";</script>
    """
    assert list(unwrapped.in_template(template)) == []


@pytest.mark.parametrize(
    "line",
    [
        'messages.info(request, "It is done.")',
        'label = "Plate"',
        'told = f"{plate}: it is done."',
        "words = f\"{_('It is done.')} {plate}\"",
        'raise ValidationError("It is wrong.")',
        'field = CharField(help_text="What it is for.")',
    ],
)
def test_a_text_of_a_module_that_nothing_translates_is_found(line: str) -> None:
    assert list(unwrapped.in_python(f"def told() -> None:\n    {line}\n"))


def test_what_a_module_translates_or_nobody_reads_is_let_be() -> None:
    module = '''
        """A module's own words."""
        told = _("It is done.") % {"plate": plate}
        kept = said("It is done.")
        log.info("It is done.")
        raise RuntimeError("It must not be so.")
        connection.execute("SELECT plate FROM permits")
        name = "the format"  # English: programs read it
    '''
    assert list(unwrapped.in_python("if True:" + module)) == []


@pytest.mark.parametrize(
    "line",
    [
        'words.textContent = "Copied";',
        "alert('It is done.');",
        "status.textContent = `${count} zones found`; // it's so",
    ],
)
def test_a_text_of_a_script_that_the_page_does_not_give_it_is_found(line: str) -> None:
    ((number, _text),) = unwrapped.in_script(f"/* It's a script. */\n{line}\n")
    assert number == 2


def test_what_a_script_takes_from_the_page_or_nobody_reads_is_let_be() -> None:
    script = """
        // "Some words" in a comment
        const places = document.querySelectorAll("details.menu, input[type=file]:not([hidden])");
        if (event.key === "Escape") words.textContent = button.dataset.copied;
        link = `${place.dataset.address}?${query}`;
    """
    assert list(unwrapped.in_script(script)) == []


@pytest.fixture
def french(tmp_path: Path) -> Path:
    """A copy of the catalogue, to be spoiled."""
    copy = tmp_path / "django.po"
    for suffix in (".po", ".mo"):
        copy.with_suffix(suffix).write_bytes(CATALOGUE.with_suffix(suffix).read_bytes())
    return copy


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ('msgstr "Aujourd’hui"', 'msgstr ""', "not translated: 'Today'"),
        ('msgid "Today"', 'msgid "That day"', "not in the catalogue: 'Today'"),
        ("#: permits/lengths.py\nmsgid", "#: permits/lengths.py\n#, fuzzy\nmsgid", "a guess"),
        ("Supprimer %(plate)s", "Supprimer %(plaque)s", "has other placeholders"),
        ('msgstr "Aujourd’hui"', 'msgstr "Ce jour"', "what is compiled is older"),
    ],
)
def test_a_catalogue_that_lags_behind_is_told(
    french: Path, before: str, after: str, problem: str
) -> None:
    text = french.read_text()
    assert before in text
    french.write_text(text.replace(before, after))
    assert any(problem in line for line in catalogue.problems(french))


def test_no_line_of_french_begins_with_a_colon_or_ends_with_a_quotation_mark() -> None:
    told = catalogue.read().get("%(label)s:")
    assert told is not None
    assert told.string == "%(label)s :"
    with translation.override("fr"):
        assert translation.gettext("%(label)s:") == "%(label)s\N{NO-BREAK SPACE}:"


def test_updating_adds_what_is_new_drops_what_is_gone_and_compiles(french: Path) -> None:
    french.write_text(french.read_text().replace('msgid "Today"', 'msgid "That day"'))
    catalogue.update(french)
    assert 'msgid "That day"' not in french.read_text()
    assert [line.partition(": ")[2] for line in catalogue.problems(french)] == [
        "not translated: 'Today'"
    ]
