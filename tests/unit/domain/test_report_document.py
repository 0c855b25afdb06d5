"""The report as plain text for a terminal."""

from __future__ import annotations

from synkro_assets.domain.report_document import Line, ReportDocument, Section, plain_text


def test_plain_text_holds_every_part_top_to_bottom() -> None:
    lines = (Line("waits 5 min", lead="Ann", quote="hello?"), Line("and more", is_bullet=False))
    document = ReportDocument("Acme", "today", "Busy.", (Section("Waiting", lines),), ("Complete",))

    assert plain_text(document) == (
        "Acme\ntoday\n\nBusy.\n\nWaiting\n• Ann — waits 5 min\n  «hello?»\nand more\n\nComplete"
    )


def test_plain_text_leaves_out_what_is_empty() -> None:
    assert plain_text(ReportDocument("Acme", "today", "", (), ())) == "Acme\ntoday"
