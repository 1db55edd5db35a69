"""The cross-entropy method (Rubinstein 1999; Wagner 2021): sample words, keep the best, fit the policy to them.

Three modes, one loop. `memory`: a network fitted to an all-time memory of distinct best words. `wagner`: the
original, elites by percentile and no deduplication. `tabular`: an independent categorical distribution for each place,
no network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from mathrl.agent import Agent, Task
from mathrl.elites import best_distinct, finite_scores, select
from mathrl.env import Rows, SearchEnv, Streams
from mathrl.errors import MathrlError
from mathrl.registry import AgentPlugin
from mathrl.rollout import Chooser, play, replay, sample
from mathrl.settings import knob

if TYPE_CHECKING:
    import torch

    from mathrl.budget import Budget
    from mathrl.policies import Decisions
    from mathrl.solution import Solution
    from mathrl.training import Run

Words = NDArray[np.int64]  # int64[R, T], -1 beyond the end of an episode
Scores = NDArray[np.float64]  # float64[R]


@dataclass(frozen=True)
class Config:
    mode: Literal["memory", "wagner", "tabular"] = knob("memory", "which rule: memory, wagner or tabular")
    batch: int = knob(1000, "words a generation", 2)
    tasks: int = knob(
        1, "pieces that a generation is cut into for workers; changes the numbers, the workers do not", 1, 1000
    )
    hidden: tuple[int, ...] = knob((), "hidden layers of the network; empty: 128,64 (wagner: 128,64,4)", 1)
    memory: int = knob(70, "memory: distinct best words kept for ever", 1)
    elites: int | None = knob(None, "memory: best words of memory and batch to learn from; none: the memory", 1)
    ties: Literal["lexicographic", "newest"] = knob("lexicographic", "memory: which of equally good words stay")
    epochs: int | None = knob(None, "passes over the elites a generation; none: 2 (wagner: 1)", 1)
    minibatch: int | None = knob(None, "decisions a gradient step, 0 for all at once; none: 1024 (wagner: 32)", 0)
    lr: float | None = knob(None, "learning rate; none: 3e-3 (Adam), wagner 1e-4 (SGD), tabular 0.5", 0)
    entropy: float | None = knob(None, "entropy bonus, nats; none: 0.005 (wagner: 0)", 0)
    clip: float | None = knob(None, "largest norm of the gradient; none: 1 (wagner: no limit)", 0)
    explore: float | None = knob(None, "share of the probability given to the prior; none: 0 (tabular: 0.02)", 0, 1)
    prior: float | None = knob(None, "exploration: probability of letter 1 of two; none: uniform", 0, 1)
    output_bias: float = knob(0.0, "initial bias of letter 1 of two; negative: few ones at the start")
    learn_percent: float = knob(7.0, "wagner: share of the words to learn from, percent", 0, 100)
    survive_percent: float = knob(6.0, "wagner: share of the words that survive, percent", 0, 100)
    elite_percent: float = knob(10.0, "tabular: share of the batch to learn from, percent", 0, 100)
    copies: int = knob(0, "memory: words kept of each score, so that relabellings do not fill the memory; 0: all", 0)
    patience: int = knob(25, "generations without a better word (memory: without any change) before a restart", 1)
    collapse: bool = knob(
        True, "tabular: reset at once when all elites are equally good and none is better than before"
    )


class CEM(Agent):
    """The cross-entropy method; the words are episodes, so it works on every family (tabular: on words)."""

    Config = Config
    searches = True

    def bind(self, env: SearchEnv) -> None:
        self.instance: Any = env.draw(Streams.of(self.seed, 1))[0]
        self._arenas: dict[int, SearchEnv] = {}
        rule = {"memory": MemoryRule, "wagner": WagnerRule, "tabular": TabularRule}[self.config.mode]
        self.rule: Rule = rule(self.config, env, self.device, self.seed)

    def train(self, env: SearchEnv, run: Run, budget: Budget) -> None:
        """One generation: sample a batch of words, score them, select elites, fit the policy to the elites."""
        while not budget.spent:
            words, scores = self.sample(run)
            run.offer(scores, lambda index, words=words: replay(env, words[index], self.instance).solution(0))  # type: ignore[misc]
            facts = self.rule.learn(env, words, scores, self.instance, run.stream(10**6))
            finite = scores[np.isfinite(scores)]
            run.log(
                mean=float(finite.mean()) if len(finite) else float("nan"),
                impossible=len(scores) - len(finite),
                **facts,
            )

    def sample(self, run: Run) -> tuple[Words, Scores]:
        """This generation's words and scores, from all tasks."""
        parts = list(run.map(run.tasks(self.config.batch, self.config.tasks)))
        width = max(words.shape[1] for words, _ in parts)
        padded = [np.pad(words, ((0, 0), (0, width - words.shape[1])), constant_values=-1) for words, _ in parts]
        return np.concatenate(padded), np.concatenate([scores for _, scores in parts])

    def work(self, env: SearchEnv, task: Task) -> tuple[Words, Scores]:
        """Play `task.size` episodes of the instance with the present policy."""
        if task.size not in self._arenas:
            self._arenas[task.size] = env.resized(task.size)
        arena, rows, rng = self._arenas[task.size], np.arange(task.size), task.rng()
        if hasattr(arena, "write") and (words := self.rule.draw(task.size, rng)) is not None:
            arena.write(rows, words)
            return words, arena.score(rows)
        arena.restart(rows, None if self.instance is None else [self.instance] * task.size)
        episodes = play(arena, rows, self.rule.chooser(arena, task.size, rng))
        return episodes.actions, episodes.scores

    def act(self, env: SearchEnv, rows: Rows, rng: np.random.Generator, greedy: bool = True) -> NDArray[np.int64]:
        """The likeliest legal action of the trained policy, or a sampled one: int64[R]."""
        probabilities = self.rule.probabilities(env, rows)
        return probabilities.argmax(1) if greedy else sample(probabilities, rng)

    def solve(self, env: SearchEnv, instances: Sequence[Any], run: Run, budget: Budget) -> list[Solution]:
        """Learning is the search: train on the one instance."""
        if len(instances) != 1:
            raise MathrlError(f"cem learns one instance at a time, and {len(instances)} were given")
        self.instance = instances[0]
        self.train(env, run, budget)
        return run.solutions

    def warm(self, env: SearchEnv) -> None:
        """Load the libraries and compile the paths of one tiny generation, on a copy that is thrown away."""
        copy = CEM(self.config, self.device, self.seed)
        copy.bind(env)
        words, scores = copy.work(env, Task(self.seed, 0, 0, 4))
        copy.rule.learn(env, words, scores, copy.instance, np.random.default_rng(0))

    def parameters(self) -> dict[str, Any]:
        return {"rule": self.rule.weights(), "instance": self.instance}

    def receive(self, parameters: dict[str, Any]) -> None:
        self.rule.set_weights(parameters["rule"])
        self.instance = parameters["instance"]

    def state(self) -> dict[str, Any]:
        return self.rule.state()

    def restore(self, state: dict[str, Any]) -> None:
        try:
            self.rule.restore(state)
        except (AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
            raise MathrlError(f"the checkpoint is of another problem or network ({type(error).__name__})") from None


class Rule:
    """What the modes differ in: the policy, and how a batch of scored words changes it."""

    def chooser(self, env: SearchEnv, rows: int, rng: np.random.Generator) -> Chooser:
        """Samples the letters of freshly begun rows 0..rows-1."""
        raise NotImplementedError

    def draw(self, count: int, rng: np.random.Generator) -> Words | None:
        """Complete words int64[R, T] at once, if the policy can; None if letters must be chosen one by one."""
        return None

    def probabilities(self, env: SearchEnv, rows: Rows) -> NDArray[Any]:
        """The policy at rows wherever they are: float[R, A]."""
        raise NotImplementedError

    def learn(
        self, env: SearchEnv, words: Words, scores: Scores, instance: Any, rng: np.random.Generator
    ) -> dict[str, float]:
        """Learn from words int64[R, T] with scores float64[R]; returns facts for the metrics."""
        raise NotImplementedError

    def weights(self) -> dict[str, NDArray[Any]]:
        """What sampling needs."""
        raise NotImplementedError

    def set_weights(self, weights: dict[str, NDArray[Any]]) -> None:
        raise NotImplementedError

    def state(self) -> dict[str, Any]:
        """All that a resumed run needs."""
        raise NotImplementedError

    def restore(self, state: dict[str, Any]) -> None:
        raise NotImplementedError


class TabularRule(Rule):
    """Smoothed tabular cross-entropy: p <- (1 - lr) p + lr f with f the elites' letter frequencies at each place.

    Sampling is from (1 - explore) p + explore uniform, over the legal letters. After `patience` generations without a
    better best, or when the elites have nothing left to tell, the table is uniform again and that best forgotten: a
    restart. Equality graphs such as the star are where this happens.
    """

    def __init__(self, config: Config, env: SearchEnv, device: str, seed: int) -> None:
        from mathrl.words import WordEnv

        if not isinstance(env, WordEnv):
            raise MathrlError("agent.mode=tabular needs an environment of words; use agent.mode=memory")
        self.config, self.letters, self.independent = config, env.letters[:-1], env.static_letters
        self.rate = 0.5 if config.lr is None else config.lr
        self.share = 0.02 if config.explore is None else config.explore
        self.uniform = (np.arange(env.max_actions) < self.letters[:, None]) / self.letters[:, None]
        self.table = self.uniform.copy()
        self.best, self.stale, self.restarts = -np.inf, 0, 0

    def draw(self, count: int, rng: np.random.Generator) -> Words | None:
        if not self.independent:
            return None
        from mathrl.words import draw_words

        words: Words = draw_words(self.mixture(), rng.random((count, len(self.letters))))
        return words

    def chooser(self, env: SearchEnv, rows: int, rng: np.random.Generator) -> Chooser:
        mixture = self.mixture() + 1e-12  # a place may have only letters that the table gave up

        def choose(live: Rows, masks: NDArray[np.bool_], step: int) -> NDArray[np.int64]:
            return sample(np.where(masks, mixture[step, : masks.shape[1]], 0.0), rng)

        return choose

    def mixture(self) -> NDArray[np.float64]:
        """float64[T, A]: what letters are drawn from."""
        return (1 - self.share) * self.table + self.share * self.uniform

    def probabilities(self, env: SearchEnv, rows: Rows) -> NDArray[Any]:
        place = env.place[rows]
        masks = env.masks(rows, env.max_actions)
        chances = np.where(masks, self.table[place] + 1e-12, 0.0)
        normalised: NDArray[Any] = chances / chances.sum(1, keepdims=True)
        return normalised

    def learn(
        self, env: SearchEnv, words: Words, scores: Scores, instance: Any, rng: np.random.Generator
    ) -> dict[str, float]:
        count = max(1, round(len(scores) * self.config.elite_percent / 100))
        order = np.argsort(-scores, kind="stable")[:count]
        elites = words[order[np.isfinite(scores[order])]]
        if len(elites):
            length, width = self.table.shape
            places, complete = np.broadcast_to(np.arange(length), elites.shape), elites >= 0
            cells = (places * width + elites)[complete]
            counts = np.bincount(cells, minlength=length * width).reshape(length, width)
            seen = counts.sum(1, keepdims=True)
            frequencies = np.where(seen > 0, counts / np.maximum(seen, 1), self.table)
            self.table = (1 - self.rate) * self.table + self.rate * frequencies
        top = scores[order[0]]
        self.stale = 0 if top > self.best + 1e-9 else self.stale + 1
        self.best = max(self.best, float(top))
        collapsed = self.config.collapse and self.stale > 0 and scores[order[-1]] >= top - 1e-9
        if self.stale >= self.config.patience or collapsed:
            self.table, self.best, self.stale = self.uniform.copy(), -np.inf, 0
            self.restarts += 1
        return {"elite": float(scores[order[-1]]), "restarts": self.restarts}

    def weights(self) -> dict[str, NDArray[Any]]:
        return {"table": self.table}

    def set_weights(self, weights: dict[str, NDArray[Any]]) -> None:
        self.table = weights["table"]

    def state(self) -> dict[str, Any]:
        return {"table": self.table, "best": self.best, "stale": self.stale, "restarts": self.restarts}

    def restore(self, state: dict[str, Any]) -> None:
        if state["table"].shape != self.table.shape:
            raise ValueError
        self.table, self.best = state["table"], float(state["best"])
        self.stale, self.restarts = int(state["stale"]), int(state["restarts"])


class NetworkRule(Rule):
    """A network fitted to elite words by maximum likelihood; subclasses say which words are elite."""

    defaults: ClassVar[dict[str, Any]]

    def __init__(self, config: Config, env: SearchEnv, device: str, seed: int) -> None:
        from mathrl.policies import Policy

        self.config = config
        self.hidden = config.hidden or self.defaults["hidden"]
        self.lr, self.epochs, self.minibatch, self.bonus = (
            self.defaults[name] if getattr(config, name) is None else getattr(config, name)
            for name in ("lr", "epochs", "minibatch", "entropy")
        )
        self.clip = self.defaults["clip"] if config.clip is None else config.clip
        settings: dict[str, Any] = {"init": self.defaults["init"]}
        if env.kind == "flat" and env.max_actions == 2:
            settings.update(single_logit=True, output_bias=config.output_bias)
        self.policy = Policy(env, self.hidden, device, seed, **settings)
        self.seed, self.fresh = seed, settings
        self.stale, self.restarts = 0, 0
        self.begin()

    def begin(self) -> None:
        """Nothing learned: an optimizer without moments, no words."""
        import torch

        weights = self.policy.net.parameters()
        self.optimizer: torch.optim.Optimizer = (
            torch.optim.SGD(weights, self.lr)
            if self.defaults["optimizer"] == "sgd"
            else torch.optim.Adam(weights, self.lr)
        )
        self.words: Words = np.zeros((0, 0), np.int64)
        self.scores: Scores = np.zeros(0)

    def restart(self, env: SearchEnv) -> None:
        """Forget everything; the weights are drawn anew, from the seed and the number of restarts."""
        from mathrl.policies import Policy

        self.stale, self.restarts = 0, self.restarts + 1
        sequence = np.random.SeedSequence(self.seed, spawn_key=(2, self.restarts))
        seed = int(sequence.generate_state(1, np.uint64)[0] >> 1)
        self.policy = Policy(env, self.hidden, str(self.policy.device), seed, **self.fresh)
        self.begin()

    def joined(self, words: Words, scores: Scores) -> tuple[Words, Scores]:
        """New words and scores first, then those kept; shorter episodes are padded with -1."""
        width = max(words.shape[1], self.words.shape[1])
        both = [np.pad(some, ((0, 0), (0, width - some.shape[1])), constant_values=-1) for some in (words, self.words)]
        return np.concatenate(both), np.concatenate([scores, self.scores])

    def select(self, words: Words, scores: Scores) -> tuple[Words, Scores]:
        """The elites to learn from, best first; what is to survive is kept in self.words and self.scores."""
        raise NotImplementedError

    def chooser(self, env: SearchEnv, rows: int, rng: np.random.Generator) -> Chooser:
        prior = self.config.prior if env.max_actions == 2 else None
        return self.policy.chooser(env, rows, rng, (self.config.explore or 0.0, prior))

    def probabilities(self, env: SearchEnv, rows: Rows) -> NDArray[Any]:
        return self.policy.probabilities(env, rows, env.masks(rows))

    def learn(
        self, env: SearchEnv, words: Words, scores: Scores, instance: Any, rng: np.random.Generator
    ) -> dict[str, float]:
        elites, values = self.select(words, scores)
        elites = elites[np.isfinite(values)] if np.isfinite(values).any() else elites
        whole = self.minibatch == 0 and self.policy.layout is not None and getattr(env, "static_letters", False)
        loss = self.fit_words(env, elites) if whole else self.fit(env, elites, instance, rng)
        finite = values[np.isfinite(values)]
        return {"loss": loss, "elite": float(finite[-1]) if len(finite) else float("nan")}

    def fit(self, env: SearchEnv, elites: Words, instance: Any, rng: np.random.Generator) -> float:
        """Epochs over all unforced decisions of the elites in random order; returns the mean loss, nats a decision."""
        from mathrl.policies import decisions_of

        decisions = decisions_of(env, elites, [instance] * len(elites))
        total, steps = 0.0, 0
        size = self.minibatch or max(1, len(decisions))
        for _ in range(self.epochs):
            order = rng.permutation(len(decisions))
            for start in range(0, len(order), size):
                total += self._step(decisions.pick(order[start : start + size]))
                steps += 1
        return total / max(steps, 1)

    def fit_words(self, env: SearchEnv, elites: Words) -> float:
        """The same with all decisions at once, by the words' cumulative first layer."""
        import torch

        letters = np.arange(env.max_actions) < env.letters[:-1, None]
        mask = torch.from_numpy(letters).to(self.policy.device)
        chosen = torch.from_numpy(elites.T.copy()).to(self.policy.device).unsqueeze(-1)
        free = mask.sum(-1) > 1
        loss = 0.0
        if not free.any():
            return loss
        for _ in range(self.epochs):
            logits = self.policy.word_log_probabilities(elites.astype(np.int16))
            chances = logits.masked_fill(~mask.unsqueeze(1), -torch.inf).log_softmax(-1)[free]
            loss = self._descend(chances.flatten(0, 1), chosen[free].flatten(0, 1))
        return loss

    def _step(self, decisions: Decisions) -> float:
        import torch

        chances = self.policy.log_probabilities(decisions)
        return self._descend(chances, torch.from_numpy(decisions.actions).to(self.policy.device).unsqueeze(-1))

    def _descend(self, chances: torch.Tensor, chosen: torch.Tensor) -> float:
        """One gradient step on -log pi(chosen) - bonus * entropy; chances float32[N, A], chosen int64[N, 1]."""
        import torch

        from mathrl.nets import entropy

        loss = -chances.gather(-1, chosen).mean()
        objective = loss - self.bonus * entropy(chances).mean() if self.bonus else loss
        self.optimizer.zero_grad(set_to_none=True)
        objective.backward()
        if self.clip:
            torch.nn.utils.clip_grad_norm_(self.policy.net.parameters(), self.clip)
        self.optimizer.step()
        return float(loss.detach())

    def weights(self) -> dict[str, NDArray[Any]]:
        return self.policy.weights()

    def set_weights(self, weights: dict[str, NDArray[Any]]) -> None:
        self.policy.set_weights(weights)

    def state(self) -> dict[str, Any]:
        moments = {
            f"{index}": {name: value for name, value in moment.items() if value is not None}
            for index, moment in self.optimizer.state_dict()["state"].items()
        }
        kept = {"words": self.words, "scores": self.scores, "stale": self.stale, "restarts": self.restarts}
        return {"net": self.policy.net.state_dict(), "moments": moments, **kept}

    def restore(self, state: dict[str, Any]) -> None:
        self.policy.set_weights(state["net"])
        whole = self.optimizer.state_dict()
        whole["state"] = {
            int(index): {name: value.clone() for name, value in moment.items()}  # aligned, as torch allocates
            for index, moment in state.get("moments", {}).items()
        }
        self.optimizer.load_state_dict(whole)
        self.words, self.scores = state["words"], state["scores"]
        self.stale, self.restarts = int(state["stale"]), int(state["restarts"])


class MemoryRule(NetworkRule):
    """An all-time memory of distinct best words, ordered by score, then by the word itself (or the newest first).

    Once the memory has not changed for `patience` generations (equally good words fill it, say) all is forgotten and
    begun again; the run keeps its best.
    """

    defaults: ClassVar[dict[str, Any]] = {
        "hidden": (128, 64), "lr": 3e-3, "epochs": 2, "minibatch": 1024, "entropy": 0.005, "clip": 1.0,
        "init": "torch", "optimizer": "adam",
    }  # fmt: skip

    def select(self, words: Words, scores: Scores) -> tuple[Words, Scores]:
        elites = self.config.memory if self.config.elites is None else self.config.elites
        most = max(elites, self.config.memory)
        if len(self.scores):
            words, scores = self.joined(words, scores)
        words, scores = best_distinct(words, scores, most, self.config.ties == "newest", self.config.copies)
        before, self.scores = self.scores, scores[: self.config.memory]
        self.words = words[: self.config.memory]
        self.stale = self.stale + 1 if np.array_equal(before.round(9), self.scores.round(9)) else 0
        return words[:elites], scores[:elites]

    def learn(
        self, env: SearchEnv, words: Words, scores: Scores, instance: Any, rng: np.random.Generator
    ) -> dict[str, float]:
        facts = super().learn(env, words, scores, instance, rng)
        if self.stale >= self.config.patience:
            self.restart(env)
        return {**facts, "restarts": self.restarts}


class WagnerRule(NetworkRule):
    """Elites and survivors by percentile as in demos/cem_binary_conj21.py; copies are kept, newer words win ties."""

    defaults: ClassVar[dict[str, Any]] = {
        "hidden": (128, 64, 4), "lr": 1e-4, "epochs": 1, "minibatch": 32, "entropy": 0.0, "clip": None,
        "init": "glorot", "optimizer": "sgd",
    }  # fmt: skip

    def select(self, words: Words, scores: Scores) -> tuple[Words, Scores]:
        size = len(scores)
        if len(self.scores):
            words, scores = self.joined(words, scores)
        ranked = finite_scores(scores)
        learn = select(ranked, 100 - self.config.learn_percent, size)
        survive = select(ranked, 100 - self.config.survive_percent, size)
        survive = survive[np.argsort(-scores[survive], kind="stable")]
        self.words, self.scores = words[survive], scores[survive]
        learn = learn[np.argsort(-scores[learn], kind="stable")]
        return words[learn], scores[learn]


PLUGIN = AgentPlugin("cem", CEM, "cross-entropy method: memory (default), wagner, or tabular")
