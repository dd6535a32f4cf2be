"""Numbers, their cards, and the section that answers for them."""

import re

from lxml import html as lxml_html
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from handover.document.evidence import EVIDENCE_MIME


def tree(text):
    return lxml_html.document_fromstring(text)


def words(element):
    return " ".join(element.text_content().split())


def evidence(write, *prose, **content):
    output = new_output("display_data", data={EVIDENCE_MIME: content})
    cells = [new_markdown_cell("# T"), *map(new_markdown_cell, prose), new_code_cell("e", outputs=[output])]
    return tree(write(*cells))


def test_an_unknown_number_is_plain_text(write):
    root = evidence(write, "## a\n\n[four](#fact-none) [x](#source-none)[≠](#conflict-none)", facts=[])
    assert root.xpath("//main//a[not(parent::p[contains(@class, 'source')])]") == []
    assert "four x≠" in words(root.find(".//main"))


def test_a_number_carries_a_card_with_all_that_a_reader_asks_first(html):
    root = tree(html("report"))
    link = root.get_element_by_id("use-ferries_before-1")
    assert link.get("class") == "n" and link.get("href") == "#fact-ferries_before" and link.get("title") is None
    card = root.get_element_by_id(link.get("aria-describedby"))
    assert link.get("interestfor") == card.get("id") and card.get("popover") == "hint"
    assert card.getprevious() is link and card.get("role") == "tooltip" and "hidden" in card.attrib
    assert words(card) == (
        "ferries in service before the sale Forty-two ferries were in service before the sale. the harbour master, "
        "The Gazette, paragraph 9, sentence 1, 7 March 2031 Known since 7 March 2031 · 1 more under the evidence "
        "· Sources disagree"
    )


def test_words_that_lead_to_a_claim_carry_its_card_and_are_found_again_from_it(html):
    root = tree(html("report"))
    (link,) = root.xpath("//a[@href='#claim-c5'][@class='n']")
    card = root.get_element_by_id(link.get("aria-describedby"))
    claim = root.get_element_by_id("claim-c5")
    assert words(link) == "a statement"
    assert words(card).startswith(words(claim.find("p")))
    assert claim.xpath(".//span[@class='back']/a/@href") == [f"#{link.get('id')}"]


def test_a_computed_number_says_how_it_was_read(html):
    card = tree(html("report")).get_element_by_id("card-use-computed-1")
    assert "Counted from the last day of the promised week." in words(card)


def test_a_contested_number_has_a_second_mark_with_a_name(html):
    mark = tree(html("report")).xpath("//sup/a[@class='conflict']")[0]
    assert mark.text_content() == "≠" and mark.get("href") == "#conflict-K1"
    assert mark.get("aria-label") == "Sources disagree: Ferries before the sale"


def test_an_entry_names_claims_conflicts_and_every_way_back(html):
    entry = tree(html("report")).get_element_by_id("fact-ferries_before")
    assert entry.xpath("./div/p[not(@class)]/a/@href") == ["#claim-c1", "#claim-c2"]
    assert entry.xpath(".//a[contains(@href, 'conflict')]/@href") == ["#conflict-K1"]
    uses = tree(html("report")).xpath("//a[@class='n'][@href='#fact-ferries_before']/@id")
    assert entry.xpath(".//span[@class='back']/a/@href") == [f"#{use}" for use in uses]
    assert len(uses) == 5, "two sentences and the titles of three charts"
    names = entry.xpath(".//span[@class='back']/a/@aria-label")
    assert names[0] == "Back to the text, place 1 of 5: ferries in service before the sale"
    assert len(set(names)) == 5
    assert "The harbour master counts hulls" in words(entry)


def test_what_was_printed_otherwise_is_told(html):
    assert "(printed as four)" in words(tree(html("report")).get_element_by_id("fact-ferries_after"))
    assert "printed as" not in words(tree(html("report")).get_element_by_id("fact-ferries_before"))


def test_a_number_in_a_table_that_a_cell_made_is_bound_too(html):
    link = tree(html("report")).xpath("//caption/a")[0]
    assert link.get("class") == "n" and link.get("aria-describedby") == link.getnext().get("id")


def test_sources_come_with_grade_carrier_how_seen_and_claims(html):
    root = tree(html("report"))
    source = root.get_element_by_id("source-s4")
    line = source.getprevious()
    assert line.tag == "summary" and words(line).startswith("Wire One Publication number 4, with")
    assert words(line).endswith("7 March 2031 · 1 claim")
    assert words(source).startswith("example.org · via Carrier Daily · grade A · only the headline was seen")
    assert root.get_element_by_id("source-s1").xpath(".//a/@href")[0] == "https://example.org/1"
    assert root.get_element_by_id("source-s0").xpath(".//a[@rel]") == []
    assert "for 4" in words(root.get_element_by_id("claim-c3"))


def test_disagreements_name_both_sides_and_the_reading(html):
    entry = words(tree(html("report")).get_element_by_id("conflict-K1"))
    assert entry == (
        "Ferries before the sale Hulls were counted. — The Gazette Crews were counted. — Harbour Post "
        "Our reading: Hulls are printed."
    )


def test_disagreements_are_a_table_of_three_columns_under_their_topics(html):
    table = tree(html("report")).xpath("//table[@class='conflicts']")[0]
    assert [head.text for head in table.findall("thead/tr/th")] == ["One source", "≠ Another", "How we read it"]
    topic, row = table.find("tbody").findall("tr")
    assert topic.find("th").attrib == {"scope": "rowgroup", "colspan": "3"}
    assert [words(cell)[:6] for cell in row] == ["Hulls ", "Crews ", "Our re"]


def test_a_side_that_nobody_told_leaves_its_column_empty(write):
    root = evidence(write, heading="E", conflicts=[{"id": "k", "a": {"text": "A"}, "b": {"credit": "B"}}])
    topic, row = root.xpath("//tbody[@id='conflict-k']/tr")
    assert words(topic) == "k" and [words(cell) for cell in row] == ["A", "", ""]


def test_sources_that_no_claim_is_drawn_from_are_folded_together(write):
    claim = {"id": "c", "statement": "S"}
    sources = [{"id": "a", "credit": "A"}, {"id": "b", "credit": "B", "claims": [claim]}, {"id": "c", "credit": "C"}]
    folded = evidence(write, heading="E", sources=sources).xpath("//div[@class='sources']/details")
    assert [words(one.find("summary")) for one in folded] == ["B 1 claim", "Also drawn on in charts and tables 2"]
    assert [words(one) for one in folded[1].findall("ul/li")] == ["A", "C"]
    plain = evidence(write, heading="E", sources=sources[::2])
    assert plain.xpath("//div[@class='sources']/details") == []
    assert len(plain.xpath("//div[@class='sources']/ul/li")) == 2


def test_a_block_without_a_heading_prints_its_list_where_it_stands(write):
    root = evidence(
        write, "## Here", heading="", conflicts=[{"id": "k", "topic": "Topic", "a": {"text": "A"}, "b": {}}]
    )
    section = root.xpath("//section")[0]
    assert section.get("aria-labelledby") is None
    assert section.xpath(".//h2 | .//h3") == []
    assert words(section.find("table/tbody")) == "Topic A"


def test_evidence_of_several_blocks_belongs_together(write):
    conflict = new_output("display_data", data={EVIDENCE_MIME: {"conflicts": [{"id": "k", "topic": "T"}]}})
    rest = {
        "heading": "Evidence",
        "facts": [{"key": "f", "value": "4", "conflicts": ["k"]}],
        "conflicts": [{"id": "k"}],
    }
    late = new_output("display_data", data={EVIDENCE_MIME: rest})
    cells = [new_markdown_cell("# T\n\nSF\n\n[four](#fact-f)[≠](#conflict-k)")]
    root = tree(write(*cells, new_code_cell("a", outputs=[conflict]), new_code_cell("b", outputs=[late])))
    assert len(root.xpath("//*[@id='conflict-k']")) == 1
    assert root.xpath("//*[@id='fact-f']//a[@href='#conflict-k']")


def test_an_address_that_would_act_is_no_link(write):
    source = {"id": "s", "credit": "C", "title": "T", "url": "javascript:alert(1)"}
    root = evidence(write, heading="E", sources=[source])
    assert "javascript" not in lxml_html.tostring(root, encoding="unicode")


def test_no_text_of_the_evidence_is_mark_up(write):
    def texts(kind, names):
        return {name: f"'\"><x-{kind}-{name}>&amp;" for name in names.split()}

    source = texts("source", "credit title published carrier grade seen") | {"url": "https://a.example/'\"><x-url>"}
    claim = {"id": "c", "facts": ["f"], **texts("claim", "statement said_by where known_since")}
    fact = {"key": "f", "claims": ["c"], "conflicts": ["k"], **texts("fact", "value label reading known_since")}
    fact["printed"] = ["<x-fact-printed>"]
    sides = {side: {"source": source, **texts(side, "text credit")} for side, source in (("a", "s"), ("b", ""))}
    conflict = {"id": "k", **texts("conflict", "topic reading"), **sides}
    other = {"id": "t", **source}
    stated = {"facts": [fact], "sources": [{"id": "s", **source, "claims": [claim]}, other], "conflicts": [conflict]}
    root = evidence(write, "[4](#fact-f)[≠](#conflict-k) [so](#claim-c)", heading="<x-heading>", **stated)
    assert [one.tag for one in root.iter() if str(one.tag).startswith("x-")] == []
    shown = root.text_content() + " ".join(value for one in root.iter() for value in one.attrib.values())
    named = set(re.findall(r"<(x-[\w-]+)", repr(stated))) | {"x-heading"}
    assert {name for name in named if f"<{name}" not in shown} == set()
    assert "&amp;" in shown


def test_keys_of_any_kind_make_ids_that_links_find(write):
    root = evidence(write, "## a\n\n[x](#fact-caf%C3%A9%20%22b)", facts=[{"key": 'café "b', "value": "1"}])
    target = root.xpath("//a[@class='n']/@href")[0]
    from urllib.parse import unquote

    assert root.get_element_by_id(unquote(target[1:])) is not None


def test_a_name_written_the_other_way_is_kept_apart_from_what_stands_beside_it(write):
    """Without it a number after an Arabic name is drawn on the name's other side."""
    arabic = "وزارة الصحة"
    source = {
        "id": "S1",
        "credit": arabic,
        "title": "Counts",
        "published": "12 March 2025",
        "url": "",
        "carrier": "أخبار",
    }
    claim = {"id": "K1", "statement": "412 cases", "said_by": "Reuters", "where": "", "known_since": "2025-03-12"}
    stated = {
        "facts": [{"key": "total", "value": "412", "label": "Cases", "claims": ["K1"], "known_since": "2025-03-12"}],
        "sources": [{**source, "claims": [claim]}],
        "conflicts": [],
    }
    root = evidence(write, f"[412](#fact-total), says [{arabic}](#source-S1)", **stated)
    page = lxml_html.tostring(root, encoding="unicode").replace("\u00a0", " ")
    apart = f"<bdi>{arabic}</bdi>"
    assert f'">{apart}</a>' in page and f"Reuters, {apart}, 12 March 2025" in page
    assert f'<span class="name">{apart}</span>' in page and "via <bdi>أخبار</bdi>" in page
    assert "<bdi>Reuters" not in page
