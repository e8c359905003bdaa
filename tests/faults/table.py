# SPDX-License-Identifier: Apache-2.0
"""The table of tests/faults/run --table: one row for each fault of each process."""

import collections


def print_table(cells):
    rows = collections.OrderedDict()
    for cell in cells:
        rows.setdefault((cell.fault.name, cell.victim or "-"), []).append(cell)
    print("| Fault | Of | Operations that succeed | Those that fail: what the host sees | Next success, ms |")
    print("|---|---|---|---|---:|")
    order = list(dict.fromkeys(cell.fault.name for cell in cells))
    for (fault, victim), played in sorted(rows.items(), key=lambda row: order.index(row[0][0])):
        good = [c.operation.name for c in played if c.outcome and c.outcome.ok]
        bad = collections.OrderedDict()
        for cell in played:
            if cell.outcome is None or not cell.outcome.ok:
                bad.setdefault(cell.outcome.text if cell.outcome else "?", []).append(cell.operation.name)
        failures = "; ".join("%s: %s" % (", ".join(names), text) for text, names in bad.items())
        times = [c.recovery for c in played if c.recovery is not None]
        print("| %s | %s | %s | %s | %s |" % (fault, victim, ", ".join(good) or "-", failures or "-",
                                              round(max(times) * 1000) if times else "-"))
