"""The fusion lab: fusion strategies trained side by side on the same data, measured, and broken on purpose.

from mm_demo.lab import compare
print(compare("synergy", ["early", "late"], seeds=3).verdicts)
"""

from __future__ import annotations

from mm_demo.lab.compare import compare
from mm_demo.lab.data.catalog import open_data
from mm_demo.lab.data.dial import Dial, dial
from mm_demo.lab.experiment import Experiment
from mm_demo.lab.report.comparison import Comparison
from mm_demo.lab.report.tables import EXPORTS
from mm_demo.lab.run_folder import load_report, load_run, save_run
from mm_demo.lab.training.control import Control
from mm_demo.lab.training.plan import Plan
from mm_demo.lab.training.state import Progress

__all__ = [
    "EXPORTS",
    "Comparison",
    "Control",
    "Dial",
    "Experiment",
    "Plan",
    "Progress",
    "compare",
    "dial",
    "load_report",
    "load_run",
    "open_data",
    "save_run",
]
