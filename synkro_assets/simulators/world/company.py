"""The company behind a tenant: staff, pipelines, loss reasons, messenger connections.

Lives here: what stays the same from day to day, from (seed, tenant, language). Not here: its days
(``day``).
"""

from datetime import UTC, datetime

from .model import Company, Connection, LossReason, Manager, Pipeline, Status
from .people import full_name, mobile
from .seeds import number, rng

WON, LOST = 142, 143
BUSINESSES = ("auto", "furniture", "equipment")
BEGINNING = datetime(2019, 4, 1, 9, tzinfo=UTC)

NAMES = {
    "ru": {"auto": "Автосервис «Гараж»", "furniture": "Мебель «Уютный дом»",
           "equipment": "ТехноСнаб"},
    "en": {"auto": "Garage Car Service", "furniture": "Cosy Home Furniture",
           "equipment": "TechSupply Equipment"},
}  # fmt: skip
PIPELINES = {
    "ru": [
        ("Продажи", ["Неразобранное", "Первичный контакт", "Выявление потребности",
                     "Коммерческое предложение", "Договор и счёт"], "Оплачено", "Отказ клиента"),
        ("Сервис и повторные", ["Неразобранное", "Заявка принята", "Согласование времени",
                                "В работе"], "Работы выполнены", "Закрыто без работ"),
    ],
    "en": [
        ("Sales", ["Incoming", "First contact", "Needs analysis", "Quote sent",
                   "Contract and invoice"], "Paid", "Refused"),
        ("Service and repeat", ["Incoming", "Request accepted", "Scheduling", "In progress"],
         "Work done", "Closed without work"),
    ],
}  # fmt: skip
LOSS_REASONS = {
    "ru": ["Дорого", "Выбрали конкурента", "Нет в наличии", "Долго отвечали", "Не выходит на связь",
           "Передумали"],
    "en": ["Too expensive", "Chose a competitor", "Out of stock", "Answered too late",
           "Does not respond", "Changed their mind"],
}  # fmt: skip
COLORS = ["#c1c1c1", "#99ccff", "#ffff99", "#ffcc66", "#ffcccc"]
CURRENCIES = {"RU": "RUB", "KZ": "KZT", "BY": "BYN", "US": "USD", "GB": "GBP"}


def company(seed: int, tenant: str, language: str, region: str, timezone: str) -> Company:
    """The tenant's company; the same for the same arguments."""
    account_id = 28_000_000 + number(seed, tenant, "account", below=4_000_000)
    business = BUSINESSES[number(seed, tenant, "business", below=len(BUSINESSES))]
    return Company(
        tenant=tenant,
        name=NAMES[language][business],
        language=language,
        region=region,
        timezone=timezone,
        account_id=account_id,
        company_id=40_000 + number(seed, tenant, "radist", below=50_000),
        business=business,
        currency=CURRENCIES.get(region, "RUB"),
        managers=_managers(seed, tenant, language, account_id),
        pipelines=[_pipeline(account_id, language, index) for index in range(2)],
        loss_reasons=[
            LossReason(account_id // 10 + index, name, (index + 1) * 10000, BEGINNING)
            for index, name in enumerate(LOSS_REASONS[language])
        ],
        connections=_connections(seed, tenant, region, account_id),
    )


def _managers(seed: int, tenant: str, language: str, account_id: int) -> list[Manager]:
    rand = rng(seed, tenant, "managers", language)
    names: list[str] = []
    while len(names) < 5:
        name = full_name(rand, language)
        if name not in names:
            names.append(name)
    return [
        Manager(
            id=account_id // 4 + index * 17,
            name=name,
            email=f"manager{index + 1}@{tenant}.example",
            is_admin=index == 0,
            is_active=index != 4,
        )
        for index, name in enumerate(names)
    ]


def _pipeline(account_id: int, language: str, index: int) -> Pipeline:
    name, stages, won, lost = PIPELINES[language][index]
    pipeline_id = account_id // 5 + index * 4
    statuses = [
        Status(
            id=account_id * 2 + index * 100 + place,
            name=stage,
            sort=(place + 1) * 10,
            type=1 if place == 0 else 0,
            color=COLORS[place],
        )
        for place, stage in enumerate(stages)
    ]
    statuses.append(Status(WON, won, 10000, 0, "#CCFF66"))
    statuses.append(Status(LOST, lost, 11000, 0, "#D5D8DB"))
    return Pipeline(pipeline_id, name, (index + 1) * 10, index == 0, statuses)


def _connections(seed: int, tenant: str, region: str, account_id: int) -> list[Connection]:
    rand = rng(seed, tenant, "connections")
    first = account_id // 300
    return [
        Connection(first, "whatsapp", "WhatsApp", mobile(rand, region)),
        Connection(first + 1, "waba", "WhatsApp Business API", mobile(rand, region)),
        Connection(first + 2, "telegram_personal", "Telegram", mobile(rand, region)),
        Connection(first + 3, "telegram_bot", "Telegram bot", None),
        Connection(first + 4, "amocrm", "amoCRM", None),
    ]
