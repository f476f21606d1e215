"""Compares a workbook of `caseledger measures export` with the figures of `GET /v1/measures/{quarter}`.

    workbook.py figures.xlsx figures.json

Three ways to each number must agree: the interface's rows added up, the result that stands beside each formula, and
the cells of the measure's own sheet counted here, as the formula says.
"""

import json
import sys
from collections import defaultdict

from openpyxl import load_workbook

FIGURES = ["population", "achieved", "not_achieved", "not_yet_due", "not_assessable", "excluded"]


def of_interface(path):
    """Adds the rows of the interface up by measure, in the order of FIGURES."""
    with open(path, encoding="utf-8") as file:
        rows = json.load(file)["rows"]
    sums = defaultdict(lambda: [0] * len(FIGURES))
    for row in rows:
        late = row["achieved_late_recorded"]
        late_counts = row["late_recording_counts"]
        figures = [
            row["population"],
            row["achieved"] + (late if late_counts else 0),
            row["not_achieved"] + (0 if late_counts else late),
            row["not_yet_due"],
            sum(row["not_assessable"].values()),
            sum(row["excluded"].values()),
        ]
        sums[row["measure"]] = [a + b for a, b in zip(sums[row["measure"]], figures)]
    return sums


def of_sheet(sheet):
    """Counts the verdicts of one measure's sheet."""
    head, *rows = sheet.iter_rows(values_only=True)
    verdict, achieved = head.index("verdict"), head.index("achieved")
    said = [(row[verdict], row[achieved]) for row in rows]
    decided = [done for what, done in said if what.startswith("met") or what == "not_met"]
    count = lambda name: sum(what == name for what, _ in said)
    return [
        len(said) - count("excluded"),
        sum(done is True for _, done in said),
        sum(done is not True for done in decided),
        count("not_yet_due"),
        count("not_assessable"),
        count("excluded"),
    ]


def main(workbook, figures):
    book = load_workbook(workbook, data_only=True)
    formulas = load_workbook(workbook)["Figures"]
    interface = of_interface(figures)
    wrong, agreed = [], 0
    for number, row in enumerate(book["Figures"].iter_rows(min_row=2, values_only=True), start=2):
        measure, shown = row[0], [int(cell) for cell in row[3:9]]
        counted, told = of_sheet(book[measure]), interface[measure]
        if not shown == counted == told:
            wrong.append(f"{measure}: shown {shown}, counted {counted}, told {told}")
        if not all(str(formulas.cell(number, column).value).startswith("=") for column in range(4, 11)):
            wrong.append(f"{measure}: a figure is no formula")
        agreed += 1
    if wrong or agreed == 0:
        sys.exit("\n".join(wrong or ["no measure is in the workbook"]))
    print(f"{agreed} measures agree")


if __name__ == "__main__":
    main(*sys.argv[1:])
