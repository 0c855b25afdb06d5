"""Names and phone numbers of made-up people.

Lives here: names per language, numbers per region, and the ways people write them down. Not here:
who owns which number in a given day (``messenger``, ``crm``).
"""

import random

MALE = {
    "ru": ["Алексей", "Дмитрий", "Иван", "Сергей", "Михаил", "Павел", "Тимур", "Николай", "Руслан"],
    "en": ["James", "Daniel", "Oliver", "Thomas", "Marcus", "Peter", "Victor", "Nathan", "Samuel"],
}
FEMALE = {
    "ru": ["Анна", "Мария", "Елена", "Ольга", "Наталья", "Дарья", "Алина", "Ирина", "Светлана"],
    "en": ["Emma", "Sophie", "Laura", "Hannah", "Grace", "Nora", "Alice", "Julia", "Rachel"],
}
SURNAMES = {
    "ru": ["Смирнов", "Кузнецов", "Попов", "Васильев", "Соколов", "Морозов", "Волков", "Лебедев",
           "Егоров", "Никитин", "Орлов", "Фролов", "Зайцев", "Белов", "Гусев", "Титов"],
    "en": ["Bennett", "Carter", "Ellis", "Foster", "Graham", "Hughes", "Irving", "Jensen",
           "Keller", "Lawson", "Mercer", "Norton", "Palmer", "Quinn", "Reeves", "Sutton"],
}  # fmt: skip


def full_name(rand: random.Random, language: str) -> str:
    """A first name and a surname that agree with each other."""
    is_female = rand.random() < 0.5
    first = rand.choice((FEMALE if is_female else MALE)[language])
    surname = rand.choice(SURNAMES[language])
    return f"{first} {surname}{'а' if is_female and language == 'ru' else ''}"


def mobile(rand: random.Random, region: str) -> str:
    """A mobile number of the region in E.164; unknown regions get Russian ones."""

    def digits(count: int) -> str:
        return "".join(rand.choice("0123456789") for _ in range(count))

    if region == "US":
        area = rand.choice(["212", "415", "305", "617", "312", "206"])
        return f"+1{area}{rand.choice('2345678')}{rand.choice('2345678')}{digits(5)}"
    if region == "GB":
        return f"+447{rand.choice(['400', '520'])}{digits(6)}"
    if region == "KZ":
        return f"+77{rand.choice(['01', '02', '05', '77', '47'])}{digits(7)}"
    if region == "BY":
        return f"+375{rand.choice(['29', '33', '44'])}{rand.choice('1356')}{digits(6)}"
    return f"+79{rand.choice(['12', '16', '22', '03', '61', '85', '99'])}{digits(7)}"


def landline(rand: random.Random, region: str) -> str:
    """A second, fixed number in E.164."""
    if region in ("US", "GB", "KZ", "BY"):
        return mobile(rand, region)
    return f"+7343{rand.choice('23')}{''.join(rand.choice('0123456789') for _ in range(6))}"


def written(e164: str, style: int) -> str:
    """The number as a person types it; six styles."""
    if e164.startswith("+7") and len(e164) == 12:
        a, b, c, d = e164[2:5], e164[5:8], e164[8:10], e164[10:]
        return [
            f"8 ({a}) {b}-{c}-{d}",
            f"+7 {a} {b}{c}{d}",
            f"8{a}{b}{c}{d}",
            f"+7({a}){b}-{c}-{d}",
            f"7{a}{b}{c}{d}",
            e164,
        ][style % 6]
    if e164.startswith("+1") and len(e164) == 12:
        a, b, c = e164[2:5], e164[5:8], e164[8:]
        return [
            f"({a}) {b}-{c}",
            f"+1 {a} {b} {c}",
            f"{a}{b}{c}",
            f"1-{a}-{b}-{c}",
            f"{a}.{b}.{c}",
            e164,
        ][style % 6]
    return [e164, f"{e164[:4]} {e164[4:]}", f"{e164[:4]} {e164[4:8]}-{e164[8:]}"][style % 3]


def as_messenger(e164: str, style: int) -> str:
    """The number as a messenger shows it: digits, with plus, or beginning with 8."""
    if style % 7 == 0 and e164.startswith("+7"):
        return "8" + e164[2:]
    return e164 if style % 3 == 0 else e164[1:]
