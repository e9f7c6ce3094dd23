"""The fusion lab's tab: choose data and strategies, watch them learn, read the table, disturb one example."""

from __future__ import annotations

from typing import Any

import gradio as gr

from mm_demo.ui.lab.data_source import DataSource
from mm_demo.ui.lab.earlier import EarlierRuns
from mm_demo.ui.lab.endpoint import MOST_SEEDS
from mm_demo.ui.lab.example import ExamplePanel
from mm_demo.ui.lab.report import ReportPanel
from mm_demo.ui.lab.run import Run
from mm_demo.ui.lab.strategy_picker import StrategyPicker
from mm_demo.ui.lab.training import QUIET, TrainingPanel, curves_view

_ABOUT = """<p>How to fuse modalities? Train strategies side by side: same data, same encoders, same budget. Each single
modality is trained alone, too, to see what fusing adds.</p>"""


class FusionLabTab:
    """Draws the tab and wires it; the lab itself is imported only when somebody opens it.

    Args:
        tab: the tab that is being drawn.
    """

    def __init__(self, tab: gr.Tab) -> None:
        gr.HTML(_ABOUT)
        with gr.Row():
            with gr.Column(scale=4, min_width=300):
                data = DataSource()
                seeds = gr.Slider(1, MOST_SEEDS, 3, step=1, label="Seeds: models of each strategy", elem_id="lab-seeds")
                buttons = gr.Column()
            with gr.Column(scale=7, min_width=320, elem_id="lab-strategies"):
                strategies = StrategyPicker()
        curves = curves_view()
        with buttons:
            panel = TrainingPanel(data, strategies, seeds, curves)
        report = ReportPanel(panel.run)
        earlier = EarlierRuns()
        example = ExamplePanel(panel.run)

        def over(run: Run | None) -> list[Any]:
            return [*report.shown(run), *example.shown(run)]

        below = [*report.outputs, *example.outputs]
        panel.start.click(lambda: over(None), None, below, queue=False, **QUIET)
        panel.training.then(over, panel.run, below, **QUIET).then(
            earlier.shown, [panel.run, earlier.runs], earlier.outputs, **QUIET
        )
        strategies.fill_on(tab)
