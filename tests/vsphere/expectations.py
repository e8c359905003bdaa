# SPDX-License-Identifier: Apache-2.0
"""--tools: checks that must fail where other guest tools run. The table of README.md has them."""

import os
import re

README = os.path.join(os.path.dirname(os.path.abspath(__file__)), "README.md")


def expected_failures(tools):
    """The names of the checks in the README's section of that name; None if there is no such section."""
    with open(README, encoding="utf-8") as file:
        section = re.search(r"^## [^\n]*\b%s\b[^\n]*\n(.*?)(?=^## |\Z)" % re.escape(tools), file.read(), re.M | re.S)
    if not section:
        return None
    rows = re.findall(r"^\| *([^|]*?) *\|", section[1], re.M)
    return {row for row in rows[1:] if not row.startswith("-")}


def judge(result, expected):
    """The result as it counts: a failure that is expected passes, and a pass that is not is a failure."""
    if result.name not in expected or result.outcome == "n/a":
        return result
    if result.outcome == "FAIL":
        return result._replace(outcome="pass", detail="fails as expected: " + result.detail)
    return result._replace(outcome="FAIL", detail="succeeds, but README.md says that it fails with these tools")
