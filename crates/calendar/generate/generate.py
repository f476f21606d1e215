#!/usr/bin/env python3
"""Writes ../data/nz.<version>.toml: New Zealand's public holidays as observed, and the regional anniversary days.

Two independent sources are asked and compared: `holidays` (PyPI) and `date-holidays` (npm). Where both speak, they
must agree on every national weekday. A regional day is the one its rule gives (it is varied locally in places), and a
comment in the table says where a source has another. Run by hand when a source or the law changes:

    python3 -m venv venv && venv/bin/pip install -r requirements.txt && npm install
    venv/bin/python generate.py <version>
"""

import datetime as dt
import json
import pathlib
import subprocess
import sys
from importlib.metadata import version as installed

import holidays

HERE = pathlib.Path(__file__).parent
FIRST, LAST = 2015, 2052  # nothing fixes Matariki after 2052

# Our code of a region, its name, the rule of its day, and what each source calls the region (None: unknown to it).
REGIONS = [
    ("northland", "Northland", "Monday nearest 29 January", "NTL", "NTL"),
    ("auckland", "Auckland", "Monday nearest 29 January", "AUK", "AUK"),
    ("waikato", "Waikato", "Monday nearest 29 January", None, "WKO"),
    ("bay_of_plenty", "Bay of Plenty", "Monday nearest 29 January", None, "BOP"),
    ("gisborne", "Gisborne", "Monday nearest 29 January", None, "GIS"),
    ("taranaki", "Taranaki", "second Monday of March", "TKI", "TKI"),
    ("hawkes_bay", "Hawke's Bay", "Friday before Labour Day", "HKB", "HKB"),
    ("manawatu_whanganui", "Manawatū-Whanganui", "Monday nearest 22 January", None, "MWT"),
    ("wellington", "Wellington", "Monday nearest 22 January", "WGN", "WGN"),
    ("nelson", "Nelson", "Monday nearest 1 February", "NSN", "NSN"),
    ("tasman", "Tasman", "Monday nearest 1 February", None, "TAS"),
    ("marlborough", "Marlborough", "Monday after Labour Day", "MBH", "MBH"),
    ("canterbury", "Canterbury (north and central)", "second Friday after the first Tuesday of November", "CAN", "CAN"),
    ("south_canterbury", "South Canterbury", "fourth Monday of September", "South Canterbury", None),
    ("westland", "Westland", "Monday nearest 1 December", "WTC", "WTC"),
    ("otago", "Otago", "Monday nearest 23 March, the Tuesday where that is Easter Monday", "OTA", "OTA"),
    ("southland", "Southland", "Easter Tuesday", "STL", "STL"),
    ("chatham", "Chatham Islands", "Monday nearest 30 November", "CIT", "CIT"),
]

# One id and one name a holiday, whatever a source calls it.
NAMES = [
    ("new_year", "New Year's Day", ("New Year's Day",)),
    ("day_after_new_year", "Day after New Year's Day", ("Day after New Year's Day",)),
    ("waitangi", "Waitangi Day", ("Waitangi Day",)),
    ("good_friday", "Good Friday", ("Good Friday",)),
    ("easter_monday", "Easter Monday", ("Easter Monday",)),
    ("anzac", "Anzac Day", ("Anzac Day", "ANZAC Day")),
    ("sovereign", "King's Birthday", ("King's Birthday", "Queen's Birthday")),
    ("matariki", "Matariki", ("Matariki",)),
    ("memorial_2022", "Queen Elizabeth II Memorial Day", ("Queen Elizabeth II Memorial Day",)),
    ("labour", "Labour Day", ("Labour Day",)),
    ("christmas", "Christmas Day", ("Christmas Day",)),
    ("boxing", "Boxing Day", ("Boxing Day",)),
]


def from_python():
    national = holidays.country_holidays("NZ", years=range(FIRST, LAST + 1))
    regions = {}
    for code, _, _, subdivision, _ in REGIONS:
        if subdivision:
            days = holidays.country_holidays("NZ", subdiv=subdivision, years=range(FIRST, LAST + 1))
            regions[code] = {day for day in days if day not in national}
    return {day: name for day, name in national.items()}, regions


def from_node():
    printed = subprocess.run(
        ["node", HERE / "dates.mjs", str(FIRST), str(LAST)], cwd=HERE, check=True, capture_output=True, text=True
    ).stdout
    found = json.loads(printed)
    day = dt.date.fromisoformat
    national = {day(text): name for text, name in found["national"].items()}
    regions = {
        code: {day(text) for text in found["regions"][theirs]} for code, _, _, _, theirs in REGIONS if theirs
    }
    return national, regions


def is_weekday(day):
    return day.weekday() < 5


def nearest_monday(year, month, day):
    middle = dt.date(year, month, day)
    return middle + dt.timedelta((3 - middle.weekday()) % 7 - 3)


def ruled(code, year, easter_monday, labour):
    """The day the rule in REGIONS gives."""
    week = dt.timedelta(7)
    if code in ("northland", "auckland", "waikato", "bay_of_plenty", "gisborne"):
        return nearest_monday(year, 1, 29)
    if code in ("wellington", "manawatu_whanganui"):
        return nearest_monday(year, 1, 22)
    if code in ("nelson", "tasman"):
        return nearest_monday(year, 2, 1)
    if code == "taranaki":
        first = dt.date(year, 3, 1)
        return first + dt.timedelta(-first.weekday() % 7) + week
    if code == "otago":
        day = nearest_monday(year, 3, 23)
        return day + dt.timedelta(1) if day == easter_monday else day
    if code == "southland":
        return easter_monday + dt.timedelta(1)
    if code == "south_canterbury":
        first = dt.date(year, 9, 1)
        return first + dt.timedelta(-first.weekday() % 7) + 3 * week
    if code == "hawkes_bay":
        return labour - dt.timedelta(3)
    if code == "marlborough":
        return labour + week
    if code == "canterbury":
        first = dt.date(year, 11, 1)
        tuesday = first + dt.timedelta((1 - first.weekday()) % 7)
        return tuesday + dt.timedelta(3) + week
    if code == "chatham":
        return nearest_monday(year, 11, 30)
    return nearest_monday(year, 12, 1)


def holidays_of(names):
    """Two may fall on one day: in 2038 Anzac Day is observed on Easter Monday."""
    for name in names.split("; "):
        plain = name.split(" (")[0]
        code = next((code for code, _, known in NAMES if plain in known), None)
        if code is None:
            raise SystemExit(f"a holiday nobody has named yet: {name}")
        yield code


def main():
    if len(sys.argv) != 2 or not sys.argv[1].isdigit():
        raise SystemExit(__doc__)
    py_national, py_regions = from_python()
    js_national, js_regions = from_node()
    ours = {day for day in py_national if is_weekday(day)}
    theirs = {day for day in js_national if is_weekday(day)}
    if ours != theirs:
        raise SystemExit(f"the sources disagree on national days: {sorted(map(str, ours ^ theirs))}")

    by_holiday = {code: [] for code, *_ in NAMES}
    for day in sorted(ours):
        for code in holidays_of(py_national[day]):
            by_holiday[code].append(day)
    easter = {day.year: day for day in by_holiday["easter_monday"]}
    labour = {day.year: day for day in by_holiday["labour"]}

    out = [
        "# New Zealand's public holidays as observed, and regional anniversary days. Generated: see ../generate/.",
        f"version = {sys.argv[1]}",
        f'first = "{FIRST}-01-01"',
        f'last = "{LAST}-12-31"',
        "sources = [",
        f'    "holidays {installed("holidays")} (PyPI, MIT)",',
        f'    "date-holidays {node_version()} (npm, ISC; data CC-BY-3.0)",',
        "]",
    ]
    for code, title, _ in NAMES:
        out += ["", "[[holiday]]", f'id = "{code}"', f'name = "{title}"']
        out += days_of(by_holiday[code])
    disputed = 0
    for code, title, rule, in_python, in_node in REGIONS:
        names = [name for name, there in (("holidays", in_python), ("date-holidays", in_node)) if there]
        known = [(name, source[code]) for name, source in zip(("holidays", "date-holidays"), (py_regions, js_regions))
                 if name in names]
        days, differing = [], []
        for year in range(FIRST, LAST + 1):
            day = ruled(code, year, easter[year], labour[year])
            days.append(day)
            for name, source in known:
                said = {d for d in source if d.year == year}
                # A source names no regional day where a national one falls on it.
                if said != {day} and not (not said and day in ours):
                    differing.append(f"{name} has {', '.join(sorted(map(str, said)))}, the rule gives {day}")
        out += ["", "[[anniversary]]", f'region = "{code}"', f'name = "{title}"', f'rule = "{rule}"']
        out.append(f"sources = [{', '.join(json.dumps(name) for name in names)}]")
        out += [f"# disputed: {text}" for text in differing] + days_of(days)
        disputed += len(differing)
        for text in differing:
            print(f"{code}: {text}")
    (HERE / f"../data/nz.{sys.argv[1]}.toml").write_text("\n".join(out) + "\n")
    print(f"{len(ours)} national days, {disputed} regional days on which a source differs from the rule")


def node_version():
    return json.loads((HERE / "node_modules/date-holidays/package.json").read_text())["version"]


def days_of(days):
    lines, row = ["days = ["], []
    for day in days:
        row.append(f'"{day}"')
        if len(row) == 8:
            lines.append("    " + ", ".join(row) + ",")
            row = []
    return lines + (["    " + ", ".join(row) + ","] if row else []) + ["]"]


if __name__ == "__main__":
    main()
