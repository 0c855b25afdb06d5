"""Numbers, times and phones as people read them, in the tenant's language.

What lives here: formatting of values. The sentences around them are ``wording``.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from babel.core import Locale
from babel.dates import format_date, format_datetime, get_timezone_location
from babel.numbers import format_currency, format_decimal, get_currency_symbol

from synkro_assets.domain.business_day import Window
from synkro_assets.domain.facts import Fact

_HOUR = 60
_DAY = 24 * 60

_UNITS = {"ru": ("д", "ч", "мин"), "en": ("d", "h", "min")}
_CHANNELS = {
    "whatsapp": "WhatsApp",
    "waba": "WhatsApp Business",
    "telegram": "Telegram",
    "telegram_personal": "Telegram",
    "telegram_bot": "Telegram Bot",
    "instagram": "Instagram",
    "avito": "Avito",
    "vk": "VK",
    "viber": "Viber",
    "max": "MAX",
}
# Signs that CLDR keeps for narrow columns, where its own choice is a code of letters.
_SIGNS = {"ru": {"KZT": "₸", "AMD": "֏", "GEL": "₾", "AZN": "₼"}}

_RUSSIAN_ZONES = {
    "Europe/Kaliningrad": "калининградское", "Europe/Moscow": "московское",
    "Europe/Samara": "самарское", "Asia/Yekaterinburg": "екатеринбургское",
    "Asia/Omsk": "омское", "Asia/Novosibirsk": "новосибирское",
    "Asia/Krasnoyarsk": "красноярское", "Asia/Irkutsk": "иркутское",
    "Asia/Vladivostok": "владивостокское",
}  # fmt: skip
_UNDER_A_MINUTE = {"ru": "меньше минуты", "en": "under a minute"}


def count(value: Decimal | int, language: str) -> str:
    """A whole number with the language's grouping."""
    return format_decimal(int(value), locale=language)


def counted(value: Decimal | int, forms: dict[str, str], language: str) -> str:
    """A number with its noun in the right plural form: ``5 диалогов``."""
    return f"{count(value, language)} {plural_form(value, forms, language)}"


def plural_form(value: Decimal | int, forms: dict[str, str], language: str) -> str:
    """The form that goes with a whole number, by CLDR's plural categories."""
    category = Locale.parse(language).plural_form(int(value))
    if not int(value) and "zero" in forms:
        return forms["zero"]
    return forms.get(category, forms["other"])


def phrase(value: Decimal | int, forms: dict[str, str], language: str) -> str:
    """A phrase around a number, in the form that goes with it: ``проиграны 2 сделки``."""
    return plural_form(value, forms, language).format(count(value, language))


def duration(minutes: Decimal, language: str) -> str:
    """Minutes as days, hours and minutes; two units at most."""
    if 0 < minutes < 1:
        return _UNDER_A_MINUTE[language]
    whole = int(minutes.to_integral_value(ROUND_HALF_UP))
    days, rest = divmod(whole, _DAY)
    hours, rest = divmod(rest, _HOUR)
    named = [
        f"{n} {unit}" for n, unit in zip((days, hours, rest), _UNITS[language], strict=True) if n
    ]
    return " ".join(named[:2]) or f"0 {_UNITS[language][2]}"


def amount(value: Decimal, currency_code: str | None, language: str) -> str:
    """Whole money units with the currency's sign."""
    if not currency_code:
        return count(value, language)
    if sign := _SIGNS.get(language, {}).get(currency_code):
        return f"{count(value.to_integral_value(ROUND_HALF_UP), language)}\xa0{sign}"
    # A code of letters needs room before the figure, a sign does not.
    before = "¤\xa0" if get_currency_symbol(currency_code, locale=language).isalpha() else "¤"
    return format_currency(
        value, currency_code, locale=language, currency_digits=False,
        format={"ru": "#,##0\xa0¤", "en": f"{before}#,##0"}[language],
    )  # fmt: skip


def fact_value(fact: Fact, language: str) -> str:
    """A fact's value with its unit; the caller has made sure there is one."""
    assert fact.value is not None
    if fact.unit == "minutes":
        return duration(fact.value, language)
    if fact.unit == "amount":
        return amount(fact.value, fact.currency_code, language)
    return count(fact.value, language)


def day_name(day: date, language: str) -> str:
    """``вторник, 3 марта 2026``."""
    pattern = {"ru": "EEEE, d MMMM y", "en": "EEEE, d MMMM y"}[language]
    return format_date(day, pattern, locale=language)


def moment(instant: datetime, timezone: str, language: str) -> str:
    """An instant in the tenant's zone: ``3 марта, 22:01``."""
    return format_datetime(instant.astimezone(ZoneInfo(timezone)), "d MMMM, HH:mm", locale=language)


def span(window: Window, timezone: str, language: str) -> tuple[str, str]:
    """Both ends of a window in the tenant's zone: ``3 марта 22:01``; a date they share, once."""
    start, end = (each.astimezone(ZoneInfo(timezone)) for each in (window.start, window.end))
    of_end = "HH:mm" if start.date() == end.date() else "d MMMM HH:mm"
    return (
        format_datetime(start, "d MMMM HH:mm", locale=language),
        format_datetime(end, of_end, locale=language),
    )


def zone_name(timezone: str, language: str) -> str:
    """A zone's time as people call it: ``московское время``, ``время: Алматы``, ``London time``.

    A zone that is no place keeps its own name.
    """
    if "/" not in timezone or timezone.startswith("Etc/"):
        return timezone
    if language == "ru" and timezone in _RUSSIAN_ZONES:
        return f"{_RUSSIAN_ZONES[timezone]} время"
    city = get_timezone_location(ZoneInfo(timezone), locale=language, return_city=True)
    named = city.rpartition("/")[2]
    return {"ru": f"время: {named}", "en": f"{named} time"}[language]


def channel_name(channel: str) -> str:
    """A type of messenger as people call it; Radist's own word for those not known here."""
    return _CHANNELS.get(channel, channel)


def phone(e164: str) -> str:
    """An E.164 number spaced for reading; as it is when it cannot be read."""
    import phonenumbers

    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return e164
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL))
