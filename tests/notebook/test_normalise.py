"""What two runs of one notebook differ in, and must not."""

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from handover.notebook.normalise import normalise

KERNEL = {"name": "python3", "display_name": "Python 3"}


def run(*outputs, **metadata):
    cell = new_code_cell("x", outputs=list(outputs))
    return normalise(new_notebook(cells=[cell], metadata=metadata)).cells[0].outputs


def said(name, text):
    return new_output("stream", name=name, text=text)


def test_no_trace_of_the_run_is_left():
    cells = [
        new_code_cell("a = 1", metadata={"papermill": {"duration": 1}, "execution": {"x": "1"}, "tags": []}),
        new_code_cell("a = 2", metadata={"tags": ["injected-parameters"]}),
        new_markdown_cell("text", metadata={"papermill": {}, "tags": ["keep"]}),
    ]
    metadata = {
        "papermill": {"start_time": "now"},
        "widgets": {"state": {}},
        "kernelspec": KERNEL,
        "language_info": {"name": "python", "version": "3.11.7", "codemirror_mode": {"version": 3}},
    }
    nb = normalise(new_notebook(cells=cells, metadata=metadata))
    assert nb.metadata == {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    assert [dict(cell.metadata) for cell in nb.cells] == [{}, {"tags": ["injected-parameters"]}, {"tags": ["keep"]}]
    assert nb.cells[1].id == "injected-parameters"


def test_streams_are_joined_between_displays_and_stdout_comes_first():
    shown = new_output("display_data", {"text/plain": "x"})
    outputs = run(said("stderr", "e"), said("stdout", "a"), said("stderr", "f"), said("stdout", "b"), shown,
                  said("stdout", "c"))  # fmt: skip
    assert [(one.get("name", "display"), one.get("text")) for one in outputs] == [
        ("stdout", "ab"), ("stderr", "ef"), ("display", None), ("stdout", "c")
    ]  # fmt: skip


def styled(name):
    html = f'<style>#T_{name}_row0 {{}}</style><table id="T_{name}"><td id="T_{name}_row0"></table>T_ffffff'
    return new_output("display_data", {"text/html": html, "text/plain": f"<Styler at 0x7f{name}>"})


def test_styled_tables_are_numbered():
    first = run(styled("a1b2c"), styled("00001"), styled("a1b2c"))
    second = run(styled("fffff"), styled("12345"), styled("fffff"))
    assert first == second
    assert first[0].data["text/html"].count("T_00001") == 3
    assert first[1].data["text/html"].count("T_00002") == 3
    assert first[0].data["text/html"].endswith("T_ffffff")


def test_the_address_of_an_object_goes_only_where_something_better_is_shown():
    rich, poor = run(
        new_output("display_data", {"text/plain": "<X at 0x7f0a>", "text/html": "x"}),
        new_output("display_data", {"text/plain": "<X at 0x7f0a>"}),
    )
    assert rich.data["text/plain"] == "<X>"
    assert poor.data["text/plain"] == "<X at 0x7f0a>", "the lint must see it"


def test_the_state_of_widgets_goes_and_their_text_stays():
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": "random"}, "text/plain": "IntSlider(value=0)"}
    assert run(new_output("display_data", view))[0].data == {"text/plain": "IntSlider(value=0)"}
