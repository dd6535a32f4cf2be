"""Which names are a secret's, and that no secret of the environment is printed in any form."""

import base64
import html
import json
import os
import subprocess
import sys
from unittest import mock
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handover import credentials
from handover.editions import Store
from handover.errors import HandoverError

NAMED = (
    "password PASSWORD passwd db_password dbPassword PGPASSWORD pwd MYSQL_PWD passphrase key api_key apiKey "
    "API_KEY APIKey apikey OPENAI_API_KEY api_keys access_key AWS_SECRET_ACCESS_KEY AWS_ACCESS_KEY_ID secret "
    "secrets client_secret SECRET_KEY_BASE token auth_token authToken github_token GH_TOKEN tokenValue "
    "access_tokens credential credentials aws_credentials password_2 token1 api_key_prod ssh_key private_key "
    "encryption_key HANDOVER_MAIL_PASSWORD password_hash secretKey _token token_ signing_secret JUPYTER_TOKEN "
    "authtoken "
)
ORDINARY = (
    "monkey keyboard key_findings tokens_per_day tokens max_tokens token_count keys primary_key sort_key turkey hockey "
    "secretary secret_prisons password_count as_of evidence language passage passes compass keynote token_limit "
    "foreign_key tokenize secrecy since top api_key_file donkey PATH HOME SSH_AUTH_SOCK _ 1"
)
VARIABLE = "DESK_API_TOKEN"


@pytest.mark.parametrize("name", NAMED.split())
def test_a_name_of_a_secret_is_told(name):
    assert credentials.is_secret(name)


@pytest.mark.parametrize("name", ORDINARY.split())
def test_a_name_with_such_letters_that_names_no_secret_passes(name):
    assert not credentials.is_secret(name)


FORMS = {
    "plain": str,
    "Python": repr,
    "JSON": json.dumps,
    "JSON as written by us": lambda value: json.dumps(value, ensure_ascii=False),
    "HTML": html.escape,
    "an address": lambda value: quote(value, safe=""),
    "a form": quote_plus,
    "hexadecimal": lambda value: value.encode().hex(),
    "Base64": lambda value: base64.b64encode(value.encode()).decode(),
    "Base64 for addresses": lambda value: base64.urlsafe_b64encode(value.encode()).decode(),
    "a header of HTTP": lambda value: base64.b64encode(f"desk:{value}".encode()).decode(),
    "in between": lambda value: base64.b64encode(f"as:{value}, and more".encode()).decode(),
}


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=10, max_size=40), st.sampled_from(list(FORMS))
)
def test_no_form_of_a_secret_is_missed_or_shown(value, form):
    written = FORMS[form](value)
    with mock.patch.dict(os.environ, {VARIABLE: value}):
        assert any(form in written for form in credentials.held()[VARIABLE])
        masked = credentials.mask(f"It is {written}.")
        assert f"[${VARIABLE}]" in masked and not any(form in masked for form in credentials.held()[VARIABLE])
        assert str(HandoverError(f"x: got {written}")) == credentials.mask(f"x: got {written}")


def test_of_two_secrets_that_begin_alike_neither_end_is_shown(monkeypatch):
    monkeypatch.setenv("A_TOKEN", "abcdefgh")
    monkeypatch.setenv("B_TOKEN", "abcdefghijkl")
    assert credentials.mask("abcdefghijkl abcdefgh") == "[$B_TOKEN] [$A_TOKEN]"


@pytest.mark.parametrize(
    ("name", "value"), [("A_TOKEN", "short12"), ("A_TOKEN", ""), ("KEYBOARD", "abcdefgh"), ("PWD", "abcdefgh")]
)
def test_what_may_stand_anywhere_by_chance_is_not_looked_for(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    assert name not in credentials.held() and credentials.mask("short12 abcdefgh") == "short12 abcdefgh"


#: A cell that takes the secret where any program of the same user finds it: in the environment of an ancestor.
STOLEN = """
import os, re
process, value = os.getpid(), None
while process > 1 and value is None:
    with open(f"/proc/{process}/environ", "rb") as environ, open(f"/proc/{process}/stat") as stat:
        value = dict(one.partition(b"=")[::2] for one in environ.read().split(b"\\0")).get(b"DESK_API_TOKEN")
        process = int(stat.read().rpartition(")")[2].split()[1])
value = value.decode()
"""


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("act", "said"),
    [
        ("print(value)", "cell 3: the secret in the environment variable DESK_API_TOKEN"),
        ("raise ValueError(f'no access with {value}')", "raised ValueError: no access with [$DESK_API_TOKEN]"),
    ],
)
def test_a_cell_that_gets_hold_of_a_secret_publishes_nothing_and_no_message_shows_it(mini, act, said):
    path = mini.notebook("mini")
    nb = json.loads(path.read_text())
    nb["cells"].insert(2, nb["cells"][2] | {"id": "stolen", "source": STOLEN + act})
    path.write_text(json.dumps(nb))
    done = subprocess.run(
        [sys.executable, "-m", "handover", "--debug", "render"],
        cwd=mini.root,
        env=os.environ | {VARIABLE: "hunter2+hunter2/x"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1 and said in done.stderr and "hunter2" not in done.stdout + done.stderr, done.stderr
    assert not mini.reports.exists() or Store.of(mini).editions() == []
    assert not any(b"hunter2" in one.read_bytes() for one in mini.root.rglob("*") if one.is_file())
