"""Who asked for a run, by what Dagster knows of it."""

from synkro_assets.resources import requested_by


def test_a_run_is_of_whom_it_names_else_of_what_launched_it() -> None:
    by_sensor = {"dagster/sensor_name": "report_delivery_sensor"}
    assert requested_by({"synkro/requested_by": "ann", **by_sensor}) == "ann"
    assert requested_by(by_sensor) == "report_delivery_sensor"
    assert requested_by({"dagster/schedule_name": "nightly"}) == "nightly"
    assert requested_by({"dagster/partition": "2026-03-05|acme"}) == "dagit"
