"""Diagnosing files alone: a bad line is told and passed over, whatever else the file holds."""

import gzip
import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner

from nurture_worker.benchmarks import simulated
from nurture_worker.benchmarks.diagnosis import past_bound
from nurture_worker.cli import main
from nurture_worker.imports.lead_events import SiteFileError, count, read_site

SITE: dict[str, Any] = {
    "format": "lead-events/1",
    "case": "small",
    "window": {"start_ms": 1_000, "end_ms": 90_000_000, "days": 1},
    "articles": [
        {"slug": "a", "stage": "awareness", "sections": 4, "next": ["b"]},
        {"slug": "b", "stage": "interest", "sections": 3, "next": []},
    ],
    "ctas": [
        {"id": "x", "page": "a", "section": 1, "kind": "whitepaper", "aim": ["interest"],
         "gate": "g"}
    ],
    "gates": [{"id": "g", "kind": "whitepaper", "fields": ["name", "email"]}],
}  # fmt: skip
VIEW = {"id": 1, "ts": 2000, "e": "page_view", "pv": "p", "sid": "s", "vid": "v", "page": "a",
        "ref": "search"}  # fmt: skip


def site_file(folder: Path, **more: Any) -> Path:
    path = folder / "site.json"
    path.write_text(json.dumps({**SITE, **more}), encoding="utf-8")
    return path


def diagnosed(folder: Path, *, site: Path | None = None) -> tuple[int, str, dict[str, Any]]:
    out = folder / "answer.json"
    site = site or site_file(folder)
    words = [
        "diagnose",
        "--site",
        str(site),
        "--events",
        str(folder / "events"),
        "--json",
        str(out),
    ]
    result = CliRunner().invoke(main, words)
    answer = json.loads(out.read_text(encoding="utf-8")) if result.exit_code == 0 else {}
    return result.exit_code, result.output, answer


def test_bad_lines_are_told_with_their_number_and_the_rest_is_counted(tmp_path: Path) -> None:
    lines = [
        b"\xef\xbb\xbf" + json.dumps(VIEW).encode(),
        b"{not json",
        b"",
        b'{"id": 2, "e": "section", "pv": "p", "i": NaN}',
        b'{"id": 3, "e": "section", "pv": "p", "i": "one"}',
        b"\xff\xfe{}",
        b"[1, 2]",
        b"[" * 100_000,
        b'{"id": 4, "e": "section", "pv": "p", "i": 2}',
    ]
    (tmp_path / "events").write_bytes(b"\r\n".join(lines))
    counts, told = count(read_site(site_file(tmp_path)), tmp_path / "events")
    assert [number for number, _ in told.bad] == [2, 4, 5, 6, 7, 8]
    assert (told.read, told.bad_count) == (2, 6)
    assert counts.pages["a"].lost == (0, 0, 1)
    code, output, _ = diagnosed(tmp_path)
    assert code == 0
    assert "2行目: JSON として読めません" in output
    assert "5行目: i（見出しの番号）" in output
    assert "読めない6行を除いて、2行を数えました" in output


def test_an_empty_file_gives_a_plain_sentence_and_no_figure(tmp_path: Path) -> None:
    (tmp_path / "events").write_bytes(b"")
    code, output, answer = diagnosed(tmp_path)
    assert code == 0
    assert "まだ閲覧の記録がありません" in output
    assert {f["status"] for f in answer["findings"]} <= {"insufficient"}
    assert all(f["gain"] is None for f in answer["findings"])


def test_one_reader_alone_tells_nothing(tmp_path: Path) -> None:
    end = {"id": 2, "ts": 9000, "e": "page_end", "pv": "p", "dwell_ms": 10, "active_ms": 10,
           "reached": 0, "done": False}  # fmt: skip
    (tmp_path / "events").write_text("\n".join(json.dumps(f) for f in (VIEW, end)))
    code, output, answer = diagnosed(tmp_path)
    assert code == 0
    assert "読者がまだ少なく判断できません" in output
    assert {f["status"] for f in answer["findings"]} == {"insufficient"}
    assert "nan" not in json.dumps(answer).lower()


def test_pages_the_site_does_not_have_are_left_out_and_named(tmp_path: Path) -> None:
    facts = [VIEW, {**VIEW, "id": 2, "pv": "q", "page": "gone"},
             {**VIEW, "id": 3, "pv": "r", "page": "old-a"}]  # fmt: skip
    (tmp_path / "events").write_text("\n".join(json.dumps(f) for f in facts))
    site = site_file(tmp_path, redirects={"old-a": "a"})
    counts, told = count(read_site(site), tmp_path / "events")
    assert counts.pages["a"].views == 2
    assert told.unknown_pages == {"gone": 1}
    assert "gone" in diagnosed(tmp_path, site=site)[1]


def test_a_packed_file_that_breaks_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    rng = Random(3)
    many = [{**VIEW, "id": n, "pv": f"{rng.random()}"} for n in range(3000)]
    packed = gzip.compress("\n".join(json.dumps(f) for f in many).encode())
    (tmp_path / "events").write_bytes(packed[: len(packed) // 2])
    code, output, _ = diagnosed(tmp_path)
    assert code == 0
    assert "途中で切れています" in output


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": "other/2"}, "lead-events/1"),
        ({"window": {"start_ms": 5, "end_ms": 5}}, "end_ms"),
        ({"window": {}}, "start_ms"),
        ({"articles": [{"slug": "a", "sections": 0}]}, "sections"),
        ({"articles": [{"slug": "a", "sections": 3, "stage": "ready"}]}, "使える値"),
        ({"articles": [{"slug": "a", "sections": 3}] * 2}, "同じ slug"),
        ({"ctas": [{"id": "x", "page": "a", "section": 1}]}, "kind"),
    ],
)
def test_a_site_file_that_cannot_be_used_is_told_in_one_sentence(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    with pytest.raises(SiteFileError, match=said):
        read_site(site_file(tmp_path, **change))
    (tmp_path / "events").write_bytes(b"")
    code, output, _ = diagnosed(tmp_path, site=tmp_path / "site.json")
    assert code == 1
    assert "Traceback" not in output


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    code, output, _ = diagnosed(tmp_path)
    assert code == 1
    assert "events" in output
    assert "Traceback" not in output


def test_planted_defects_are_found_in_a_file_with_doubles_late_lines_and_programs(
    tmp_path: Path,
) -> None:
    truth = simulated.planted(Random(4))
    site, events = simulated.write(truth.world, 12_000, 30, 4, tmp_path)
    out = tmp_path / "answer.json"
    words = ["diagnose", "--site", str(site), "--events", str(events), "--json", str(out)]
    assert CliRunner().invoke(main, words).exit_code == 0
    answer = json.loads(out.read_text(encoding="utf-8"))
    found = [f for f in answer["findings"] if f["status"] == "found"]
    planted = {defect.key for defect in truth.defects}
    keys = {(f["kind"], json.dumps(f["object"], sort_keys=True)) for f in found}
    assert len(keys & planted) >= 3
    assert keys <= planted | past_bound(truth.world)
    gains = [f["gain"]["mean"] for f in found]
    assert gains == sorted(gains, reverse=True)
    assert all(f["gain"]["lo"] <= f["gain"]["mean"] <= f["gain"]["hi"] for f in found)
