"""Which words of a dialog are names, and that none of them is left in any form."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from synkro_assets.reporting.dialog_analysis import dialogs_prompt, masked_dialog
from synkro_assets.reporting.dialog_names import introduced, without_names

ROOT = Path(__file__).resolve().parents[3]
CONVERSATIONS = (
    Path(os.environ.get("SYNKRO_SHARED_DATA") or ROOT.parent / "shared" / "data")
    / "ru_autoservice.jsonl"
)
SIDES = {"client": "inbound", "agent": "outbound"}
# Every first name that is said in the conversations, and the forms it is said in.
PEOPLE = {
    "Алексей": "Алексе(й|я|ю|ем|е)", "Александр": "Александр(а|у|ом|е)?",
    "Анастасия": "Анастаси(я|и|ю|ей)", "Андрей": "Андре(й|я|ю|ем|е)", "Анна": "Анн(а|ы|е|у|ой)",
    "Артём": "Арт[её]м(а|у|ом|е)?", "Дмитрий": "Дмитри(й|я|ю|ем|и)", "Иван": "Иван(а|у|ом|е)?",
    "Михаил": "Михаил(а|у|ом|е)?", "Николай": "Никола(й|я|ю|ем|е)", "Сергей": "Серге(й|я|ю|ем|е)",
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Мария Петрова", "Мария Марии Марию Марией Маша не она: МАРИЯ мария Петровой Петрову"),
        ("Алексей", "Алексей, Алексея! Алексею; Алексеем «Алексее»"),
        ("Пётр", "Петра Петру Пётр Петром"),
        ("Павел", "Павел Павла Павлу Павлом"),
        ("Оля", "Оля Оле Олю Олей Оль"),
        ("Игорь", "Игорь Игоря Игорю Игорем"),
        ("Достоевский", "Достоевского Достоевскому Достоевским"),
        ("Айгуль", "Айгуль Айгульдің Айгули"),
        ("Ян", "Ян"),
        ("John Smith", "John John's Smiths"),
        ("Анна-Мария (сервис)", "Анны Марии"),
    ],
)
def test_a_name_is_masked_in_every_form(name: str, said: str) -> None:
    kept = without_names(said, [name])
    stem = re.compile(rf"(?i)\b{re.escape(name[:2])}")
    left = [word for word in re.findall(r"\w+", kept) if stem.match(word) and word != "Маша"]
    assert left == []
    assert "***" in kept


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Ли", "Есть ли места?"),
        ("Ян", "Январь и Яна"),
        ("Оля", "Около двух колясок"),
        ("Иван", "Диванов больше нет"),
        ("Мария", "Маринад готов"),
        ("+7 701 123", "В 701 кабинете"),
        ("", "Никто"),
        ("👍", "Никто 👍"),
    ],
)
def test_other_words_stay(name: str, said: str) -> None:
    assert without_names(said, [name]) == said


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("Меня зовут Ольга, есть вопрос", {"Ольга"}),
        ("запишите на имя Анна Ким.", {"Анна Ким"}),
        ("**Имя:** Дмитрий", {"Дмитрий"}),
        ("Алексей, +7 900 123-45-67", {"Алексей"}),
        ("my name is Bob", {"Bob"}),
        ("меня зовут на работу", set()),
        ("Стоит 90000 тенге", set()),
    ],
)
def test_people_introduce_themselves(said: str, names: set[str]) -> None:
    assert introduced(said) == names


def test_an_introduction_is_hidden_wherever_the_name_comes_again() -> None:
    words = (("inbound", "Меня зовут Ольга"), ("outbound", "Ольге уже звонили, спасибо"))
    prompt = dialogs_prompt("ru", [masked_dialog(1, words, [])])
    assert "Ольг" not in prompt
    assert "уже звонили" in prompt


@pytest.mark.parametrize(("is_given", "most"), [(True, 0), (False, 40)])
def test_of_whole_conversations_no_contacts_name_leaves(is_given: bool, most: int) -> None:
    """Contacts go by the first names of their dialogs, or by none and are only introduced."""
    if not CONVERSATIONS.is_file():
        pytest.skip(f"{CONVERSATIONS} is not there: name the folder in SYNKRO_SHARED_DATA")
    said, left = 0, []
    for line in CONVERSATIONS.read_text(encoding="utf-8").splitlines():
        messages = json.loads(line)["messages"]
        words = [(SIDES[each["role"]], each["text"]) for each in messages]
        text = " ".join(each for _, each in words)
        names = [name for name, forms in PEOPLE.items() if re.search(rf"\b{forms}\b", text)]
        forms = re.compile(rf"(?i)\b(?:{'|'.join(PEOPLE[name] for name in names) or '!'})\b")
        said += sum(1 for _ in forms.finditer(text))
        sent = masked_dialog(1, words, names if is_given else []).messages
        left += [found[0] for _, each in sent for found in forms.finditer(each)]
    assert said > 300
    assert len(left) <= most, left
