"""The stages of a build: every report is passed on, and every stage has its seconds."""

from crmreport.stages import Stages


def test_every_report_is_passed_on_and_each_stage_has_seconds() -> None:
    heard: list[tuple[str, int, int]] = []
    stages = Stages(lambda *report: heard.append(report))
    said = [("read", 0, 0), ("run", 0, 2), ("run", 1, 2), ("run", 2, 2), ("read", 0, 0)]
    for report in said:
        stages(*report)
    assert heard == said
    assert list(stages.end()) == ["read", "run"]
    assert all(seconds >= 0 for seconds in stages.end().values())
