"""The first legal action, always: a third party's agent in one file."""

from __future__ import annotations

import mathrl


class FirstFit(mathrl.Agent):
    """The legal action with the lowest index; on Sidon sets that is the Mian-Chowla sequence 1, 2, 4, 8, 13, 21, ..."""

    def act(self, env, rows, rng, greedy=True):
        return env.masks(rows).argmax(axis=1)


PLUGIN = mathrl.AgentPlugin("first-fit", FirstFit, "the first legal action", learns=False)
