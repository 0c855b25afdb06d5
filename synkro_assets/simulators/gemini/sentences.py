"""A sales analyst's sentences without a single number in them.

Lives here: templates per language, chosen by a hash, citing facts, dialogs and managers by id.
Not here: where in an answer they go (``schema_answer``).
"""

import re

from synkro_assets.simulators.world.seeds import number

from .materials import Materials

WITH_TITLE = {
    "ru": ["{title}: {fact}.", "По показателю «{title}» получилось {fact}.",
           "Отдельно отмечу: {title} — {fact}.", "{title} за период составляет {fact}."],
    "en": ["{title}: {fact}.", "On “{title}” the day came to {fact}.",
           "Worth noting: {title} is {fact}.", "{title} for the period is {fact}."],
}  # fmt: skip
WITHOUT_TITLE = {
    "ru": ["Ключевой показатель дня — {fact}.", "Стоит обратить внимание на значение {fact}.",
           "Итог по этому показателю: {fact}."],
    "en": ["The key figure of the day is {fact}.", "The value {fact} deserves attention.",
           "The result on this measure: {fact}."],
}  # fmt: skip
DIALOG = {
    "ru": ["Показателен диалог {dialog}: разберите его с командой.",
           "В диалоге {dialog} клиент ждал ответа, вернитесь к нему.",
           "Хороший пример для обучения — {dialog}."],
    "en": ["See {dialog}: worth going through with the team.",
           "In {dialog} the client was waiting for an answer, please return to it.",
           "A good example for training is {dialog}."],
}  # fmt: skip
MANAGER = {
    "ru": ["Менеджеру {manager} стоит быстрее отвечать на вопросы о цене.",
           "{manager}: договорённости фиксируйте в переписке."],
    "en": ["{manager} should answer price questions sooner.",
           "{manager}: please confirm agreements in writing."],
}  # fmt: skip
ADVICE = {
    "ru": ["Сначала ответьте клиентам, чьё сообщение осталось без ответа.",
           "Предложите сомневающимся клиентам рассрочку и назовите срок решения.",
           "Клиент узнавал условия и стоимость, разговор шёл спокойно.",
           "Закрепите за каждым новым обращением ответственного менеджера."],
    "en": ["Begin with the clients whose last message has no answer.",
           "Offer hesitant clients instalments and agree on a date to decide.",
           "The client asked about terms and price, the tone was calm.",
           "Give every new request a responsible manager."],
}  # fmt: skip
HEADLINE = {
    "ru": ["День отдела продаж: главное", "Итоги дня и точки роста", "Переписка и сделки за день"],
    "en": [
        "The sales day in brief",
        "Results of the day and what to improve",
        "Chats and deals today",
    ],
}
_NUMERAL = re.compile(
    r"\d|[{}]|\b(?:ноль|один|одна|одно|два|две|три|четыре|пять|шесть|семь|восемь|девять|десять|сто"
    r"|тысяч\w*|миллион\w*|zero|one|two|three|four|five|six|seven|eight|nine|ten|hundred|thousand)\b",
    re.IGNORECASE,
)  # fmt: skip


def is_numberless(text: str) -> bool:
    """Whether the text has no digit, no numeral word and no brace."""
    return _NUMERAL.search(text) is None


def pick(options: list[str], *salt: object) -> str:
    """One option, always the same for the same salt."""
    return options[number(*salt, below=len(options))]


def fact_sentence(materials: Materials, fact_id: str, salt: str) -> str:
    """A sentence around a fact, by its own title when that has no number in it."""
    language, title = materials.language, materials.label("fact", fact_id).strip().rstrip(".:")
    fact = f"{{fact:{fact_id}}}"
    if title and is_numberless(title):
        return pick(WITH_TITLE[language], salt, fact_id).format(title=title, fact=fact)
    return pick(WITHOUT_TITLE[language], salt, fact_id).format(fact=fact)


def note(
    materials: Materials, facts: list[str], dialogs: list[str], managers: list[str], salt: str
) -> str:
    """A short note that cites all that is given."""
    language = materials.language
    lines = [fact_sentence(materials, fact_id, salt) for fact_id in facts]
    lines += [pick(DIALOG[language], salt, d).format(dialog=f"{{dialog:{d}}}") for d in dialogs]
    lines += [pick(MANAGER[language], salt, m).format(manager=f"{{manager:{m}}}") for m in managers]
    if len(lines) < 2:
        lines.append(pick(ADVICE[language], salt, "advice"))
    return " ".join(lines)


def quote(text: str) -> str:
    """A short piece of a text, word for word."""
    if len(text) <= 60:
        return text
    cut = text[:60]
    return cut[: cut.rfind(" ")] if " " in cut else cut
