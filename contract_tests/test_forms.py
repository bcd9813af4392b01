"""The places and forms of parameters (1.3, 1.4), and the forms of paths (1.1)."""

import pytest

from .cleanup import new_list_name
from .client import Api, spelled_names
from .grants import NOTHING, SANDBOX, STATE
from .plugin import about, needs
from .shape_check import format_value
from .target import Control
from .test_lists import new_list
from .wire import spelling_problems

FORM = {"msisdn": "0491570156", "countrycode": "AU"}
PATH = "/format-number.json"
Tenant = tuple[Api, Control]


@needs(NOTHING)
@about("format-number")
def test_parameters_may_be_anywhere(api: Api) -> None:
    parts = {name: (None, value) for name, value in FORM.items()}
    number, country = {"msisdn": FORM["msisdn"]}, {"countrycode": FORM["countrycode"]}
    json = {"Content-Type": "application/json"}
    answers = {
        "query of GET": api.request("GET", PATH, params=FORM),
        "query of POST": api.request("POST", PATH, params=FORM),
        "query of POST, body null": api.request("POST", PATH, params=FORM, content=b"null"),
        "query of POST, body JSON": api.request("POST", PATH, params=FORM, content=b'{"msisdn":"1"}', headers=json),
        "urlencoded": api.request("POST", PATH, data=FORM),
        "multipart": api.request("POST", PATH, files=parts),
        "mixed": api.request("POST", PATH, params=number, data=country),
        "mixed with multipart": api.request("POST", PATH, params=country, files={"msisdn": parts["msisdn"]}),
    }
    for way, answer in answers.items():
        assert api.check_success(answer)["number"]["international"] == 61491570156, way


@needs(NOTHING)
@about("format-number")
def test_the_body_wins_over_the_query_and_the_last_over_the_first(api: Api) -> None:
    other = {**FORM, "msisdn": "0491570157"}
    payload = api.check_success(api.request("POST", PATH, params=other, data=FORM))
    assert payload["number"]["international"] == 61491570156
    twice = "msisdn=0491570157&countrycode=AU&msisdn=0491570156"
    payload = api.check_success(api.request("GET", f"{PATH}?{twice}"))
    assert payload["number"]["international"] == 61491570156


PATHS = (
    "/format-number.json", "//format-number.json", "/2/format-number.json", "//2/format-number.json",
    "/format-number.json/", "//2/format-number.json//",
)  # fmt: skip


@needs(NOTHING)
@pytest.mark.parametrize("path", PATHS)
@about("format-number")
def test_paths_may_carry_slashes_and_a_version(api: Api, path: str) -> None:
    url = str(api.http.base_url).rstrip("/") + path
    for fmt in ("json", "xml"):
        target = url.replace(".json", f".{fmt}")
        for answer in (api.request("POST", target, data=FORM), api.request("GET", target, params=FORM)):
            assert str(api.check_success(answer)["number"]["international"]) == "61491570156"


@needs(NOTHING)
@pytest.mark.parametrize("path", ["/", "/get-balance", "/get-balance.txt", "/get-balance.JSON", "/get-balance/"])
@about("get-balance")
def test_other_paths_are_not_found(api: Api, path: str) -> None:
    got = api.http.get(path, headers={"Authorization": api.credentials.header})
    assert got.status_code == 404
    assert got.headers["content-type"].startswith("text/html"), got.headers["content-type"]
    assert list(spelling_problems(spelled_names(got))) == []


@needs(NOTHING)
@about("get-balance")
def test_headers_do_not_depend_on_accept(api: Api) -> None:
    answer = api.request("GET", "/get-balance.json", headers={"Accept": "text/xml"})
    api.check_success(answer)
    assert answer.headers["cache-control"].startswith("no-store, no-cache, must-revalidate")
    assert answer.headers["pragma"] == "no-cache"
    assert answer.headers["expires"] == "Thu, 19 Nov 1981 08:52:00 GMT"
    assert answer.headers["x-mashape-billing"] == "Queries=1"
    refused = api.request("GET", "/get-sms.xml", headers={"Accept": "application/json"})
    api.check_refusal("FIELD_EMPTY", refused)


@needs(STATE)
@about("add-list", "add-to-list")
def test_dots_in_names_become_underscores(api: Api) -> None:
    form = {"name": new_list_name(), "field.1": "City"}
    list_ = api.check_success(api.request("POST", "/add-list.json", data=form))
    assert list_["fields"] == {"field_1": "City"}
    payload = api.ok(
        "add-to-list", list_id=list_["id"], msisdn="61491570156", **{"field.city": "Uno", "first_name": "Abc"}
    )
    assert payload["fields"] == {"City": "Uno"}


@needs(STATE)
@about("add-list")
def test_names_of_parameters_are_case_sensitive(api: Api) -> None:
    api.refused("FIELD_EMPTY", "add-list", Name="x")


@needs(STATE)
@about("add-to-list", "get-list")
def test_plus_and_percent_twenty_are_spaces(api: Api) -> None:
    list_ = new_list(api, field_1="City")
    body = f"list_id={list_['id']}&msisdn=+61491570156&field_1=Uno+Due%20Tre%2B%C3%A9"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    payload = api.check_success(api.request("POST", "/add-to-list.json", content=body.encode(), headers=form))
    assert payload["fields"] == {"City": "Uno Due Tre+é"}


YES, NO = ("true", "TRUE", "1", "yes", "Yes"), ("false", "False", "0", "no", "")


@needs(SANDBOX, why="it creates clients, which cannot be removed")
@about("add-client")
def test_booleans_may_be_written_in_many_ways(tenant: Tenant) -> None:
    api, _ = tenant
    for number, given in enumerate((*YES, *NO)):
        form = {"name": f"N{number}", "email": f"n{number}@example.com", "password": "x y", "msisdn": "61491570156"}
        payload = api.ok("add-client", **form, client_pays=given)
        assert payload["client_pays"] is (given in YES or given == ""), format_value(given)


@needs(SANDBOX, why="it sends a message")
@about("send-sms")
def test_calls_of_the_official_php_client(tenant: Tenant) -> None:
    api, _ = tenant
    form = {"message": "hi", "to": "61491570156", "from": "", "send_at": "", "list_id": "0", "dlr_callback": "",
            "reply_callback": "", "validity": "0"}  # fmt: skip
    url = str(api.http.base_url).rstrip("/") + "//2/send-sms.json"
    payload = api.check_success(api.request("POST", url, files={name: (None, form[name]) for name in form}))
    assert payload["recipients"] == 1
