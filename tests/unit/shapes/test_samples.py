"""The samples keep to the shapes, the shapes are sound, and a shape that is broken is noticed."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests import shapes

# Answers only a simulator or a failure gives; nothing in them is read.
WITHOUT_SAMPLE = {
    "amocrm/lead", "amocrm/leads", "amocrm/contact", "amocrm/contacts", "amocrm/user",
    "amocrm/pipeline", "amocrm/statuses", "amocrm/contact_chats", "amocrm/event_types",
    "radist/connection", "radist/me", "radist/sent",
    "resend/email", "mobizon/status",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(shapes.schemas()))
def test_every_schema_is_sound_and_names_its_source(name: str) -> None:
    schema = shapes.schemas()[name]
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"{shapes.BASE}{name}.json"
    assert re.search(r"\[(D|S|T|A)\]", schema["description"])


@pytest.mark.parametrize("name", shapes.samples())
def test_every_sample_keeps_to_its_shape(name: str) -> None:
    sample = shapes.sample(name)
    assert sample["shows"]
    assert shapes.problems(sample["shape"], sample) == []


def test_every_answer_that_is_read_has_a_sample() -> None:
    shown = {shapes.sample(name)["shape"] for name in shapes.samples()}
    assert set(shapes.answers()) - shown == WITHOUT_SAMPLE


@pytest.mark.parametrize("name", shapes.samples())
def test_a_sample_keeps_to_no_other_answers_shape(name: str) -> None:
    sample = shapes.sample(name)
    provider = sample["shape"].split("/")[0]
    fitting = {
        each
        for each in shapes.answers()
        if each.startswith(provider) and not shapes.problems(each, sample)
    }
    # A fuller answer is also a plainer one; a list with nothing in it says little.
    assert fitting - {"amocrm/problem", "amocrm/token_refused", "radist/me", "radist/refused"} <= {
        sample["shape"], *ALSO_FITS.get(name, ())
    }  # fmt: skip


ALSO_FITS = {
    "amocrm/leads_links": ("amocrm/lead_links",),
    "amocrm/no_content": (),
    "radist/messages_empty": ("radist/sources",),
    "radist/messages": ("radist/sources",),
}


REQUIRED = [
    ("amocrm/users", "body._embedded.users.0.rights.is_admin"),
    ("amocrm/pipelines", "body._embedded.pipelines.0._embedded.statuses.1"),
    ("amocrm/pipelines", "body._embedded.pipelines.0._embedded.statuses.0.type"),
    ("amocrm/loss_reasons", "body._embedded.loss_reasons.0.name"),
    ("amocrm/leads_first_page", "body._links.self"),
    ("amocrm/leads_first_page", "body._embedded.leads.1.closed_at"),
    ("amocrm/leads_first_page", "body._embedded.leads.1._embedded.contacts"),
    ("amocrm/leads_first_page", "body._embedded.leads.0._embedded.contacts.0.is_main"),
    ("amocrm/leads_first_page", "body._embedded.leads.0._embedded.loss_reason.0.id"),
    ("amocrm/leads_only_deleted", "body._embedded.leads.0.is_deleted"),
    ("amocrm/contacts", "body._embedded.contacts.2.custom_fields_values.0.values.0.enum"),
    ("amocrm/contacts", "body._embedded.contacts.0.custom_fields_values.0.values.0.value"),
    ("amocrm/events", "body._embedded.events.1.value_after.0.lead_status.pipeline_id"),
    ("amocrm/events", "body._embedded.events.2._embedded.entity"),
    ("amocrm/lead_links", "body._embedded.links.0.metadata.main_contact"),
    ("amocrm/token", "body.refresh_token"),
    ("amocrm/account_domain", "body.domain"),
    ("amocrm/refused_402", "body.title"),
    ("amocrm/refused_400", "body.validation-errors"),
    ("radist/companies", "body.companies"),
    ("radist/connections", "body.connections.0.type"),
    ("radist/sources", "body.0.connection_id"),
    ("radist/chats_first_page", "body.response_metadata"),
    ("radist/chats_first_page", "body.data.0.chats.0.phone"),
    ("radist/chats_first_page", "body.data.0.chats.1.last_message.created_at"),
    ("radist/messages", "body.0.text.text"),
    ("radist/messages", "body.1.image.url"),
    ("radist/messages", "body.6.waba_interactive"),
    ("radist/messages", "body.7.message_id"),
    ("resend/domains", "body.data.0.status"),
    ("resend/refused_429_quota", "body.name"),
    ("whapi/health", "body.status.text"),
    ("whapi/sent", "body.message.id"),
    ("mobizon/balance", "body.data.currency"),
    ("mobizon/refused_8", "body.code"),
]


@pytest.mark.parametrize(("name", "path"), REQUIRED)
def test_what_the_documentation_promises_may_not_be_missing(name: str, path: str) -> None:
    sample = copy.deepcopy(shapes.sample(name))
    *way, last = _steps(path)
    holder = sample
    for step in way:
        holder = holder[step]
    del holder[last]
    assert shapes.problems(sample["shape"], sample)


WRONG: list[tuple[str, str, Any]] = [
    ("amocrm/leads_first_page", "body._embedded.leads.0.id", "19619"),
    ("amocrm/leads_first_page", "body._embedded.leads.0.created_at", "2026-03-05T10:00:00Z"),
    ("amocrm/leads_first_page", "body._embedded.leads.0.created_at", 1772700000000),
    ("amocrm/leads_first_page", "body._embedded.leads.0.price", "46333"),
    ("amocrm/leads_first_page", "body._embedded.leads.0._embedded.loss_reason", {"id": 4203748}),
    ("amocrm/leads_first_page", "body._embedded.leads.0.is_deleted", True),
    ("amocrm/leads_first_page", "body._links.next.href", "/api/v4/leads?page=2"),
    ("amocrm/leads_first_page", "body._embedded.leads", []),
    ("amocrm/leads_first_page", "content_type", "text/html"),
    ("amocrm/pipelines", "body._embedded.pipelines.0._embedded.statuses.2.id", 144),
    ("amocrm/pipelines", "body._embedded.pipelines.0._embedded.statuses.1.sort", 50),
    ("amocrm/events", "body._embedded.events.0.id", 17),
    ("amocrm/events", "body._embedded.events.0.entity_type", "leads"),
    ("amocrm/events", "body._embedded.events.1.value_after", []),
    ("amocrm/users", "body._embedded.users.0.rights.leads.view", "X"),
    ("amocrm/token", "body.access_token", "opaque"),
    ("amocrm/refused_403", "body.status", 404),
    ("amocrm/refused_429", "body", "too fast"),
    ("amocrm/no_content", "body", {}),
    ("radist/messages", "body", {"messages": []}),
    ("radist/messages", "body.0.direction", "in"),
    ("radist/messages", "body.0.created_at", 1772700000),
    ("radist/messages", "body.0.text", "Спасибо"),
    ("radist/connections", "body", [{"id": 1, "type": "waba"}]),
    ("radist/chats_first_page", "body.response_metadata.next_cursor", 2),
    ("radist/refused_401", "status", 200),
    ("resend/sent", "body.id", 17),
    ("whapi/sent", "body.sent", False),
    ("whapi/health", "body.status.text", "ONLINE"),
    ("mobizon/refused_8", "body.code", 0),
    ("mobizon/sent", "body.data.messageId", 125),
]


@pytest.mark.parametrize(("name", "path", "value"), WRONG)
def test_another_type_or_value_is_noticed(name: str, path: str, value: Any) -> None:
    sample = copy.deepcopy(shapes.sample(name))
    *way, last = _steps(path)
    holder = sample
    for step in way:
        holder = holder[step]
    assert holder[last] != value
    holder[last] = value
    assert shapes.problems(sample["shape"], sample)


def _steps(path: str) -> Iterator[Any]:
    return (int(step) if step.isdigit() else step for step in path.split("."))
