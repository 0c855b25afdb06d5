"""Conversations for the large days: those of the shared data, repeated with other ids.

What lives here: writing a dialogs file (contracts §8) of a wanted size. The conversations come from
the folder that ``SYNKRO_SHARED_DATA`` names, else from the one beside the project; without it a few
phrases stand in.
"""

from __future__ import annotations

import json
import os
from itertools import cycle, islice
from pathlib import Path

from synkro_assets.settings import PROJECT_ROOT

_PHRASES = [
    "Здравствуйте! Подскажите, пожалуйста, есть ли свободное время завтра после обеда?",
    "Добрый день! Есть окно в 15:30, вам удобно?",
    "Да, запишите меня. Сколько будет стоить работа вместе с расходниками?",
    "Около восьми тысяч; точнее скажем после осмотра.",
]


def write_dialogs(path: Path, dialogs: int, messages: int) -> None:
    """``dialogs`` conversations with exactly ``messages`` messages, as unequally long as real ones.

    Equal lengths would be unlike any messenger: a reader of pages learns from short ones.
    """
    conversations = list(islice(cycle(_conversations()), dialogs))
    scale = messages / sum(map(len, conversations))
    written, due = 0, 0.0
    with path.open("w", encoding="utf-8") as file:
        for number, texts in enumerate(conversations):
            due += len(texts) * scale
            length = messages - written if number == dialogs - 1 else max(1, round(due - written))
            written += length
            rows = [
                {"role": "agent" if place % 2 else "client", "text": text}
                for place, text in enumerate(islice(cycle(texts), length))
            ]
            line = {"dialog_id": f"d{number}", "lang": "ru", "messages": rows}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def conversation_texts() -> list[str]:
    """Every text of the conversations, in their order."""
    return [text for texts in _conversations() for text in texts]


def _conversations() -> list[list[str]]:
    given = os.environ.get("SYNKRO_SHARED_DATA")
    folder = Path(given) if given else PROJECT_ROOT.parent / "shared" / "data"
    source = folder / "ru_service.jsonl"
    if not source.is_file():
        return [_PHRASES * length for length in (1, 2, 4, 5)]
    with source.open(encoding="utf-8") as file:
        return [[row["text"] for row in json.loads(line)["messages"]] for line in file]
