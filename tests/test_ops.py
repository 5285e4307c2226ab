"""Operations: what ops/ asks of Prometheus exists, and whoever is woken finds an entry in the runbook.

In: ops/, docs/runbook.md, the table of metrics. Out: every name that does not fit.
Invariant: names and labels are read from the expressions themselves.
Deliberately absent: PromQL's grammar; promtool has it (`promtool check rules ops/alerts.yml`).
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from schemas.departments import DEPARTMENTS, sources
from schemas.topics import FACTS
from streams.commands import drain, lodging, produce, quality, rejects, run, serve, service, topics, transfer
from streams.errors import USAGE
from streams.service import worker
from streams.service.metrics import METRICS
from streams.service.settings import Settings, variable
from streams.service.watchdog import ORPHANED, STALLED

ROOT = Path(__file__).resolve().parent.parent
OPS = ROOT / "ops"
ALERTS = yaml.safe_load((OPS / "alerts.yml").read_text("utf-8"))
RULES: list[dict[str, Any]] = [rule for group in ALERTS["groups"] for rule in group["rules"]]
DASHBOARD = json.loads((OPS / "grafana.json").read_text("utf-8"))
PROMETHEUS = yaml.safe_load((OPS / "prometheus.yml").read_text("utf-8"))
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text("utf-8")

OF_SCRAPING = {"job", "instance"}
OF_PROCESSES = {
    "up": "gauge", "process_start_time_seconds": "gauge", "process_resident_memory_bytes": "gauge",
    "process_cpu_seconds_total": "counter",
}  # fmt: skip
FUNCTIONS = {
    "absent", "changes", "clamp_min", "histogram_quantile", "increase", "label_replace", "predict_linear", "rate",
    "sum", "time",
}  # fmt: skip
OVER_TIME = {"changes", "increase", "rate", "predict_linear"}
WORDS = {"and", "or", "unless", "on", "by", "offset"}
UNITS = {"none", "short", "s", "bytes", "percentunit"}


def expressions() -> list[tuple[str, str]]:
    """Everything that is asked of Prometheus, with who asks."""
    found = [(rule["alert"], rule["expr"]) for rule in RULES]
    for panel in DASHBOARD["panels"]:
        found += [(panel["title"], target["expr"]) for target in panel.get("targets", ())]
    return found + [(each["name"], each["expr"]) for each in DASHBOARD["annotations"]["list"]]


EXPRESSIONS = expressions()
each_expression = pytest.mark.parametrize(("asker", "text"), EXPRESSIONS, ids=[asker for asker, _ in EXPRESSIONS])


def series() -> dict[str, tuple[str, set[str]]]:
    """Every series that there is: kind and labels."""
    found = {name: (kind, OF_SCRAPING) for name, kind in OF_PROCESSES.items()}
    for metric in METRICS:
        labels = {*metric.labels, *OF_SCRAPING}
        if metric.kind == "histogram":
            found[f"{metric.name}_bucket"] = ("counter", {*labels, "le"})
            found[f"{metric.name}_sum"] = found[f"{metric.name}_count"] = ("counter", labels)
        else:
            found[metric.name] = (metric.kind, labels)
    return found


def plain(text: str) -> str:
    """An expression without strings, selectors, ranges and the label lists of `by` and `on`."""
    text = re.sub(r'"[^"]*"', "''", text)
    text = re.sub(r"\{[^}]*\}|\[[^\]]*\]", "", text)
    return re.sub(r"\b(by|on) \([^)]*\)", "", text)


def names(text: str) -> list[str]:
    """The series that an expression asks for."""
    words = re.findall(r"\b[a-z_][a-z0-9_]*\b(?! *\()", plain(text))
    return [word for word in words if word not in WORDS and not re.fullmatch(r"\d+[smhd]", word)]


def label_names(text: str) -> set[str]:
    """The labels that an expression selects or groups by."""
    selected = re.findall(r"([a-z_]+) *(?:=~|!~|!=|=) *\"", " ".join(re.findall(r"\{([^}]*)\}", text)))
    grouped = ",".join(re.findall(r"\b(?:by|on) \(([^)]*)\)", text))
    return {*selected, *(name.strip() for name in grouped.split(",") if name.strip())}


@each_expression
def test_whatever_is_asked_for_is_counted(asker: str, text: str) -> None:
    asked = names(text)
    assert asked, f"{asker} asks for nothing"
    assert not set(asked) - set(series())


@each_expression
def test_every_label_is_one_of_the_series_that_are_asked_for(asker: str, text: str) -> None:  # noqa: ARG001
    there = set().union(*(series()[name][1] for name in names(text)))
    made = set(re.findall(r'label_replace\(.*?, "(\w+)"', text, re.DOTALL))
    assert not label_names(text) - there - made


@each_expression
def test_an_expression_is_whole_and_uses_functions_that_are_known(asker: str, text: str) -> None:  # noqa: ARG001
    for pair in ("()", "{}", "[]"):
        assert text.count(pair[0]) == text.count(pair[1])
    assert text.count('"') % 2 == 0
    called = set(re.findall(r"\b([a-z_]+) *\(", re.sub(r"\b(by|on) \(", "", plain(text))))
    assert called <= FUNCTIONS | {"and", "or"}


@each_expression
def test_a_counter_is_asked_for_its_change_and_a_histogram_for_its_buckets(asker: str, text: str) -> None:  # noqa: ARG001
    for name in names(text):
        kind = series()[name][0]
        for function, ranged in re.findall(rf"(?:(\w+)\()?{name}\b(?:\{{[^}}]*\}})?(\[\w+\])?", text):
            assert bool(ranged) == (function in OVER_TIME)
            if kind == "counter":
                assert function in OVER_TIME or name == "kuancheng_gap_records_total"
            else:
                assert function not in {"rate", "increase"}
    if "histogram_quantile" in text:
        assert "_bucket" in text
        assert "le" in label_names(text)


@each_expression
def test_a_source_that_is_named_is_one(asker: str, text: str) -> None:  # noqa: ARG001
    assert set(re.findall(r'source!?="([^"]+)"', text)) <= {*sources(), FACTS}
    assert set(re.findall(r'department!?="([^"]+)"', text)) <= set(DEPARTMENTS)


@each_expression
def test_a_job_that_is_named_is_scraped(asker: str, text: str) -> None:  # noqa: ARG001
    jobs = [config["job_name"] for config in PROMETHEUS["scrape_configs"]]
    for equal, job in re.findall(r'job(=~?)"([^"]+)"', text):
        assert job in jobs if equal == "=" else any(re.fullmatch(job, name) for name in jobs)


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_whatever_is_counted_is_looked_at(metric: Any) -> None:
    if metric.name in ("kuancheng_process_info", "kuancheng_snapshot", "kuancheng_intake_rejects_total"):
        return  # for a human at /metrics: who this is, and what the intake itself made of what came twice
    asked = {name for _, text in EXPRESSIONS for name in names(text)}
    assert any(name == metric.name or name.startswith(f"{metric.name}_") for name in asked)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_is_the_matter_how_urgent_it_is_and_where_to_read_on(rule: dict[str, Any]) -> None:
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    assert rule["labels"].keys() == {"severity"}
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert re.match(r"[\u4e00-\u9fff]", rule["annotations"]["summary"]), "Chinese comes first"
    assert rule["annotations"]["runbook"] == f"docs/runbook.md#{rule['alert'].lower()}"
    assert re.fullmatch(r"\d+[smh]", rule.get("for", "0m"))
    told = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
    assert told <= set().union(*(series()[name][1] for name in names(rule["expr"]))) | {"department"}


def test_every_alert_has_its_entry_in_the_runbook_and_every_entry_its_alert() -> None:
    entries = re.findall(r"^### (\w+)$", RUNBOOK, re.MULTILINE)
    assert sorted(entries) == sorted(rule["alert"] for rule in RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_entry_says_what_to_do_where_to_look_and_whom_to_call(rule: dict[str, Any]) -> None:
    entry = RUNBOOK.split(f"### {rule['alert']}\n")[1].split("\n#")[0]
    assert re.search(r"\*\*(First|Do)\*\*", entry)
    assert re.search(r"\*\*(Look|First)\*\*", entry)
    assert "**Call**" in entry


def test_the_runbook_names_commands_settings_and_metrics_that_exist() -> None:
    app = typer.Typer()
    for group in (drain, lodging, produce, quality, rejects, run, serve, service, topics, transfer):
        group.add_to(app)
    commands = {each.name or each.callback.__name__ for each in app.registered_commands if each.callback}
    assert set(re.findall(r"`brain ([a-z]+)", RUNBOOK)) <= commands
    assert set(re.findall(r"BRAIN_[A-Z_]+", RUNBOOK)) <= {variable(name) for name in Settings.model_fields}
    assert set(re.findall(r"kuancheng_[a-z_]+", RUNBOOK)) <= {metric.name for metric in METRICS}


def test_the_runbook_knows_every_exit_code() -> None:
    table = {int(code) for code in re.findall(r"^\| (-?\d+) \|", RUNBOOK, re.MULTILINE)}
    assert {worker.STOPPED, worker.WRONG, worker.FAILED, USAGE, STALLED, ORPHANED} <= table


@pytest.mark.parametrize("event", ["refused", "failed", "worker ended", "worker silent", "thread"])
def test_the_lines_that_the_runbook_looks_for_are_logged(event: str) -> None:
    assert f"`{event}`" in RUNBOOK
    code = "".join(path.read_text("utf-8") for path in (ROOT / "streams" / "service").glob("*.py"))
    assert re.search(rf'\.(info|warning|error|critical|exception)\("{event}"', code)


def test_prometheus_reads_the_alerts_and_asks_the_ports_of_the_settings() -> None:
    assert PROMETHEUS["rule_files"] == ["alerts.yml"]
    targets = {
        config["job_name"]: [target for each in config["static_configs"] for target in each["targets"]]
        for config in PROMETHEUS["scrape_configs"]
    }
    settings = Settings.model_fields
    host, port = settings["host"].default, settings["port"].default
    assert targets["kuancheng-writer"] == [f"{host}:{port}"]
    assert targets["kuancheng-intake"] == [f"{host}:{port + 1}"]


def test_the_dashboard_has_panels_with_titles_units_and_places_of_their_own() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len({panel["title"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken
        assert at["x"] + at["w"] <= 24
        taken |= cells
        if panel["type"] != "row":
            assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
            assert panel["description"]
            assert all(target["datasource"]["uid"] == "${datasource}" for target in panel["targets"])


def test_the_legend_of_a_panel_names_labels_that_are_there() -> None:
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", ()):
            told = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            kept = re.findall(r"\bby \(([^)]*)\)", target["expr"])
            there = {name.strip() for group in kept for name in group.split(",")}
            if not kept:
                there = set().union(*(series()[name][1] for name in names(target["expr"])))
            assert told <= there, panel["title"]
