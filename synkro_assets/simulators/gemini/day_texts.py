"""Conclusions about a sales day in Russian and English, without a number in them.

Lives here: texts. Names stand in their basic form, nouns have a form for each kind of number. Not
here: when a text is true and worth saying (``insights``).
"""

from dataclasses import dataclass

Forms = tuple[str, ...]


@dataclass(frozen=True)
class DayTexts:
    """Every text in one language."""

    waiting: Forms
    waiting_from_before: Forms
    nobody_waits: str
    nobody_waits_and: str
    usual_reply: str
    dialogs: Forms
    more_lost: str
    more_won: str
    won: Forms
    lost: Forms
    created: Forms
    moved: Forms
    worth: str
    late_for_some: str
    long_wait: str
    short_wait: str
    silent_since: str
    slow_reply: str
    unanswered_of: str
    of_dialogs: Forms
    slower: str
    without_deal: str
    one_reason: str
    close_reasons: str
    without_reason: Forms
    lost_money: str
    little_known: str
    nothing_alarming: str
    answer: str
    answer_only: str
    responsible: str
    nobody: str
    appoint: str
    ask_why: str
    enter: str
    review: str
    review_lost: str
    review_few: Forms
    review_close: str
    fill_reason: str
    nothing_urgent: str


RUSSIAN = DayTexts(
    waiting=(
        "Без ответа остался {} диалог: с этого и стоит начать.",
        "Без ответа остались {} диалога: с этого и стоит начать.",
        "Без ответа осталось {} диалогов: с этого и стоит начать.",
    ),
    waiting_from_before=(
        "С более раннего времени ответа ждут в {} диалоге: с этого и стоит начать.",
        *["С более раннего времени ответа ждут в {} диалогах: с этого и стоит начать."] * 2,
    ),
    nobody_waits="Никто из написавших не остался без ответа",
    nobody_waits_and="Никто из написавших не остался без ответа; {deals}",
    usual_reply=", первый ответ обычно занимает {reply}",
    dialogs=("{} диалог", "{} диалога", "{} диалогов"),
    more_lost="проигранных сделок больше, чем выигранных: {lost} против {won}",
    more_won="выигранных сделок больше, чем проигранных: {won} против {lost}",
    won=("выиграна {} сделка", "выиграны {} сделки", "выиграно {} сделок"),
    lost=("проиграна {} сделка", "проиграны {} сделки", "проиграно {} сделок"),
    created=("создана {} сделка", "созданы {} сделки", "создано {} сделок"),
    moved=(
        "этап сменился у {} сделки",
        *["этап сменился у {} сделок"] * 2,
    ),
    worth=" на {amount}",
    late_for_some="Первый ответ обычно занимает {reply}, а дольше всех клиент ждёт уже {wait}: "
    "задерживаются не все ответы, а отдельные.",
    long_wait="Дольше всех клиент ждёт ответа уже {wait}.",
    short_wait="Те, кто ждёт ответа, ждут недолго: дольше всех — {wait}.",
    silent_since="Те, кто ждёт с более раннего времени, больше о себе не напоминали.",
    slow_reply="Даже в рабочее время клиент обычно ждёт первого ответа {reply}.",
    unanswered_of="{who}: без ответа {unanswered} из {dialogs} — больше, чем у других.",
    of_dialogs=("{} диалога", "{} диалогов", "{} диалогов"),
    slower="{who} отвечает дольше других: первый ответ обычно занимает {reply}, "
    "а по компании — {usual}.",
    without_deal="Без сделки в CRM {missing} из {dialogs}: эти обращения не попадут в воронку.",
    one_reason="Чаще других причин отказа встречается «{name}»: {count} из {lost} проигранных.",
    close_reasons="Причины отказа «{name}» и «{next}» встречаются почти одинаково часто и вместе "
    "дают большую часть проигранных сделок.",
    without_reason=(
        "У {} проигранной сделки не указана причина отказа.",
        *["У {} проигранных сделок не указана причина отказа."] * 2,
    ),
    lost_money="Сумма проигранных сделок больше суммы выигранных: {lost} против {won}.",
    little_known="Данных пока мало: сравнивать и обобщать рано.",
    nothing_alarming="Ничего тревожного эти факты не показывают.",
    answer="Сначала ответьте тем, кто ждёт дольше всех: {names}.",
    answer_only="Сначала ответьте клиенту, который ждёт: {names}.",
    responsible="{dialog} (ответственный — {manager})",
    nobody="{dialog} (ответственного нет)",
    appoint=" Тем, у кого нет ответственного, назначьте его.",
    ask_why="Выясните, почему {who} отвечает дольше других.",
    enter="Заведите сделки клиентам, у которых их нет, и назначьте ответственных: {names}.",
    review="Разберите с командой несколько сделок с причиной отказа «{name}»: "
    "на каком шаге их потеряли.",
    review_lost="Разберите с командой несколько проигранных сделок: на каком шаге их потеряли.",
    review_few=(
        "Разберите с командой проигранную сделку: на каком шаге её потеряли.",
        *["Разберите с командой проигранные сделки: на каком шаге их потеряли."] * 2,
    ),
    review_close="Разберите с командой несколько сделок с причинами отказа «{name}» и «{next}»: "
    "на каком шаге их потеряли.",
    fill_reason="Попросите менеджеров указать причину отказа там, где её нет.",
    nothing_urgent="Срочных действий эти факты не требуют.",
)

ENGLISH = DayTexts(
    waiting=(
        "{} dialog is still unanswered: that is the place to begin.",
        "{} dialogs are still unanswered: that is the place to begin.",
    ),
    waiting_from_before=(
        "{} dialog has been waiting since before: that is the place to begin.",
        "{} dialogs have been waiting since before: that is the place to begin.",
    ),
    nobody_waits="Nobody who wrote was left without an answer",
    nobody_waits_and="Nobody who wrote was left without an answer; {deals}",
    usual_reply=", a first reply usually takes {reply}",
    dialogs=("{} dialog", "{} dialogs"),
    more_lost="more deals were lost than won: {lost} against {won}",
    more_won="more deals were won than lost: {won} against {lost}",
    won=("{} deal was won", "{} deals were won"),
    lost=("{} deal was lost", "{} deals were lost"),
    created=("{} deal was created", "{} deals were created"),
    moved=("{} deal changed stage", "{} deals changed stage"),
    worth=", worth {amount}",
    late_for_some="A first reply usually takes {reply}, but the longest wait has come to {wait}: "
    "some answers are late, not all of them.",
    long_wait="The longest wait for an answer has come to {wait}.",
    short_wait="Those who wait have not waited long: {wait} at most.",
    silent_since="Those who have been waiting since before have not written again.",
    slow_reply="Even in working time a customer usually waits {reply} for a first reply.",
    unanswered_of="{who}: {unanswered} of {dialogs} unanswered, more than the others.",
    of_dialogs=("{} dialog", "{} dialogs"),
    slower="{who} answers more slowly than the others: a first reply usually takes {reply}, "
    "while the company’s usual time is {usual}.",
    without_deal="{missing} of {dialogs} have no deal in the CRM: the funnel does not show them.",
    one_reason="“{name}” is named more often than any other reason for losing: {count} of {lost} "
    "deals lost.",
    close_reasons="The reasons “{name}” and “{next}” are named almost equally often and together "
    "make up most of the deals lost.",
    without_reason=(
        "{} lost deal has no reason given.",
        "{} lost deals have no reason given.",
    ),
    lost_money="The deals lost are worth more than the deals won: {lost} against {won}.",
    little_known="There is little to go by yet: too early to compare or to generalise.",
    nothing_alarming="These facts show nothing alarming.",
    answer="First answer those who have waited longest: {names}.",
    answer_only="First answer the customer who is waiting: {names}.",
    responsible="{dialog} (responsible: {manager})",
    nobody="{dialog} (nobody responsible)",
    appoint=" Appoint somebody where nobody is responsible.",
    ask_why="Find out why {who} takes longer to answer than the others.",
    enter="Create deals for customers who have none, each with somebody responsible: {names}.",
    review="Go through some of the deals lost for the reason “{name}” with the team: at which step "
    "were they lost?",
    review_lost="Go through some of the lost deals with the team: at which step were they lost?",
    review_few=(
        "Go through the lost deal with the team: at which step was it lost?",
        "Go through the lost deals with the team: at which step were they lost?",
    ),
    review_close="Go through some of the deals lost for the reasons “{name}” and “{next}” with the "
    "team: at which step were they lost?",
    fill_reason="Ask the managers to give a reason where a lost deal has none.",
    nothing_urgent="These facts ask for nothing urgent.",
)

TEXTS = {"ru": RUSSIAN, "en": ENGLISH}
